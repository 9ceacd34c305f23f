"""What a person chooses is what happens: another new customer or vendor, the customer that was created before a
refusal, a number that may be there twice.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books.links import find_linked_refs
from hub.database import session
from hub.dispatch import pump
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices, choice_of_new
from hub.plugin import FixKind, RecordKind
from hub.states import DeliveryState
from sandbox.online import Running
from tests.support.desktop import Office, whole_file
from tests.support.host import ABC, ADA_AT_ACME, Desk, order_1042
from tests.support.online import by_hand, posted
from tests.support.online import look_again as read_again
from tests.support.orders import EVERYTHING
from tests.support.orders import order as bought
from tests.support.pages import Browser
from tests.support.serving import serving

# ── QuickBooks Online ───────────────────────────────────────────────────────────────────────────────────────────────


def carry(installation: Installation) -> None:
    for _ in range(3):
        pump.deliver(installation.id)
    session().expire_all()


def linked(installation: Installation, kind: RecordKind = RecordKind.CUSTOMER, company: str = ABC.id) -> str:
    return find_linked_refs(installation.id, [(kind, company)])[kind, company].id


def enter(books: Running, number: str) -> None:
    """Somebody enters an invoice of this number for somebody else."""
    found = books.books()
    item = next(one["Id"] for one in found["Item"] if one["Type"] == "Service")
    detail = {"ItemRef": {"value": item}}
    by_hand(books, "Invoice", {
        "DocNumber": number, "CustomerRef": {"value": zenith(books)},
        "Line": [{"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}],
    })  # fmt: skip


def zenith(books: Running) -> str:
    """A customer who was in the books from the beginning."""
    return str(next(one["Id"] for one in books.books()["Customer"] if one["DisplayName"] == "Zenith Yoga"))


def customers(books: Running) -> list[str]:
    return [one["DisplayName"] for one in books.books()["Customer"] if one["DisplayName"].startswith("ABC")]


def invoices(books: Running) -> list[tuple[str, str]]:
    return [(one["DocNumber"], one["CustomerRef"]["name"]) for one in books.books()["Invoice"]]


def delivery_of(kind: str) -> Delivery:
    session().expire_all()
    return session().scalars(select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id.desc())).first()  # type: ignore[return-value]  # There is one.


def test_another_new_customer_is_created_once_however_often_the_form_is_posted(
    online: Installation, books: Running, desk: Desk
) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    carry(online)
    second = desk.copy_order("1043", payments=())
    another = Choices(customer=choice_of_new(linked(online)), answers={"customer:name": "ABC Company West"})
    for _ in range(2):
        send_order(ADA_AT_ACME, online.id, second, another)
    carry(online)
    send_order(ADA_AT_ACME, online.id, second, another)
    carry(online)
    assert customers(books) == ["ABC Company", "ABC Company West"]
    assert invoices(books) == [("1042", "ABC Company"), ("1043", "ABC Company West")]
    assert posted()


def test_the_form_says_instead_of_whom_a_customer_is_created(
    online: Installation, books: Running, desk: Desk, app: Flask
) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    carry(online)
    desk.copy_order("1043", payments=())
    page = Browser(app).get("/hub/orders/1043/send").text
    (value,) = re.findall(r'<option value="(new[^"]*)"[^>]*>Create New Customer', page)
    assert value == f"new:{linked(online)}"


def test_a_customer_whom_somebody_made_inactive_is_replaced_by_another_new_one(
    online: Installation, books: Running, desk: Desk
) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    carry(online)
    first = linked(online)
    row = next(one for one in books.books()["Customer"] if one["Id"] == first)
    by_hand(books, "Customer", {"Id": first, "SyncToken": row["SyncToken"], "sparse": True, "Active": False})
    read_again(online)
    second = desk.copy_order("1043", payments=())
    choices = Choices(customer=choice_of_new(first), answers={"customer:name": "ABC Company 2"})
    send_order(ADA_AT_ACME, online.id, second, choices)
    carry(online)
    assert invoices(books)[-1] == ("1043", "ABC Company 2")
    assert linked(online) != first


def test_another_new_vendor_is_created_once(online: Installation, books: Running, desk: Desk) -> None:
    desk.orders["1042"], desk.orders["1043"] = bought(1042), bought(1043)
    send_order(ADA_AT_ACME, online.id, bought(1042), EVERYTHING)
    carry(online)
    first = linked(online, RecordKind.VENDOR, "s1")
    another = replace(EVERYTHING, vendors={"s1": choice_of_new(first)}, answers={"vendor/s1:name": "Mug Makers East"})
    for _ in range(2):
        send_order(ADA_AT_ACME, online.id, bought(1043), another)
        carry(online)
    vendors = [one["DisplayName"] for one in books.books()["Vendor"] if one["DisplayName"].startswith("Mug Makers")]
    assert vendors == ["Mug Makers", "Mug Makers East"]
    assert [one["VendorRef"]["name"] for one in books.books()["Bill"]] == vendors
    assert posted()


def test_an_order_that_was_refused_after_its_customer_was_created_goes_to_that_customer(
    online: Installation, books: Running, desk: Desk
) -> None:
    enter(books, "1042")
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices(customer="new"))
    carry(online)
    stopped = delivery_of("invoice")
    assert stopped.state is DeliveryState.STOPPED
    assert customers(books) == ["ABC Company"]
    retry_delivery(ADA_AT_ACME, stopped.id, {FixKind.NUMBER: "1042-B"})
    carry(online)
    assert customers(books) == ["ABC Company"]
    assert invoices(books)[-1] == ("1042-B", "ABC Company")
    assert posted()


def test_the_fix_that_names_a_customer_is_taken_from_where_it_is_shown(
    online: Installation, books: Running, desk: Desk
) -> None:
    desk.copy_order("1043", payments=())
    enter(books, "1043")
    send_order(ADA_AT_ACME, online.id, desk.orders["1043"], Choices(customer="new"))
    carry(online)
    stopped = delivery_of("invoice")
    assert stopped.state is DeliveryState.STOPPED
    retry_delivery(ADA_AT_ACME, stopped.id, {FixKind.CUSTOMER: zenith(books), FixKind.NUMBER: "1043-B"})
    carry(online)
    assert invoices(books)[-1] == ("1043-B", "Zenith Yoga")
    assert linked(online) == zenith(books)


def test_a_new_record_that_was_refused_is_tried_again_with_the_orders_that_wait_for_it(
    online: Installation, books: Running, desk: Desk
) -> None:
    """The books have an employee of the company's name; the new customer gets another one, in every order."""
    for number in ("1042", "1043"):
        desk.copy_order(number, payments=(), company=replace(ABC, name="Emily Platt"))
        send_order(ADA_AT_ACME, online.id, desk.orders[number], Choices())
    carry(online)
    stopped = delivery_of("customer")
    assert (stopped.state, delivery_of("invoice").state) == (DeliveryState.STOPPED, DeliveryState.WAITING)
    retry_delivery(ADA_AT_ACME, stopped.id, {FixKind.NAME: "Emily Platt (C)"})
    carry(online)
    assert invoices(books) == [("1042", "Emily Platt (C)"), ("1043", "Emily Platt (C)")]
    assert posted()


