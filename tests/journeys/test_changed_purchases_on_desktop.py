"""An order that changed is sent to QuickBooks Desktop again: its invoice, its purchase order and its bill follow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.host import Company, Order, OrderLine
from hub.integrations import registry
from hub.models import Delivery
from hub.orders.cancel import cancel_delivery
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.planning.plans import Action, ByHand
from hub.plugin import Address, Bill, FixKind, Invoice, PurchaseOrder
from hub.serialization import problems_of
from hub.states import DeliveryState
from quickbooks_desktop import QuickBooksDesktop, statuses
from sandbox.desktop.company import CompanyFile
from sandbox.desktop.connector import Faults
from tests.support.desktop import Ledger, Office, by_hand, faults, forget_answers, whole_file
from tests.support.differences import find_differences
from tests.support.host import ADA, ADA_AT_ACME, Desk, order_1042
from tests.support.orders import EVERYTHING, MUGS
from tests.support.pages import Browser, problem_codes
from tests.support.serving import serving

ORDERED, BILLED = "purchase_order/s1", "bill/s1"
UPDATE = Choices(updates=("invoice", ORDERED, BILLED))
DOCK = Address(lines=("ABC Company", "Dock 4", "Rear gate"), city="Omaha", region="NE", postal_code="68102")
STORE = Address(lines=("ABC Store",), city="Lincoln", region="NE", postal_code="68501")


def line(name: str, quantity: int, price: str, cost: str) -> OrderLine:
    return OrderLine(
        name=name, quantity=Decimal(quantity), price=Decimal(price), amount=quantity * Decimal(price),
        fields={"number": name, "name": name}, cost=Decimal(cost), vendor=MUGS,
    )  # fmt: skip


def of(lines: tuple[OrderLine, ...], ship_to: Address) -> Order:
    total = sum((one.amount for one in lines), Decimal("0.00")) - Decimal("11.50")
    return replace(order_1042(), lines=lines, total=total, shipping=ship_to)


BEFORE = of((line("MUG", 100, "2.30", "1.105"), line("PEN", 50, "1.00", "0.50")), DOCK)
AFTER = of((line("MUG", 80, "2.50", "1.25"), line("CAP", 10, "6.00", "3.00")), STORE)
"""Fewer mugs at other prices, no pens any more, caps instead, and all of it to another place."""


def bought(company: CompanyFile) -> dict[str, Any]:
    """The purchase order and the bill, line by line: how many, for how much, and how many of them are received."""
    (order,), (bill,) = company.rows("PurchaseOrder"), company.rows("Bill")
    return {
        "order": (order.fields["RefNumber"], order.fields["ShipAddress"], str(order.fields["TotalAmount"]), [
            (one["ItemRef"]["FullName"], str(one["Quantity"]), str(one["Amount"]), int(one["ReceivedQuantity"]))
            for one in order.fields["PurchaseOrderLineRet"]
        ]),
        "bill": (bill.fields["RefNumber"], str(bill.fields["AmountDue"]), [
            (one["ItemRef"]["FullName"], str(one["Quantity"]), str(one["Amount"]))
            for one in bill.fields["ItemLineRet"]
        ]),
        "linked": [one["TxnID"] for one in bill.fields["LinkedTxn"]] == [order.id],
    }  # fmt: skip


def expected(order: Order, *, again: bool = False) -> dict[str, Any]:
    """What stands there of one of the two. What a change added is not received by the bill, also if it is back."""
    dock = {"Addr1": "ABC Company", "Addr2": "Dock 4", "Addr3": "Rear gate", "City": "Omaha", "State": "NE",
            "PostalCode": "68102"}  # fmt: skip
    store = {"Addr1": "ABC Store", "City": "Lincoln", "State": "NE", "PostalCode": "68501"}
    if order is BEFORE:
        lines = [("MUG", "100", "110.50", 100), ("PEN", "50", "25.00", 0 if again else 50)]
        place, total = dock, "135.50"
    else:
        lines, place, total = [("MUG", "80", "100.00", 80), ("CAP", "10", "30.00", 0)], store, "130.00"
    billed = ("1042", total, [one[:3] for one in lines])
    return {"order": ("1042", place, total, lines), "bill": billed, "linked": True}


def whole(order: Order, *, items: tuple[str, ...], received: str) -> Ledger:
    sold = {BEFORE.total: ("230.00", "50.00"), AFTER.total: ("200.00", "60.00")}[order.total]
    amounts = tuple(map(Decimal, (*sold, "-11.50")))
    return {
        "customers": [("ABC Company",)],
        "items": [(name,) for name in items],
        "invoices": [("1042", "ABC Company", amounts, order.total, order.total - 100)],
        "payments": [("ABC Company", Decimal("100.00"), Decimal("0.00"))],
        "purchase orders": [("1042", Decimal(expected(order)["order"][2]), received)],
        "bills": [("1042", Decimal(expected(order)["bill"][1]))],
    }


def buy(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, BEFORE, EVERYTHING)
    assert office.update()[-1] == "OK"
    assert bought(office.company) == expected(BEFORE)


@pytest.fixture
def office(app: Flask, tmp_path: Path, desk: Desk) -> Iterator[Office]:
    """An office in which all documents of order 1042 are in the books."""
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    desk.orders["1042"] = BEFORE
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path, name="desktop with order 1042", prepare=buy)


def send(office: Office, desk: Desk, order: Order, choices: Choices = UPDATE) -> None:
    desk.orders["1042"] = order
    send_order(ADA_AT_ACME, office.installation.id, order, choices)


def delivery(kind: str) -> Delivery:
    session().expire_all()
    return session().scalars(select(Delivery).where(Delivery.kind == kind)).one()


def states() -> set[DeliveryState]:
    session().expire_all()
    return set(session().scalars(select(Delivery.state)))


def revisions(office: Office, order: Order) -> list[str]:
    session().expire_all()
    return [one.about for one in find_differences(office.installation, order, Choices())]


def changed_there(office: Office, kind: str, inside: str) -> None:
    (row,) = office.company.rows(kind)
    head = f"<TxnID>{row.id}</TxnID><EditSequence>{row.fields['EditSequence']}</EditSequence>"
    by_hand(office.company, f"<{kind}ModRq><{kind}Mod>{head}{inside}</{kind}Mod></{kind}ModRq>")


def test_the_changed_order_stands_in_the_company_file_with_exactly_its_figures(office: Office, desk: Desk) -> None:
    assert revisions(office, BEFORE) == []
    assert sorted(revisions(office, AFTER)) == sorted(UPDATE.updates)
    send(office, desk, AFTER)
    assert office.update()[-1] == "OK", office.log
    assert bought(office.company) == expected(AFTER)
    items = ("CAP", "MUG", "Order discount", "PEN")
    assert whole_file(office.company) == whole(AFTER, items=items, received="false")
    assert states() == {DeliveryState.POSTED}
    assert not [one.problems for one in session().scalars(select(Delivery)) if one.problems]
    assert revisions(office, AFTER) == []


def test_the_number_of_the_vendors_paper_stays_with_the_bill(app: Flask, office: Office, desk: Desk) -> None:
    paper = Choices(documents=("bill",), answers={"bill/s1:number": "88213"}, updates=(BILLED,))
    send(office, desk, AFTER, paper)
    office.update()
    assert bought(office.company)["bill"][0] == "88213"
    desk.orders["1042"] = BEFORE
    page = app.test_client().get("/hub/orders/1042/send").text
    assert f'name="updates" value="{BILLED}"' in page
    assert 'name="fix-bill/s1:number" value="88213"' in page


def test_without_the_tick_nothing_is_changed(office: Office, desk: Desk) -> None:
    send(office, desk, AFTER, EVERYTHING)
    office.update()
    assert bought(office.company) == expected(BEFORE)


@pytest.mark.parametrize("kind", ["die_before", "die_after"])
def test_wherever_the_line_is_cut_each_change_is_made_once(office: Office, desk: Desk, kind: str) -> None:
    """The order goes back and forth, and every time the session is cut one exchange later."""
    step, order = 1, AFTER
    while True:
        send(office, desk, order)
        died = office.dies(faults(kind, step))
        office.update()
        assert bought(office.company) == expected(order, again=True)
        items = ("CAP", "MUG", "Order discount", "PEN")
        assert whole_file(office.company) == whole(order, items=items, received="false")
        assert states() == {DeliveryState.POSTED}
        if not died:
            break
        step, order = step + 1, BEFORE if order is AFTER else AFTER
    assert step > 4, "The line was cut at several steps."


def test_what_quickbooks_forgot_is_not_changed_twice(office: Office, desk: Desk) -> None:
    """The answer of a change is lost, and so is QuickBooks' memory of it (9001): it is looked at, and stays once."""
    send(office, desk, AFTER)
    step = 1
    while bought(office.company)["bill"] == expected(BEFORE)["bill"]:
        assert office.dies(Faults(die_after=step))
        step += 1
    forget_answers(office)
    office.connector().update()
    office.update()
    assert bought(office.company) == expected(AFTER)
    assert states() == {DeliveryState.POSTED}


