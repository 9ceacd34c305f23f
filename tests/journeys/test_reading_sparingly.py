"""Reads cost money: lists are read whole once, then what has changed, when QuickBooks tells of it, in one call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from hub.books import links
from hub.books.refresh import refresh_lists
from hub.database import now, session
from hub.dispatch import due, pump
from hub.integrations import registry
from hub.models import Installation, Link, Listing, RecordRow, TransactionRow, Usage
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import RecordKind
from hub.queue import commit
from sandbox.online import OTHER_REALM, REALM, Running
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import EXPECTED, posted, whole_ledger
from tests.support.serving import serving

TOKEN = "a verifier token"


@pytest.fixture
def hooked(online: Installation, books: Running, app: Flask) -> Iterator[str]:
    """The hub listens; the address at which it does. Nothing is subscribed yet."""
    app.config["HUB_QUICKBOOKS_ONLINE_VERIFIER_TOKEN"] = TOKEN
    with serving(app) as url:
        yield f"{url}/hub/webhooks/quickbooks_online"
        requests.delete(f"{books.url}/_sandbox/webhooks", timeout=5)


def calls(books: Running) -> list[str]:
    """The calls of the accounting API so far."""
    paths = [one["path"] for one in books.control("requests")["requests"]]
    return [path.rpartition("/")[2] for path in paths if path.startswith("/v3/")]


def reads() -> int:
    session().expire_all()
    return session().scalar(select(func.sum(Usage.reads))) or 0


def due_soon() -> set[str]:
    session().expire_all()
    return {one.kind for one in session().scalars(select(Listing)) if one.told}


def settle(online: Installation) -> None:
    """The short while has passed; what was told of is read."""
    for listing in session().scalars(select(Listing)):
        listing.due_at = now() if listing.told else listing.due_at
    commit()
    pump.deliver(online.id)


def write(books: Running, kind: str, fields: dict[str, Any], realm: str = REALM) -> dict[str, Any]:
    """What somebody enters in QuickBooks."""
    headers = {"Authorization": f"Bearer {books.grant(realm)['access_token']}", "Accept": "application/json"}
    address = f"{books.url}/v3/company/{realm}/{kind}"
    answer = requests.post(address, json=fields, headers=headers, timeout=5)
    assert answer.status_code == 200, answer.text
    return dict(next(value for value in answer.json().values() if isinstance(value, dict)))


def tell(books: Running) -> int:
    """Let QuickBooks tell all that waits. Gives how many of its calls were taken well."""
    return int(books.control("webhooks/deliver", {})["taken"])


def test_lists_are_read_whole_once_and_then_by_what_changed(online: Installation, books: Running) -> None:
    assert "cdc" not in calls(books), "the first time everything is asked"
    for _ in range(5):
        before, read = len(calls(books)), reads()
        refresh_lists(online, registry.find_integration("quickbooks_online"))
        commit()
        pump.deliver(online.id)
        # Of tax codes QuickBooks tells no changes, so what changed of them is asked page by page, up to an empty one.
        assert sorted(calls(books)[before:]) == ["cdc", "query", "query"]
        assert reads() == read + 3


@pytest.mark.parametrize("shape", ["cloudevents", "legacy"])
@pytest.mark.parametrize("trouble", [{}, {"copies": 3}, {"copies": 3, "disorder": True}], ids=str)
def test_what_somebody_enters_is_told_and_read_in_one_call(
    online: Installation, books: Running, hooked: str, shape: str, trouble: dict[str, object]
) -> None:
    books.webhooks(hooked, TOKEN, shape=shape, **trouble)
    made = write(books, "customer", {"DisplayName": "Latecomer"})
    changed = write(books, "customer", {**made, "DisplayName": "Later Comer"})
    write(books, "vendor", {"DisplayName": "Mug Makers"})
    tell(books)
    assert due_soon() == {"customer", "vendor"}
    before, read = len(calls(books)), reads()
    settle(online)
    assert calls(books)[before:] == ["cdc"]
    assert reads() == read + 1
    row = session().scalars(select(RecordRow).where(RecordRow.record_id == changed["Id"])).one()
    assert (row.kind, row.name) == (RecordKind.CUSTOMER, "Later Comer")
    assert due_soon() == set()


def test_what_we_write_ourselves_is_told_to_us_and_is_not_read(
    online: Installation, books: Running, hooked: str
) -> None:
    books.webhooks(hooked, TOKEN)
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    read = reads()
    assert read > 0
    tell(books)
    assert due_soon() >= {"customer", "item", "invoice", "payment"}
    settle(online)
    assert due_soon() == set()
    assert reads() == read
    assert "cdc" not in calls(books)
    assert not due.is_due(online.id)


def test_what_is_not_signed_by_intuit_is_turned_away(online: Installation, books: Running, hooked: str) -> None:
    books.webhooks(hooked, TOKEN, forged=True)
    write(books, "customer", {"DisplayName": "Latecomer"})
    assert tell(books) == 0
    assert due_soon() == set()


def test_a_company_that_is_not_connected_is_no_matter(online: Installation, books: Running, hooked: str) -> None:
    books.webhooks(hooked, TOKEN)
    write(books, "customer", {"DisplayName": "Latecomer"}, realm=OTHER_REALM)
    tell(books)
    assert books.control("webhooks/deliver", {})["waiting"] == 0, "it was taken, and does not come again"
    assert due_soon() == set()


def test_a_customer_that_is_merged_breaks_no_link(online: Installation, books: Running, hooked: str) -> None:
    books.webhooks(hooked, TOKEN)
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    kept = write(books, "customer", {"DisplayName": "ABC Company Inc."})
    tell(books)
    settle(online)
    link = links.find_link(online.id, RecordKind.CUSTOMER, "12")
    assert isinstance(link, Link)
    gone = link.record_id
    books.control(f"merge/{REALM}/customer", {"from": gone, "into": kept["Id"]})
    tell(books)
    session().expire_all()
    for _ in range(2):  # At once, and when it has been read.
        assert (link.record_id, link.name) == (kept["Id"], "ABC Company Inc.")
        assert "ABC Company Inc." in link.note
        owed = session().scalars(select(TransactionRow.customer_id)).all()
        assert set(owed) == {kept["Id"]}
        settle(online)
        session().expire_all()
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    assert posted()


def test_ten_thousand_events_are_read_in_one_call(
    online: Installation, books: Running, hooked: str, app: Flask
) -> None:
    books.webhooks(hooked, TOKEN, copies=20)
    for number in range(50):
        write(books, "customer", {"DisplayName": f"Crowd {number}"})
    tell(books)
    for _ in range(9):
        with app.test_client() as client:
            assert client.post("/hub/webhooks/quickbooks_online", data=b"[]").status_code == 401
    assert due_soon() == {"customer"}
    before = len(calls(books))
    settle(online)
    assert calls(books)[before:] == ["cdc"]
    names = session().scalars(select(RecordRow.name).where(RecordRow.name.like("Crowd %"))).all()
    assert len(names) == 50
