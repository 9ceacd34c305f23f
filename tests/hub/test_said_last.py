"""To whom an order goes, and which document it is: what a person said last counts, and what is there stays."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import links
from hub.database import session
from hub.dispatch.outcomes import queue_if_ready
from hub.errors import Incomplete
from hub.host import Order
from hub.installations.linking import link_company, unlink_company
from hub.models import Installation, TransactionRow
from hub.orders.apply import reset_delivery
from hub.orders.deliveries import last_choices
from hub.orders.send_many import check_orders
from hub.planning.choices import Choices, choice_of_new
from hub.planning.fixes import apply_fix
from hub.plugin import FixKind, RecordKind
from hub.states import DeliveryState
from tests.support.host import ADA_AT_ACME, Desk, order_1042
from tests.support.pages import Browser
from tests.support.wide import WideLedger, add_entries, install_wide
from tests.support.wide_orders import INVOICE, ITEM, MUGS, bought, carry, retry, rows, send, unpaid


@pytest.fixture
def ledger() -> WideLedger:
    return WideLedger()


@pytest.fixture
def wide(app: Flask, installation: Installation, ledger: WideLedger) -> Installation:
    """An installation of a product that takes, changes and voids everything."""
    return install_wide(app, installation, ledger)


# ── What is linked to a document that was there ─────────────────────────────────────────────────────────────────────


def is_gone(wide: Installation, invoice_id: str, *, total: str = "218.50") -> None:
    """The history of the books says that an invoice was deleted there."""
    session().merge(TransactionRow(
        id=session().scalar(select(TransactionRow.id).where(TransactionRow.transaction_id == invoice_id)),
        installation_id=wide.id, kind="invoice", transaction_id=invoice_id, number="1042", date=dt.date(2026, 11, 12),
        customer_id="customers-1", total=Decimal(total), balance=Decimal(0), deleted=True,
    ))  # fmt: skip
    session().commit()


def link_to_hand(wide: Installation, ledger: WideLedger, desk: Desk) -> None:
    """Send an order whose invoice somebody has entered by hand, and link it to that."""
    ledger.documents.append({"id": "by-hand", "number": "1042", "total": Decimal("218.50"), "kind": "invoice",
                             "verb": "hand"})  # fmt: skip
    send(wide, desk, unpaid(), Choices(answers={"invoice:same_as": "by-hand"}))
    assert (ledger.kinds(), rows()[INVOICE].posting_id) == (["hand invoice"], "by-hand")


def test_what_was_linked_and_is_deleted_in_the_books_is_entered_again(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    link_to_hand(wide, ledger, desk)
    is_gone(wide, "by-hand")
    again = replace(last_choices(wide, list(rows().values())), updates=("invoice",))
    send(wide, desk, unpaid(), again)
    assert ledger.kinds() == ["hand invoice", "post invoice"]
    assert "invoice:same_as" not in rows()[INVOICE].choices["answers"]


def test_what_was_linked_is_changed_as_what_it_is_linked_to(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    link_to_hand(wide, ledger, desk)
    more = unpaid(memo="Thank you.")
    send(wide, desk, more, replace(last_choices(wide, list(rows().values())), updates=("invoice",)))
    assert (ledger.kinds()[-1], ledger.documents[-1]["revises"]) == ("update invoice", "by-hand")
    assert not rows()[INVOICE].subject.get("same_as")


def test_what_a_person_says_last_takes_back_what_was_said_against_it(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    """First it is to be linked to what is not there, then it gets a number of its own."""
    send(wide, desk, unpaid(), Choices(answers={"invoice:same_as": "nothing"}))
    assert rows()[INVOICE].state is DeliveryState.STOPPED
    retry(wide, INVOICE, **{FixKind.NUMBER: "1042-B"})
    assert [(one["verb"], one["number"]) for one in ledger.documents] == [("post", "1042-B")]


@pytest.mark.parametrize(("first", "then", "kept"), [
    (FixKind.SAME_AS, FixKind.NUMBER, {"number"}), (FixKind.SAME_AS, FixKind.REPEATS, {"repeats_number"}),
    (FixKind.SAME_AS, FixKind.ANEW, {"anew"}), (FixKind.ANEW, FixKind.SAME_AS, {"same_as"}),
    (FixKind.NUMBER, FixKind.SAME_AS, {"number", "same_as"}),
    (FixKind.NUMBER, FixKind.REPEATS, {"number", "repeats_number"}),
])  # fmt: skip
def test_fixes_that_exclude_each_other_are_not_kept_together(first: FixKind, then: FixKind, kept: set[str]) -> None:
    chosen = apply_fix(apply_fix(Choices(), "invoice", first, "7"), "invoice", then, "7")
    other = apply_fix(chosen, "bill/s1", FixKind.SAME_AS, "7")
    assert set(chosen.answers) == {f"invoice:{one}" for one in kept}
    assert set(other.answers) == {*chosen.answers, "bill/s1:same_as"}


# ── A company that was unlinked ─────────────────────────────────────────────────────────────────────────────────────


def unlink(wide: Installation, desk: Desk, kind: RecordKind = RecordKind.CUSTOMER, company: str = "12") -> None:
    """Somebody unlinks a company."""
    desk.others = [MUGS]
    linked = links.find_link(wide.id, kind, company)
    assert linked is not None
    unlink_company(ADA_AT_ACME, wide.id, kind, company, was=linked.record_id)


@pytest.mark.parametrize("name", ["ABC Company", "ABC Company (C)"])
def test_an_order_of_a_company_that_was_unlinked_asks_who_the_customer_is(
    wide: Installation, ledger: WideLedger, desk: Desk, name: str
) -> None:
    """Also if somebody in the books has the company's very name."""
    send(wide, desk, unpaid(), Choices(answers={"customer:name": name}))
    unlink(wide, desk)
    desk.orders["2"] = unpaid(id="2", number="2")
    (outlook,) = check_orders(wide, ["2"], ["invoice"])
    assert (outlook.readiness, [one.code for one in outlook.problems]) == ("choice", ["company-unlinked"])
    with pytest.raises(Incomplete) as told:
        send(wide, desk, desk.orders["2"])
    (problem,) = told.value.problems
    (fix,) = problem.fixes
    session().rollback()
    send(wide, desk, desk.orders["2"], apply_fix(Choices(), problem.about, fix.kind, fix.value))
    assert [one["party"] for one in ledger.documents] == ["customers-1", "customers-1"]
    assert links.find_link(wide.id, RecordKind.CUSTOMER, "12") is not None


