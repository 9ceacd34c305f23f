"""A fleet: many companies press Send for one order each at once, and their books are far away.

Each order has a new customer, a new item, an invoice, a payment, a purchase order and a bill. The workers are held
while all press; the clock runs from when they may begin until the last document is in the books.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from redis import Redis
from rq import Worker as Listening
from sqlalchemy import func, select

from benchmarks.online import KINDS, Sandbox, Worker, connect, database, host, settings, wait
from hub.access import Actor
from hub.database import now, session
from hub.host import Organization, User
from hub.models import BatchRow, Delivery, Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices, choice_of_new
from sandbox.online.seed.companies import copies
from tests.support import redis
from tests.support.mugs import orders
from tests.support.processes import wait_until

COMPANIES, WORKERS, LATENCY = 100, 2, 1.0
"""How many press, how many workers there are, and how many seconds the books are away."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of some companies' pressing Send at once. In seconds after the workers might begin."""

    arrived: Sequence[float]
    """When the last document of each company was in its books."""
    trips: int
    peak: int
    """Bytes that a worker held at the highest."""
    worked: float
    """Processor seconds of the workers and their jobs."""


def main(companies: int = COMPANIES, workers: int = WORKERS) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        sandbox = Sandbox(folder / "books", copies=companies + 1)
        stack.callback(sandbox.close)
        address = stack.enter_context(redis.running(folder))
        url = stack.enter_context(database(folder / "postgres"))
        where = (url, Fernet.generate_key().decode(), address, json.dumps(settings(sandbox)))
        stack.enter_context(host(where))
        realms = [company.realm for company in copies(companies + 1)]
        installed = [connect(_actor(realm), realm) for realm in realms]
        session().remove()
        sandbox.control("POST", "latency", seconds=LATENCY)
        running = [Worker(kind, where) for kind in (*["worker"] * workers, "scheduler")]
        for worker in running:
            stack.callback(worker.close)
        line = stack.enter_context(Redis.from_url(address))
        wait_until(lambda: len(Listening.all(connection=line)) == workers, 60, "the workers listen")
        alone = press(installed[:1], running)
        tell("one company alone", alone)
        print(f"  {alone.arrived[0] / (alone.trips * LATENCY):.2f} times the latency of its trips (at most 1.25)")
        fleet = press(installed[1:], running)
        tell(f"{companies} companies, {workers} workers", fleet)
        last, median = max(fleet.arrived), statistics.median(fleet.arrived)
        print(f"  the last after {last / alone.arrived[0]:.2f} times one alone (at most 3), the median after "
              f"{median / alone.arrived[0]:.2f} times")  # fmt: skip
        for realm in realms:
            check(sandbox, realm)


def press(installed: Sequence[int], workers: Sequence[Worker]) -> Run:
    """Let each of these companies send one order, and wait until all are in the books."""
    before = session().scalar(select(func.max(BatchRow.id))) or 0
    for worker in workers:
        worker.hold()
    for number, installation_id in enumerate(installed):
        organization = session().get_one(Installation, installation_id).organization_id
        actor = _actor(organization)
        order, *_ = orders(100_000 + number)
        new = choice_of_new()
        send_order(actor, installation_id, order, Choices(documents=KINDS, customer=new, vendors={"mugs": new}))
        session().remove()
    worked, begun = sum(worker.worked() for worker in workers), now()
    for worker in workers:
        worker.go_on()
    wait(installed, workers)
    query = (
        select(Delivery.installation_id, func.max(Delivery.moved_at))
        .where(Delivery.installation_id.in_(installed))
        .group_by(Delivery.installation_id)
    )
    arrived = [(moment - begun).total_seconds() for _, moment in session().execute(query)]
    trips = session().scalar(select(func.count(BatchRow.id)).where(BatchRow.id > before)) or 0
    session().remove()
    return Run(
        arrived=arrived, trips=trips, peak=max(worker.peak for worker in workers),
        worked=sum(worker.worked() for worker in workers) - worked,
    )  # fmt: skip


def _actor(organization: str) -> Actor:
    return Actor(User(id="ada", name="Ada"), Organization(id=organization, name=organization))


def tell(what: str, run: Run) -> None:
    median, last = statistics.median(run.arrived), max(run.arrived)
    worked = 1000 * run.worked / len(run.arrived)
    print(f"{what}: the median after {median:.1f} s, the last after {last:.1f} s; {run.trips} trips; "
          f"{worked:.0f} ms of processor time a company; memory of a worker {run.peak / 2**20:.0f} MB")  # fmt: skip


def check(sandbox: Sandbox, realm: str) -> None:
    """Each document is in the company's books once."""
    books = sandbox.control("GET", f"books/{realm}")
    kinds = ("Customer", "Vendor", "Item", "Invoice", "Payment", "PurchaseOrder", "Bill")
    assert [len(books[kind]) for kind in kinds] == [1] * len(kinds), (realm, {kind: books[kind] for kind in kinds})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