FREIGHT = (
    "<ExpenseLineMod><TxnLineID>-1</TxnLineID><AccountRef><FullName>Office Supplies</FullName></AccountRef>"
    "<Amount>12.00</Amount></ExpenseLineMod>"
)


def test_what_a_bookkeeper_made_of_the_bill_is_told_before_it_is_replaced(office: Office, desk: Desk) -> None:
    changed_there(office, "Bill", FREIGHT)
    send(office, desk, AFTER)
    office.update()
    bill = delivery(Bill.kind)
    assert bill.state is DeliveryState.STOPPED
    (problem,) = problems_of(bill.problems)
    assert problem.code == "changed-there"
    assert "147.50" in problem.what
    assert delivery(PurchaseOrder.kind).state is DeliveryState.WAITING
    assert bought(office.company)["bill"][1] == "147.50"
    (offer,) = problem.fixes
    retry_delivery(ADA_AT_ACME, bill.id, {offer.kind: offer.value})
    assert office.update()[-1] == "OK"
    assert bought(office.company) == expected(AFTER)
    assert states() == {DeliveryState.POSTED}
    changed_there(office, "Bill", FREIGHT.replace("12.00", "17.50"))  # It comes to 147.50 once more, and that was told.
    send(office, desk, BEFORE)
    office.update()
    assert bought(office.company) == expected(BEFORE, again=True)


