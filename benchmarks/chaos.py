"""Chaos: companies on both products send orders while everything is killed. Afterwards every book is compared.

Web, workers, schedulers, Redis, PostgreSQL, the sandbox of QuickBooks Online and the Web Connectors die at random and
are started again, as a supervisor does. Then each company's whole ledger must be what its orders say, to the cent:
nothing lost, nothing twice. `make chaos` takes DELIVERIES, COMPANIES and SEED.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory

import requests
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from hub.access import Actor
from hub.books import mappings
from hub.books.refresh import find_listings
from hub.database import session
from hub.dispatch import endpoints
from hub.errors import HubError
from hub.installations.install import install_integration
from hub.installations.passwords import change_password
from hub.integrations import registry
from hub.models import BatchRow, Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.queue import commit
from hub.states import DeliveryState
from sandbox.desktop.company import CompanyFile
from sandbox.desktop.connector import Application, Died, Failed, Faults, WebConnector
from tests.support.desktop import Ledger, whole_file
from tests.support.fleets import Company, Fleet, actor_at, running
from tests.support.ledgers import expected_ledger

AN_ORDER = 5
"""The least deliveries of an order: invoice, payment, purchase order, bill, and a new customer or item."""

AWAY = 0.3
"""Seconds that QuickBooks Online is away, so that many are killed in the middle of a trip."""

SETTINGS = {
    "HUB_POLLING_SECONDS": 2, "HUB_POLLING_WORK_SECONDS": 4, "HUB_POLLING_PATIENCE_SECONDS": 2,
    "HUB_ATTENDED_SECONDS": 0, "HUB_TRIP_SECONDS": 15,
}  # fmt: skip
VICTIMS = ("web", "worker-0", "worker-1", "jobs", "scheduler-0", "scheduler-1", "redis", "database", "sandbox")
PAUSE = (0.3, 3.0)
"""Seconds between two kills."""

ALONE = 0.5
"""The share of killed workers that leave the child which runs their job behind."""

DIES = 0.3
"""The share of a Web Connector's sessions that break off."""

VENDOR = "Hit Promotional Products"
"""The vendor that a new company file of the sandbox has."""

BROKEN = (DBAPIError, requests.RequestException, HubError)
PATIENCE = 1800.0


@dataclass(frozen=True)
class Office:
    """A company on QuickBooks Desktop: its installation, its Web Connector's file and its company file."""

    company: Company
    application: Application
    password: str
    folder: Path

    @classmethod
    def open(cls, fleet: Fleet, number: int) -> Office:
        """Install QuickBooks Desktop and approve the application in a new company file."""
        organization, folder = f"office-{number}", fleet.folder / f"office-{number}"
        folder.mkdir()
        actor = actor_at(organization)
        installation = install_integration(actor, "quickbooks_desktop")
        row = endpoints.endpoint_for(installation)
        password = change_password(actor, installation.id, instead_of="")
        file = endpoints.connection_file(
            installation, f"{fleet.url}/hub/polling/{row.address}", f"{fleet.url}/hub/support"
        )
        path = folder / file.name
        path.write_bytes(file.body)
        office = cls(Company(organization, installation.id), Application.read(path), password, folder)
        office.connector(Faults()).approve()
        session().remove()
        return office

    def connector(self, faults: Faults) -> WebConnector:
        company = CompanyFile(self.folder / "company", self.company.realm)
        return WebConnector(self.application, self.password, company, faults=faults, pause=0.1)

    def connect(self) -> None:
        """Run sessions until the lists are read, then choose the accounts as suggested."""
        connector = self.connector(Faults())
        for _ in range(20):
            connector.update()
            session().rollback()
            listings = find_listings(self.company.installation_id)
            if listings and not any(one.loading for one in listings):
                break
            time.sleep(0.2)
        installation = session().get_one(Installation, self.company.installation_id)
        integration = registry.find_integration("quickbooks_desktop")
        chosen = mappings.list_choices(installation, integration)
        accounts = {one.field.key: one.chosen.id for one in chosen if one.chosen}
        named = {row.fields["FullName"]: row.id for row in connector.company.rows("Account")}
        mappings.save_mappings(installation, integration, {**accounts, "income_account": named["Sales"]})
        commit()
        session().remove()
        connector.company.close()


    def ledger(self) -> Ledger:
        """Return what matters to the accountant, of everything in the company file that it did not begin with."""
        file = CompanyFile(self.folder / "company", self.company.realm)
        found = whole_file(file)
        found["purchase orders"] = [(number, total, got == "true") for number, total, got in found["purchase orders"]]
        found["vendors"] = sorted((one.name,) for one in file.rows("Vendor") if one.name != VENDOR)
        file.close()
        return found


