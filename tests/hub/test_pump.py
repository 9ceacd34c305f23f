"""One worker drives many installations at once: nobody waits for anybody else's ledger, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from hub import migrating, queue
from hub.access import Actor
from hub.database import now, session
from hub.dispatch import leases, pump, rate_limits, steps
from hub.dispatch.executors import Beside
from hub.dispatch.pump import Pump
from hub.dispatch.trips import Returned
from hub.errors import LeaseLost, Locked
from hub.host import Delivered, Organization
from hub.installations.install import claim_attempt, finish_authorization, install_integration, start_authorization
from hub.models import BatchRow, Delivery, Installation, Lease, LeaseKind, Mapping
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Batch, Connection, Response
from hub.queue import commit
from hub.states import BatchState, DeliveryState, StopReason
from tests.support import databases, redis
from tests.support.deliveries import let_leases_run_out
from tests.support.host import ADA, Desk, order_1042
from tests.support.pretend import Ledger, Pretend

pytestmark = pytest.mark.databases("sqlite", "postgresql")

COMPANIES = 6


def once(ids: Sequence[int]) -> Callable[[int], list[int]]:
    left = list(ids)

    def pop(count: int) -> list[int]:
        popped, left[:] = left[:count], left[count:]
        return popped

    return pop


class Fleet:
    """Installations of several organizations, each with an order that is sent, and their books.

    `holds` lets no trip to some books come back. `together` lets no first trip come back before all are under way.
    """

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.ledgers = defaultdict[str, Ledger](Ledger)
        self.under_way: list[str] = []
        self.most = 0
        self.holds: dict[str, threading.Event] = {}
        self.together: threading.Barrier | None = None

    def add(self, name: str) -> None:
        """Install, authorize, load the lists and send order 1042 of an organization; its books have its name."""
        actor = Actor(ADA, Organization(id=name, name=name))
        installation = install_integration(actor, "pretend")
        state = start_authorization(actor, installation.id, "http://host/back").rpartition("state=")[2]
        answer = {"books": name, "state": state}
        finish_authorization(actor, claim_attempt(actor, "pretend", state), "http://host/back", answer)
        pump.deliver(installation.id)
        session().add(Mapping(installation_id=installation.id, role="income_account", record_id="4000", name="Sales"))
        session().commit()
        send_order(actor, installation.id, replace(order_1042(), payments=()), Choices())

    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        books = connection.books_id
        self.under_way.append(books)
        self.most = max(self.most, len(self.under_way))
        try:
            if books in self.holds:
                self.holds[books].wait(30)
            if self.together is not None and not self.ledgers[books].trips:
                self.together.wait(30)
            return [Response(payload=one) for one in self.ledgers[books].carry_out(batch)]
        finally:
            self.under_way.remove(books)

    def hold(self, books: str) -> threading.Event:
        self.holds[books] = threading.Event()
        return self.holds[books]

    def drive(self, token: str = "worker") -> Pump:
        """Drive all of them as a worker does, until nothing is left to do."""
        found = Pump(token, Beside(pump.MOST), once(self.ids))
        found.run()
        session().expire_all()
        return found

    @property
    def trips(self) -> list[str]:
        """Return the key of each trip that was carried out, to any of the books."""
        return [trip.idempotency_key for ledger in self.ledgers.values() for trip in ledger.trips]

    def posted(self) -> set[int]:
        """Return the installations whose invoice is in the books."""
        query = select(Delivery.installation_id).where(
            Delivery.kind == "invoice", Delivery.state == DeliveryState.POSTED
        )
        return set(session().scalars(query))


def prepare(fleet: Fleet, app: Flask) -> None:
    databases.once("empty", app, migrating.upgrade)
    for number in range(COMPANIES):
        fleet.add(f"books-{number}")


@pytest.fixture
def fleet(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    found = Fleet()
    monkeypatch.setattr(Pretend, "send", found.send)
    databases.once("fleet", app, partial(prepare, found, app))
    found.ids = sorted(session().scalars(select(Installation.id)))
    found.ledgers.clear()
    found.most = 0
    yield found
    for event in found.holds.values():
        event.set()
    pump.stopping.clear()


def everything_is_there_once(fleet: Fleet) -> bool:
    expected = {"customers": 1, "items": 1, "invoices": 1, "payments": 0}
    found = [
        {name: len(shelf) for name, shelf in fleet.ledgers[f"books-{number}"].whole_ledger().items()}
        for number in range(COMPANIES)
    ]
    return found == [expected] * COMPANIES


def test_all_are_under_way_at_once(fleet: Fleet) -> None:
    fleet.together = threading.Barrier(COMPANIES)
    fleet.drive()
    assert fleet.most == COMPANIES
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)
    assert session().scalars(select(Lease)).all() == []


def test_a_ledger_that_takes_long_holds_up_nobody_else_and_its_late_answer_counts(app: Flask, fleet: Fleet) -> None:
    app.config["HUB_LEASE_SECONDS"] = 1
    slow = fleet.hold("books-0")
    others = set(fleet.ids[1:])

    def let_go() -> None:
        with app.app_context():
            while not others <= fleet.posted():
                session().rollback()
                time.sleep(0.05)
            time.sleep(1.5)  # Longer than a lease that is not renewed.
            other = Pump("other", Beside(1), once(fleet.ids[:1]))
            other.run()
            slow.set()

    helper = threading.Thread(target=let_go)
    helper.start()
    fleet.drive()
    helper.join()
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)
    assert len(fleet.trips) == len(set(fleet.trips)), "Nothing went twice."


def test_a_trip_that_outlives_its_time_ends_the_worker_when_the_others_are_back(app: Flask, fleet: Fleet) -> None:
    app.config["HUB_TRIP_SECONDS"] = 0.5
    fleet.hold("books-0")
    fleet.drive()
    hung = session().get_one(Installation, fleet.ids[0])
    assert hung.trouble
    assert hung.resume_at is not None
    batch = session().scalars(select(BatchRow).where(BatchRow.installation_id == hung.id).order_by(BatchRow.id.desc()))
    assert batch.first().state is BatchState.OPEN  # type: ignore[union-attr]  # It must be there.
    assert session().scalars(select(Lease)).all() == []
    fleet.holds.pop("books-0").set()
    session().execute(update(Installation).values(resume_at=None))
    session().execute(update(BatchRow).values(due_at=now()))
    session().execute(update(Delivery).values(due_at=now()))
    commit()
    app.config["HUB_TRIP_SECONDS"] = 20
    fleet.drive()
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)


def test_a_worker_that_is_told_to_stop_stores_what_comes_back_and_begins_nothing_new(fleet: Fleet) -> None:
    fleet.together = threading.Barrier(COMPANIES, pump.stopping.set)
    fleet.drive()
    assert fleet.posted() == set()
    assert len(fleet.trips) == COMPANIES, "Each first trip came back, and no second one left."
    assert session().scalars(select(BatchRow).where(BatchRow.state == BatchState.OPEN)).all() == []
    assert session().scalars(select(Lease)).all() == []
    pump.stopping.clear()
    fleet.together = None
    fleet.drive()
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)


def test_who_was_woken_for_nothing_keeps_nobody_from_being_looked_at(fleet: Fleet) -> None:
    session().execute(update(Delivery).where(Delivery.installation_id != fleet.ids[-1]).values(state="cancelled"))
    commit()
    woken = once([*fleet.ids[:-1], *range(1000, 1020), fleet.ids[-1]])
    Pump("worker", Beside(pump.MOST), woken).run()
    session().expire_all()
    assert fleet.posted() == {fleet.ids[-1]}


def test_one_product_gets_three_quarters_of_the_places(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "MOST_OF_ONE_PRODUCT", 4)
    again: list[int] = []
    monkeypatch.setattr(pump, "wake_again", again.extend)
    fleet.together = threading.Barrier(4)
    fleet.drive()
    assert fleet.most == 4
    assert fleet.posted() | set(again) == set(fleet.ids)
    assert len(again) == COMPANIES - 4, "The others are woken again."


def test_a_lock_that_a_person_holds_delays_that_company_alone(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    take_step, refused = steps.take_step, 0

    def locked(installation_id: int, *arguments: Any, **more: Any) -> Any:
        nonlocal refused
        if installation_id == fleet.ids[0] and refused < 5:
            refused += 1
            raise Locked("A person presses Send.")
        return take_step(installation_id, *arguments, **more)

    monkeypatch.setattr(pump, "take_step", locked)
    fleet.drive()
    assert refused == 5
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)


def test_an_answer_is_kept_while_the_database_is_away(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    take_step, away = steps.take_step, list[int]()

    def failing(installation_id: int, token: str, returned: Returned | None, **more: Any) -> Any:
        if returned is not None and len(away) < COMPANIES:
            away.append(installation_id)
            raise OperationalError("COMMIT", {}, Exception("the server closed the connection"))
        return take_step(installation_id, token, returned, **more)

    monkeypatch.setattr(pump, "take_step", failing)
    monkeypatch.setattr(pump, "DATABASE_SECONDS", 0.05)
    fleet.drive()
    assert len(away) == COMPANIES
    assert fleet.posted() == set(fleet.ids)
    assert len(fleet.trips) == len(set(fleet.trips)), "No answer was lost."


def test_leases_that_cannot_be_renewed_in_time_end_the_worker(
    app: Flask, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["HUB_LEASE_SECONDS"] = 1
    monkeypatch.setattr(pump, "DATABASE_SECONDS", 0.05)
    fleet.hold("books-0")
    renewals = []

    def renew(token: str) -> int:
        renewals.append(token)
        raise OperationalError("UPDATE hub_lease", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(leases, "renew_leases", renew)
    with pytest.raises(LeaseLost):
        fleet.drive()
    assert len(renewals) > 1, "It was tried as long as the leases last."


def test_a_bug_of_ours_in_one_company_holds_up_nobody_else(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    take_step = steps.take_step

    def broken(installation_id: int, *arguments: Any, **more: Any) -> Any:
        if installation_id == fleet.ids[0]:
            raise KeyError("a bug")
        return take_step(installation_id, *arguments, **more)

    monkeypatch.setattr(pump, "take_step", broken)
    found = fleet.drive()
    assert [type(error) for error in found.errors] == [KeyError]
    assert fleet.posted() == set(fleet.ids[1:])
    resting = session().get_one(Installation, fleet.ids[0])
    assert resting.resume_at is not None
    assert resting.resume_at > now() + dt.timedelta(seconds=20)
    assert session().scalars(select(Lease)).all() == []


def test_a_host_that_raises_when_it_is_told_holds_up_nobody(
    fleet: Fleet, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def delivered(event: Delivered) -> None:
        told.append(event.organization_id)
        raise KeyError("a bug of the host")

    monkeypatch.setattr(desk, "delivered", delivered)
    found = fleet.drive()
    assert found.errors == []
    assert fleet.posted() == set(fleet.ids)
    assert len(set(told)) == COMPANIES


def test_what_two_workers_died_of_is_stopped_and_the_others_go_on(fleet: Fleet) -> None:
    class Killed(BaseException):
        """The worker's process dies: nothing of it runs any more."""

    deadly = fleet.ids[2]
    fleet.ledgers["books-2"].before.extend([None, Killed(), Killed()])  # type: ignore[list-item]  # As if they were.
    for number in range(2):
        with pytest.raises(Killed):
            fleet.drive(f"worker-{number}")
        session().rollback()
        leases.note_death(f"worker-{number}")
        commit()
    fleet.drive("worker-2")
    assert fleet.posted() == set(fleet.ids) - {deadly}
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert {(one.installation_id, one.reason) for one in stopped} == {(deadly, StopReason.CRASHED)}
    assert all(one.reference for one in stopped)


