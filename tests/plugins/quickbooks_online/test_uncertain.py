"""The plugin is right whichever way QuickBooks behaves where Intuit's documentation does not say.

Sources: Intuit, batch (1,000 objects; void); PurchaseOrder (VendorRef is not filterable); quickbooks-ruby 403 (4001);
python-quickbooks' tests (a page with three rows more than asked for); Intuit, Item (categories and bundles are items).
"""

from __future__ import annotations

import pytest

from hub.plugin import RecordKind
from quickbooks_online import QuickBooksOnline, paging
from sandbox.online import Running
from tests.support.intuit_client import Client
from tests.support.online_conversations import Transport

QUICKBOOKS = QuickBooksOnline()


@pytest.mark.parametrize("margin", [-1, 0, 3])
def test_pages_that_are_longer_or_shorter_than_asked_lose_nothing(
    books: Running, transport: Transport, monkeypatch: pytest.MonkeyPatch, margin: int
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 25)
    books.control("unsure", {"page_margin": margin})
    ids, cursor, more = set[str](), "", True
    while more:
        page = transport.one(QUICKBOOKS.fetch(RecordKind.ITEM, cursor))
        ids, cursor, more = ids | {record.id for record in page.records}, page.cursor, page.more
    assert len(ids) == 40


def test_a_category_that_changed_is_no_product(books: Running, transport: Transport) -> None:
    books.control("clock", {"advance_seconds": 600})
    first = transport.one(QUICKBOOKS.fetch(RecordKind.ITEM, ""))
    page = transport.one(QUICKBOOKS.fetch(RecordKind.ITEM, first.cursor))
    assert not page.more
    client = Client(books, books.grant()["access_token"])
    category = client.write("Item", {"Name": "Drinkware", "Type": "Category"})
    changed = transport.one(QUICKBOOKS.fetch(RecordKind.ITEM, page.cursor))
    assert category["Id"] not in {record.id for record in changed.records}
    assert category["Id"] in changed.deleted
