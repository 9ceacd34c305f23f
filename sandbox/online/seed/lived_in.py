"""Transactions of a year of manual bookkeeping: open, overdue and paid invoices, used numbers, and a closed period."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sandbox.online import bookkeeper
from sandbox.online.operations import create
from sandbox.online.storage import Books, Entry

INVOICES = (
    ("0931", "Kline & Sons Plumbing", 152, "T2040", 60, "200.00"),
    ("0938", "Harbor Coffee Roasters", 118, "C0909", 250, "987.50"),
    ("0944", "Kline & Sons Plumbing", 97, "H7781", 400, ""),
    ("0952", "City of Fairview", 81, "N5512", 120, ""),
    ("0957", "Bluebird Bakery", 74, "C0909", 144, "100.00"),
    ("0963", "City of Fairview", 52, "T2040", 48, ""),
    ("0970", "Lakeside Dental", 44, "H7781", 500, ""),
    ("0976", "Harbor Coffee Roasters", 38, "C0909", 72, ""),
    ("0981", "Vista Robotics", 26, "N5512", 200, "400.00"),
    ("0987", "Northfield Credit Union", 12, "T2040", 100, ""),
    ("1038", "Freeman Sporting Goods", 20, "C0909", 100, ""),
    ("1051", "Red Rock Diner", 9, "C0909", 60, ""),
)
"""Number, customer, days ago, item, quantity, paid amount. All are due after thirty days. The last two have numbers
that the demo's orders have, too."""


_CLOSED = "2026-08-31"
"""The books are closed up to and including this day. The first orders of the demo are older."""


def live_in(books: Books) -> None:
    """Create the invoices and payments, close the books, and set up the bookkeeper who changes them later."""
    today = books.session.now().date()
    items = {row["Name"]: row for row in books.all("Item")}
    customers = {row["DisplayName"]: row for row in books.all("Customer")}
    for number, name, ago, item, quantity, paid in INVOICES:
        date = today - dt.timedelta(days=ago)
        customer = {"value": customers[name]["Id"], "name": name}
        invoice = create(books, "Invoice", _invoice(number, date, customer, items[item], quantity))
        if paid:
            create(books, "Payment", _payment(date + dt.timedelta(days=21), customer, invoice, Decimal(paid)))
    bookkeeper.close(books, _CLOSED)
    bookkeeper.engage(books)


def _invoice(number: str, date: dt.date, customer: Entry, item: Entry, quantity: int) -> Entry:
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": item["UnitPrice"] * quantity,
        "Description": item["Description"],
        "SalesItemLineDetail": {
            "ItemRef": {"value": item["Id"]}, "Qty": Decimal(quantity), "UnitPrice": item["UnitPrice"],
            "TaxCodeRef": {"value": "NON"},
        },
    }  # fmt: skip
    due = date + dt.timedelta(days=30)
    return {
        "DocNumber": number, "TxnDate": date.isoformat(), "DueDate": due.isoformat(), "CustomerRef": customer,
        "Line": [line],
    }  # fmt: skip


def _payment(date: dt.date, customer: Entry, invoice: Entry, amount: Decimal) -> Entry:
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    return {
        "TxnDate": date.isoformat(), "CustomerRef": customer, "TotalAmt": amount,
        "Line": [{"Amount": amount, "LinkedTxn": [link]}],
    }  # fmt: skip
