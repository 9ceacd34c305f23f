"""The day's calls, kept to by the hub in Redis: Xero never has to say that it is too much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from hub.database import now, session
from hub.dispatch import pump
from hub.models import Installation
from tests.support import redis
from tests.support.xero import carry, expected, posted, send, whole_ledger
from xero_sandbox import Running

CALLS_A_DAY = 2
"""Fewer than order 1042 takes."""


@pytest.fixture
def redis_url(tmp_path: Path, configured: Flask) -> Iterator[str]:
    with redis.running(tmp_path) as address:
        yield address


def test_the_line_rests_before_xero_has_to_ask_for_it(
    xero: Installation, redis_url: str, books: Running, configured: Flask
) -> None:
    configured.config.update(HUB_REDIS_URL=redis_url, HUB_XERO_CALLS_A_DAY=str(CALLS_A_DAY))
    books.control("limits", {"day": CALLS_A_DAY})
    before = len(books.control("requests"))
    send(xero, 1042)
    pump.deliver(xero.id)
    session().expire_all()
    assert xero.resume_at is not None
    assert (xero.resume_at - now()).total_seconds() > 3600
    assert before < len(books.control("requests")) <= before + CALLS_A_DAY
    books.control("limits", {})
    configured.config["HUB_XERO_CALLS_A_DAY"] = "5000"
    carry(xero, 3)
    assert whole_ledger(books) == expected(1042)
    assert posted()
    assert 429 not in {one["status"] for one in books.control("requests")}