class Connectors:
    """The Web Connectors of some offices, each in a thread: session after session, some of which die."""

    def __init__(self, offices: Sequence[Office], seed: int) -> None:
        self.deaths = Counter[str]()
        self.are_calm = self._are_stopped = False
        self._threads = [
            threading.Thread(target=self._call, args=(office, Random(f"{seed}-{number}")), daemon=True)  # noqa: S311 – To be repeated.
            for number, office in enumerate(offices)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._are_stopped = True
        for thread in self._threads:
            thread.join(60)

    def _call(self, office: Office, dice: Random) -> None:
        while not self._are_stopped:
            faults = Faults()
            if not self.are_calm and dice.random() < DIES:
                setattr(faults, dice.choice(["die_before", "die_after", "lose_at_call", "die_at_call"]),
                        dice.randint(1, 8))  # fmt: skip
            connector = office.connector(faults)
            try:
                connector.update()
            except Died:
                self.deaths["Web Connector"] += 1
            except (Failed, requests.RequestException):
                self.deaths["its connection"] += 1
            finally:
                connector.company.close()
            time.sleep(dice.uniform(0.2, 0.6))


class Killer:
    """Kills one thing after the other, in a thread, and starts it again."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet, self._dice, self._is_over = fleet, Random(seed), threading.Event()  # noqa: S311 – To be repeated.
        self.kills = Counter[str]()
        self.in_the_middle = 0
        self._done = ThreadPoolExecutor(1).submit(self._run)

    def stop(self) -> None:
        """Let it end. Raises what it has raised."""
        self._is_over.set()
        self._done.result()

    def _run(self) -> None:
        with self.fleet.app.app_context():
            while not self._is_over.wait(self._dice.uniform(*PAUSE)):
                victim = self._dice.choice(VICTIMS)
                self.in_the_middle += victim in {"jobs", *self.fleet.workers} and self.fleet.calls_under_way() > 0
                if victim == "jobs":
                    self.fleet.kill_jobs()
                else:
                    self.fleet.kill(victim, orphan=victim.startswith("worker") and self._dice.random() < ALONE)
                self.kills[victim.partition("-")[0]] += 1
                time.sleep(self._dice.uniform(0, 1.0))
                if victim == "database":
                    self.fleet.start("database")
                self.fleet.restart_ended()


def main(deliveries: int, companies: int, seed: int) -> None:
    print(f"DELIVERIES={deliveries} COMPANIES={companies} SEED={seed}", flush=True)
    with connected(companies) as (fleet, offices):
        everybody = [*fleet.companies, *(office.company for office in offices)]
        orders = max(1, deliveries // AN_ORDER // len(everybody))
        began = time.monotonic()
        connectors, killer = Connectors(offices, seed), Killer(fleet, seed)
        sent = {company: press(fleet, company, orders) for company in everybody}
        retried = wait(fleet, everybody, until=time.monotonic() + PATIENCE, calm=False)
        killer.stop()
        connectors.are_calm = True
        fleet.restart_ended()
        retried += wait(fleet, everybody, until=time.monotonic() + PATIENCE, calm=True)
        connectors.stop()
        tell(killer, connectors, retried, time.monotonic() - began)
        compare(fleet, offices, sent)


@contextmanager
def connected(companies: int) -> Iterator[tuple[Fleet, list[Office]]]:
    """Run a fleet, half of whose companies are on QuickBooks Online and half on QuickBooks Desktop."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True)))
        online = (companies + 1) // 2
        fleet = stack.enter_context(running(folder, online, settings=SETTINGS))
        fleet.start("scheduler-1")
        fleet.set_latency(AWAY)
        offices = [Office.open(fleet, number) for number in range(companies - online)]
        for office in offices:
            office.connect()
        yield fleet, offices


def press(fleet: Fleet, company: Company, orders: int) -> list[int]:
    """Send so many orders, and press again where it could not be done."""
    numbers = list(range(100_000, 100_000 + orders))
    for number in numbers:
        for _ in range(200):
            try:
                fleet.send(company, number, is_first=number == numbers[0])
                break
            except BROKEN:
                with contextlib.suppress(DBAPIError):
                    session().remove()
                time.sleep(0.2)
        else:
            raise AssertionError(f"Order {number} of {company.realm} could not be sent.")
    return numbers


def wait(fleet: Fleet, everybody: Sequence[Company], *, until: float, calm: bool) -> Counter[str]:
    """Wait until all is posted, and press Retry where a delivery has stopped, as a person does. In the storm, return
    when most is posted: what is left is for the calm."""
    retried = Counter[str]()
    while time.monotonic() < until:
        with contextlib.suppress(*BROKEN):
            states = fleet.states(everybody)
            left = sum(count for state, count in states.items() if state is not DeliveryState.POSTED)
            if not left or (not calm and left < sum(states.values()) // 20):
                return retried
            retried += retry_stopped({company.installation_id: company.actor for company in everybody})
        if calm:
            fleet.restart_ended()
        time.sleep(0.5)
    raise AssertionError(f"Not all is in the books: {fleet.states(everybody)}; {stopped_problems()}")


def retry_stopped(actors: dict[int, Actor]) -> Counter[str]:
    retried = Counter[str]()
    found = session().execute(
        select(Delivery.id, Delivery.installation_id, Delivery.problems).where(Delivery.state == DeliveryState.STOPPED)
    ).all()
    for delivery_id, installation_id, problems in found:
        with contextlib.suppress(HubError):
            retry_delivery(actors[installation_id], delivery_id)
            retried[problems[0]["code"] if problems else "none"] += 1
    session().remove()
    return retried


def stopped_problems() -> list[object]:
    return list(session().scalars(select(Delivery.problems).where(Delivery.state == DeliveryState.STOPPED).limit(5)))


def tell(killer: Killer, connectors: Connectors, retried: Counter[str], seconds: float) -> None:
    asked = killer.fleet.times_asked()
    batches, deliveries = (session().scalar(select(func.count(row.id))) for row in (BatchRow, Delivery))
    print(f"{deliveries} deliveries in {batches} batches, {seconds:.0f} s")
    print(f"killed: {dict(killer.kills)}, {killer.in_the_middle} of them workers in the middle of a trip; "
          f"broken off: {dict(connectors.deaths)}")  # fmt: skip
    print(f"{sum(times > 1 for times in asked.values())} batches of QuickBooks Online were asked more than once; "
          f"pressed Retry: {dict(retried)}")  # fmt: skip


def compare(fleet: Fleet, offices: Sequence[Office], sent: dict[Company, list[int]]) -> None:
    """Compare every ledger with what was sent, and fail at the first that differs."""
    lost, twice = Counter[str](), Counter[str]()
    ledgers = {company: fleet.ledger(company) for company in fleet.companies}
    for office in offices:
        ledgers[office.company] = office.ledger()
    for company, ledger in ledgers.items():
        for kind, expected in expected_ledger(sent[company]).items():
            there, wanted = Counter(ledger[kind]), Counter(expected)
            lost[kind] += (wanted - there).total()
            twice[kind] += (there - wanted).total()
    print(f"{lost.total()} lost, {twice.total()} twice or otherwise than sent")
    if lost.total() or twice.total():
        sys.exit(f"lost: {dict(+lost)}; too many: {dict(+twice)}")


if __name__ == "__main__":
    main(
        int(os.environ.get("DELIVERIES", "10000")), int(os.environ.get("COMPANIES", "50")),
        int(os.environ.get("SEED", SystemRandom().randrange(10**6))),
    )  # fmt: skip
