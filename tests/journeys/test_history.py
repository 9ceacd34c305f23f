"""What the customers owe and have paid: read from the books, kept fresh, and what became there of what we posted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import history, links
from hub.database import session
from hub.integrations import registry
from hub.models import Delivery, Link, RecordRow, TransactionRow
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import RecordKind, TransactionKind
from hub.queue import commit
from tests.support.books import record_named
from tests.support.desktop import IMPRINT, Office, by_hand, look_again
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.serving import serving

TODAY = dt.date(2026, 11, 24)


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        found = Office.open(url, tmp_path)
        by_hand(found.company, IMPRINT)
        found.connect()
        yield found


def invoice(number: str, customer: str, amount: str, due: str) -> str:
    return (
        f"<InvoiceAddRq><InvoiceAdd><CustomerRef><FullName>{escape(customer)}</FullName></CustomerRef>"
        f"<TxnDate>2026-07-01</TxnDate><RefNumber>{number}</RefNumber><DueDate>{due}</DueDate><InvoiceLineAdd>"
        f"<ItemRef><FullName>Imprint</FullName></ItemRef><Amount>{amount}</Amount>"
        "<SalesTaxCodeRef><FullName>Non</FullName></SalesTaxCodeRef></InvoiceLineAdd></InvoiceAdd></InvoiceAddRq>"
    )


def customer(name: str) -> str:
    return f"<CustomerAddRq><CustomerAdd><Name>{escape(name)}</Name></CustomerAdd></CustomerAddRq>"


def account(office: Office, name: str) -> history.Account:
    row = record_named(office.installation.id, RecordKind.CUSTOMER, name)
    return history.load_customer_account(office.installation.id, row.record_id, TODAY)


def figures(found: history.Account) -> list[tuple[object, ...]]:
    return sorted((one.kind, one.number, one.total, one.balance, one.voided) for one in found.transactions)


def test_what_was_there_before_us_is_read_with_what_is_overdue(office: Office) -> None:
    by_hand(office.company, customer("Vintage & Sons"))
    for number, amount, due in (("A1", "100.00", "2026-12-24"), ("A2", "20.00", "2026-11-23"),
                                ("A3", "3.00", "2026-10-10"), ("A4", "0.40", "2026-07-02")):  # fmt: skip
        by_hand(office.company, invoice(number, "Vintage & Sons", amount, due))
    look_again(office)
    found = account(office, "Vintage & Sons")
    assert [one.number for one in found.of(TransactionKind.INVOICE)] == ["A4", "A3", "A2", "A1"]
    assert list(found.aging) == [Decimal(one) for one in ("100.00", "20.00", "3.00", "0.00", "0.40")]
    assert (found.open, found.overdue, found.balance) == (Decimal("123.40"), Decimal("23.40"), Decimal("123.40"))


def test_what_we_post_is_in_the_history_at_once_and_reads_back_the_same(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    assert office.update()[-1] == "OK"
    at_once = figures(account(office, "ABC Company"))
    assert at_once == [
        ("invoice", "1042", Decimal("218.50"), Decimal("118.50"), False),
        ("payment", "", Decimal("100.00"), Decimal("0.00"), False),
    ]
    look_again(office)
    assert figures(account(office, "ABC Company")) == at_once


def test_what_is_edited_voided_or_deleted_in_quickbooks_is_noticed(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    assert office.update()[-1] == "OK"
    posted = {one.kind: one for one in session().scalars(select(Delivery).where(Delivery.order_id.is_not(None)))}
    payment = f"<TxnDelType>ReceivePayment</TxnDelType><TxnID>{posted['payment'].posting_id}</TxnID>"
    by_hand(office.company, f"<TxnDelRq>{payment}</TxnDelRq>")
    look_again(office)
    assert figures(account(office, "ABC Company")) == [
        ("invoice", "1042", Decimal("218.50"), Decimal("218.50"), False),
    ]
    assert history.find_transactions(posted.values())[posted["payment"].id].deleted
    kind = f"<TxnVoidType>Invoice</TxnVoidType><TxnID>{posted['invoice'].posting_id}</TxnID>"
    by_hand(office.company, f"<TxnVoidRq>{kind}</TxnVoidRq>")
    look_again(office)
    assert figures(account(office, "ABC Company")) == [("invoice", "1042", Decimal(0), Decimal(0), True)]
    assert history.find_transactions(posted.values())[posted["invoice"].id].voided


def test_a_customer_that_is_deleted_there_breaks_no_link_silently(office: Office) -> None:
    by_hand(office.company, customer("Short Lived"))
    look_again(office)
    row = record_named(office.installation.id, RecordKind.CUSTOMER, "Short Lived")
    links.link_company(office.installation.id, RecordKind.CUSTOMER, "77", row.ref, "Ada")
    commit()
    kind = f"<ListDelType>Customer</ListDelType><ListID>{row.record_id}</ListID>"
    by_hand(office.company, f"<ListDelRq>{kind}</ListDelRq>")
    look_again(office)
    link = links.find_link(office.installation.id, RecordKind.CUSTOMER, "77")
    assert isinstance(link, Link)
    assert link.note
    assert not session().get_one(RecordRow, row.id).active


def test_a_long_history_is_read_in_stretches_and_then_only_what_changed(office: Office) -> None:
    by_hand(office.company, customer("Busy"))
    for number in range(1203):
        by_hand(office.company, invoice(f"B{number}", "Busy", "1.00", "2026-12-24"))
    look_again(office)
    assert account(office, "Busy").open == Decimal("1203.00")
    before = session().scalars(select(TransactionRow.seen_at)).all()
    look_again(office)
    assert len(before) == len(session().scalars(select(TransactionRow.seen_at)).all()) == 1203
