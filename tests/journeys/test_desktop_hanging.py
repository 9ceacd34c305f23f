"""A ledger that calls us, whose plugin hangs: the call is answered, nothing is lost, and nothing is there twice."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.database import session
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.queue import commit
from hub.states import DeliveryState, StopReason
from sandbox.desktop.connector import Failed
from tests.support.desktop import ORDER_1042, Office, whole_file
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.serving import serving


def sleeps(*_: object, **__: object) -> Any:
    time.sleep(10**6)


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, _ = registry.load_integrations()
    with serving(app) as url:
        found = Office.connected(app, url, tmp_path)
        send_order(ADA_AT_ACME, found.installation.id, order_1042(), Choices())
        yield found


@pytest.fixture
def plugin(app: Flask) -> Any:
    return app.extensions["hub"].integrations["quickbooks_desktop"]


def stopped() -> list[Delivery]:
    session().expire_all()
    return list(session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)))


@contextmanager
def hanging(app: Flask, plugin: Any, hook: str) -> Iterator[None]:
    """Let a hook of the plugin hang. It is interrupted in a tenth of a second."""
    usual = getattr(plugin, hook)
    setattr(plugin, hook, sleeps)
    app.config.update(HUB_STEP_SECONDS=0.1)
    yield
    app.config.update(HUB_STEP_SECONDS=20)
    setattr(plugin, hook, usual)


def test_a_call_at_an_endpoint_that_hangs_is_answered_and_the_next_session_brings_all(
    office: Office, plugin: Any, app: Flask
) -> None:
    usual = plugin.endpoint
    plugin.endpoint, app.config["HUB_TRIP_SECONDS"] = lambda desk: sleeps, 0.1
    with pytest.raises(Failed, match="503"):
        office.connector().update()
    assert whole_file(office.company)["invoices"] == []
    plugin.endpoint, app.config["HUB_TRIP_SECONDS"] = usual, 20
    office.update()
    assert whole_file(office.company) == ORDER_1042


def test_an_answer_that_cannot_be_read_for_hanging_is_asked_for_again_by_a_person_and_is_there_once(
    office: Office, plugin: Any, app: Flask
) -> None:
    with hanging(app, plugin, "decode"):
        office.connector().update()
    assert {one.reason for one in stopped()} == {StopReason.CRASHED}
    while found := stopped():
        retry_delivery(ADA_AT_ACME, found[0].id)
    office.update()
    assert stopped() == []
    assert whole_file(office.company) == ORDER_1042


def test_a_conversation_that_hangs_within_a_call_rests_and_the_session_goes_on(
    office: Office, plugin: Any, app: Flask
) -> None:
    with hanging(app, plugin, "create"):
        office.connector().update()
    assert {one.reason for one in stopped()} == {StopReason.CRASHED}
    while found := stopped():
        retry_delivery(ADA_AT_ACME, found[0].id)
    past = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    session().execute(update(Installation).values(resume_at=past))
    commit()
    office.update()
    assert whole_file(office.company) == ORDER_1042