def test_an_update_that_is_given_up_leaves_the_bill_as_the_bookkeeper_has_it(office: Office, desk: Desk) -> None:
    changed_there(office, "Bill", FREIGHT)
    send(office, desk, AFTER, Choices(updates=(BILLED,)))
    office.update()
    cancel_delivery(ADA_AT_ACME, delivery(Bill.kind).id)
    office.update()
    assert bought(office.company)["bill"][1] == "147.50"
    assert states() == {DeliveryState.POSTED}
    assert revisions(office, AFTER)


def test_a_purchase_order_alone_says_that_its_bill_holds_the_line(office: Office, desk: Desk) -> None:
    send(office, desk, AFTER, Choices(updates=(ORDERED,)))
    office.update()
    ordered = delivery(PurchaseOrder.kind)
    assert ordered.state is DeliveryState.STOPPED
    assert problems_of(ordered.problems)[0].code == statuses.NOT_CHANGED
    assert bought(office.company) == expected(BEFORE)
    send(office, desk, AFTER, Choices(updates=(ORDERED, BILLED)))
    assert office.update()[-1] == "OK"
    assert bought(office.company) == expected(AFTER)
    assert states() == {DeliveryState.POSTED}


def test_both_that_were_deleted_there_can_be_entered_once_more(office: Office, desk: Desk) -> None:
    for kind in ("Bill", "PurchaseOrder"):
        (row,) = office.company.rows(kind)
        by_hand(office.company, f"<TxnDelRq><TxnDelType>{kind}</TxnDelType><TxnID>{row.id}</TxnID></TxnDelRq>")
    send(office, desk, AFTER)
    office.update()
    for kind in (Bill.kind, PurchaseOrder.kind):
        one = delivery(kind)
        assert one.state is DeliveryState.STOPPED
        (offer,) = problems_of(one.problems)[0].fixes
        assert offer.kind == FixKind.ANEW
        retry_delivery(ADA_AT_ACME, one.id, {offer.kind: offer.value})
        office.update()
    assert states() == {DeliveryState.POSTED}
    found = bought(office.company)
    assert (found["bill"], found["order"][2]) == (expected(AFTER)["bill"], "130.00")


PENS, CAPS = Company(id="s2", name="Pen House"), Company(id="s3", name="Cap Works")
TWO = of((BEFORE.lines[0], replace(BEFORE.lines[1], vendor=PENS)), DOCK)
OTHER_TWO = of((TWO.lines[1], replace(AFTER.lines[1], vendor=CAPS)), DOCK)
"""An order of mugs and pens, and what it is when nothing is bought from the mug makers any more, but caps are."""


@pytest.fixture
def two(office: Office, desk: Desk) -> Office:
    """An office in which an order of two vendors is in the books as well."""
    desk.orders["1043"] = replace(TWO, id="1043", number="1043", payments=())
    send_order(ADA_AT_ACME, office.installation.id, desk.orders["1043"], EVERYTHING)
    assert office.update()[-1] == "OK"
    return office


GONE = r'formaction="(/hub/deliveries/\d+/deleted)"'
"""The button that says that a document was deleted in QuickBooks."""


def ordered(office: Office) -> list[tuple[str, str]]:
    """The purchase orders of order 1043: their numbers, and from whom."""
    rows = office.company.rows("PurchaseOrder")
    return [(row.fields["RefNumber"], row.fields["VendorRef"]["FullName"]) for row in rows][1:]


