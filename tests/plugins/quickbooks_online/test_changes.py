"""What has changed in the books since, of many kinds in one call that is cheaper than a query each."""

from __future__ import annotations

import requests

from hub.plugin import Page, RecordKind, TransactionKind
from quickbooks_online import QuickBooksOnline
from quickbooks_online.paging import Cursor
from sandbox.online import REALM, Running
from tests.support.online_conversations import Transport

QUICKBOOKS = QuickBooksOnline()
KINDS = (RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM, RecordKind.TAX_CODE, TransactionKind.INVOICE)


def change(books: Running, kind: str, fields: dict[str, object]) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {books.grant()['access_token']}", "Accept": "application/json"}
    answer = requests.post(f"{books.url}/v3/company/{REALM}/{kind}", json=fields, headers=headers, timeout=5)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()[kind.capitalize()])


def pages(transport: Transport, cursors: dict[str, str]) -> dict[str, Page]:
    found = transport.carry(*(QUICKBOOKS.fetch(kind, cursors.get(kind, "")) for kind in KINDS))
    return dict(zip(KINDS, found, strict=True))


def calls(books: Running, name: str) -> int:
    return sum(f"/{name}" in str(one) for one in books.control("requests")["requests"])


def test_only_what_changed_comes_and_in_one_call(books: Running, transport: Transport) -> None:
    books.control("clock", {"advance_seconds": 600})  # What the books begin with is older than the overlap.
    first = pages(transport, {})
    assert first[RecordKind.CUSTOMER].total == len(first[RecordKind.CUSTOMER].records) > 1
    cursors = {kind: page.cursor for kind, page in first.items()}
    books.control("clock", {"advance_seconds": 1200})
    added = change(books, "customer", {"DisplayName": "Latecomer"})
    before = calls(books, "cdc")
    again = pages(transport, cursors)
    assert calls(books, "cdc") - before == 1
    assert [one.id for one in again[RecordKind.CUSTOMER].records] == [added["Id"]]
    assert again[RecordKind.VENDOR].records == ()
    assert again[RecordKind.ITEM].records == ()


def test_after_more_than_thirty_days_the_lists_are_asked_instead(books: Running, transport: Transport) -> None:
    books.control("clock", {"advance_seconds": 600})  # What the books begin with is older than the overlap.
    first = pages(transport, {})
    books.control("clock", {"advance_days": 40})
    transport.connection.credentials["access_token"] = books.grant()["access_token"]  # type: ignore[index]  # A dict.
    added = change(books, "customer", {"DisplayName": "Latecomer"})
    again = pages(transport, {kind: page.cursor for kind, page in first.items()})
    assert [one.id for one in again[RecordKind.CUSTOMER].records] == [added["Id"]]
    assert Cursor.read(again[RecordKind.VENDOR].cursor).since > Cursor.read(first[RecordKind.VENDOR].cursor).since