def test_what_a_worker_may_have_died_of_is_driven_one_at_a_time(fleet: Fleet) -> None:
    session().execute(update(Installation).values(resume_at=None))
    leases.acquire_leases(LeaseKind.DELIVERIES, fleet.ids, "dead")
    assert leases.note_death("dead") == COMPANIES
    session().execute(update(Lease).values(until=now() - dt.timedelta(seconds=1)))
    commit()
    fleet.drive()
    assert fleet.most == 1
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)


def test_another_worker_goes_on_where_one_was_killed_with_all_its_trips_under_way(fleet: Fleet) -> None:
    class Killed(BaseException):
        """As `kill -9` would: nothing of the worker's own runs any more."""

    fleet.together = threading.Barrier(COMPANIES)
    fleet.ledgers["books-5"].after.extend([None, None, Killed()])  # type: ignore[list-item]  # As if it were.
    with pytest.raises(Killed):
        fleet.drive("dead")
    session().rollback()
    fleet.together = None
    fleet.drive("early")
    assert fleet.posted() != set(fleet.ids), "The dead worker's leases still run."
    let_leases_run_out()
    fleet.drive("other")
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)


def test_a_trip_that_must_wait_for_its_rate_limit_keeps_nobody_else_waiting(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def acquire(integration: Any, books_id: str, requests: Any) -> dt.timedelta | None:
        asked.append(books_id)
        wait = books_id == "books-0" and asked.count(books_id) < 4
        return dt.timedelta(seconds=0.1) if wait else None

    monkeypatch.setattr(rate_limits, "acquire_room", acquire)
    fleet.drive()
    assert fleet.posted() == set(fleet.ids)
    assert everything_is_there_once(fleet)
    assert asked.index("books-5") < [place for place, one in enumerate(asked) if one == "books-0"][1]



@pytest.fixture
def redis_url(tmp_path: Path, app: Flask) -> Iterator[str]:
    with redis.running(tmp_path) as address:
        app.config["HUB_REDIS_URL"] = address
        yield address


def test_a_worker_with_nothing_to_do_takes_what_comes_and_misses_nothing_when_it_ends(
    app: Flask, fleet: Fleet, redis_url: str
) -> None:
    pumps = [Pump("worker", Beside(pump.MOST), queue.pop_woken, lingers=0.5)]
    runs = threading.Thread(target=in_context(app, pumps[0].run))
    runs.start()
    posted = 0
    for number, installation_id in enumerate(fleet.ids):  # In between, it listens; at last, it has just ended.
        time.sleep((0.05, 0.2, 0.45, 0.5, 0.55, 0.9)[number])
        with app.app_context():
            queue.wake(installation_id)
            commit()
        posted += 1
    runs.join()
    with Redis.from_url(redis_url) as connection:
        queued, woken = connection.llen("rq:queue:hub"), connection.zcard("hub:woken")
    assert bool(queued) == bool(woken), "Whoever is not taken has a job queued."
    session().rollback()
    assert len(fleet.posted()) + woken >= posted, "Nobody is forgotten."
    assert queued <= 1
    assert len(fleet.posted()) >= 2, "It took what came while it had nothing to do."


def in_context(app: Flask, call: Callable[[], None]) -> Callable[[], None]:
    def within() -> None:
        with app.app_context():
            call()

    return within


def test_a_worker_with_nothing_to_do_ends_when_another_job_waits(
    fleet: Fleet, redis_url: str
) -> None:
    queue.enqueue("mail", 1)
    commit()
    began = time.monotonic()
    Pump("worker", Beside(pump.MOST), queue.pop_woken, lingers=60).run()
    assert time.monotonic() - began < 30
