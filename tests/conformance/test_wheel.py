"""What is shipped is whole: both QuickBooks pass the conformance kit, all three from the built wheel."""

from __future__ import annotations

import shutil

import pytest

from .environment import HERE, ROOT, Environment, fresh


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return fresh(tmp_path_factory.mktemp("fresh"))


def test_it_is_the_wheel_that_is_tried(environment: Environment) -> None:
    places = environment.run("-c", "import hub, quickbooks_desktop as plugin; print(hub.__file__, plugin.__file__)")
    assert str(ROOT) not in places
    assert places.count(str(environment.folder)) == 2


def test_a_distribution_of_somebody_else_walks_in_by_pip(environment: Environment) -> None:
    environment.install(ROOT / "examples" / "xero")
    asked = "from hub.services.integrations import registry; print(*map(sorted, registry.load()))"
    found = environment.run("-c", asked)
    assert found == "['quickbooks_desktop', 'quickbooks_online', 'xero'] []\n"


@pytest.mark.timeout(900)  # A whole suite in a process of its own, on a machine that is busy.
@pytest.mark.parametrize("name", ["quickbooks_online", "quickbooks_desktop"])
def test_it_passes_the_kit(environment: Environment, name: str) -> None:
    beside = environment.folder / name
    beside.mkdir()
    (beside / "sandbox").symlink_to(ROOT / "sandbox")
    suite = beside / f"test_{name}.py"
    shutil.copy(HERE / f"{name}.py", suite)
    environment.passes(suite, path=beside)
