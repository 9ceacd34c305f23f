"""From the order to the books and back, against the sandbox: what arrives is what was meant, once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from decimal import Decimal
from typing import Any

import pytest

from hub.plugin import (
    Address,
    AuthorizationExpired,
    Batch,
    Bill,
    Connection,
    Document,
    Invoice,
    NewCustomer,
    Payment,
    Posting,
    Ref,
    Response,
    Tax,
    Unavailable,
    make_mark,
)
from quickbooks_online.marks import mark_of
from sandbox.online import Running
from tests.support.online_conversations import Transport
from tests.support.online_documents import BOOKS, order_1042, payment_of_1042
from tests.support.online_postings import ABC, QUICKBOOKS, account, new_entries_of, post_1042, preference, stoneware

SOME_KINDS = ("Customer", "Item", "Invoice", "Payment")
EXCHANGES = 4  # One each for the customer, the item, the invoice and the payment.


def new_entries(before: dict[str, list[dict[str, Any]]], books: Running) -> dict[str, list[dict[str, Any]]]:
    """What the whole ledger holds beyond `before`; whatever was there must be there still, unchanged."""
    after = books.books()
    for kind, rows in before.items():
        assert after[kind][: len(rows)] == rows
    return {kind: rows[len(before[kind]) :] for kind, rows in after.items() if len(rows) > len(before[kind])}


def told(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row.get(name) for name in names}


def test_order_1042_stands_in_the_books_with_exactly_its_figures(books: Running, transport: Transport) -> None:
    before = books.books()
    invoice, money = post_1042(books, transport)
    assert (invoice.number, invoice.total) == ("1042", Decimal("218.50"))
    assert (money.number, money.total) == ("2217", Decimal("100.00"))
    new = new_entries(before, books)
    assert {kind: len(rows) for kind, rows in new.items()} == dict.fromkeys(SOME_KINDS, 1)
    (customer,), (item,), (posted,), (received,) = (new[kind] for kind in SOME_KINDS)
    assert told(customer, "DisplayName", "PrimaryEmailAddr", "Balance") == {
        "DisplayName": "ABC Company",
        "PrimaryEmailAddr": {"Address": "orders@abc.example"},
        "Balance": Decimal("118.50"),
    }
    assert told(item, "Name", "Type", "Description", "UnitPrice", "Taxable") == {
        "Name": "A7102",
        "Type": "NonInventory",
        "Description": "Almond - 11 oz/Stoneware",
        "UnitPrice": Decimal("2.30"),
        "Taxable": True,
    }
    assert (item["IncomeAccountRef"]["value"], item["ExpenseAccountRef"]["value"]) == (
        account(books, "4000").id,
        account(books, "5000").id,
    )
    assert told(posted, "Id", "DocNumber", "TxnDate", "TotalAmt", "Balance", "PrivateNote", "CustomerRef") == {
        "Id": invoice.id,
        "DocNumber": "1042",
        "TxnDate": "2026-11-14",
        "TotalAmt": Decimal("218.50"),
        "Balance": Decimal("118.50"),
        "PrivateNote": f"Order 1042\nRef. {mark_of(posted)}",
        "CustomerRef": {"value": customer["Id"], "name": "ABC Company"},
    }
    assert posted["TxnTaxDetail"]["TotalTax"] == 0
    sale, discount, subtotal = posted["Line"]
    assert (sale["Description"], sale["Amount"]) == ("Almond - 11 oz/Stoneware", Decimal("230.00"))
    detail = sale["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"]) == (100, Decimal("2.30"))
    assert detail["ItemRef"]["value"] == item["Id"]
    assert discount["Amount"] == Decimal("11.50")
    assert discount["DiscountLineDetail"]["DiscountAccountRef"]["value"] == account(books, "4900").id
    assert subtotal["Amount"] == Decimal("230.00")
    assert posted["LinkedTxn"] == [{"TxnId": money.id, "TxnType": "Payment"}]
    assert told(received, "Id", "TotalAmt", "UnappliedAmt", "PaymentRefNum", "TxnDate", "PrivateNote") == {
        "Id": money.id,
        "TotalAmt": Decimal("100.00"),
        "UnappliedAmt": Decimal("0.00"),
        "PaymentRefNum": "2217",
        "TxnDate": "2026-11-14",
        "PrivateNote": f"Order 1042\nCheck\nRef. {mark_of(received)}",
    }
    assert received["DepositToAccountRef"]["value"] == account(books, "1499").id
    assert received["Line"] == [
        {"Amount": Decimal("100.00"), "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}
    ]
    assert len(transport.sent) == EXCHANGES


@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
def test_a_line_that_is_cut_at_every_step_leaves_one_of_each(books: Running, transport: Transport, cut: str) -> None:
    """Every batch's answer is lost once, before or after it was carried out, and the batch goes again."""
    before = books.books()
    transport.before = lambda _: books.fault(cut, "/batch")
    invoice, money = post_1042(books, transport)
    new = new_entries(before, books)
    assert {kind: len(rows) for kind, rows in new.items()} == dict.fromkeys(SOME_KINDS, 1)
    assert (new["Invoice"][0]["Id"], new["Invoice"][0]["Balance"]) == (invoice.id, Decimal("118.50"))
    assert (new["Payment"][0]["Id"], new["Payment"][0]["UnappliedAmt"]) == (money.id, Decimal("0.00"))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 500, "body": '{"Fault":{"Error":[{"code":"10000"}],"type":"SystemFault"}}'},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"kind": "garbage"},
    ],
)
def test_a_service_that_stumbles_at_every_step_leaves_one_of_each(
    books: Running, transport: Transport, fault: dict[str, Any]
) -> None:
    before = books.books()
    transport.before = lambda _: books.fault(match="/batch", **fault)
    post_1042(books, transport)
    assert {kind: len(rows) for kind, rows in new_entries(before, books).items()} == dict.fromkeys(SOME_KINDS, 1)


