"""A refusal of QuickBooks Desktop always leads somewhere: it stops with a sentence, and its way out ends in a posting.

Sources: Intuit's status codes; Conductor (a paid invoice "cannot be found"); flowlink's recorded 3140.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.database import now, session
from hub.host import Order
from hub.integrations import registry
from hub.models import Delivery
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.queue import commit
from hub.serialization import problems_of
from hub.states import DeliveryState
from quickbooks_desktop import statuses
from tests.support.desktop import Office, let_sessions_time_out, states
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.serving import serving


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path)


def order(number: str) -> Order:
    return replace(order_1042(), id=number, number=number, payments=())


def visit(office: Office) -> None:
    """The next session, at which everything is due."""
    session().execute(update(Delivery).where(Delivery.state == DeliveryState.QUEUED).values(due_at=now()))
    commit()
    let_sessions_time_out()
    office.connector().update()
    session().expire_all()


def test_each_code_of_the_table_stops_with_a_way_out_that_ends_in_a_posting(
    office: Office, desk: Desk
) -> None:
    codes = sorted(statuses.REFUSALS)
    for code in codes:
        office.company.store.remember(f"refuses InvoiceAdd {code}", code)
        desk.orders[code] = order(code)
        send_order(ADA_AT_ACME, office.installation.id, order(code), Choices())
    visit(office)
    invoices = {one.order_id: one for one in session().scalars(select(Delivery).where(Delivery.kind == "invoice"))}
    stopped = {str(code) for code, one in invoices.items() if one.state is DeliveryState.STOPPED}
    assert set(codes) - stopped <= statuses.LATER, "What is not stopped is tried again by itself."
    for code in stopped:
        problem, *more = problems_of(invoices[code].problems)
        assert (problem.code, more) == (code, [])
        assert problem.what
        assert problem.cure
        given = {str(fix.kind): fix.value for fix in problem.fixes[:1]}
        retry_delivery(ADA_AT_ACME, invoices[code].id, given)
    visit(office)
    visit(office)
    assert states() == {DeliveryState.POSTED}
    assert sorted(row.fields["RefNumber"] for row in office.company.rows("Invoice")) == codes


def refused(office: Office, request: str, code: str, message: str, *, paid: bool = False) -> Delivery:
    office.company.store.remember("refusal", message)
    office.company.store.remember(f"refuses {request} ", code)
    office.company.store.remember(f"refuses {request} 1042", code)
    send_order(ADA_AT_ACME, office.installation.id, order_1042() if paid else order("1042"), Choices())
    visit(office)
    (stopped,) = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED))
    return stopped


def test_a_payment_whose_invoice_cannot_be_found_says_that_it_is_paid_or_gone(office: Office) -> None:
    stopped = refused(office, "ReceivePaymentAdd", "3120", "Object cannot be found.", paid=True)
    (problem,) = problems_of(stopped.problems)
    assert problem.cure == statuses.PAID_ALREADY.cure


def test_a_tax_code_that_is_missing_names_the_setting(office: Office) -> None:
    message = 'There is an invalid reference to QuickBooks SalesTaxCode "Tax" in the Invoice line.'
    (problem,) = problems_of(refused(office, "InvoiceAdd", "3140", message).problems)
    assert (problem.code, problem.field) == ("3140", "taxable_code")


def test_a_reference_by_its_id_is_told_by_its_name(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order("1041"), Choices())
    visit(office)
    (customer,) = office.company.rows("Customer")
    message = f'There is an invalid reference to QuickBooks Customer "{customer.id}" in the Invoice.'
    (problem,) = problems_of(refused(office, "InvoiceAdd", "3140", message).problems)
    assert customer.id not in problem.why
    assert customer.name in problem.why


def test_a_session_with_nothing_to_do_does_not_say_that_it_has_ended(office: Office) -> None:
    connector = office.connector()
    assert connector.update() == "No data exchange required"
    assert connector.said[0] == "OK"


def test_trouble_is_over_with_the_next_session_that_goes_well(office: Office) -> None:
    office.installation.trouble, office.installation.trouble_since = "The wrong file was open.", now()
    commit()
    send_order(ADA_AT_ACME, office.installation.id, order("1042"), Choices())
    visit(office)
    assert office.installation.trouble == ""
