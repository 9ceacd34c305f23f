"""What `flask hub new-plugin` writes, and what it refuses to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import scaffold


@pytest.mark.parametrize("name", ["Acme", "2books", "a-b", "hub", "json", "", "a" * 60])
def test_a_name_that_cannot_be_a_packages_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(scaffold.NotWritten):
        scaffold.write_plugin(name, tmp_path, pull=False)
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    made = scaffold.write_plugin("acme", tmp_path, pull=False)
    with pytest.raises(scaffold.NotWritten, match="is there already"):
        scaffold.write_plugin("acme", tmp_path, pull=True)
    assert (made / "acme" / "transport.py").exists()


def test_a_name_of_several_words_is_written_as_one_writes_it(tmp_path: Path) -> None:
    made = scaffold.write_plugin("cash_ledger", tmp_path, pull=False)
    assert made.name == "bookpost-cash-ledger"
    assert 'cash_ledger = "cash_ledger:CashLedger"' in (made / "pyproject.toml").read_text()
    assert "class CashLedger(PushIntegration)" in (made / "cash_ledger" / "integration.py").read_text()
    assert 'label = "Cash Ledger"' in (made / "cash_ledger" / "integration.py").read_text()
    assert "HUB_CASH_LEDGER_CLIENT_ID" in (made / "README.md").read_text()
    left = [path for path in made.rglob("*") if path.is_file() and "acme" in path.read_text().casefold()]
    assert left == []
