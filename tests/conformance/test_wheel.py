"""The built wheel is whole: in a fresh environment, plugins are found, written, installed, and pass tests of the kit.

The other modules of this folder run the whole kit, from the checkout.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.wheel import ROOT, Environment, build_environment

HERE = Path(__file__).parent
FAMILIES = (
    "test_it_is_registered_under_its_key",  # Declares
    "test_it_imports_nothing_of_the_hub_but_its_face_to_plugins",  # Imports
    "test_encoding_is_pure",  # Converses
    "test_a_plain_order_needs_nothing_but_to_be_sent",  # Posts
    "test_the_connection_breaks_twice_at_the_same_batch",  # PostsOnce
    "test_what_was_refused_can_be_sent_again",  # Refuses
    "test_a_ledger_that_is_busy_is_asked_again",  # Waits
    "test_what_is_new_is_found_when_a_list_is_read_again",  # Fetches
    "test_a_ledger_that_is_restored_remembers_nothing_of_what_came_after",  # Restores
)
PUSH = (
    "test_other_books_are_not_taken_for_the_first_ones",  # Authorizes
    "test_a_conversation_that_is_replayed_by_other_processes_asks_the_same",  # Runs a file of the wheel.
)
PULL = ("test_a_session_that_ended_is_closed",)  # Polls
QUICKBOOKS = (
    "test_it_is_registered_under_its_key",
    "test_an_order_that_changed_changes_its_invoice[answer]",  # Changes
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return build_environment(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def written(environment: Environment) -> dict[str, Path]:
    """A plugin of each kind, written by the command and installed beside Xero's distribution."""
    found = {}
    for key, kind in (("acme", ()), ("cash_ledger", ("--pull",))):
        said = environment.run("-m", "flask", "hub", "new-plugin", key, *kind)
        found[key] = environment.folder / f"bookpost-{key.replace('_', '-')}"
        assert found[key].name in said
    environment.install(ROOT / "examples" / "xero", *found.values())
    return found


def test_nothing_comes_from_the_checkout(environment: Environment) -> None:
    places = environment.run("-c", "import hub, quickbooks_desktop as a, quickbooks_online as b; "
                             "print(hub.__file__, a.__file__, b.__file__)")  # fmt: skip
    assert str(ROOT) not in places
    assert places.count(str(environment.folder)) == 3


def test_all_distributions_are_found(environment: Environment, written: dict[str, Path]) -> None:
    asked = "from hub.integrations import registry; print(*map(sorted, registry.load_integrations()))"
    found = environment.run("-c", asked)
    assert found == f"{sorted([*written, 'quickbooks_desktop', 'quickbooks_online', 'xero'])} []\n"


@pytest.mark.parametrize(
    ("key", "suite", "more"), [("acme", "TestAcme", PUSH), ("cash_ledger", "TestCashLedger", PULL)]
)
def test_a_new_plugin_passes_a_test_of_each_family(
    environment: Environment, written: dict[str, Path], key: str, suite: str, more: tuple[str, ...]
) -> None:
    module = written[key] / "tests" / f"test_{key}.py"
    tests = [f"{module}::{suite}::{name}" for name in (*FAMILIES, *more)]
    said = environment.run_tests("--rootdir", written[key], *tests)
    assert f"\n{len(tests)} passed in " in said, said


def test_both_quickbooks_pass_tests_of_the_kit(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "sandbox").symlink_to(ROOT / "sandbox")
    tests = []
    for key, suite in (("quickbooks_desktop", "TestQuickBooksDesktop"), ("quickbooks_online", "TestQuickBooksOnline")):
        module = shutil.copy(HERE / f"test_{key}.py", tmp_path)
        tests += [f"{module}::{suite}::{name}" for name in QUICKBOOKS]
    said = environment.run_tests("--rootdir", tmp_path, *tests, path=tmp_path)
    assert f"\n{len(tests)} passed in " in said, said
