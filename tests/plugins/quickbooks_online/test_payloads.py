"""What QuickBooks is told says exactly what the document says, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import simplejson
from hypothesis import given

from hub.plugin import Address, Invoice, NewCustomer, NewItem, Payment, Ref, Request, Tax
from quickbooks_online import QuickBooksOnline, payloads
from tests.support.online_documents import BOOKS, invoices, order_1042, payment_of_1042, payments

DEFAULTS: dict[str, str] = {}


def test_order_1042_is_told_in_full() -> None:
    posted = order_1042(
        discount_account=Ref(id="86"),
        receivable=Ref(id="84"),
        due=dt.date(2026, 12, 14),
        terms=Ref(id="3"),
        email="orders@abc.example",
        billing=Address(lines=("1 Main St",), city="Reno", region="NV", postal_code="89501", country="US"),
        po_number="PO-77",
        memo="Thank you!",
    )
    assert payloads.document(posted, DEFAULTS, BOOKS)[1] == {
        "DocNumber": "1042",
        "TxnDate": "2026-11-14",
        "DueDate": "2026-12-14",
        "SalesTermRef": {"value": "3"},
        "CurrencyRef": {"value": "USD"},
        "CustomerRef": {"value": "1"},
        "BillEmail": {"Address": "orders@abc.example"},
        "BillAddr": {
            "Line1": "1 Main St",
            "City": "Reno",
            "CountrySubDivisionCode": "NV",
            "PostalCode": "89501",
            "Country": "US",
        },
        "CustomerMemo": {"value": "P.O. number: PO-77\nThank you!"},
        "PrivateNote": "Order 1042",
        "ApplyTaxAfterDiscount": True,
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": Decimal("230.00"),
                "Description": "Almond - 11 oz/Stoneware",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "11"},
                    "Qty": Decimal(100),
                    "UnitPrice": Decimal("2.30"),
                    "TaxCodeRef": {"value": "NON"},
                },
            },
            {
                "DetailType": "DiscountLineDetail",
                "Amount": Decimal("11.50"),
                "DiscountLineDetail": {"PercentBased": False, "DiscountAccountRef": {"value": "86"}},
            },
        ],
    }


def test_the_payment_of_1042_pays_the_invoice_and_no_line_of_it() -> None:
    received = payment_of_1042(Ref(id="145", name="1042"), deposit_to=Ref(id="4"), receivable=Ref(id="84"))
    assert payloads.payment(received) == {
        "TxnDate": "2026-11-14",
        "CurrencyRef": {"value": "USD"},
        "CustomerRef": {"value": "1"},
        "TotalAmt": Decimal("100.00"),
        "Line": [{"Amount": Decimal("100.00"), "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]}],
        "DepositToAccountRef": {"value": "4"},
        "PaymentRefNum": "2217",
        "PrivateNote": "Order 1042\nCheck",
    }


TAXED = Tax(amount=Decimal("18.03"))
BY_CODE = Tax(amount=Decimal("18.03"), code=Ref(id="5"))


@pytest.mark.parametrize(
    ("tax", "options", "code", "detail"),
    [
        pytest.param(Tax(), {}, "NON", None, id="an order without tax is not taxed"),
        pytest.param(Tax(), {"books_tax": "yes"}, "TAX", None, id="unless the books are to tax it"),
        pytest.param(TAXED, {}, "TAX", None, id="the books work out a tax without a code"),
        pytest.param(
            BY_CODE,
            {},
            "TAX",
            {"TxnTaxCodeRef": {"value": "5"}, "TotalTax": Decimal("18.03")},
            id="a chosen code goes with our amount",
        ),
    ],
)
def test_tax(tax: Tax, options: dict[str, str], code: str, detail: object) -> None:
    fields = payloads.sale(order_1042(tax=tax, total=Decimal("218.50") + tax.amount), options, BOOKS)
    assert fields["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": code}
    assert fields.get("TxnTaxDetail") == detail


def test_a_line_that_is_not_taxable_stays_so_on_a_taxed_invoice() -> None:
    posted = order_1042(tax=BY_CODE, total=Decimal("236.53"))
    posted = dataclasses.replace(posted, lines=(dataclasses.replace(posted.lines[0], taxable=False),))
    line = payloads.sale(posted, DEFAULTS, BOOKS)["Line"][0]
    assert line["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}


def test_a_purchase_order_number_goes_into_the_custom_field_that_was_chosen() -> None:
    fields = payloads.sale(order_1042(po_number="PO-77", memo="Thank you!"), {"po_number": "2"}, BOOKS)
    assert fields["CustomField"] == [{"DefinitionId": "2", "Type": "StringType", "StringValue": "PO-77"}]
    assert fields["CustomerMemo"] == {"value": "Thank you!"}


def test_an_address_of_more_than_five_lines_loses_none() -> None:
    place = payloads.address(Address(lines=("A", "", "B", "C", "D", "E", "F")))
    assert place == {"Line1": "A", "Line2": "B", "Line3": "C", "Line4": "D", "Line5": "E, F"}


def test_a_new_customer() -> None:
    new = NewCustomer(name=" ABC Company ", email="a@abc.example", phone="555-0100", currency="USD")
    assert payloads.party(new) == {
        "DisplayName": "ABC Company",
        "CompanyName": "ABC Company",
        "PrimaryEmailAddr": {"Address": "a@abc.example"},
        "PrimaryPhone": {"FreeFormNumber": "555-0100"},
        "CurrencyRef": {"value": "USD"},
    }


def test_a_new_item_can_be_bought_if_there_is_an_account_for_its_cost() -> None:
    new = NewItem(name="A7102", description="Almond", price=Decimal("2.30"), income=Ref(id="79"), cost=Ref(id="80"))
    sold = {
        "Name": "A7102",
        "Type": "NonInventory",
        "Description": "Almond",
        "UnitPrice": Decimal("2.30"),
        "Taxable": True,
        "IncomeAccountRef": {"value": "79"},
    }
    bought = {**sold, "ExpenseAccountRef": {"value": "80"}, "PurchaseDesc": "Almond"}
    assert payloads.item(new, DEFAULTS, BOOKS) == bought
    unbought = dataclasses.replace(new, cost=None)
    assert payloads.item(unbought, {"item_kind": "Service"}, BOOKS) == {**sold, "Type": "Service"}


@given(invoices())
def test_the_figures_of_an_invoice_add_up_to_its_total(posted: Invoice) -> None:
    fields = payloads.sale(posted, DEFAULTS, BOOKS)
    sales = [line for line in fields["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    discounts = [line["Amount"] for line in fields["Line"] if line["DetailType"] == "DiscountLineDetail"]
    assert sum(line["Amount"] for line in sales) - sum(discounts) + posted.tax.amount == posted.total
    for line, told in zip(posted.lines, sales, strict=True):
        detail = told["SalesItemLineDetail"]
        assert (detail["Qty"], detail["UnitPrice"], told["Amount"]) == (line.quantity, line.price, line.amount)


@given(payments)
def test_the_figures_of_a_payment_are_its_amount(received: Payment) -> None:
    fields = payloads.payment(received)
    assert fields["TotalAmt"] == fields["Line"][0]["Amount"] == received.total


@given(invoices() | payments)
def test_a_payload_survives_storing_and_its_bytes_are_always_the_same(posted: Invoice | Payment) -> None:
    kind, fields = payloads.document(posted, DEFAULTS, BOOKS)
    request = Request(name="create", payload=payloads.create(kind, fields), writes=True)
    assert not [value for value in _leaves(request.payload) if isinstance(value, float) or value in ("", None)]
    stored = simplejson.loads(simplejson.dumps(request.payload, use_decimal=True), use_decimal=True)
    assert stored == request.payload
    encoded = QuickBooksOnline().encode("0" * 24, [request])
    backwards = dataclasses.replace(request, payload=dict(reversed(stored.items())))
    assert QuickBooksOnline().encode("0" * 24, [backwards]) == encoded
    assert encoded.isascii()


def test_a_body_says_numbers_as_they_are() -> None:
    request = Request(name="create", payload={"operation": "create", "A": {"n": Decimal("0.10")}}, writes=True)
    query = Request(name="look", payload={"Query": "select * from Item where Name = 'Café'"}, writes=False)
    assert QuickBooksOnline().encode("0" * 24, [request, query]) == (
        '{"BatchItemRequest":[{"A":{"n":0.10},"bId":"1","operation":"create"},'
        '{"Query":"select * from Item where Name = \'Caf\\u00e9\'","bId":"2"}]}'
    )


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
