"""A ledger that remembers a key for a while only: what has been open for longer is looked for before it goes again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import now, session
from hub.dispatch import pump
from hub.models import BatchRow, Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.plugin import Batch, Conversation, Rejected, Request, Response, Unavailable
from hub.serialization import problems_of
from hub.states import BatchState, DeliveryState, StopReason
from tests.support.deliveries import EXPECTED, everything_posted, pass_time, send, states
from tests.support.host import ADA_AT_ACME
from tests.support.pretend import Ledger, Pretend, integration_of

MINUTES = dt.timedelta(minutes=6)
LOOK = Request(name="look", payload={"who": True}, writes=False)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger remembers for six minutes."""
    monkeypatch.setattr(Pretend, "capabilities", replace(Pretend.capabilities, idempotency_window=MINUTES))


@pytest.fixture
def looking(app: Flask, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, object]]]:
    """The plugin can look. Gives what stands in the books beyond what the ledger remembers, by key."""
    there: dict[str, list[dict[str, object]]] = {}

    def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
        yield LOOK
        known = there.get(batch.idempotency_key)
        return [Response(payload=one) for one in known] if known else [None] * len(batch.requests)

    monkeypatch.setattr(integration_of(app), "recover", recover)
    return there


def forget(ledger: Ledger, there: dict[str, list[dict[str, object]]]) -> None:
    """Time passes: the answers are gone, what they answered is in the books."""
    there.update(ledger.answers)
    ledger.answers.clear()
    for batch in session().scalars(select(BatchRow).where(BatchRow.state == BatchState.OPEN)):
        batch.fresh_since = batch.written_at = now() - 2 * MINUTES
    session().commit()


@pytest.mark.parametrize("trip", range(4))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_line_cut_at_any_trip_for_longer_than_the_ledger_remembers(
    installation: Installation, ledger: Ledger, looking: dict[str, list[dict[str, object]]], trip: int, moment: str
) -> None:
    getattr(ledger, moment).extend([None] * trip + [Unavailable("The line was cut.")])
    send(installation)
    pump.deliver(installation.id)
    forget(ledger, looking)
    for _ in range(3):
        pass_time(installation)
        pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted()


def test_a_young_batch_is_repeated_without_a_look(installation: Installation, ledger: Ledger) -> None:
    ledger.after.append(Unavailable("The line was cut."))
    send(installation)
    pump.deliver(installation.id)
    pass_time(installation)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert not [one for one in ledger.trips if one.requests == (LOOK,)]


def test_looking_that_fails_is_tried_again_later_and_nothing_is_sent_meanwhile(
    installation: Installation, ledger: Ledger, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
        yield LOOK
        raise Unavailable("The books are locked.")

    monkeypatch.setattr(integration_of(app), "recover", recover)
    ledger.after.extend([None, None, Unavailable("The line was cut.")])
    send(installation)
    pump.deliver(installation.id)
    invoices = list(ledger.invoices)
    forget(ledger, {})
    for _ in range(3):
        pass_time(installation)
        before = len(ledger.trips)
        pump.deliver(installation.id)
        assert [one.requests for one in ledger.trips[before:]] == [(LOOK,)], "once a round, however long it takes"
    assert ledger.invoices == invoices
    assert not everything_posted()


def test_after_our_patience_a_person_is_asked(
    installation: Installation, ledger: Ledger, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
        yield LOOK
        raise Unavailable("The books are locked.")

    monkeypatch.setattr(integration_of(app), "recover", recover)
    ledger.after.extend([None, None, Unavailable("The line was cut.")])
    send(installation)
    pump.deliver(installation.id)
    forget(ledger, {})
    app.config["HUB_PATIENCE_SECONDS"] = 0
    pass_time(installation)
    pump.deliver(installation.id)
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert [one.reason for one in stopped] == [StopReason.EXHAUSTED]
    assert [problem.code for one in stopped for problem in problems_of(one.problems)] == ["unavailable"]


def test_where_nobody_can_look_a_person_does_and_what_that_person_sends_again_goes(
    installation: Installation, ledger: Ledger
) -> None:
    ledger.before.extend([None, None, Unavailable("The line was cut.")])
    send(installation)
    pump.deliver(installation.id)
    forget(ledger, {})
    pass_time(installation)
    pump.deliver(installation.id)
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert [problem.code for one in stopped for problem in problems_of(one.problems)] == ["in-doubt"]
    assert ledger.invoices == []
    for one in stopped:
        retry_delivery(ADA_AT_ACME, one.id)
    pump.deliver(installation.id)
    assert ledger.whole_ledger() == EXPECTED
    assert everything_posted(), states()
    with pytest.raises(Rejected):
        next(Pretend(ledger).recover(Batch(idempotency_key="0" * 24, requests=(), body="")))