def test_who_is_used_instead_of_a_new_customer_gets_the_orders_that_waited_for_it(
    online: Installation, books: Running, desk: Desk
) -> None:
    desk.copy_order("1042", payments=(), company=replace(ABC, name="Emily Platt"))
    send_order(ADA_AT_ACME, online.id, desk.orders["1042"], Choices())
    carry(online)
    stopped = delivery_of("customer")
    retry_delivery(ADA_AT_ACME, stopped.id, {FixKind.CUSTOMER: zenith(books)})
    carry(online)
    assert invoices(books) == [("1042", "Zenith Yoga")]
    assert {one.state for one in session().scalars(select(Delivery))} == {
        DeliveryState.POSTED, DeliveryState.CANCELLED
    }  # fmt: skip


def test_a_number_that_may_be_there_twice_may_be_so_in_every_later_write(
    online: Installation, books: Running, desk: Desk
) -> None:
    enter(books, "1042")
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    carry(online)
    retry_delivery(ADA_AT_ACME, delivery_of("invoice").id, {FixKind.REPEATS: "yes"})
    carry(online)
    assert posted()
    line = replace(order_1042().lines[0], quantity=Decimal(110), amount=Decimal("253.00"))
    more = desk.orders["1042"] = replace(order_1042(), lines=(line,), total=Decimal("241.50"))
    send_order(ADA_AT_ACME, online.id, more, Choices(updates=("invoice",)))
    carry(online)
    assert posted()
    assert [(one["DocNumber"], one["TotalAmt"]) for one in books.books()["Invoice"]][-1] == ("1042", Decimal("241.50"))


# ── QuickBooks Desktop ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    """An office in which order 1042 is in the books."""
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path, name="desktop with all of order 1042", prepare=sell)


def sell(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, bought(1042, "ABC Company"), EVERYTHING)
    assert office.update()[-1] == "OK"


def test_desktop_gets_another_new_customer_and_vendor_once(office: Office, desk: Desk) -> None:
    one = office.installation
    order = desk.orders["1043"] = bought(1043, "ABC Company")
    another = replace(
        EVERYTHING, customer=choice_of_new(linked(one, company="ABC Company")),
        vendors={"s1": choice_of_new(linked(one, RecordKind.VENDOR, "s1"))},
        answers={"customer:name": "ABC Company West", "vendor/s1:name": "Mug Makers East"},
    )  # fmt: skip
    for said in ("OK", "No data exchange required"):
        send_order(ADA_AT_ACME, one.id, order, another)
        assert office.update()[-1] == said
    found = whole_file(office.company)
    assert found["customers"] == [("ABC Company",), ("ABC Company West",)]
    assert [(row[0], row[1]) for row in found["invoices"]] == [("1042", "ABC Company"), ("1043", "ABC Company West")]
    vendors = {row.name for row in office.company.rows("Vendor")}
    assert {name for name in vendors if name.startswith("Mug")} == {"Mug Makers", "Mug Makers East"}


def test_on_desktop_an_order_that_was_refused_after_its_customer_was_created_goes_to_that_customer(
    office: Office, desk: Desk
) -> None:
    """The books are closed at the last moment."""
    order = desk.orders["1043"] = replace(bought(1043, "New Company"), payments=())
    with office.company.store.transaction():
        office.company.store.remember("closing date", order.date.isoformat())
    send_order(ADA_AT_ACME, office.installation.id, order, Choices(customer="new"))
    office.update()
    stopped = delivery_of("invoice")
    assert stopped.state is DeliveryState.STOPPED
    assert whole_file(office.company)["customers"] == [("ABC Company",), ("New Company",)]
    retry_delivery(ADA_AT_ACME, stopped.id, {FixKind.DATE: (order.date + dt.timedelta(days=1)).isoformat()})
    office.update()
    found = whole_file(office.company)
    assert found["customers"] == [("ABC Company",), ("New Company",)]
    assert [row[:2] for row in found["invoices"]] == [("1042", "ABC Company"), ("1043", "New Company")]
    assert posted()
