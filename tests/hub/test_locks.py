"""The lock of an installation: nobody waits for it long, and no plugin code runs under it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from hub import scope
from hub.database import session
from hub.dispatch import pump
from hub.errors import Busy
from hub.models import Installation
from hub.orders import bundles
from hub.orders.deliveries import deliveries_of_order
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Problem
from hub.states import DeliveryState, InstallationState
from tests.support.app import connect
from tests.support.host import ACME, ADA_AT_ACME, Desk
from tests.support.pages import Browser
from tests.support.pretend import Ledger

BOTH = pytest.mark.databases("sqlite", "postgresql")
TOUCH = text("UPDATE hub_installation SET changed_at = changed_at")


@contextmanager
def locked_elsewhere(url: str) -> Iterator[Callable[[], None]]:
    """Hold the lock of every installation in another connection. Give what lets it go before the end."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(TOUCH)
        yield connection.rollback
        connection.rollback()


def is_free(url: str) -> bool:
    """Return True if no transaction holds the lock of an installation."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        quick = "SET lock_timeout = 50" if engine.dialect.name == "postgresql" else "PRAGMA busy_timeout = 50"
        connection.execute(text(quick))
        try:
            connection.execute(TOUCH)
        except OperationalError:
            return False
        finally:
            connection.rollback()
    return True


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """Wait for a lock for a tenth of a second only."""
    monkeypatch.setattr(scope, "LOCK_SECONDS", 0.1)
    if app.extensions["sqlalchemy"].engine.dialect.name == "sqlite":
        session().execute(text("PRAGMA busy_timeout = 100"))


@BOTH
@pytest.mark.usefixtures("quick")
def test_a_lock_that_is_held_elsewhere_is_not_waited_for_long(
    installation: Installation, desk: Desk, database_url: str
) -> None:
    installation_id = installation.id
    session().commit()
    with locked_elsewhere(database_url), pytest.raises(Busy):
        send_order(ADA_AT_ACME, installation_id, desk.orders["1042"], Choices())
    assert deliveries_of_order(ACME.id, "1042") == []
    assert send_order(ADA_AT_ACME, installation_id, desk.orders["1042"], Choices())


@pytest.mark.databases("postgresql")
@pytest.mark.usefixtures("quick")
def test_a_rep_reads_that_another_try_will_do(
    installation: Installation, browser: Browser, database_url: str
) -> None:
    form = {"documents": "invoice", "customer": "new"}
    browser.get("/hub/orders/1042/send")
    with locked_elsewhere(database_url):
        answer = browser.post("/hub/orders/1042/send", form)
    assert answer.status_code == 409
    assert "Try again" in answer.text


@pytest.mark.databases("postgresql")
@pytest.mark.usefixtures("quick")
def test_a_sign_in_waits_for_the_lock_because_its_code_works_once(
    installation: Installation, database_url: str
) -> None:
    session().commit()
    with locked_elsewhere(database_url) as let_go:
        waiting = threading.Timer(0.5, let_go)
        waiting.start()
        connect(installation)
        waiting.join()
    assert installation.state is InstallationState.CONNECTED


@BOTH
@pytest.mark.parametrize("way", ["send", "send many", "retry"])
def test_a_plugin_is_asked_to_validate_without_the_lock(
    installation: Installation, app: Flask, desk: Desk, database_url: str, way: str
) -> None:
    plugin: Any = app.extensions["hub"].integrations["pretend"]
    ledger: Ledger = plugin.ledger
    ways: dict[str, Callable[[], object]] = {
        "send": lambda: send_order(ADA_AT_ACME, installation.id, desk.orders["1042"], Choices()),
        "send many": lambda: send_bundle(installation),
        "retry": lambda: retry(installation),
    }
    if way == "retry":
        ledger.refuses = lambda payload: "No." if "customers" in payload else ""
        send_order(ADA_AT_ACME, installation.id, desk.orders["1042"], Choices())
        pump.deliver(installation.id)
        ledger.refuses = lambda payload: ""
    free: list[bool] = []

    def validate(*_: object) -> tuple[Problem, ...]:
        free.append(is_free(database_url))
        return ()

    plugin.validate = validate
    ways[way]()
    assert free
    assert all(free)
    for _ in range(3):
        pump.deliver(installation.id)
    assert {one.state for one in deliveries_of_order(ACME.id, "1042")} == {DeliveryState.POSTED}
    assert [one["number"] for one in ledger.invoices] == ["1042"]


def send_bundle(installation: Installation) -> None:
    bundle = bundles.create_bundle(ADA_AT_ACME, installation.id, ["1042"], ["invoice"], "once")
    bundles.send_bundle(bundle.id)


def retry(installation: Installation) -> None:
    stopped = next(
        needed
        for one in deliveries_of_order(ACME.id, "1042")
        for needed in (one, *one.needs)
        if needed.state is DeliveryState.STOPPED
    )
    retry_delivery(ADA_AT_ACME, stopped.id)


def test_what_the_plugin_finds_is_reported_and_nothing_is_written(
    installation: Installation, app: Flask, desk: Desk, browser: Browser
) -> None:
    plugin: Any = app.extensions["hub"].integrations["pretend"]
    plugin.validate = lambda *_: (Problem(code="too-long", what="The number is too long."),)
    answer = browser.post("/hub/orders/1042/send", {"documents": "invoice", "customer": "new"})
    assert answer.status_code == 422
    assert "The number is too long." in answer.text
    assert deliveries_of_order(ACME.id, "1042") == []
