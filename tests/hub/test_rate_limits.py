"""How fast the books are asked: declared by the integration, observed by all workers together."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select

from hub.database import now, session
from hub.dispatch import due, pump, rate_limits
from hub.models import BatchRow, Delivery, Installation
from hub.plugin import CostUnit, Limit, Unavailable
from hub.states import BatchState, DeliveryState
from tests.support import redis
from tests.support.deliveries import EXPECTED, everything_posted, pass_time, send
from tests.support.pretend import Ledger, Pretend, integration_of

MOST, PROCESSES, TURNS = 6, 3, 4

WORKER = f"""
import sys, time
from dataclasses import replace
from flask import Flask
from hub.plugin import Limit
from hub.dispatch import rate_limits
from tests.support.pretend import Ledger, Pretend

Pretend.capabilities = replace(Pretend.capabilities, limits=(Limit(most={MOST}, seconds=1),))
app = Flask("worker")
app.config.update(HUB_REDIS_URL=sys.argv[1])
with app.app_context():
    for _ in range({TURNS}):
        while wait := rate_limits.acquire_room(Pretend(Ledger()), "books-1", ()):
            time.sleep(wait.total_seconds())
        print(time.time(), flush=True)
"""


@pytest.fixture
def redis_url(tmp_path: Path, app: Flask) -> Iterator[str]:
    with redis.running(tmp_path) as address:
        app.config["HUB_REDIS_URL"] = address
        yield address


def limit(monkeypatch: pytest.MonkeyPatch, *limits: Limit) -> None:
    monkeypatch.setattr(Pretend, "capabilities", replace(Pretend.capabilities, limits=limits))


def test_several_processes_together_keep_to_one_limit(redis_url: str) -> None:
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, redis_url], stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    answers = [worker.communicate(timeout=60)[0] for worker in workers]
    moments = sorted(float(line) for answer in answers for line in answer.splitlines())
    assert len(moments) == PROCESSES * TURNS
    assert all(later - first >= 1 for first, later in zip(moments, moments[MOST:], strict=False)), moments


def test_a_line_whose_books_are_asked_as_fast_as_they_may_be_rests_and_goes_on(
    installation: Installation, ledger: Ledger, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, Limit(most=2, seconds=60), Limit(most=1000, seconds=1))
    send(installation)
    pump.deliver(installation.id)
    session().expire_all()
    assert len(ledger.trips) == 2
    assert not installation.is_driven, "no worker waits for it"
    assert installation.resume_at is not None
    assert now() < installation.resume_at < now() + dt.timedelta(seconds=61)
    assert installation.trouble == "", "it is no trouble, it is the pace"
    assert not due.is_due(installation.id)
    assert DeliveryState.IN_DOUBT not in set(session().scalars(select(Delivery.state))), "it has not left"
    held = session().scalars(select(BatchRow).where(BatchRow.state == BatchState.OPEN)).one()
    with Redis.from_url(redis_url) as connection:
        connection.flushall()  # A minute has passed.
    pass_time(installation)
    pump.deliver(installation.id)
    assert ledger.trips[2].idempotency_key == held.idempotency_key
    while not everything_posted():
        with Redis.from_url(redis_url) as connection:
            connection.flushall()
        pass_time(installation)
        pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert len({one.idempotency_key for one in ledger.trips}) == len(ledger.trips), "nothing was asked twice"


def test_what_is_counted_is_what_the_trip_costs(app: Flask, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.plugin import Request, RequestCost

    limit(monkeypatch, Limit(most=4, seconds=60), Limit(most=1, seconds=60, counted=CostUnit.BATCHES))
    integration = integration_of(app)
    costs = {"batch": RequestCost(calls=2, batches=1), "look": RequestCost(calls=1)}
    monkeypatch.setattr(integration, "cost", lambda requests: costs[requests[0].name])

    def taken(name: str, books: str = "books-1") -> bool:
        asked = [Request(name=name, payload={}, writes=False)]
        return rate_limits.acquire_room(integration, books, asked) is None

    assert [taken("batch"), taken("batch"), taken("look"), taken("look"), taken("look")] == [
        True, False, True, True, False,
    ]  # fmt: skip
    assert taken("batch", books="books-2"), "other books have a pace of their own"


def test_where_no_pace_is_wanted_none_is_kept(
    installation: Installation, ledger: Ledger, redis_url: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, Limit(most=1, seconds=60))
    app.config["HUB_PACE"] = "off"
    send(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED


def test_without_redis_the_books_are_asked_all_the_same_and_say_it_themselves(
    installation: Installation, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, Limit(most=1, seconds=60))
    ledger.before.extend([None, Unavailable("Too many requests.", retry_after=60)])
    send(installation)
    pump.deliver(installation.id)
    session().expire_all()
    assert len(ledger.trips) == 2
    assert installation.resume_at is not None
    assert now() + dt.timedelta(seconds=50) < installation.resume_at <= now() + dt.timedelta(seconds=60)
    assert due.find_due_installations() == [], "no worker asks before the pause is over"
    pass_time(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED


def test_a_limit_of_the_app_counts_all_books_together_and_the_operator_may_set_another_figure(
    app: Flask, ledger: Ledger, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, Limit(most=100, seconds=3600, of_app=True, setting="CALLS_AN_HOUR"))
    app.config["HUB_PRETEND_CALLS_AN_HOUR"] = "2"
    pretend = integration_of(app)
    assert [rate_limits.acquire_room(pretend, books, ()) for books in ("books-1", "books-2")] == [None, None]
    assert rate_limits.acquire_room(pretend, "books-3", ()) is not None
    app.config["HUB_PRETEND_CALLS_AN_HOUR"] = "0"
    assert rate_limits.acquire_room(pretend, "books-3", ()) is None
