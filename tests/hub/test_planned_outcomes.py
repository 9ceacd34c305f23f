"""Sending, sending again, retrying and giving up: nothing is lost, nothing comes twice, and nothing comes unasked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, reject, settings
from sqlalchemy import select

from hub.books import links
from hub.database import session
from hub.errors import Incomplete
from hub.host import Company, Order
from hub.models import Installation, TransactionRow
from hub.orders.cancel import cancel_delivery
from hub.orders.deliveries import last_choices
from hub.orders.send import send_order
from hub.orders.send_many import check_orders
from hub.planning.choices import Choices
from hub.plugin import FixKind, RecordKind
from hub.serialization import problems_of
from hub.states import DeliveryState
from tests.support.host import ADA_AT_ACME, Desk, order_1042, turned
from tests.support.hypothesis_profile import examples
from tests.support.plans import choices, orders_with_vendors
from tests.support.wide import WideLedger, add_entries, install_wide
from tests.support.wide_orders import CUSTOMER, INVOICE, ITEM, MUGS, PENS, bought, carry, retry, rows, send, unpaid

VOID_AND_MEMO = Choices(documents=("credit_memo",), updates=("invoice",))


@pytest.fixture
def ledger() -> WideLedger:
    return WideLedger()


@pytest.fixture
def wide(app: Flask, installation: Installation, ledger: WideLedger) -> Installation:
    """An installation of a product that takes, changes and voids everything."""
    return install_wide(app, installation, ledger)


# ── An invoice becomes a credit memo ────────────────────────────────────────────────────────────────────────────────


def test_a_credit_memo_waits_for_the_void_however_often_send_is_pressed(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    send(wide, desk, unpaid())
    ledger.refuse("documents", verb="void")
    send(wide, desk, turned(unpaid()), VOID_AND_MEMO, carries=False)
    send(wide, desk, turned(unpaid()), VOID_AND_MEMO)
    assert ledger.kinds() == ["post invoice"]
    assert {key[1]: one.state for key, one in rows().items()}["credit_memo"] is DeliveryState.WAITING


def test_a_void_that_is_given_up_takes_along_what_was_to_stand_in_its_place(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    send(wide, desk, unpaid())
    ledger.refuse("documents", verb="void")
    send(wide, desk, turned(unpaid()), VOID_AND_MEMO)
    cancel_delivery(ADA_AT_ACME, rows()[INVOICE].id)
    send(wide, desk, unpaid(id="2", number="2"))
    assert ledger.kinds() == ["post invoice", "post invoice"]
    assert rows()[INVOICE].state is DeliveryState.POSTED


# ── Payments ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_payment_is_not_applied_to_an_invoice_that_was_voided(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    send(wide, desk, unpaid())
    send(wide, desk, unpaid(cancelled=True), Choices(updates=("invoice",)))
    desk.orders["1042"] = order_1042()
    (checked,) = check_orders(wide, ["1042"], ["invoice"])
    assert (checked.readiness, [one.code for one in checked.problems]) == ("choice", ["invoice-gone"])
    with pytest.raises(Incomplete):
        send(wide, desk, order_1042())
    send(wide, desk, order_1042(), Choices(updates=("invoice",)))
    assert ledger.kinds() == ["post invoice", "void invoice", "post invoice", "post payment"]
    assert ledger.documents[-1]["invoice"] == "documents-3"


def test_two_payments_of_one_id_are_not_sent_as_one(wide: Installation, ledger: WideLedger, desk: Desk) -> None:
    paid = order_1042().payments[0]
    with pytest.raises(Incomplete) as told:
        send(wide, desk, replace(order_1042(), payments=(paid, replace(paid, amount=Decimal("5.00")))))
    assert "not-distinct" in [one.code for one in told.value.problems]
    assert ledger.documents == []


def test_a_payment_that_an_accountant_took_off_its_invoice_is_left_alone(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    send(wide, desk, order_1042())
    row = session().scalars(select(TransactionRow).where(TransactionRow.kind == "payment")).one()
    row.balance, row.invoices = row.total, []
    session().commit()
    send(wide, desk, order_1042())
    assert ledger.kinds() == ["post invoice", "post payment"]


# ── Retry ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_document_that_waits_for_a_record_keeps_its_own_choices(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("customers")
    send(wide, desk, bought(MUGS), carries=False)
    bill = Choices(
        documents=("bill",), accounts={"cost_of_goods_sold/s1": "5001"}, answers={"bill/s1:number": "V-77"}
    )  # fmt: skip
    wide.billable = True
    session().commit()
    send(wide, desk, bought(MUGS), bill)
    ledger.accept()
    retry(wide, CUSTOMER)
    found = {one["kind"]: (one["number"], one["accounts"]) for one in ledger.documents}
    assert found == {"invoice": ("1042", ["4000"]), "bill": ("V-77", ["5001"])}


def test_a_payment_that_waits_for_a_retried_invoice_keeps_its_own_choices(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    send(wide, desk, unpaid(id="2", number="2"))
    ledger.refuse("documents", kind="invoice")
    for account in ("1000", "1001"):
        send(wide, desk, order_1042(), Choices(accounts={"deposit_account": account}), carries=False)
    carry(wide)
    ledger.accept()
    retry(wide, INVOICE)
    assert ledger.documents[-1]["deposit"] == "1001"


def test_what_an_order_does_not_have_any_more_does_not_follow_a_retried_record(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("customers")
    send(wide, desk, unpaid())
    desk.orders["1042"] = turned(unpaid())
    ledger.accept()
    retry(wide, CUSTOMER)
    assert ledger.documents == []
    assert INVOICE not in rows()


def test_what_waits_for_the_only_vendor_who_left_is_given_up(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("items")
    send(wide, desk, bought(MUGS), Choices(documents=("invoice", "purchase_order")))
    desk.orders["1042"] = unpaid()
    ledger.accept()
    retry(wide, ITEM)
    assert ledger.kinds() == ["post invoice"]
    assert {one.state for one in rows().values()} == {DeliveryState.POSTED}


@pytest.mark.parametrize("again", ["retry", "send"])
def test_what_waits_for_a_vendor_who_left_the_order_is_given_up(
    wide: Installation, ledger: WideLedger, desk: Desk, again: str
) -> None:
    orders = Choices(documents=("purchase_order",))
    ledger.refuse("items")
    send(wide, desk, bought(MUGS, PENS), orders)
    desk.orders["1042"] = bought(MUGS)
    ledger.accept()
    if again == "send":
        send(wide, desk, bought(MUGS), orders)
    retry(wide, ITEM) if again == "retry" else carry(wide)
    assert ledger.kinds() == ["post purchase_order"]


def test_an_order_that_was_cancelled_does_not_keep_others_from_a_retried_customer(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("customers")
    send(wide, desk, unpaid())
    send(wide, desk, unpaid(id="2", number="2"))
    desk.orders["1042"] = unpaid(cancelled=True)
    ledger.accept()
    retry(wide, CUSTOMER)
    assert [(one["verb"], one["number"]) for one in ledger.documents] == [("post", "2")]


def test_an_order_that_something_else_is_in_the_way_of_stops_and_the_others_go(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("customers")
    send(wide, desk, unpaid())
    send(wide, desk, unpaid(id="2", number="2"))
    desk.orders["1042"] = unpaid(currency="EUR")
    wide.books_currency = "USD"
    session().commit()
    ledger.accept()
    retry(wide, CUSTOMER)
    assert [one["number"] for one in ledger.documents] == ["2"]
    stopped = rows()[INVOICE]
    assert (stopped.state, problems_of(stopped.problems)[0].code) == (DeliveryState.STOPPED, "currency-differs")


def test_a_retried_bill_whose_purchase_order_was_given_up_is_sent_by_itself(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("vendors")
    send(wide, desk, bought(MUGS), Choices(documents=("purchase_order", "bill")))
    key = ("order/1042/vendor/s1", "purchase_order")
    bill = rows()["order/1042/vendor/s1", "bill"]
    bill.needs = [one for one in bill.needs if one.kind != "purchase_order"]  # Else it would be given up with it.
    session().commit()
    cancel_delivery(ADA_AT_ACME, rows()[key].id)
    ledger.accept()
    retry(wide, ("company/s1", "vendor"))
    assert ledger.kinds() == ["post bill"]
    assert "ordered" not in rows()["order/1042/vendor/s1", "bill"].subject


def test_what_was_chosen_for_all_of_an_order_is_still_chosen_after_a_retry(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("documents", kind="invoice")
    chosen = Choices(documents=("invoice", "purchase_order"))
    send(wide, desk, bought(MUGS), chosen)
    ledger.accept()
    retry(wide, INVOICE)
    assert last_choices(wide, list(rows().values())).documents == chosen.documents


def test_a_refused_change_of_a_customer_is_tried_again(wide: Installation, ledger: WideLedger, desk: Desk) -> None:
    send(wide, desk, unpaid())
    moved = unpaid(id="2", number="2", company=replace(order_1042().company, email="new@abc.test"))
    ledger.refuse("customers")
    send(wide, desk, moved, Choices(updates=("customer",)))
    ledger.accept()
    retry(wide, CUSTOMER)
    assert (ledger.customers[-1]["email"], ledger.customers[-1]["revises"]) == ("new@abc.test", "customers-1")
    assert {one.state for one in rows().values()} == {DeliveryState.POSTED}


def test_a_new_date_is_for_what_waits_for_the_retried_document_too(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    ledger.refuse("documents", kind="invoice")
    send(wide, desk, order_1042())
    ledger.accept()
    retry(wide, INVOICE, **{FixKind.DATE: "2026-11-20"})
    assert {one.subject["date"] for key, one in rows().items() if key[1] in {"invoice", "payment"}} == {"2026-11-20"}


# ── Choices ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_company_is_linked_only_to_whom_something_is_sent(wide: Installation, desk: Desk) -> None:
    add_entries(wide, RecordKind.CUSTOMER, "58", "59")
    send(wide, desk, unpaid(id="2", number="2"), Choices(customer="58"))  # The item is in the books by now.
    send(wide, desk, unpaid(), Choices(customer="58"), carries=False)
    send(wide, desk, unpaid(), Choices(customer="59"))
    linked = links.find_link(wide.id, RecordKind.CUSTOMER, "12")
    assert linked is not None
    assert linked.record_id == "58"


def test_a_change_that_is_given_up_takes_along_the_customer_whom_nobody_else_needs(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    send(wide, desk, unpaid())
    other = unpaid(company=Company(id="13", name="Other Company"))
    send(wide, desk, other, Choices(updates=("invoice",)), carries=False)
    cancel_delivery(ADA_AT_ACME, rows()[INVOICE].id)
    carry(wide)
    assert [one["name"] for one in ledger.customers] == ["ABC Company"]
    assert rows()[INVOICE].state is DeliveryState.POSTED


def test_a_purchase_that_nobody_is_charged_for_needs_no_customer(
    wide: Installation, ledger: WideLedger, desk: Desk
) -> None:
    wide.billable = False
    session().commit()
    send(wide, desk, bought(MUGS), Choices(documents=("purchase_order",)))
    assert (ledger.kinds(), ledger.customers) == (["post purchase_order"], [])


_NUMBERS = count(5000)


def everything() -> list[tuple[object, ...]]:
    return sorted(
        (one.id, one.state, one.title, str(one.subject), str(one.choices), str(one.sent_at), len(one.needs))
        for one in rows().values()
    )


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders_with_vendors(), chosen=choices)
def test_pressing_send_twice_is_pressing_it_once(wide: Installation, desk: Desk, order: Order, chosen: Choices) -> None:
    number = str(next(_NUMBERS))
    order = replace(order, id=number, number=number)
    try:
        send(wide, desk, order, chosen, carries=False)
    except Incomplete:
        reject()
    before = everything()
    send_order(ADA_AT_ACME, wide.id, order, chosen)
    waiting = {one.id for one in rows().values() if one.state is DeliveryState.WAITING}
    assert [one[:4] for one in everything()] == [one[:4] for one in before]
    assert [one for one in everything() if one[0] not in waiting] == [one for one in before if one[0] not in waiting]
    carry(wide)
    posted = everything()
    send_order(ADA_AT_ACME, wide.id, order, chosen)
    assert everything() == posted
