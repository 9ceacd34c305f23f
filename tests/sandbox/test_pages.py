"""The product's own pages."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import requests

from sandbox.online import OTHER_REALM, REALM, Running
from sandbox.online.pages import LISTS, figure
from tests.support.intuit_client import Client, Row


def page(books: Running, path: str) -> str:
    answer = requests.get(f"{books.url}{path}", timeout=10)
    assert answer.status_code == 200
    assert "script" not in answer.headers["Content-Security-Policy"]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def invoice(client: Client) -> Row:
    discount = {"DetailType": "DiscountLineDetail", "Amount": Decimal("11.50"), "DiscountLineDetail": {}}
    line = {**client.sale("2300.00", Qty=1000, UnitPrice=Decimal("2.30")), "Description": "<b>bold</b> mugs"}
    sent = client.invoice(line, discount, DocNumber="1042", TxnDate="2026-11-14", PrivateNote="Order 1042")
    link = ("Invoice", sent["Id"], "100.00")
    client.write("Payment", client.payment_of("150.00", link, PaymentRefNum="2217", TxnDate="2026-11-15"))
    return sent


def test_an_invoice_shows_its_figures_and_its_payments(books: Running, invoice: Row) -> None:
    text = page(books, f"/app/invoice?txnId={invoice['Id']}")
    for told in (
        "Invoice 1042", "Cool Cars", "T2040", "&lt;b&gt;bold", "Subtotal 2,300.00", "Discount (Discounts given) −11.50",
        "Total 2,288.50", "Payment 2217 of 2026-11-15 −100.00", "Balance due 2,188.50", "Order 1042",
    ):  # fmt: skip
        assert told in text


def test_a_payment_shows_what_it_pays(books: Running, invoice: Row) -> None:
    text = page(books, f"/app/recvpayment?txnId={books.books()['Payment'][0]['Id']}&realm={REALM}")
    for told in (
        "Payment 2217",
        "150.00 USD",
        "Undeposited Funds",
        "Invoice 1042 of 2026-11-14 100.00",
        "Not applied 50.00",
    ):
        assert told in text


@pytest.mark.parametrize("kind", LISTS)
def test_every_list_has_a_page(books: Running, invoice: Row, kind: str) -> None:
    text = page(books, f"/app/{REALM}/{kind}")
    rows = books.books()[kind]
    assert f"{LISTS[kind][0]} {len(rows)}" in text
    assert bool(rows) != ("Nothing here yet" in text)


def test_accounts_show_what_they_stand_at(books: Running, invoice: Row) -> None:
    text = page(books, f"/app/{REALM}/Account")
    assert "1100 Accounts Receivable (A/R) Accounts Receivable 2,138.50" in text
    assert "4000 Sales of Product Income Income 2,300.00" in text
    assert "4900 Discounts given Income −11.50" in text


def test_the_first_page_lists_the_companies(books: Running, invoice: Row) -> None:
    text = page(books, "/")
    assert f"Sandbox Company_US_1 Company id {REALM} 1 open invoice 2,188.50 USD" in text
    assert f"Northwind Promotions Inc. Company id {OTHER_REALM} 0 open invoices 0.00 USD" in text


@pytest.mark.parametrize(
    "path", ["/app/invoice?txnId=99999", "/app/invoice", "/app/nowhere/Invoice", f"/app/{REALM}/Toys"]
)
def test_what_is_not_there_is_not_found(books: Running, path: str) -> None:
    assert requests.get(f"{books.url}{path}", timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""), ("", ""), (0, "0.00"), (Decimal("1234.5"), "1,234.50"), (Decimal("-11.50"), "−11.50"),
        (Decimal("0.4444"), "0.4444"), (1000000, "1,000,000.00"),
    ],
)  # fmt: skip
def test_figures_are_printed_for_people(value: object, shown: str) -> None:
    assert figure(value) == shown
