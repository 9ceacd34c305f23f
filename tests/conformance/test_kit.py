"""The kit itself: an unsafe integration must not pass it. Each faulty integration is found, and by the right test."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from hub.plugin import Integration
from hub.testing import Ledger, Lost, Restorable
from hub.testing.families.arriving import arrives
from hub.testing.families.authorizing import Authorizes
from hub.testing.families.base import Family
from hub.testing.families.conversing import Converses
from hub.testing.families.declaring import Declares, Imports
from hub.testing.families.fetching import Fetches
from hub.testing.families.once import PostsOnce
from hub.testing.families.polling import Polls
from hub.testing.families.posting import Posts, Refuses, Waits
from hub.testing.office import Office
from tests.support.wheel import NewPlugin, new_plugin

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Fault:
    """A faulty integration, the test that must fail with it, and a part of what that test must say."""

    mutant: str
    family: type[Family]
    test: str
    says: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.mutant}-{self.family.__name__}"


FAULTS = (
    Fault("Contradicts", Declares, "test_its_options_and_mappings_can_be_rendered", "default of kind"),
    Fault("Shortcut", Imports, "test_it_imports_nothing_of_the_hub_but_its_face_to_plugins", "hub.models.Installation"),
    Fault("DeclinedIsConsent", Authorizes, "test_an_admin_who_declines_is_told_what_to_do", "DID NOT RAISE"),
    Fault("AllBooksAreOne", Authorizes, "test_other_books_are_not_taken_for_the_first_ones", "DID NOT RAISE"),
    Fault("KeepsTheAuthorization", Authorizes, "test_an_authorization_that_was_given_back_opens_nothing",
          "DID NOT RAISE"),
    Fault("RollsDice", Converses, "test_a_conversation_that_is_replayed_on_another_day_asks_and_ends_the_same",
          "has the number"),
    Fault("AsksTheDay", Converses, "test_a_conversation_that_is_replayed_on_another_day_asks_and_ends_the_same",
          "asks otherwise than the first time"),
    Fault("AsksInTheOrderOfASet", Converses, "test_a_conversation_that_is_replayed_by_other_processes_asks_the_same",
          "it is not the same again"),
    Fault("AsksTheNetwork", Converses, "test_a_conversation_that_is_replayed_on_another_day_asks_and_ends_the_same",
          "speaks to the network"),
    Fault("Floats", Converses, "test_what_it_asks_and_hears_is_json_without_floats", "payload.total is a float"),
    Fault("TellsItsToken", Converses, "test_no_credential_is_in_anything_that_is_kept_or_logged",
          "A credential stands in the hub's rows."),
    Fault("WritesInSecret", Converses, "test_what_does_not_write_changes_nothing", "is said not to write"),
    Fault("WritesTwice", Posts, "test_a_plain_order_needs_nothing_but_to_be_sent", "there twice"),
    Fault("ForgetsTheDiscount", Posts, "test_it_arrives_as_it_was_sent", "26.23 was sent, the ledger came to 27.60",
          {"scenario": "discount"}),
    Fault("EchoesWhatWasSent", Posts, "test_it_arrives_as_it_was_sent", "another total than the ledger",
          {"scenario": "discount"}),
    Fault("NewKeyEachTime", PostsOnce, "test_the_connection_breaks_at_every_trip", "there twice",
          {"lost": Lost.ANSWER}),
    Fault("NewKeyEachTime", PostsOnce, "test_we_die_with_every_answer_in_our_hands", "there twice"),
    Fault("ALostAnswerIsARefusal", PostsOnce, "test_the_connection_breaks_at_every_trip_of_several_orders",
          "there twice", {"lost": Lost.ANSWER}),
    Fault("ARefusalIsACrash", Refuses, "test_a_document_for_somebody_who_is_not_there_stops_alone",
          "A refusal is `Rejected`."),
    Fault("BusyIsARefusal", Waits, "test_a_ledger_that_is_busy_is_asked_again", "A busy ledger is `Unavailable`."),
    Fault("AccountsWithoutKind", Fetches, "test_accounts_say_what_they_are_for", "has no `AccountKind`"),
    Fault("ReadsOnlyOnce", Fetches, "test_what_is_new_is_found_when_a_list_is_read_again", "is not in the list"),
    Fault("PaysNothing", Fetches, "test_history_says_what_a_customer_owes", "the history says"),
)  # fmt: skip
PULL_FAULTS = (
    Fault("NeverSaysGoodbye", Polls, "test_a_session_that_ended_is_closed", "The session was not closed."),
)  # fmt: skip


def must_find(fault: Fault, request: pytest.FixtureRequest) -> None:
    """Run the test of a fault as the kit runs it. It must fail, not its fixtures, and for the right reason."""
    test = getattr(fault.family, fault.test)
    wanted = set(inspect.signature(test).parameters) - {"self", *fault.parameters}
    given = {name: request.getfixturevalue(name) for name in sorted(wanted)}
    try:
        test(fault.family(), **given, **fault.parameters)
    except (AssertionError, pytest.fail.Exception, pytest.skip.Exception) as end:
        ended: BaseException = end
    else:
        pytest.fail(f"{fault.mutant} passes {fault.test}.")
    if isinstance(ended, pytest.skip.Exception):
        pytest.fail(f"{fault.mutant} skips {fault.test}: {ended}")
    if fault.says not in str(ended):
        pytest.fail(f"{fault.mutant} fails {fault.test}, but for another reason: {ended}")


def mutants(module: ModuleType, base: type) -> set[str]:
    """Return the names of the integrations that a module derives from another one."""
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, base)]
    return {one.__name__ for one in classes if one is not base}


class TestPush(Family):
    @pytest.fixture(scope="class")
    @classmethod
    def acme(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlugin]:
        with new_plugin("acme", tmp_path_factory.mktemp("push"), pull=False) as plugin:
            yield plugin

    @pytest.fixture(scope="class")
    @classmethod
    def modules(cls, acme: NewPlugin) -> list[ModuleType]:
        return [acme.add(HERE / name) for name in ("mutants.py", "shortcut_mutants.py")]

    @pytest.fixture(params=FAULTS, ids=str)
    def fault(self, request: pytest.FixtureRequest) -> Fault:
        assert isinstance(request.param, Fault)
        return request.param

    @pytest.fixture
    def integration(self, modules: list[ModuleType], fault: Fault) -> Integration:
        (found,) = (vars(one)[fault.mutant] for one in modules if fault.mutant in vars(one))
        mutant: Integration = found()
        return mutant

    @pytest.fixture
    def ledger(self, acme: NewPlugin) -> Iterator[Ledger]:
        with acme.module("pretend").PretendAcme() as ledger:
            yield ledger

    def test_the_fault_is_found(self, fault: Fault, request: pytest.FixtureRequest) -> None:
        must_find(fault, request)

    def test_no_mutant_is_forgotten(self, acme: NewPlugin, modules: list[ModuleType]) -> None:
        assert set().union(*(mutants(one, acme.integration) for one in modules)) == {fault.mutant for fault in FAULTS}


class TestWithoutRestore(Family):
    """A ledger that is not `Restorable` is connected for each test."""

    @pytest.fixture(scope="class")
    @classmethod
    def acme(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlugin]:
        with new_plugin("acme", tmp_path_factory.mktemp("plain"), pull=False) as plugin:
            yield plugin

    @pytest.fixture
    def integration(self, acme: NewPlugin) -> Integration:
        return acme.integration()

    @pytest.fixture
    def ledger(self, acme: NewPlugin) -> Iterator[Ledger]:
        pretend = acme.module("pretend").PretendAcme
        with type("Plain", (pretend,), {"save": None, "restore": None})() as ledger:
            assert not isinstance(ledger, Restorable)
            yield ledger

    @pytest.mark.parametrize("_", ["first", "second"])
    def test_it_is_connected(self, office: Office, _: str) -> None:
        assert office.wire.trips > 0
        assert not list(office.ledger.documents())
        arrives(office, office.book().order())


class TestPull(Family):
    @pytest.fixture(scope="class")
    @classmethod
    def acme(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlugin]:
        with new_plugin("acme", tmp_path_factory.mktemp("pull"), pull=True) as plugin:
            yield plugin

    @pytest.fixture(scope="class")
    @classmethod
    def module(cls, acme: NewPlugin) -> ModuleType:
        return acme.add(HERE / "pull_mutants.py")

    @pytest.fixture(params=PULL_FAULTS, ids=str)
    def fault(self, request: pytest.FixtureRequest) -> Fault:
        assert isinstance(request.param, Fault)
        return request.param

    @pytest.fixture
    def integration(self, module: ModuleType, fault: Fault) -> Integration:
        mutant: Integration = vars(module)[fault.mutant]()
        return mutant

    @pytest.fixture
    def ledger(self, acme: NewPlugin) -> Ledger:
        ledger: Ledger = acme.module("pretend").PretendAcme()
        return ledger

    def test_the_fault_is_found(self, fault: Fault, request: pytest.FixtureRequest) -> None:
        must_find(fault, request)

    def test_a_wrong_password_is_still_refused(self, fault: Fault, request: pytest.FixtureRequest) -> None:
        Polls().test_a_wrong_password_gets_nothing(request.getfixturevalue("lobby"))

    def test_no_mutant_is_forgotten(self, acme: NewPlugin, module: ModuleType) -> None:
        assert mutants(module, acme.integration) == {fault.mutant for fault in PULL_FAULTS}
