"""Every command checks who acts: a table of all commands, each called directly by an actor who may not."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import hub.installations
import hub.orders
from hub.access import Actor
from hub.books.suggestions import CompanyFilter
from hub.database import Base, session
from hub.dispatch import pump
from hub.errors import Forbidden, HubError, NotFound, NotPossible
from hub.host import Organization, Permission
from hub.installations import install, linking, options
from hub.installations.accounts import save_accounts
from hub.installations.moved_books import confirm_moved_books
from hub.installations.passwords import change_password, renew_login
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.orders import attention
from hub.orders.activity import ActivityFilter, retry_all
from hub.orders.bundles import create_bundle
from hub.orders.cancel import cancel_delivery, confirm_deleted
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import RecordKind
from tests.support import databases
from tests.support.host import ADA, ADA_AT_ACME, Desk, order_1042
from tests.support.pretend import Ledger

MANAGE, SEND, VIEW = Permission.MANAGE, Permission.SEND, Permission.VIEW
ADA_ELSEWHERE = Actor(ADA, Organization(id="other", name="Another business"))
CUSTOMER = RecordKind.CUSTOMER


@dataclass(frozen=True, slots=True)
class World:
    """An organization with a connected installation, whose invoice 1042 was refused, and a sign-in that has begun."""

    installation: Installation
    invoice: int
    state: str

    @property
    def id(self) -> int:
        return self.installation.id

    @property
    def claimed(self) -> install.Claimed:
        return install.Claimed(installation=self.installation, state=self.state)

    @property
    def details(self) -> options.Details:
        saved = options.saved_details(self.installation, registry.find_integration("pretend"))
        return replace(saved, tax="item")


@dataclass(frozen=True, slots=True)
class Command:
    """How a command is called, and what it asks for: one of the permissions in `needs`. Elsewhere is what the same
    person meets who works for another organization; None where the command looks for no row of the organization."""

    needs: frozenset[Permission]
    call: Callable[[Actor, World], object]
    elsewhere: type[HubError] | None = NotFound


def manages(call: Callable[[Actor, World], object], **others: Any) -> Command:
    return Command(frozenset({MANAGE}), call, **others)


def sends(call: Callable[[Actor, World], object]) -> Command:
    return Command(frozenset({SEND}), call)


def sends_or_manages(call: Callable[[Actor, World], object]) -> Command:
    return Command(frozenset({SEND, MANAGE}), call)


COMMANDS: dict[Any, Command] = {
    send_order: sends(lambda actor, here: send_order(actor, here.id, order_1042(), Choices())),
    create_bundle: sends(lambda actor, here: create_bundle(actor, here.id, ["1042"], ["invoice"], "once")),
    confirm_deleted: sends(lambda actor, here: confirm_deleted(actor, here.invoice)),
    retry_delivery: sends(lambda actor, here: retry_delivery(actor, here.invoice)),
    cancel_delivery: sends(lambda actor, here: cancel_delivery(actor, here.invoice)),
    retry_all: manages(lambda actor, here: retry_all(actor, here.id, ActivityFilter())),
    install.install_integration: manages(
        lambda actor, here: install.install_integration(actor, "pretend"), elsewhere=None
    ),
    install.start_authorization: manages(
        lambda actor, here: install.start_authorization(actor, here.id, "http://host/back")
    ),
    install.claim_attempt: manages(
        lambda actor, here: install.claim_attempt(actor, "pretend", here.state), elsewhere=NotPossible
    ),
    install.finish_authorization: manages(
        lambda actor, here: install.finish_authorization(actor, here.claimed, "http://host/back", {"books": "books-1"})
    ),
    install.pause_installation: manages(lambda actor, here: install.pause_installation(actor, here.id)),
    install.resume_installation: manages(lambda actor, here: install.resume_installation(actor, here.id)),
    install.check_connection: manages(lambda actor, here: install.check_connection(actor, here.id)),
    install.reload_lists: manages(lambda actor, here: install.reload_lists(actor, here.id)),
    install.remove_installation: manages(lambda actor, here: install.remove_installation(actor, here.id)),
    install.reload_history: Command(
        frozenset({VIEW}), lambda actor, here: install.reload_history(actor, here.id)
    ),
    options.save_details: manages(lambda actor, here: options.save_details(actor, here.id, here.details)),
    save_accounts: manages(lambda actor, here: save_accounts(actor, here.id, {"income_account": ""})),
    change_password: manages(lambda actor, here: change_password(actor, here.id, instead_of="")),
    renew_login: manages(lambda actor, here: renew_login(actor, here.id)),
    confirm_moved_books: manages(lambda actor, here: confirm_moved_books(actor, here.id, place="C:\\moved.qbw")),
    linking.link_company: sends_or_manages(
        lambda actor, here: linking.link_company(actor, here.id, CUSTOMER, "12", "customers-1", was="customers-1")
    ),
    linking.unlink_company: sends_or_manages(
        lambda actor, here: linking.unlink_company(actor, here.id, CUSTOMER, "12", was="customers-1")
    ),
    attention.retry_many: manages(
        lambda actor, here: attention.retry_many(actor, [here.invoice], {}), elsewhere=None
    ),
    linking.accept_suggestion: manages(
        lambda actor, here: linking.accept_suggestion(actor, here.id, CUSTOMER, "12", "customers-1")
    ),
    linking.accept_exact_matches: manages(
        lambda actor, here: linking.accept_exact_matches(actor, here.id, CompanyFilter())
    ),
}  # fmt: skip

VISIBLE_ONLY = (
    send_order, create_bundle, confirm_deleted, retry_delivery, cancel_delivery, linking.link_company,
    linking.unlink_company, install.reload_history,
)  # fmt: skip
"""The commands for which "Visible to" decides, of those who do not manage."""

SENDING = (send_order, create_bundle, confirm_deleted, retry_delivery, cancel_delivery)
"""The commands for which "Visible to" decides of everybody: who manages has it in the settings."""

OF_A_KIND = (send_order, create_bundle, confirm_deleted, retry_delivery)
"""The commands that send documents of a kind, or say something of them."""

every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)


@pytest.fixture
def here(app: Flask, installation: Installation, desk: Desk, ledger: Ledger) -> World:
    def prepare() -> tuple[int, str, dict[str, list[dict[str, Any]]]]:
        ledger.refuses = lambda payload: "No." if "invoices" in payload else ""
        send_order(ADA_AT_ACME, found, desk.orders["1042"], Choices())
        pump.deliver(found)
        ledger.refuses = lambda _: ""
        invoice = session().scalars(select(Delivery.id).where(Delivery.state == "stopped")).one()
        address = install.start_authorization(ADA_AT_ACME, found, "http://host/back")
        return invoice, address.rpartition("state=")[2], deepcopy(ledger.answers)

    found = installation.id
    invoice, state, answers = databases.once("refused", app, prepare)
    ledger.answers.update(deepcopy(answers))
    return World(session().get_one(Installation, found), invoice, state)


def whole_database() -> dict[str, list[Any]]:
    """Return every row that is committed, by table."""
    session().rollback()
    return {table.name: list(session().execute(select(table))) for table in Base.metadata.sorted_tables}


def public_functions() -> Iterator[FunctionType]:
    """Return the public functions of the modules that hold commands."""
    for package in (hub.orders, hub.installations):
        for one in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(one.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == module.__name__ and not name.startswith("_"):
                    yield function


def test_every_function_that_is_given_an_actor_is_in_the_table() -> None:
    found = set()
    for function in public_functions():
        kinds = [one.annotation for one in inspect.signature(function).parameters.values()]
        if "Actor" in kinds:
            assert kinds[0] == "Actor", f"{function.__name__} is given the actor first"
            found.add(function)
    assert found == set(COMMANDS)


@every_command
def test_who_is_denied_the_permission_is_refused(command: Any, here: World, desk: Desk) -> None:
    before = whole_database()
    desk.permissions = set(Permission) - COMMANDS[command].needs
    with pytest.raises(Forbidden):
        COMMANDS[command].call(ADA_AT_ACME, here)
    assert whole_database() == before


@pytest.mark.parametrize(
    "command", [one for one, row in COMMANDS.items() if row.elsewhere], ids=lambda command: command.__name__
)
def test_who_works_for_another_organization_finds_nothing(command: Any, here: World) -> None:
    before, error = whole_database(), COMMANDS[command].elsewhere
    assert error is not None
    with pytest.raises(error):
        COMMANDS[command].call(ADA_ELSEWHERE, here)
    assert whole_database() == before


@every_command
def test_any_of_its_permissions_is_enough(command: Any, here: World, desk: Desk) -> None:
    """Or the refusals above would show nothing. The state of things may still be in the way."""
    for permission in sorted(COMMANDS[command].needs):
        desk.permissions = {permission}
        try:
            COMMANDS[command].call(ADA_AT_ACME, here)
        except NotPossible:
            session().rollback()


@pytest.mark.parametrize("command", VISIBLE_ONLY, ids=lambda command: command.__name__)
def test_whom_visible_to_leaves_out_is_refused(command: Any, here: World, desk: Desk) -> None:
    here.installation.visible_to = {"who": "users", "ids": ["eve"]}
    session().commit()
    before = whole_database()
    desk.permissions = {SEND, VIEW}
    with pytest.raises(Forbidden):
        COMMANDS[command].call(ADA_AT_ACME, here)
    assert whole_database() == before


@pytest.mark.parametrize("command", SENDING, ids=lambda command: command.__name__)
def test_who_manages_and_is_left_out_by_visible_to_sends_retries_and_cancels_nothing(
    command: Any, here: World
) -> None:
    here.installation.visible_to = {"who": "users", "ids": ["eve"]}
    session().commit()
    before = whole_database()
    with pytest.raises(Forbidden):
        COMMANDS[command].call(ADA_AT_ACME, here)
    assert whole_database() == before


@pytest.mark.parametrize("command", OF_A_KIND, ids=lambda command: command.__name__)
def test_a_kind_that_the_settings_do_not_allow_is_refused(command: Any, here: World) -> None:
    here.installation.documents = ["bill"]
    session().commit()
    before = whole_database()
    with pytest.raises(Forbidden):
        COMMANDS[command].call(ADA_AT_ACME, here)
    assert whole_database() == before


def test_a_change_of_a_kind_that_the_settings_do_not_allow_is_refused(here: World, desk: Desk) -> None:
    here.installation.documents = ["invoice"]
    session().commit()
    before = whole_database()
    with pytest.raises(Forbidden):
        send_order(ADA_AT_ACME, here.id, desk.orders["1042"], Choices(documents=(), updates=("bill/s1",)))
    assert whole_database() == before


@pytest.mark.parametrize("command", [send_order, create_bundle], ids=lambda command: command.__name__)
def test_nothing_is_sent_with_what_is_not_connected(command: Any, here: World) -> None:
    install.remove_installation(ADA_AT_ACME, here.id)
    with pytest.raises(NotFound):
        COMMANDS[command].call(ADA_AT_ACME, here)
    pending = install.install_integration(ADA_AT_ACME, "pretend")
    before = whole_database()
    with pytest.raises(NotPossible):
        COMMANDS[command].call(ADA_AT_ACME, replace(here, installation=pending))
    assert whole_database() == before
