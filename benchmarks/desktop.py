"""QuickBooks Desktop: round trips, server time beside bare spyne, and the loading of long lists."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from cryptography.fernet import Fernet
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from hub import Hub, migrating
from hub.database import session
from hub.services import registry
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
from tests.hub.conftest import Desk
from tests.journeys.batches import ledger, send
from tests.journeys.desktop import Office, serving, whole_file
from tests.journeys.test_desktop_processes import Web

ORDERS, CUSTOMERS = 300, 50


@dataclass
class Call:
    operation: str
    request: bytes
    seconds: float
    answer: bytes


@dataclass
class Timed:
    """Around a WSGI application: every call to a desk, with how long it took."""

    inner: Any
    calls: list[Call] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return self.inner(environ, start)  # type: ignore[no-any-return]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        begun = time.perf_counter()
        answer = b"".join(self.inner(environ, start))
        seconds = time.perf_counter() - begun
        operation = body.partition(b"<soap:Body><")[2].split(b" ")[0].decode()
        self.calls.append(Call(operation=operation, request=body, seconds=seconds, answer=answer))
        return [answer]


@contextmanager
def host(folder: Path) -> Any:
    app = Flask("host")
    app.config.update(
        SECRET_KEY="bench", SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/hub.db", HUB_REDIS_URL="redis://127.0.0.1:9/0",
        HUB_SECRET_KEYS=Fernet.generate_key().decode(),
    )  # fmt: skip
    SQLAlchemy(app)
    Hub(Desk()).init_app(app)
    with app.app_context():
        migrating.upgrade()
        app.extensions["hub"].integrations, _ = registry.load()
        yield app
        session().remove()


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


def bare_seconds(call: Call, application: Any) -> float:
    """The same call to an application that only returns the same bytes; the best of three."""
    text = call.answer.decode()
    inside = text.partition(f"{call.operation}Result>")[2].partition("</")[0]
    Bare.answers = {"sendRequestXML": inside, "authenticate": ["0" * 32, ""]}

    def once() -> float:
        environ = {
            "REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(call.request), "wsgi.url_scheme": "http",
            "CONTENT_LENGTH": str(len(call.request)), "CONTENT_TYPE": "text/xml; charset=utf-8", "PATH_INFO": "/",
            "SERVER_NAME": "x", "SERVER_PORT": "80", "QUERY_STRING": "",
        }  # fmt: skip
        begun = time.perf_counter()
        b"".join(application(environ, lambda *_: None))
        return time.perf_counter() - begun

    return min(once() for _ in range(3))


def orders() -> None:
    """300 orders with all their documents, 50 new customers: round trips and server time."""
    with tempfile.TemporaryDirectory() as name, host(Path(name)) as app:
        timed = app.wsgi_app = Timed(app.wsgi_app)
        with serving(app) as url:
            office = Office.open(url, Path(name))
            office.connect()
            send(office, range(1000, 1000 + ORDERS), customers=CUSTOMERS)
            timed.calls.clear()
            begun = time.perf_counter()
            assert office.connector().update() == "OK"
            whole = time.perf_counter() - begun
        assert whole_file(office.company) == ledger(range(1000, 1000 + ORDERS), customers=CUSTOMERS)
    trips = sum(call.operation in {"sendRequestXML", "receiveResponseXML"} for call in timed.calls)
    application = WsgiApplication(
        Application([Bare], tns="http://developer.intuit.com/", in_protocol=Soap11(huge_tree=True),
                    out_protocol=Soap11()), max_content_length=2**26,
    )  # fmt: skip
    print(f"{ORDERS} orders: {trips} calls of send and receive, {trips / ORDERS:.3f} an order (at most 0.15)")
    print(f"  {whole:.1f} s in all, {1000 * whole / ORDERS:.0f} ms an order, the company file included")
    for operation in ("authenticate", "sendRequestXML", "receiveResponseXML"):
        chosen = [call for call in timed.calls if call.operation == operation]
        ours, bare = [call.seconds for call in chosen], [bare_seconds(call, application) for call in chosen]
        ratio = sum(ours) / sum(bare)
        print(f"  {operation}: {len(chosen)} calls, median {1000 * median(ours):.1f} ms, bare spyne "
              f"{1000 * median(bare):.1f} ms, in all {ratio:.1f} times")  # fmt: skip


def customers(count: int) -> float:
    """Load so many customers through a web process of its own. Gives the seconds a customer; prints its memory."""
    with tempfile.TemporaryDirectory() as name, host(Path(name)) as app:
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
