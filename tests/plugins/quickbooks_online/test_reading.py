"""Reading the sandbox's books: who they are, and lists that are whole, in pages, and up to date."""

from __future__ import annotations

import pytest

from hub.plugin import AccountKind, Books, ClassTracking, Page, Record, RecordKind, Request, TaxSystem
from quickbooks_online import QuickBooksOnline, paging
from sandbox.online import REALM, Running
from tests.support.online_conversations import Transport

QUICKBOOKS = QuickBooksOnline()


def whole(transport: Transport, kind: RecordKind, since: str = "") -> tuple[list[Record], str, list[Page]]:
    """All pages of a pass: their records, the cursor afterwards, and the pages themselves."""
    pages = [transport.one(QUICKBOOKS.fetch(kind, since))]
    while pages[-1].more:
        pages.append(transport.one(QUICKBOOKS.fetch(kind, pages[-1].cursor)))
    return [record for page in pages for record in page.records], pages[-1].cursor, pages


def test_a_check_says_which_books_these_are(transport: Transport) -> None:
    books = transport.one(QUICKBOOKS.describe_books())
    assert books == Books(
        id=REALM,
        name="Sandbox Company_US_1",
        country="US",
        currency="USD",
        tax_system=TaxSystem.AUTOMATED,
        class_tracking=ClassTracking.LINE,
        locations=True,
    )


@pytest.mark.parametrize("size", [500, 7, 1])
def test_every_list_is_read_whole_whatever_the_pages(
    books: Running, transport: Transport, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", size)
    ledger = books.books()
    for kind, called in (
        (RecordKind.ACCOUNT, "Account"),
        (RecordKind.CUSTOMER, "Customer"),
        (RecordKind.VENDOR, "Vendor"),
        (RecordKind.ITEM, "Item"),
        (RecordKind.TERM, "Term"),
    ):
        records, _, pages = whole(transport, kind)
        names = [(row["Id"], row.get("DisplayName") or row["Name"]) for row in ledger[called]]
        assert [(record.id, record.name) for record in records] == names
        assert pages[0].total == len(names)
        assert len(pages) >= len(names) / size
        assert [page.total for page in pages[1:]] == [None] * (len(pages) - 1)


def test_tax_codes_are_those_of_a_whole_invoice(transport: Transport) -> None:
    records, _, _ = whole(transport, RecordKind.TAX_CODE)
    assert [record.name for record in records] == ["California", "Tucson", "Oregon"]


def test_categories_are_no_items_that_could_be_sold(books: Running, transport: Transport) -> None:
    category = {"operation": "create", "Item": {"Name": "Mugs", "Type": "Category"}}
    transport.ask((Request(name="create category", payload=category, writes=True),))
    assert books.books()["Item"][-1]["Name"] == "Mugs"
    records, _, (page, empty) = whole(transport, RecordKind.ITEM)
    assert not empty.records
    assert "Mugs" not in {record.name for record in records}
    assert page.total == len(records)


def test_accounts_are_told_in_the_trades_terms(transport: Transport) -> None:
    records, _, _ = whole(transport, RecordKind.ACCOUNT)
    of = {record.number: record for record in records}
    assert (of["1100"].account, of["1100"].detail) == (AccountKind.ACCOUNTS_RECEIVABLE, "AccountsReceivable")
    assert (of["1499"].account, of["1499"].detail) == (AccountKind.OTHER_CURRENT_ASSET, "UndepositedFunds")
    assert (of["4900"].account, of["4900"].detail) == (AccountKind.INCOME, "DiscountsRefundsGiven")
    assert of["3000"].account is AccountKind.OTHER


def test_a_refresh_brings_what_changed_and_inactive_entries_too(books: Running, transport: Transport) -> None:
    books.control("clock", {"advance_seconds": 600})
    _, cursor, _ = whole(transport, RecordKind.CUSTOMER)
    books.control("clock", {"advance_seconds": 600})
    nothing, cursor, _ = whole(transport, RecordKind.CUSTOMER, cursor)
    assert nothing == []
    books.control("clock", {"advance_seconds": 600})
    customer = books.books()["Customer"][0]
    books.control(f"edit/{REALM}/customer/{customer['Id']}", {"DisplayName": "Harbor Tea", "Active": False})
    (changed,), cursor, _ = whole(transport, RecordKind.CUSTOMER, cursor)
    assert (changed.id, changed.name, changed.active) == (customer["Id"], "Harbor Tea", False)
    books.control("clock", {"advance_seconds": 600})
    overlapping, cursor, _ = whole(transport, RecordKind.CUSTOMER, cursor)
    assert overlapping == [changed]  # It had changed within the overlap before the last pass.
    assert whole(transport, RecordKind.CUSTOMER, cursor)[0] == []


def test_what_changes_behind_a_pass_is_brought_by_the_next_one(
    books: Running, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 10)
    books.control("clock", {"advance_seconds": 600})
    first = transport.one(QUICKBOOKS.fetch(RecordKind.CUSTOMER, ""))
    books.control("clock", {"advance_seconds": 600})
    early = first.records[0]
    books.control(f"edit/{REALM}/customer/{early.id}", {"DisplayName": "Harbor Tea"})
    books.control("clock", {"advance_seconds": 600})
    rest, cursor, _ = whole(transport, RecordKind.CUSTOMER, first.cursor)
    assert early.id not in {record.id for record in rest}
    again, _, _ = whole(transport, RecordKind.CUSTOMER, cursor)
    assert [(record.id, record.name) for record in again] == [(early.id, "Harbor Tea")]


def test_reading_changes_nothing(books: Running, transport: Transport) -> None:
    before = books.books()
    for kind in QUICKBOOKS.capabilities.lists:
        whole(transport, kind)
    assert books.books() == before
