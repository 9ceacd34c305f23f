"""An integration that is uninstalled while an order is on its way, and installed again: nothing comes twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.dispatch.open_writes import write_is_asked
from hub.errors import Incomplete
from hub.installations.install import remove_installation
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.orders.send import send_order
from hub.planning import fixes
from hub.planning.choices import Choices
from hub.plugin import FixKind, Problem
from hub.states import DeliveryState
from sandbox.desktop.connector import Faults
from sandbox.online import Running
from tests.support.desktop import ORDER_1042, Office, whole_file
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import EXPECTED, connect, whole_ledger
from tests.support.serving import serving

ANSWERS = pytest.mark.parametrize("fate", ["before", "after"])
"""The line breaks before the invoice is in the books, or after."""


def refused(installation: Installation, choices: Choices) -> Sequence[Problem]:
    """Return why order 1042 is not sent."""
    with pytest.raises(Incomplete) as told:
        send_order(ADA_AT_ACME, installation.id, order_1042(), choices)
    session().rollback()
    return told.value.problems


def asked(installation: Installation) -> Problem:
    """Return the only question that is asked before order 1042 is sent."""
    (problem,) = refused(installation, Choices())
    assert (problem.code, problem.about) == ("maybe-there", "invoice")
    return problem


def answer(installation: Installation, problem: Problem, fate: str) -> None:
    """Say what a look into QuickBooks shows: the invoice is offered where it is there, and only there."""
    kinds = [one.kind for one in problem.fixes]
    assert kinds == ([FixKind.ANEW] if fate == "before" else [FixKind.ANEW, FixKind.SAME_AS])
    choices = fixes.apply_fix(Choices(), problem.about, kinds[-1], problem.fixes[-1].value)
    send_order(ADA_AT_ACME, installation.id, order_1042(), choices)


def documents_are_posted() -> bool:
    session().expire_all()
    found = session().scalars(select(Delivery.state).where(Delivery.order_id == "1042")).all()
    return set(found) <= {DeliveryState.POSTED, DeliveryState.CANCELLED}


@ANSWERS
def test_an_invoice_on_its_way_to_quickbooks_online(online: Installation, books: Running, fate: str) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    books.fault("delay", "/batch", seconds=0)  # The customer and the item arrive.
    books.fault(f"cut_{fate}", "/batch")
    pump.deliver(online.id)
    assert len(books.books()["Invoice"]) == (fate == "after")
    remove_installation(ADA_AT_ACME, online.id)
    again = connect(books)
    answer(again, asked(again), fate)
    pump.deliver(again.id)
    assert whole_ledger(books) == EXPECTED
    assert documents_are_posted()


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path)


@ANSWERS
def test_an_invoice_on_its_way_to_quickbooks_desktop(office: Office, fate: str) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    step = 1
    while not is_lost(office, fate, step):
        step += 1
    remove_installation(ADA_AT_ACME, office.installation.id)
    office.company.close()
    again = Office.open(office.url, office.folder)
    again.connect()
    answer(again.installation, asked(again.installation), fate)
    again.update()
    assert whole_file(again.company) == ORDER_1042
    assert documents_are_posted()


def is_lost(office: Office, fate: str, step: int) -> bool:
    """Run a session that breaks off at a step. Return True if that was the step of the invoice."""
    assert office.dies(Faults(die_before=step) if fate == "before" else Faults(die_after=step))
    session().expire_all()
    sent = session().scalars(select(Delivery).where(Delivery.kind == "invoice")).one()
    return write_is_asked(sent.id)


def test_what_is_in_a_company_file_of_the_same_name_is_asked_about(office: Office) -> None:
    """The Web Connector gives the company file another id when it is connected again."""
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.update()
    remove_installation(ADA_AT_ACME, office.installation.id)
    office.company.close()
    again = Office.open(office.url, office.folder)
    again.connect()
    problems = refused(again.installation, Choices())
    assert {(one.code, one.about) for one in problems} == {("maybe-there", "invoice"), ("maybe-there", "payment/7")}
    choices = Choices()
    for one in problems:
        assert [fix.kind for fix in one.fixes] == [FixKind.ANEW, FixKind.SAME_AS]
        choices = fixes.apply_fix(choices, one.about, FixKind.SAME_AS, one.fixes[1].value)
    send_order(ADA_AT_ACME, again.installation.id, order_1042(), choices)
    more = replace(order_1042(), memo="Thank you.")
    send_order(ADA_AT_ACME, again.installation.id, more, Choices(updates=("invoice",)))
    again.update()
    assert whole_file(again.company) == ORDER_1042
    assert documents_are_posted()


def test_another_company_of_the_same_name_gets_what_a_person_does_not_find_there(
    office: Office, tmp_path: Path
) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.update()
    remove_installation(ADA_AT_ACME, office.installation.id)
    (tmp_path / "other").mkdir()
    again = Office.open(office.url, tmp_path / "other")
    again.connect()
    choices = Choices()
    for one in refused(again.installation, choices):
        assert [fix.kind for fix in one.fixes] == [FixKind.ANEW]
        choices = fixes.apply_fix(choices, one.about, FixKind.ANEW, one.fixes[0].value)
    for _ in range(2):
        send_order(ADA_AT_ACME, again.installation.id, order_1042(), choices)
        again.update()
    assert whole_file(again.company) == ORDER_1042
    assert documents_are_posted()
    found = session().scalars(select(Delivery).where(Delivery.order_id == "1042"))
    places = [(office.installation.id, kind) for kind in ("invoice", "payment")]
    assert {(one.installation_id, one.kind) for one in found} >= set(places), "The old company's are known as before."
