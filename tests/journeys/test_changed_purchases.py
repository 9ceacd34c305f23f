"""A purchase order or bill whose order changed: the dialog says so, and a tick changes it in QuickBooks Online."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import delete, select

from hub.database import session
from hub.dispatch import pump
from hub.host import Order
from hub.models import Delivery, Installation, Mapping
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.plans import Action, Step
from hub.plugin import Bill, FixKind
from hub.queue import commit
from hub.serialization import problems_of
from sandbox.online import REALM, Running
from tests.support.deliveries import pass_time
from tests.support.differences import find_differences
from tests.support.host import ADA_AT_ACME, Desk
from tests.support.online import posted
from tests.support.orders import EVERYTHING
from tests.support.orders import order as bought
from tests.support.pages import Browser, problem_codes

BOTH = ("purchase_order/s1", "bill/s1")


def fewer() -> Order:
    """Eighty mugs instead of a hundred, and they cost more; it is invoiced as it was."""
    plain = bought(1042)
    line = replace(plain.lines[0], cost=Decimal("1.25"))
    return replace(plain, lines=(line,))


def purchases(books: Running) -> dict[str, object]:
    found = books.books()
    (order,), (bill,) = found["PurchaseOrder"], found["Bill"]
    answered = [(link["TxnId"], link["TxnLineId"]) for line in bill["Line"] for link in line.get("LinkedTxn", ())]
    return {
        "order": (order["DocNumber"], order["TotalAmt"], order["POStatus"]),
        "bill": (bill["DocNumber"], bill["TotalAmt"], bill["Balance"]),
        "linked": answered == [(order["Id"], line["Id"]) for line in order["Line"]],
    }


SENT = {"order": ("1042", Decimal("110.50"), "Closed"), "bill": ("1042", Decimal("110.50"), Decimal("110.50")),
        "linked": True}  # fmt: skip
CHANGED = {"order": ("1042", Decimal("125.00"), "Closed"), "bill": ("1042", Decimal("125.00"), Decimal("125.00")),
           "linked": True}  # fmt: skip


@pytest.fixture
def sent(online: Installation) -> Installation:
    send_order(ADA_AT_ACME, online.id, bought(1042), EVERYTHING)
    pump.deliver(online.id)
    return online


def revisions(installation: Installation, order: Order) -> list[Step]:
    session().expire_all()
    return find_differences(installation, order, Choices())


def test_what_changed_is_said_and_a_tick_changes_it_in_the_books(sent: Installation, books: Running) -> None:
    assert revisions(sent, bought(1042)) == []
    found = revisions(sent, fewer())
    assert [(one.about, one.way) for one in found] == [(about, Action.UPDATE) for about in BOTH]
    for one in found:
        assert ("110.50", "125.00") in [(change.before, change.after) for change in one.changes]
    send_order(ADA_AT_ACME, sent.id, fewer(), Choices())
    pump.deliver(sent.id)
    assert purchases(books) == SENT, "Not without a tick."
    send_order(ADA_AT_ACME, sent.id, fewer(), Choices(updates=BOTH))
    pump.deliver(sent.id)
    assert purchases(books) == CHANGED
    assert posted()
    assert revisions(sent, fewer()) == []


@pytest.mark.parametrize("about", BOTH)
def test_one_of_the_two_can_be_changed_alone(sent: Installation, books: Running, about: str) -> None:
    send_order(ADA_AT_ACME, sent.id, fewer(), Choices(documents=(), updates=(about,)))
    pump.deliver(sent.id)
    name = "order" if about == "purchase_order/s1" else "bill"
    assert purchases(books) == SENT | {name: CHANGED[name]}
    assert [one.about for one in revisions(sent, fewer())] == [one for one in BOTH if one != about]


@pytest.mark.parametrize(("trip", "kind"), list(product(range(3), ["cut_before", "cut_after"])))
def test_wherever_the_line_is_cut_they_are_changed_and_not_entered_twice(
    sent: Installation, books: Running, trip: int, kind: str
) -> None:
    send_order(ADA_AT_ACME, sent.id, fewer(), Choices(updates=BOTH))
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        pump.deliver(sent.id)
        pass_time(sent)
    assert purchases(books) == CHANGED
    assert posted()


@pytest.mark.databases("sqlite", "postgresql")
def test_a_bill_that_is_sent_later_answers_the_purchase_order_that_is_there(
    online: Installation, books: Running
) -> None:
    send_order(ADA_AT_ACME, online.id, bought(1042), Choices(documents=("purchase_order",)))
    pump.deliver(online.id)
    send_order(ADA_AT_ACME, online.id, bought(1042), Choices(documents=("bill",)))
    pump.deliver(online.id)
    assert purchases(books) == SENT


def the_bill() -> Delivery:
    session().expire_all()
    return session().scalars(select(Delivery).where(Delivery.kind == Bill.kind)).one()


def test_what_a_bookkeeper_made_of_the_bill_is_told_before_it_is_replaced(
    sent: Installation, books: Running, desk: Desk
) -> None:
    desk.orders["1042"] = fewer()
    (bill,) = books.books()["Bill"]
    more = {"Line": [{**bill["Line"][0], "Amount": 147.5}], "TotalAmt": 147.5, "Balance": 147.5}
    books.control(f"edit/{REALM}/Bill/{bill['Id']}", more)
    send_order(ADA_AT_ACME, sent.id, fewer(), Choices(documents=(), updates=("bill/s1",)))
    pump.deliver(sent.id)
    (problem,) = problems_of(the_bill().problems)
    assert problem.code == "changed-there"
    assert "147.50" in problem.what
    assert purchases(books)["bill"] == ("1042", Decimal("147.50"), Decimal("147.50"))
    retry_delivery(ADA_AT_ACME, the_bill().id, {"overwrites": "nonsense"})
    pump.deliver(sent.id)
    assert purchases(books)["bill"] == ("1042", Decimal("147.50"), Decimal("147.50"))
    (offer,) = problem.fixes
    retry_delivery(ADA_AT_ACME, the_bill().id, {offer.kind: offer.value})
    pump.deliver(sent.id)
    assert purchases(books)["bill"] == CHANGED["bill"]
    assert posted()


def test_a_bill_that_was_deleted_there_can_be_entered_once_more(
    sent: Installation, books: Running, desk: Desk
) -> None:
    desk.orders["1042"] = fewer()
    (bill,) = books.books()["Bill"]
    books.control(f"delete/{REALM}/Bill/{bill['Id']}", {})
    send_order(ADA_AT_ACME, sent.id, fewer(), Choices(updates=BOTH))
    pump.deliver(sent.id)
    (offer,) = problems_of(the_bill().problems)[0].fixes
    assert (offer.kind, offer.value) == (FixKind.ANEW, bill["Id"])
    retry_delivery(ADA_AT_ACME, the_bill().id, {offer.kind: offer.value})
    pump.deliver(sent.id)
    assert purchases(books) == CHANGED
    assert posted()


def test_accounts_that_nobody_mapped_can_be_chosen_again_where_purchases_are_changed(
    app: Flask, desk: Desk, sent: Installation, books: Running
) -> None:
    """Whoever chose them in the dialog when it was sent first, and never saw the settings."""
    session().execute(delete(Mapping))
    commit()
    desk.orders["1042"] = fewer()
    browser, address = Browser(app), "/hub/orders/1042/send"
    page = browser.get(address).text
    assert 'name="updates" value="purchase_order/s1"' in page
    fields = re.findall(r'<select[^>]* name="(account-[^"]+)".*?<option value="([^"]*)" selected', page, re.DOTALL)
    assert {"account-accounts_payable/s1", "account-cost_of_goods_sold/s1"} <= {name for name, _ in fields}
    ticked = {"updates": list(BOTH), "tax": "", "customer": ""}
    refused = browser.post(address, ticked, htmx=True)
    assert refused.status_code == 422
    assert "mapping-missing" in problem_codes(refused.text)
    done = browser.post(address, {**ticked, **dict(fields)}, htmx=True)
    assert done.status_code == 200
    pump.deliver(sent.id)
    assert purchases(books) == CHANGED


def test_a_problem_that_no_field_of_the_form_cures_is_shown_all_the_same(
    app: Flask, desk: Desk, sent: Installation
) -> None:
    """The item for the sales tax is chosen in the settings only."""
    session().execute(delete(Mapping).where(Mapping.role == "sales_tax_item"))
    commit()
    taxed = replace(bought(1043), tax=Decimal("1.00"), total=bought(1043).total + 1)
    desk.orders["1043"] = taxed
    refused = Browser(app).post("/hub/orders/1043/send", {"documents": "invoice", "tax": "item"}, htmx=True)
    assert refused.status_code == 422
    assert 'name="account-sales_tax_item"' not in refused.text
    assert "tax-item-missing" in problem_codes(refused.text)