def test_a_service_that_hangs_is_left_within_the_time_that_was_set(books: Running, connection: Connection) -> None:
    impatient = dataclasses.replace(connection, settings={**connection.settings, "TIMEOUT": "0.2"})
    books.fault("delay", "/batch", seconds=3)
    key = "f" * 24
    (request,) = [next(QUICKBOOKS.describe_books())]
    batch = Batch(idempotency_key=key, requests=(request,), body=QUICKBOOKS.encode(key, [request]))
    with pytest.raises(Unavailable):
        QUICKBOOKS.send(batch, impatient)
    (answer,) = QUICKBOOKS.send(batch, connection)
    assert answer.payload["QueryResponse"]["CompanyInfo"][0]["CompanyName"] == "Sandbox Company_US_1"


def test_a_batch_that_two_workers_carry_at_once_is_carried_out_once(
    books: Running, transport: Transport, connection: Connection
) -> None:
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    before = books.books()
    key, request = "e" * 24, next(QUICKBOOKS.post(order_1042(customer, item), {}, BOOKS))
    batch = Batch(idempotency_key=key, requests=(request,), body=QUICKBOOKS.encode(key, [request]))
    answers: list[Response] = []
    workers = [
        threading.Thread(target=lambda: answers.extend(QUICKBOOKS.send(batch, connection))) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    after = books.books()
    assert len(after["Invoice"]) == len(before["Invoice"]) + 1
    assert {answer.payload["Invoice"]["Id"] for answer in answers} == {after["Invoice"][-1]["Id"]}
    assert len(answers) == 4


def test_thirty_orders_travel_in_one_batch_and_a_bad_one_stops_alone(books: Running, transport: Transport) -> None:
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    orders = [order_1042(customer, item, number=f"2{number:03}") for number in range(30)]
    orders[7] = order_1042(customer, Ref(id="99999"), number="2007")
    requests = tuple(next(QUICKBOOKS.post(order, {}, BOOKS)) for order in orders)
    before = books.books()
    answers = transport.ask(requests)
    posted = [row["DocNumber"] for row in new_entries_of("Invoice", before, books)]
    assert sorted(posted) == [order.number for order in orders if order is not orders[7]]
    for order, answer in zip(orders, answers, strict=True):
        if order is orders[7]:
            assert answer.payload["Fault"]["Error"][0]["code"] == "2500"
        else:
            assert answer.payload["Invoice"]["DocNumber"] == order.number


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien's \"Best\"",
        "Back\\slash",
        "Ends with \\",
        "' or Active = 'x",
        "100% _Sure_",
        "Söhne & Töchter",
        "two  spaces",
    ],
)
def test_a_customer_of_any_name_is_entered_once_and_found_again(
    books: Running, transport: Transport, name: str
) -> None:
    before = books.books()
    first = transport.one(QUICKBOOKS.create(NewCustomer(name=name), {}, BOOKS))
    again = transport.one(QUICKBOOKS.create(NewCustomer(name=f" {name.upper()} "), {}, BOOKS))
    (row,) = new_entries_of("Customer", before, books)
    assert first == again == Ref(id=row["Id"], name=name)


def test_a_name_that_looks_like_a_pattern_finds_nobody_else(transport: Transport) -> None:
    plain = transport.one(QUICKBOOKS.create(NewCustomer(name="100 percent"), {}, BOOKS))
    pattern = transport.one(QUICKBOOKS.create(NewCustomer(name="100%"), {}, BOOKS))
    assert plain.id != pattern.id


def test_books_that_number_by_themselves_say_so_in_their_echo(books: Running, transport: Transport) -> None:
    preference(books, "SalesFormsPrefs", CustomTxnNumbers=False)
    invoice, _ = post_1042(books, transport)
    (row,) = [row for row in books.books()["Invoice"] if row["Id"] == invoice.id]
    assert invoice.number == row["DocNumber"] != "1042"


