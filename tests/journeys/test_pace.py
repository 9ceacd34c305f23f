"""How fast QuickBooks is asked: it never has to say that it is too much, and if it has to, nothing is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from hub.database import now, session
from hub.dispatch import due, pump
from hub.models import Installation, Usage
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import CostUnit, Limit
from quickbooks_online import QuickBooksOnline
from sandbox.online import REALM, Running
from tests.support import redis
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import posted

ORDERS = range(1, 4)


@pytest.fixture
def paced(tmp_path: Path, app: Flask) -> Iterator[None]:
    with redis.running(tmp_path) as address:
        app.config["HUB_REDIS_URL"] = address
        yield


def send_all(online: Installation) -> None:
    """One order after the other, each on its own trips, as people send them."""
    for number in ORDERS:
        order = replace(order_1042(), id=str(number), number=str(number))
        send_order(ADA_AT_ACME, online.id, order, Choices())
        pump.deliver(online.id)


def statuses(books: Running) -> list[int]:
    found = books.control("requests")["requests"]
    return [one["status"] for one in found if one["path"].startswith("/v3/")]


def arrived(books: Running) -> list[tuple[object, ...]]:
    return sorted((one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in books.books()["Invoice"])


EXPECTED = [(str(number), Decimal("218.50"), Decimal("118.50")) for number in ORDERS]


def test_as_fast_as_it_may_be_asked_and_no_faster(
    paced: None, online: Installation, books: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = (Limit(most=3, seconds=1), Limit(most=4, seconds=1, counted=CostUnit.BATCHES))
    monkeypatch.setattr(QuickBooksOnline, "capabilities", replace(QuickBooksOnline.capabilities, limits=limits))
    books.control("limits", {"second": 3})
    send_all(online)
    assert arrived(books) == EXPECTED
    assert posted()
    assert set(statuses(books)) == {200}


@pytest.mark.parametrize("body", ["json", "xml", "gateway"])
def test_without_redis_it_says_so_itself_and_the_line_rests_for_a_minute(
    online: Installation, books: Running, body: str
) -> None:
    books.control("limits", {"second": 1, "body": body})
    for _ in range(60):
        send_all(online)
        session().expire_all()
        if online.resume_at is not None:
            break
    assert 429 in statuses(books)
    assert online.resume_at is not None
    assert 50 < (online.resume_at - now()).total_seconds() <= 60
    assert not due.is_due(online.id)
    books.control("limits", {"second": 1000})
    pass_time(online)
    pump.deliver(online.id)
    assert arrived(books) == EXPECTED
    assert posted()


def test_our_meter_stands_where_intuits_does(online: Installation, books: Running) -> None:
    send_all(online)
    reads, writes = session().execute(select(func.sum(Usage.reads), func.sum(Usage.writes))).one()
    theirs = books.control(f"meter/{REALM}")
    at_sign_in = 1  # Whose books the consent is for is read before there are any batches, and is not metered here.
    assert (reads + at_sign_in, writes) == (theirs["reads"], theirs["writes"])
