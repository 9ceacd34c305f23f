"""`flask hub new-plugin` writes what can be installed and passes the kit, where there is nothing but the wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import scaffold

from .environment import Environment, fresh


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return fresh(tmp_path_factory.mktemp("fresh"))


@pytest.mark.timeout(900)  # A whole suite in a process of its own, on a machine that is busy.
@pytest.mark.parametrize(("name", "kind"), [("acme", ()), ("cash_ledger", ("--pull",))])
def test_a_new_plugin_is_written_installed_and_passes_the_kit(
    environment: Environment, name: str, kind: tuple[str, ...]
) -> None:
    said = environment.run("-m", "flask", "hub", "new-plugin", name, *kind)
    made = environment.folder / f"bookpost-{name.replace('_', '-')}"
    assert str(made.name) in said
    environment.install(made)
    environment.passes(made)


@pytest.mark.parametrize("name", ["Acme", "2books", "a-b", "hub", "json", "", "a" * 60])
def test_a_name_that_cannot_be_a_packages_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(scaffold.NotWritten):
        scaffold.write(name, tmp_path, pull=False)
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    made = scaffold.write("acme", tmp_path, pull=False)
    with pytest.raises(scaffold.NotWritten, match="is there already"):
        scaffold.write("acme", tmp_path, pull=True)
    assert (made / "acme" / "carrier.py").exists()


def test_a_name_of_several_words_is_written_as_one_writes_it(tmp_path: Path) -> None:
    made = scaffold.write("cash_ledger", tmp_path, pull=False)
    assert made.name == "bookpost-cash-ledger"
    assert 'cash_ledger = "cash_ledger:CashLedger"' in (made / "pyproject.toml").read_text()
    assert "class CashLedger(PushIntegration)" in (made / "cash_ledger" / "integration.py").read_text()
    assert 'label = "Cash Ledger"' in (made / "cash_ledger" / "integration.py").read_text()
    assert "HUB_CASH_LEDGER_CLIENT_ID" in (made / "README.md").read_text()
    left = [path for path in made.rglob("*") if path.is_file() and "acme" in path.read_text().casefold()]
    assert left == []