def test_what_was_ordered_keeps_its_number_whoever_joins_or_leaves_the_order(two: Office, desk: Desk) -> None:
    assert ordered(two) == [("1043-1", "Mug Makers"), ("1043-2", "Pen House")]
    changed = desk.orders["1043"] = replace(OTHER_TWO, id="1043", number="1043", payments=())
    session().expire_all()
    found = {one.about for one in find_differences(two.installation, changed, Choices())}
    assert found == {"invoice", ORDERED, BILLED}, "The pens are as they were, under their number."
    send_order(ADA_AT_ACME, two.installation.id, changed, Choices(documents=("purchase_order/s3", "bill/s3")))
    assert two.update()[-1] == "OK"
    assert ordered(two) == [("1043-1", "Mug Makers"), ("1043-2", "Pen House"), ("1043-3", "Cap Works")]


def test_a_purchase_order_under_another_number_leaves_that_of_its_bill(office: Office, desk: Desk) -> None:
    other = Choices(answers={f"{ORDERED}:number": "1042-9"}, updates=(ORDERED,))
    send(office, desk, BEFORE, other)
    office.update()
    assert (bought(office.company)["order"][0], bought(office.company)["bill"][0]) == ("1042-9", "1042")
    session().expire_all()
    assert find_differences(office.installation, BEFORE, Choices(answers=other.answers)) == []


def test_what_is_ordered_from_nobody_any_more_is_named_until_a_person_says_that_it_is_deleted(
    two: Office, desk: Desk, app: Flask
) -> None:
    desk.orders["1043"] = replace(OTHER_TWO, id="1043", number="1043", payments=())
    browser, address = Browser(app), "/hub/orders/1043/send"
    page = browser.get(address).text
    assert len(re.findall(GONE, page)) == 2
    assert "1043-1" in page
    for kind in ("Bill", "PurchaseOrder"):
        (row,) = (one for one in two.company.rows(kind) if one.fields["RefNumber"] == "1043-1")
        by_hand(two.company, f"<TxnDelRq><TxnDelType>{kind}</TxnDelType><TxnID>{row.id}</TxnID></TxnDelRq>")
        page = browser.get(address).text
        assert page.index("<button") == page.index("<button hidden>"), "The Enter key says nothing of the kind."
        press = re.findall(GONE, page)[-1]
        assert browser.post(press, {"updates": "invoice"}, htmx=True).status_code == 200
    page = browser.get(address).text
    assert re.findall(GONE, page) == []
    status = browser.get("/hub/orders/1043/status").text
    assert problem_codes(status).count("deleted-by-hand") == 2
    assert ADA.name in unescape(status)
    assert browser.post(press, htmx=True).status_code == 422, "It is said once."
    desk.orders["1043"] = back = replace(TWO, id="1043", number="1043", payments=())
    session().expire_all()
    again = {one.about for one in find_differences(two.installation, back, Choices()) if one.way is Action.RECREATE}
    assert again == {ORDERED, BILLED}
    send_order(ADA_AT_ACME, two.installation.id, back, Choices(updates=(ORDERED, BILLED)))
    assert two.update()[-1] == "OK", two.log
    assert sorted(ordered(two)) == [("1043-1", "Mug Makers"), ("1043-2", "Pen House")]
    assert states() == {DeliveryState.POSTED}


def test_books_that_cannot_be_changed_say_so_and_nothing_is_entered_again(
    app: Flask, office: Office, desk: Desk
) -> None:
    class Narrow(QuickBooksDesktop):
        """As it is for books in which only what is sold can be changed."""

        handlers = tuple(
            one if one.kind == Invoice.kind else replace(one, update=None) for one in QuickBooksDesktop.handlers
        )

    app.extensions["hub"].integrations = {Narrow.key: Narrow()}
    desk.orders["1042"] = AFTER
    session().expire_all()
    found = find_differences(office.installation, AFTER, Choices())
    ways = {one.about: one.way for one in found}
    assert ways == {"invoice": Action.UPDATE, ORDERED: ByHand.CHANGE, BILLED: ByHand.CHANGE}
    page = app.test_client().get("/hub/orders/1042/send").text
    assert f'id="hub-changes-{ORDERED.replace("/", "-")}"' in page
    assert 'name="updates" value="invoice"' in page
    assert f'name="updates" value="{ORDERED}"' not in page
    send(office, desk, AFTER, Choices(updates=(ORDERED, BILLED)))
    office.update()
    assert bought(office.company) == expected(BEFORE)
