"""The day's calls, kept to by the hub in Redis: Xero never has to say that it is too much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from test_order_1042_in_xero import carry, expected, posted, send, whole_ledger

from hub.database import now, session
from hub.models import Installation
from hub.services.carrying import carrying, turns
from tests.hub import redis
from xero_sandbox import Running

MOST = 11
"""Calls a day: nine to connect and to read everything, and two more."""


@pytest.fixture
def redis_url(tmp_path: Path, configured: Flask) -> Iterator[str]:
    with redis.running(tmp_path) as address:
        configured.config.update(HUB_REDIS_URL=address, HUB_XERO_CALLS_A_DAY=str(MOST))
        turns._limiter.cache_clear()
        yield address
        turns._limiter.cache_clear()


def test_the_line_rests_before_xero_has_to_ask_for_it(
    redis_url: str, xero: Installation, books: Running, configured: Flask
) -> None:
    books.control("limits", {"day": MOST})
    send(xero, 1042)
    carrying.carry(xero.id)
    session().expire_all()
    assert xero.resume_at is not None
    assert (xero.resume_at - now()).total_seconds() > 3600
    assert len(books.control("requests")) == MOST
    books.control("limits", {})
    configured.config["HUB_XERO_CALLS_A_DAY"] = "5000"
    carry(xero, 3)
    assert whole_ledger(books) == expected(1042)
    assert posted()
    assert 429 not in {one["status"] for one in books.control("requests")}
