"""Batches are full as long as there is enough to ask, and Send wakes no second worker for the same ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.dispatch import due, leases, pump
from hub.integrations import registry
from hub.models import BatchRow, Installation, LeaseKind
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.queue import job_queue
from tests.support import redis
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.pretend import Ledger


def send(installation: Installation, *numbers: int) -> None:
    for number in numbers:
        send_order(ADA_AT_ACME, installation.id, replace(order_1042(), id=str(number), number=str(number)), Choices())


@pytest.fixture
def woken(tmp_path: Path, app: Flask) -> Iterator[None]:
    """A Redis, in which nobody works."""
    with redis.running(tmp_path) as address:
        app.config["HUB_REDIS_URL"] = address
        yield


def test_every_batch_but_the_last_is_full(installation: Installation, ledger: Ledger) -> None:
    most = registry.find_integration(installation.integration).capabilities.requests_per_batch
    before = session().scalar(select(BatchRow.id).order_by(BatchRow.id.desc()).limit(1)) or 0
    orders = 4 * most
    send(installation, *range(1, orders + 1))
    pump.deliver(installation.id)
    sizes = list(session().scalars(select(BatchRow.size).where(BatchRow.id > before).order_by(BatchRow.id)))
    assert (len(ledger.invoices), len(ledger.payments)) == (orders, orders)
    # The customer and the item are looked up and entered first; all others wait for them.
    assert sizes == [2, 2, *[most] * (2 * orders // most)]


def test_who_sends_while_a_worker_is_at_it_queues_no_second_pump_and_is_not_forgotten(
    woken: None, installation: Installation, ledger: Ledger
) -> None:
    before = job_queue().count
    send(installation, 1)
    assert job_queue().count == before + 1
    assert leases.acquire_lease(LeaseKind.DELIVERIES, installation.id, "other")
    session().commit()
    send(installation, 2, 3)
    assert job_queue().count == before + 1
    leases.release_lease(LeaseKind.DELIVERIES, installation.id, "other")
    session().commit()
    assert due.is_due(installation.id)
    pump.deliver(installation.id)
    assert sorted(one["number"] for one in ledger.invoices) == ["1", "2", "3"]
