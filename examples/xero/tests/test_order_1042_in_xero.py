"""Order 1042 into Xero's books, and every way in which the line can be cut."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.models import BatchRow, Delivery, Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.xero import EVERYTHING, carry, expected, order, posted, send, whole_ledger
from xero_sandbox import Running


def test_order_1042_arrives_with_exactly_its_figures(xero: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, xero.id, order_1042(), Choices())
    pump.deliver(xero.id)
    assert posted()
    assert not [one.problems for one in session().scalars(select(Delivery)) if one.problems]
    (invoice,), (payment,) = books.books()["Invoices"], books.books()["Payments"]
    (line,) = invoice["LineItems"]
    assert (line["Quantity"], line["UnitAmount"], line["DiscountAmount"], line["LineAmount"]) == (
        100, Decimal("2.30"), Decimal("11.50"), Decimal("218.50"),
    )  # fmt: skip
    assert (line["ItemCode"], line["AccountCode"], line["TaxType"]) == ("A7102", "200", "NONE")
    assert (invoice["InvoiceNumber"], invoice["Total"], invoice["AmountPaid"], invoice["AmountDue"]) == (
        "1042", Decimal("218.50"), Decimal("100.00"), Decimal("118.50"),
    )  # fmt: skip
    assert (payment["Account"]["Code"], payment["Date"]) == ("090", "2026-11-14")
    assert payment["Reference"].startswith("Check · Ref. ")


def test_fifty_orders_take_a_call_a_kind(xero: Installation, books: Running) -> None:
    numbers = range(2000, 2050)
    send(xero, *numbers)
    before = len(books.control("requests"))
    carry(xero, 2)
    assert whole_ledger(books) == expected(*numbers)
    assert posted()
    calls = [one["path"].rsplit("/", 1)[1] for one in books.control("requests")[before:] if one["method"] == "PUT"]
    assert sorted(calls) == ["Contacts", "Invoices", "Invoices", "Items", "Payments", "PurchaseOrders"]


@pytest.mark.parametrize(("trip", "kind"), list(product(range(6), ["cut_before", "cut_after"])))
def test_a_line_cut_at_any_trip_loses_nothing_and_doubles_nothing(
    xero: Installation, books: Running, trip: int, kind: str
) -> None:
    send(xero, 3001, 3002, 3003)
    if trip:
        books.fault("delay", "PUT /api.xro", times=trip)
    books.fault(kind, "PUT /api.xro")
    carry(xero, 4)
    assert whole_ledger(books) == expected(3001, 3002, 3003)
    assert posted()


@pytest.mark.parametrize("trip", range(6))
def test_an_error_of_xeros_own_after_it_was_carried_out_is_looked_for(
    xero: Installation, books: Running, trip: int
) -> None:
    send(xero, 3001, 3002, 3003)
    if trip:
        books.fault("delay", "PUT /api.xro", times=trip)
    books.fault("stumble", "PUT /api.xro")
    carry(xero, 4)
    assert whole_ledger(books) == expected(3001, 3002, 3003)
    assert posted()


@pytest.mark.parametrize(("trip", "kind"), list(product(range(6), ["cut_before", "cut_after"])))
def test_after_six_minutes_nothing_is_sent_again_before_it_was_looked_for(
    xero: Installation, books: Running, trip: int, kind: str
) -> None:
    send(xero, 3001, 3002, 3003)
    if trip:
        books.fault("delay", "PUT /api.xro", times=trip)
    books.fault(kind, "PUT /api.xro")
    pump.deliver(xero.id)
    minutes_later(books)
    pass_time(xero)
    carry(xero, 4)
    assert whole_ledger(books) == expected(3001, 3002, 3003)
    assert posted()


def minutes_later(books: Running) -> None:
    """Seven minutes go by: Xero has forgotten the keys, and the hub knows that they are old."""
    books.advance(420)
    for batch in session().scalars(select(BatchRow)):
        batch.fresh_since -= dt.timedelta(seconds=420)
    session().commit()


def test_two_bills_that_are_alike_are_two_also_after_six_minutes(xero: Installation, books: Running) -> None:
    twins = [replace(order(number), bill_numbers={"s1": "88213"}) for number in (4001, 4002)]
    for one in twins:
        send_order(ADA_AT_ACME, xero.id, one, EVERYTHING)
    books.fault("delay", "PUT /api.xro", times=4)
    books.fault("cut_after", "PUT /api.xro", times=2)
    for _ in range(3):
        pump.deliver(xero.id)
        minutes_later(books)
        pass_time(xero)
    carry(xero, 3)
    bills = whole_ledger(books)["bills"]
    assert bills == [("88213", "Mug Makers", Decimal("110.50"), Decimal("110.50"))] * 2
    assert posted()




def test_a_key_that_xero_knows_from_another_question_is_looked_into(xero: Installation, books: Running) -> None:
    send(xero, 1042)
    books.fault("cut_after", "PUT /api.xro/2.0/Invoices")
    pump.deliver(xero.id)
    (batch,) = session().scalars(select(BatchRow).where(BatchRow.state == "open")).all()
    batch.body = f" {batch.body}"  # As an update of the plugin might write it.
    session().commit()
    pass_time(xero)
    carry(xero, 3)
    assert whole_ledger(books) == expected(1042)
    assert posted()
