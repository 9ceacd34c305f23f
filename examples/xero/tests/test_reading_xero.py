"""Xero's lists and history, as the hub keeps them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from hub.books import description
from hub.books.refresh import find_listings, refresh_lists
from hub.database import session
from hub.integrations import registry
from hub.models import Installation, Listing, RecordRow, TransactionRow
from hub.orders.send import send_order
from hub.plugin import AccountKind, Bill, Invoice, PurchaseOrder, RecordKind
from tests.support.host import ADA_AT_ACME
from tests.support.xero import EVERYTHING, carry, order, posted
from xero_sandbox import TENANT, Running


def names(kind: RecordKind) -> list[str]:
    session().expire_all()
    return sorted(session().scalars(select(RecordRow.name).where(RecordRow.kind == kind, RecordRow.active)))


def id_of(books: Running, kind: str, name: str) -> str:
    found = next(one for one in books.books()[kind] if one["Name"] == name)
    return str(found[f"{kind[:-1]}ID"])


def refresh(xero: Installation) -> None:
    refresh_lists(xero, registry.find_integration("xero"))
    session().commit()
    carry(xero, 2)


def test_the_books_say_who_they_are_and_what_they_have(xero: Installation) -> None:
    known = description.known_books(xero)
    assert (known.name, known.country, known.currency, known.handle) == ("Demo Company (US)", "US", "USD", "!sbxUS")
    assert names(RecordKind.CUSTOMER) == names(RecordKind.VENDOR) == ["Boom FM", "SMART Agency"]
    assert names(RecordKind.TAX_CODE) == ["Tax Exempt", "Tax on Consulting", "Tax on Goods"]
    assert names(RecordKind.ITEM) == ["GB1-White"]
    rows = {row.name: row for row in session().scalars(select(RecordRow).where(RecordRow.kind == RecordKind.ACCOUNT))}
    assert (rows["Sales"].record_id, rows["Sales"].account) == ("200", AccountKind.INCOME)
    assert len(rows["Savings Account"].record_id) == 36  # It has no code.
    assert rows["Card Clearing"].account is AccountKind.BANK
    assert rows["Accounts Receivable"].account is AccountKind.ACCOUNTS_RECEIVABLE


def test_customers_and_vendors_are_read_in_one_call(xero: Installation, books: Running) -> None:
    before = len(books.control("requests"))
    refresh(xero)
    calls = [one["path"].rsplit("/", 1)[1] for one in books.control("requests")[before:]]
    assert sorted(calls) == ["Accounts", "Contacts", "CreditNotes", "Invoices", "Items", "Payments", "TaxRates"]


def test_what_was_deleted_archived_or_merged_in_xero_is_gone_here(xero: Installation, books: Running) -> None:
    boom, smart = (id_of(books, "Contacts", name) for name in ("Boom FM", "SMART Agency"))
    books.control(f"delete/{TENANT}/Items/{id_of(books, 'Items', 'Golf balls - white')}", {})
    books.control(f"edit/{TENANT}/Accounts/{id_of(books, 'Accounts', 'Checking Account')}", {"Status": "ARCHIVED"})
    books.control(f"edit/{TENANT}/Contacts/{boom}", {"ContactStatus": "ARCHIVED", "MergedToContactID": smart})
    refresh(xero)
    assert names(RecordKind.ITEM) == []
    assert "Checking Account" not in names(RecordKind.ACCOUNT)
    assert names(RecordKind.CUSTOMER) == ["SMART Agency"]


def test_only_what_has_changed_is_read_again(xero: Installation, books: Running) -> None:
    books.advance(3600)
    refresh(xero)
    books.control(f"edit/{TENANT}/Contacts/{id_of(books, 'Contacts', 'Boom FM')}", {"Name": "Boom Radio"})
    refresh(xero)
    listing = session().get_one(Listing, (xero.id, "customer"))
    assert listing.loaded == 1
    assert names(RecordKind.CUSTOMER) == ["Boom Radio", "SMART Agency"]


def test_a_long_list_comes_in_pages(xero: Installation, books: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xero_books.reading.PAGE_SIZE", 1)
    for listing in find_listings(xero.id):
        listing.cursor = ""
    refresh(xero)
    assert session().get_one(Listing, (xero.id, "vendor")).loaded == 2


def test_the_history_tells_what_is_owed_paid_and_credited(xero: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, xero.id, order(1042), EVERYTHING)
    carry(xero, 2)
    assert posted()
    customer = id_of(books, "Contacts", "ABC Company")
    books.control(f"credit/{TENANT}", {"ContactID": customer, "Total": "18.50"})
    refresh(xero)
    session().expire_all()
    rows = session().scalars(select(TransactionRow).order_by(TransactionRow.kind)).all()
    assert [(str(row.kind), row.total, row.balance, row.customer_id == customer) for row in rows] == [
        ("credit_memo", Decimal("18.50"), Decimal("18.50"), True),
        ("invoice", Decimal("218.50"), Decimal("118.50"), True),
        ("payment", Decimal("100.00"), Decimal("0.00"), True),
    ]


@pytest.mark.parametrize("answer", [{"kind": "status", "status": 404}, {"kind": "garbage"}, {"kind": "empty"}])
def test_an_answer_that_is_none_does_not_empty_a_list(
    xero: Installation, books: Running, answer: dict[str, Any]
) -> None:
    empty = {"kind": "status", "status": 200, "body": "{}", "headers": {"Content-Type": "application/json"}}
    books.fault(**(empty if answer["kind"] == "empty" else answer), match="/Accounts")
    refresh(xero)
    assert "Sales" in names(RecordKind.ACCOUNT)


def test_an_invoice_that_was_voided_in_xero_is_owed_no_more(xero: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, xero.id, replace(order(1042), payments=()), EVERYTHING)
    carry(xero, 2)
    invoice = next(one["InvoiceID"] for one in books.books()["Invoices"] if one["Type"] == "ACCREC")
    books.control(f"edit/{TENANT}/Invoices/{invoice}", {"Status": "VOIDED"})
    refresh(xero)
    session().expire_all()
    (row,) = session().scalars(select(TransactionRow)).all()
    assert (row.voided, row.total, row.balance) == (True, Decimal("0.00"), Decimal("0.00"))


def test_an_invoice_has_its_page_in_xero(xero: Installation) -> None:
    books, integration = description.known_books(xero), registry.find_integration("xero")
    settings = {"APP_URL": "https://go.xero.com"}
    assert integration.document_url(Invoice.kind, "7", books, settings) == (
        "https://go.xero.com/app/!sbxUS/invoicing/view/7"
    )
    bill = integration.document_url(Bill.kind, "7", books, settings) or ""
    assert "shortcode=%21sbxUS" in bill
    assert integration.document_url(PurchaseOrder.kind, "7", books, settings) is None
