"""Two web processes and PostgreSQL: one session is served by both, and either may be killed at any call."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from flask import Flask

from hub.database import session
from hub.integrations import registry
from hub.states import DeliveryState
from sandbox.desktop.connector import Died, Failed, Faults, WebConnector
from tests.support.desktop import Office, faults, let_sessions_time_out, states, whole_file
from tests.support.desktop_processes import Web, Work
from tests.support.orders import ledger, send

pytestmark = [pytest.mark.timeout(400), pytest.mark.databases("postgresql")]



class Between(WebConnector):
    """A Web Connector behind a load balancer: each call reaches the other process. Call `kill_at` kills its process."""

    webs: tuple[Web, ...] = ()
    kill_at = 0

    def choose_url(self) -> str:
        web = self.webs[self.calls % len(self.webs)]
        if self.calls == self.kill_at:
            web.kill()
        return web.url + "/hub/" + self.application.url.partition("/hub/")[2]


@pytest.fixture
def webs(app: Flask, database_url: str) -> Iterator[tuple[Web, Web]]:
    pair = tuple(Web(database_url, app.config["HUB_SECRET_KEYS"]) for _ in range(2))
    try:
        yield pair  # type: ignore[misc]  # There are two.
    finally:
        for web in pair:
            web.kill()


@pytest.fixture
def office(app: Flask, webs: tuple[Web, Web], tmp_path: Path) -> Office:
    app.extensions["hub"].integrations, _ = registry.load_integrations()
    office = Office.open(webs[0].url, tmp_path)
    session().commit()
    office.connect()
    session().commit()
    return office


def between(office: Office, webs: tuple[Web, Web], found: Faults | None = None, kill_at: int = 0) -> bool:
    """Run a session between two processes, and let it time out. Return False if it did not come to its end."""
    session().commit()  # No transaction of this process may block the two.
    connector = Between(office.application, office.password, office.company, faults=found or Faults(), pause=0.01)
    connector.webs, connector.kill_at = webs, kill_at
    try:
        connector.update()
    except (Died, Failed, requests.RequestException):
        return False
    finally:
        let_sessions_time_out()
    return True


def finish(office: Office, webs: tuple[Web, Web]) -> None:
    for _ in range(10):
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


PATIENCE = 0.3
"""Seconds for which a killed worker is waited for."""


@pytest.fixture
def work(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Work]:
    work = Work(tmp_path)
    try:
        work.start(database_url, app.config["HUB_SECRET_KEYS"], PATIENCE)
        yield work
    finally:
        work.stop()


def test_a_worker_that_is_killed_while_it_reads_answers_leaves_them_to_the_next(
    app: Flask, database_url: str, work: Work, tmp_path: Path
) -> None:
    """Message sets of many requests are read and packed by a worker while QuickBooks works on others."""
    where = (database_url, app.config["HUB_SECRET_KEYS"])
    app.extensions["hub"].integrations, _ = registry.load_integrations()
    web = Web(*where, work.redis, PATIENCE)
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
            work.start(*where, PATIENCE)
            let_sessions_time_out()
        office.update()
        check(office, range(5000, 5060))
    finally:
        web.kill()
