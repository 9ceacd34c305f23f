"""The plugin is right whichever way QuickBooks behaves where Intuit's documentation does not say.

Sources: Intuit, batch (1,000 objects; void); PurchaseOrder (VendorRef is not filterable); quickbooks-ruby 403 (4001);
python-quickbooks' tests (a page with three rows more than asked for); Intuit, Item (categories and bundles are items).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.plugin import Batch, PurchaseOrder, RecordKind, Ref, Request, make_mark, write_mark
from hub.testing import answered
from quickbooks_online import QuickBooksOnline, paging
from sandbox.online import REALM, Running
from tests.support.intuit_client import Client
from tests.support.online_conversations import Transport, fault, found
from tests.support.online_documents import BOOKS, order_1042
from tests.support.online_postings import account, stoneware

QUICKBOOKS = QuickBooksOnline()


def purchase_order(books: Running, transport: Transport) -> PurchaseOrder:
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    vendor = next(row for row in books.books()["Vendor"] if row["DisplayName"] == "Hit Promotional")
    sale = order_1042()
    return PurchaseOrder(
        number="1042", date=sale.date, currency="USD", vendor=Ref(id=vendor["Id"]), payable=account(books, "2000"),
        lines=tuple(replace(line, item=item) for line in sale.lines), total=sale.subtotal,
    )  # fmt: skip


@pytest.mark.parametrize("by_vendor", [False, True])
def test_a_purchase_order_whose_answer_was_lost_is_found_by_its_day(
    books: Running, transport: Transport, by_vendor: bool
) -> None:
    books.control("unsure", {"purchase_orders_by_vendor": by_vendor})
    order = purchase_order(books, transport)
    asked = next(QUICKBOOKS.post(order, {}, BOOKS))
    posted = transport.one(QUICKBOOKS.post(order, {}, BOOKS))
    (row,) = transport.one(QUICKBOOKS.recover(Batch(idempotency_key="0" * 20, requests=(asked,), body="")))
    assert row is None, "It has the mark of another batch."
    books.control(f"edit/{REALM}/purchaseorder/{posted.id}", {"PrivateNote": ""})
    (row,) = transport.one(QUICKBOOKS.recover(Batch(idempotency_key="0" * 20, requests=(asked,), body="")))
    assert row is not None
    assert row.payload["PurchaseOrder"]["Id"] == posted.id


def test_a_refused_query_ends_the_recovery_of_its_own_kind_only() -> None:
    """A write whose outcome cannot be found out is never taken as one that did not happen."""
    body = {"TxnDate": "2026-11-14", "VendorRef": {"value": "1"}, "Line": []}
    bought = Request(name="x", writes=True, payload={"operation": "create", "PurchaseOrder": body})
    sold = next(QUICKBOOKS.post(order_1042(), {}, BOOKS))
    there = {**sold.payload["Invoice"], "Id": "145", "PrivateNote": f"Order 1042\n{write_mark(make_mark('0' * 20, 2))}"}
    batch = Batch(idempotency_key="0" * 20, requests=(bought, sold), body="")
    (lost, invoice), _ = answered(QUICKBOOKS.recover(batch), fault("4001"), found("Invoice", there))
    assert lost is not None
    assert lost.payload["Fault"]["type"] == "SystemFault"
    assert invoice is not None
    assert invoice.payload["Invoice"]["Id"] == "145"


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
    page = transport.one(QUICKBOOKS.fetch(RecordKind.ITEM, ""))
    client = Client(books, books.grant()["access_token"])
    category = client.write("Item", {"Name": "Drinkware", "Type": "Category"})
    changed = transport.one(QUICKBOOKS.fetch(RecordKind.ITEM, page.cursor))
    assert category["Id"] not in {record.id for record in changed.records}
    assert category["Id"] in changed.deleted


def test_a_batch_never_asks_for_more_than_its_answer_may_have() -> None:
    asks = [next(QUICKBOOKS.fetch(kind, "")) for kind in QUICKBOOKS.capabilities.lists]
    assert sum(one.rows for one in asks) > QUICKBOOKS.capabilities.rows_per_batch
    assert all(one.rows <= QUICKBOOKS.capabilities.rows_per_batch for one in asks)