def test_a_purchase_from_a_company_that_was_unlinked_asks_who_the_vendor_is(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    orders = Choices(documents=("purchase_order",))
    send(wide, desk, bought(MUGS), orders)
    unlink(wide, desk, RecordKind.VENDOR, "s1")
    second = replace(bought(MUGS), id="2", number="2")
    with pytest.raises(Incomplete) as told:
        send(wide, desk, second, orders)
    assert [(one.code, one.about) for one in told.value.problems] == [("company-unlinked", "vendor/s1")]
    session().rollback()
    send(wide, desk, second, replace(orders, vendors={"s1": "vendors-1"}))
    assert [one["party"] for one in ledger.documents] == ["vendors-1", "vendors-1"]


@pytest.mark.parametrize("chosen", ["", "new", "customers-1"])
def test_an_order_in_the_books_stays_with_its_customer_whatever_is_unlinked_later(
    wide: Installation, ledger: WideLedger, desk: Desk, chosen: str
) -> None:
    send(wide, desk, unpaid(id="2", number="2"))
    send(wide, desk, unpaid(), Choices(customer=chosen))
    unlink(wide, desk)
    desk.orders["1042"] = replace(order_1042(), memo="Thank you.")
    again = replace(last_choices(wide, list(rows().values())), updates=("invoice",))
    send(wide, desk, desk.orders["1042"], again)
    assert ledger.kinds() == ["post invoice", "post invoice", "update invoice", "post payment"]
    assert {one["party"] for one in ledger.documents} == {"customers-1"}
    assert links.find_link(wide.id, RecordKind.CUSTOMER, "12") is None or chosen == "customers-1"


def test_a_company_that_was_linked_again_is_whom_it_is_linked_to(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    send(wide, desk, unpaid())
    unlink(wide, desk)
    add_entries(wide, RecordKind.CUSTOMER, "58")
    link_company(ADA_AT_ACME, wide.id, RecordKind.CUSTOMER, "12", "58", was="")
    send(wide, desk, unpaid(id="2", number="2"))
    assert [one["party"] for one in ledger.documents] == ["customers-1", "58"]


def test_a_company_that_was_linked_by_mistake_and_unlinked_is_as_one_that_was_never_linked(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    add_entries(wide, RecordKind.CUSTOMER, "58")
    link_company(ADA_AT_ACME, wide.id, RecordKind.CUSTOMER, "12", "58", was="")
    unlink(wide, desk)
    send(wide, desk, unpaid())
    assert [one["party"] for one in ledger.documents] == ["customers-1"]


def test_the_dialog_of_a_company_that_was_unlinked_shows_nobody(
    wide: Installation, ledger: WideLedger, desk: Desk, app: Flask
) -> None:
    send(wide, desk, unpaid())
    unlink(wide, desk)
    desk.orders["2"] = unpaid(id="2", number="2")
    new, old = (Browser(app).get(f"/hub/orders/{one}/send?again=1").text for one in ("2", "1042"))
    assert '<option value="new:customers-1" data-hub-always selected>' in new
    assert 'data-code="company-unlinked"' in new
    assert re.search(r'<option value="customers-1"[^>]* selected', old)


# ── Another customer beside the first ───────────────────────────────────────────────────────────────────────────────


def another(first: str, kind: str = "customer") -> Choices:
    """Create another customer or vendor instead of the first."""
    west = {"customer": "ABC West", "vendor/s1": "Mug Makers West"}[kind]
    new, named = choice_of_new(first), {f"{kind}:name": west}
    return Choices(customer=new, answers=named) if kind == "customer" else Choices(
        documents=("purchase_order",), vendors={"s1": new}, answers=named
    )  # fmt: skip


def of_pens(order: Order) -> Order:
    """The order under number 2, of another item."""
    pens = {"number": "P1", "name": "Pen"}
    return replace(order, id="2", number="2", lines=tuple(replace(one, fields=pens) for one in order.lines))


@pytest.mark.parametrize("first", ["is there", "is gone"])
def test_an_order_that_waits_goes_to_the_customer_it_was_sent_to_as_long_as_that_one_is_there(
    wide: Installation, ledger: WideLedger, desk: Desk, first: str
) -> None:
    ledger.refuse("items", name="A7102")
    send(wide, desk, unpaid())
    if first == "is gone":
        links.find_record(wide.id, RecordKind.CUSTOMER, "customers-1").active = False  # type: ignore[union-attr]  # It is there.
        session().commit()
    send(wide, desk, of_pens(unpaid()), another("customers-1"))
    ledger.accept()
    retry(wide, ITEM)
    goes_to = "customers-1" if first == "is there" else "customers-2"
    assert {one["number"]: one["party"] for one in ledger.documents} == {"2": "customers-2", "1042": goes_to}
    linked = links.find_link(wide.id, RecordKind.CUSTOMER, "12")
    assert linked is not None
    assert linked.record_id == "customers-2"
    assert {one.state for one in rows().values()} == {DeliveryState.POSTED}


def test_an_order_that_was_refused_goes_to_the_customer_it_was_sent_to(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("documents", number="1042")
    send(wide, desk, unpaid())
    send(wide, desk, of_pens(unpaid()), another("customers-1"))
    ledger.accept()
    retry(wide, INVOICE)
    assert {one["number"]: one["party"] for one in ledger.documents} == {"2": "customers-2", "1042": "customers-1"}


def test_an_order_that_waits_for_an_item_on_its_way_goes_to_the_customer_it_was_sent_to(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    """Its item arrives only after the other customer."""
    ledger.refuse("items", name="A7102")
    send(wide, desk, unpaid())
    item = rows()[ITEM]
    send(wide, desk, of_pens(unpaid()), another("customers-1"), carries=False)
    ledger.accept()
    reset_delivery(item)
    queue_if_ready(item)
    session().commit()
    carry(wide)
    assert {one["number"]: one["party"] for one in ledger.documents} == {"2": "customers-2", "1042": "customers-1"}


def test_a_purchase_that_waits_goes_to_the_vendor_it_was_sent_to(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("items", name="A7102")
    send(wide, desk, bought(MUGS), Choices(documents=("purchase_order",)))
    send(wide, desk, of_pens(bought(MUGS)), another("vendors-1", "vendor/s1"))
    ledger.accept()
    retry(wide, ITEM)
    assert {one["number"]: one["party"] for one in ledger.documents} == {"2": "vendors-2", "1042": "vendors-1"}
