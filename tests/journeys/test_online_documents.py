"""All documents of an order in QuickBooks Online: bought and sold, changed afterwards, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy import delete, select

from hub.books import history, mappings
from hub.database import now, session
from hub.dispatch import pump
from hub.host import Order
from hub.models import Delivery, Installation, Mapping, TransactionRow
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Address, RecordKind, Role, TransactionKind
from hub.queue import commit
from hub.states import DeliveryState
from sandbox.online import Running
from tests.support.books import record_named
from tests.support.deliveries import pass_time
from tests.support.differences import find_differences
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import UPDATE, by_hand, look_again, posted
from tests.support.orders import EVERYTHING, outcomes
from tests.support.orders import order as bought

WAREHOUSE = Address(lines=("Dock 4",), city="Reno", region="NV", postal_code="89501")


def the_order(number: int = 1042) -> Order:
    return replace(bought(number), shipping=WAREHOUSE, bill_numbers={"s1": "MM-5501"})


def everything(books: Running) -> dict[str, list[tuple[object, ...]]]:
    """Every posting in the books."""
    found = books.books()
    return {
        "invoices": [(one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in found["Invoice"]],
        "payments": [(one["TotalAmt"], one["UnappliedAmt"]) for one in found["Payment"]],
        "orders": [(one["DocNumber"], one["TotalAmt"], one["POStatus"]) for one in found["PurchaseOrder"]],
        "bills": [(one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in found["Bill"]],
        "vendors": [(one["DisplayName"],) for one in found["Vendor"] if one["DisplayName"] == "Mug Makers"],
    }


ALL: dict[str, list[tuple[object, ...]]] = {
    "invoices": [("1042", Decimal("218.50"), Decimal("118.50"))],
    "payments": [(Decimal("100.00"), Decimal("0.00"))],
    "orders": [("1042", Decimal("110.50"), "Closed")],
    "bills": [("MM-5501", Decimal("110.50"), Decimal("110.50"))],
    "vendors": [("Mug Makers",)],
}






def test_what_is_bought_stands_in_the_books_linked_and_with_its_customer(online: Installation, books: Running) -> None:
    online.billable = True
    send_order(ADA_AT_ACME, online.id, the_order(), EVERYTHING)
    pump.deliver(online.id)
    assert everything(books) == ALL
    assert posted()
    found = books.books()
    (order,), (bill,) = found["PurchaseOrder"], found["Bill"]
    assert (order["ShipAddr"]["Line1"], order["ShipAddr"]["City"]) == ("Dock 4", "Reno")
    (line,) = bill["Line"]
    answered = {"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": order["Line"][0]["Id"]}
    assert line["LinkedTxn"] == [answered]
    detail = line["ItemBasedExpenseLineDetail"]
    assert detail["CustomerRef"]["name"] == "ABC Company"
    assert detail["BillableStatus"] == "NotBillable", "Intuit, Bill: the status is read-only, so it is not sent."
    assert not [one.problems for one in session().scalars(select(Delivery)) if one.problems]


def test_a_new_product_can_be_bought_though_its_cost_account_is_chosen_in_the_dialog_only(
    online: Installation, books: Running
) -> None:
    cost = mappings.find_mappings(online.id)[Role.COST].id
    session().execute(delete(Mapping).where(Mapping.role == Role.COST))
    commit()
    choices = replace(EVERYTHING, accounts={f"{Role.COST}/s1": cost})
    send_order(ADA_AT_ACME, online.id, the_order(), choices)
    pump.deliver(online.id)
    assert everything(books) == ALL
    assert posted()
    (item,) = [one for one in books.books()["Item"] if one["Name"] == "A7102"]
    assert item["ExpenseAccountRef"]["value"] == cost


@pytest.mark.parametrize(("trip", "kind"), list(product(range(6), ["cut_before", "cut_after"])))
def test_wherever_the_line_is_cut_each_document_is_there_once(
    online: Installation, books: Running, trip: int, kind: str
) -> None:
    send_order(ADA_AT_ACME, online.id, the_order(), EVERYTHING)
    if trip:
        books.fault("delay", "/batch", times=trip, seconds=0)
    books.fault(kind, "/batch")
    for _ in range(4):
        pump.deliver(online.id)
        pass_time(online)
    assert everything(books) == ALL
    assert posted()


def test_an_order_that_changed_is_updated_in_its_invoice(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    before = order_1042()
    line = replace(before.lines[0], quantity=Decimal(110), amount=Decimal("253.00"))
    moved = replace(before.company, email="x@abc.test")
    changed = replace(before, lines=(line,), total=Decimal("241.50"), company=moved)
    session().expire_all()
    assert [one.about for one in find_differences(online, changed, Choices())] == ["invoice", "customer"]
    send_order(ADA_AT_ACME, online.id, changed, UPDATE)
    pump.deliver(online.id)
    assert everything(books)["invoices"] == [("1042", Decimal("241.50"), Decimal("141.50"))]
    (customer,) = (one for one in books.books()["Customer"] if one["DisplayName"] == "ABC Company")
    assert customer["PrimaryEmailAddr"]["Address"] == "x@abc.test"
    assert posted()
    assert find_differences(online, changed, Choices()) == []


def test_what_happens_in_the_books_shows_in_the_history(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    row = record_named(online.id, RecordKind.CUSTOMER, "ABC Company")
    account = history.load_customer_account(online.id, row.record_id, now().date())
    at_once = sorted((one.kind, one.number, one.total, one.balance) for one in account.transactions)
    look_again(online)
    account = history.load_customer_account(online.id, row.record_id, now().date())
    assert sorted((one.kind, one.number, one.total, one.balance) for one in account.transactions) == at_once
    assert account.balance == Decimal("118.50")
    (payment,), (invoice,) = books.books()["Payment"], books.books()["Invoice"]
    by_hand(books, "Payment", {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}, operation="delete")
    (invoice,) = books.books()["Invoice"]
    by_hand(books, "Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}, operation="void")
    look_again(online)
    account = history.load_customer_account(online.id, row.record_id, now().date())
    assert [one.voided for one in account.of(TransactionKind.INVOICE)] == [True]
    posted = DeliveryState.POSTED
    assert outcomes() == [("invoice", posted, "voided"), ("payment", posted, "deleted")]


def test_an_update_goes_onto_what_somebody_else_has_changed(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    (invoice,) = books.books()["Invoice"]
    by_hand(books, "Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"], "sparse": True,
                                       "PrivateNote": "Call them"}, operation="update")  # fmt: skip
    changed = replace(order_1042(), memo="Many thanks.")
    send_order(ADA_AT_ACME, online.id, changed, UPDATE)
    pump.deliver(online.id)
    (invoice,) = books.books()["Invoice"]
    assert invoice["CustomerMemo"]["value"] == "Many thanks."
    assert set(session().scalars(select(Delivery.state))) == {DeliveryState.POSTED}


def test_a_payment_that_somebody_received_in_quickbooks_is_known_by_its_invoice(
    online: Installation, books: Running
) -> None:
    send_order(ADA_AT_ACME, online.id, replace(order_1042(), payments=()), Choices())
    pump.deliver(online.id)
    (invoice,) = books.books()["Invoice"]
    applied = [{"Amount": 50, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    by_hand(books, "Payment", {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 50, "Line": applied})
    look_again(online)
    (payment,) = session().scalars(select(TransactionRow).where(TransactionRow.kind == TransactionKind.PAYMENT))
    assert (payment.total, payment.invoices) == (Decimal("50.00"), [invoice["Id"]])
    (row,) = session().scalars(select(TransactionRow).where(TransactionRow.kind == TransactionKind.INVOICE))
    assert (row.balance, row.invoices) == (Decimal("168.50"), [])