TAXED = Tax(amount=Decimal("18.03"))
BY_CODE = dataclasses.replace(TAXED, code=Ref(id="1"))


@pytest.mark.parametrize(
    ("tax", "options", "total"),
    [
        pytest.param(Tax(), {}, "218.50", id="without tax"),
        pytest.param(Tax(), {"books_tax": "yes"}, "235.98", id="the books add it: 8 % of 218.50"),
        pytest.param(TAXED, {}, "235.98", id="the books work it out"),
        pytest.param(BY_CODE, {}, "236.53", id="ours is taken over"),
    ],
)
def test_the_total_is_the_books_own_however_they_tax(
    books: Running, transport: Transport, tax: Tax, options: dict[str, str], total: str
) -> None:
    posting = _taxed(books, transport, tax, options)
    assert posting.total == books.books()["Invoice"][-1]["TotalAmt"] == Decimal(total)


def test_a_tax_that_the_books_do_not_take_over_shows_in_their_total(books: Running, transport: Transport) -> None:
    preference(books, "TaxPrefs", AllowPartnerTaxOverride=False)
    assert _taxed(books, transport, BY_CODE, {}).total == Decimal("235.98")


def _taxed(books: Running, transport: Transport, tax: Tax, options: dict[str, str]) -> Posting:
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    order = order_1042(customer, item, tax=tax, total=Decimal("218.50") + tax.amount)
    return transport.one(QUICKBOOKS.post(order, options, BOOKS))


def test_everything_that_an_order_says_stands_on_the_invoice(books: Running, transport: Transport) -> None:
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    place = Address(lines=("1 Main St", "Suite 2"), city="Reno", region="NV", postal_code="89501", country="US")
    order = order_1042(
        customer, item, due=dt.date(2026, 12, 14), email="ap@abc.example", shipping=place, memo="Thank you! ½ €",
        po_number="PO-77",
    )  # fmt: skip
    transport.one(QUICKBOOKS.post(order, {}, BOOKS))
    row = books.books()["Invoice"][-1]
    assert told(row, "DueDate", "BillEmail", "CustomerMemo", "ShipAddr") == {
        "DueDate": "2026-12-14",
        "BillEmail": {"Address": "ap@abc.example"},
        "CustomerMemo": {"value": "P.O. number: PO-77\nThank you! ½ €"},
        "ShipAddr": {
            "Line1": "1 Main St",
            "Line2": "Suite 2",
            "City": "Reno",
            "CountrySubDivisionCode": "NV",
            "PostalCode": "89501",
            "Country": "US",
        },
    }


def test_an_error_within_quickbooks_after_all_was_done_is_found_out_by_looking(
    books: Running, transport: Transport
) -> None:
    """The sandbox answers no item of a batch with a SystemFault, so the first answer is put in its place here."""
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    before = books.books()
    order = order_1042(customer, item)
    invoice = _stumbling(transport, order)
    (row,) = new_entries_of("Invoice", before, books)
    assert invoice.id == row["Id"]
    money = _stumbling(transport, payment_of_1042(Ref(id=invoice.id), customer))
    (paid,) = new_entries_of("Payment", before, books)
    assert money.id == paid["Id"]


def _stumbling(transport: Transport, document: Document) -> Posting:
    conversation = QUICKBOOKS.post(document, {}, BOOKS)
    transport.ask((next(conversation),))
    fault = {"Error": [{"Message": "An application error", "code": "10000"}], "type": "SystemFault"}
    lost = {"Fault": fault, "mark": make_mark(transport.sent[-1].idempotency_key, 1)}
    request = conversation.send(Response(payload=lost))
    assert request.writes is False
    (answer,) = transport.ask((request,))
    with pytest.raises(StopIteration) as end:
        conversation.send(answer)
    posting: Posting = end.value.value
    return posting


def test_a_token_that_ran_out_is_told_as_such(books: Running, transport: Transport) -> None:
    books.control("clock", {"advance_seconds": 3601})
    with pytest.raises(AuthorizationExpired):
        transport.one(QUICKBOOKS.describe_books())


def test_another_companys_books_are_not_open_to_us(transport: Transport) -> None:
    transport.connection = dataclasses.replace(transport.connection, books_id="4620816365000000002")
    with pytest.raises(AuthorizationExpired):
        transport.one(QUICKBOOKS.describe_books())


def test_the_page_of_a_posting(books: Running, transport: Transport) -> None:
    invoice, money = post_1042(books, transport)
    settings = transport.connection.settings
    assert (
        QUICKBOOKS.document_url(Invoice.kind, invoice.id, BOOKS, settings)
        == f"{books.url}/app/invoice?txnId={invoice.id}"
    )
    assert (
        QUICKBOOKS.document_url(Payment.kind, money.id, BOOKS, settings)
        == f"{books.url}/app/recvpayment?txnId={money.id}"
    )
    assert QUICKBOOKS.document_url(Bill.kind, "1", BOOKS, settings) == f"{books.url}/app/bill?txnId=1"
