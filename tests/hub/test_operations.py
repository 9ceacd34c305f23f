"""What an operator looks at and cleans up: `flask hub status`, `deliveries --stuck` and `prune`."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from hub.cli import cli
from hub.database import Base, now, session
from hub.dispatch import pump
from hub.installations.install import pause_installation, remove_installation
from hub.models import BatchRow, ConversationRow, Delivery, Exchange, Installation
from hub.operations import retention, status
from hub.orders.cancel import cancel_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import RecordKind, Unavailable
from hub.states import ConversationState, DeliveryState
from tests.support.deliveries import send, states
from tests.support.host import ABC, ADA_AT_ACME, Desk, order_1042
from tests.support.pages import statements
from tests.support.pretend import Ledger
from tests.support.wide import ACCOUNTS, Wide, WideLedger, add_entries

LONG_AGO = dt.timedelta(days=3 * 365)


def run(app: Flask, *command: str) -> str:
    result = app.test_cli_runner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refuse(ledger: Ledger) -> None:
    ledger.refuses = lambda asked: "No." if "customers" in asked else ""


# ── Status ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.databases("sqlite", "postgresql")
def test_status_counts_what_waits_and_names_what_needs_attention(
    installation: Installation, app: Flask, ledger: Ledger
) -> None:
    refuse(ledger)
    send(installation)
    pump.deliver(installation.id)
    pause_installation(ADA_AT_ACME, installation.id)
    with statements(app) as found:
        (one,) = status.find_installations()
    assert len([text for text in found if text.startswith("SELECT")]) == 3
    assert (one.organization, one.integration, one.state) == ("acme", "pretend", "paused")
    assert one.counts == {DeliveryState.STOPPED: 1, DeliveryState.WAITING: 2}
    assert one.attention == ("paused", "stopped")
    assert one.answered_at is not None
    assert one.oldest is not None
    assert now() - one.oldest < dt.timedelta(minutes=1)
    line = run(app, "status").splitlines()[1].split()
    assert line[:7] == [str(one.id), "acme", "pretend", "paused", "2", "1", "0"]


def test_a_ledger_that_is_away_needs_attention(installation: Installation, app: Flask, ledger: Ledger) -> None:
    ledger.before = [Unavailable("The ledger is away.")]
    send(installation)
    pump.deliver(installation.id)
    (one,) = status.find_installations()
    assert one.attention == ("ledger-unavailable",)


def test_status_leaves_out_what_is_removed(installation: Installation, app: Flask) -> None:
    remove_installation(ADA_AT_ACME, installation.id)
    assert status.find_installations() == []
    assert len(run(app, "status").splitlines()) == 1


# ── Stuck deliveries ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.databases("sqlite", "postgresql")
def test_stuck_deliveries_are_those_that_stopped_and_those_that_do_not_move(
    installation: Installation, app: Flask, ledger: Ledger, desk: Desk
) -> None:
    refuse(ledger)
    send(installation)
    pump.deliver(installation.id)
    found = status.find_stuck(dt.timedelta(minutes=15), 100)
    assert [(one.kind, one.state, one.reason) for one in found] == [("customer", "stopped", "rejected")]
    session().execute(update(Delivery).where(Delivery.kind == "invoice").values(moved_at=now() - dt.timedelta(hours=1)))
    session().commit()
    assert [one.kind for one in status.find_stuck(dt.timedelta(minutes=15), 100)] == ["invoice", "customer"]
    assert [one.kind for one in status.find_stuck(dt.timedelta(hours=2), 100)] == ["customer"]
    assert len(status.find_stuck(dt.timedelta(0), 2)) == 2
    lines = [line.split() for line in run(app, "deliveries", "--stuck", "--seconds", "60").splitlines()]
    assert [line[1:6] for line in lines[1:]] == [
        ["acme", "1042", "invoice", "waiting", "-"], ["acme", "-", "customer", "stopped", "rejected"]
    ]  # fmt: skip


# ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────────────


def age(by: dt.timedelta = LONG_AGO) -> None:
    """Make all that was said, and all that came of it, so old."""
    then = now() - by
    session().execute(update(Delivery).values(moved_at=then, sent_at=then))
    session().execute(update(ConversationRow).values(begun_at=then))
    session().execute(update(ConversationRow).where(ConversationRow.ended_at.is_not(None)).values(ended_at=then))
    session().execute(update(BatchRow).values(written_at=then))
    session().commit()
    session().expire_all()


def counted() -> dict[str, int]:
    models: tuple[type[Base], ...] = (Delivery, ConversationRow, Exchange, BatchRow)
    return {one.__tablename__: session().scalar(select(func.count()).select_from(one)) or 0 for one in models}


def proofs() -> list[tuple[object, ...]]:
    """Return what an accountant asks for."""
    session().expire_all()
    rows = session().scalars(select(Delivery).order_by(Delivery.id))
    return [
        (row.kind, row.state, row.order_id, row.posting_id, row.posting_number, row.posting_total, row.sent_by,
         row.sent_at, row.moved_at, row.subject, row.choices)
        for row in rows
    ]  # fmt: skip


@pytest.mark.databases("sqlite", "postgresql")
def test_pruning_deletes_what_was_said_and_keeps_what_came_of_it(installation: Installation, app: Flask) -> None:
    send(installation)
    pump.deliver(installation.id)
    age()
    before, kept = counted(), proofs()
    assert before["hub_exchange"] > 4
    counted_first = retention.count_prunable(retention.keep_since())
    assert "Would delete" in run(app, "prune", "--dry-run")
    assert counted() == before, "A dry run deletes nothing."
    run(app, "prune")
    after = counted()
    assert (after["hub_exchange"], after["hub_batch"]) == (0, 0)
    assert after["hub_conversation"] == 4, "The last one of each of the four deliveries says what was posted."
    assert counted_first == retention.Pruned(
        exchanges=before["hub_exchange"], batches=before["hub_batch"],
        conversations=before["hub_conversation"] - after["hub_conversation"],
    )  # fmt: skip
    assert proofs() == kept
    assert retention.prune(retention.keep_since()) == retention.Pruned(exchanges=0, conversations=0, batches=0)


def test_what_is_younger_is_kept(installation: Installation, app: Flask) -> None:
    send(installation)
    pump.deliver(installation.id)
    age(dt.timedelta(days=60))
    before = counted()
    run(app, "prune")
    assert counted() == before
    app.config["HUB_KEEP_EXCHANGES_MONTHS"] = "1"
    run(app, "prune")
    assert counted()["hub_exchange"] == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_what_is_stopped_unanswered_or_waits_is_kept_whole(
    installation: Installation, app: Flask, ledger: Ledger, desk: Desk
) -> None:
    send(installation)
    pump.deliver(installation.id)
    refuse(ledger)
    other = desk.copy_order("777", company=replace(ABC, id="90", name="Other"))
    send_order(ADA_AT_ACME, installation.id, other, Choices())
    pump.deliver(installation.id)
    ledger.refuses = lambda _: ""
    ledger.before = [Unavailable("It is away.")]
    third = desk.copy_order("778", company=replace(ABC, id="91", name="Third"))
    send_order(ADA_AT_ACME, installation.id, third, Choices())
    pump.deliver(installation.id)
    age()
    going = unfinished()
    assert {row.state for row in going} == {"stopped", "waiting", "queued"}
    said = spoken(going)
    assert len(said) >= 2
    retention.prune(retention.keep_since())
    assert spoken(going) == said
    open_batches = session().scalars(select(BatchRow).where(BatchRow.state == "open")).all()
    assert len(open_batches) == 1
    assert open_batches[0].exchanges


def unfinished() -> list[Delivery]:
    query = select(Delivery).where(Delivery.state.not_in(("posted", "cancelled"))).order_by(Delivery.id)
    return list(session().scalars(query))


def spoken(rows: list[Delivery]) -> list[tuple[int, str]]:
    """Return the exchanges of deliveries, each with the state of its batch."""
    ids = [row.id for row in rows]
    query = (
        select(Exchange.id, BatchRow.state)
        .join(BatchRow)
        .join(ConversationRow, Exchange.conversation_id == ConversationRow.id)
        .where(ConversationRow.delivery_id.in_(ids))
        .order_by(Exchange.id)
    )
    return [(one, str(state)) for one, state in session().execute(query)]


def test_a_change_that_is_given_up_after_pruning_still_knows_what_was_posted(
    installation: Installation, app: Flask
) -> None:
    app.extensions["hub"].integrations = {"pretend": Wide(WideLedger())}
    add_entries(installation, RecordKind.ACCOUNT, *ACCOUNTS)
    session().commit()
    send(installation)
    pump.deliver(installation.id)
    age()
    retention.prune(retention.keep_since())
    changed = replace(order_1042(), discount=Decimal("1.50"), total=Decimal("228.50"))
    rows = send_order(ADA_AT_ACME, installation.id, changed, Choices(updates=("invoice",)))
    (invoice,) = [row for row in rows if row.kind == "invoice"]
    assert (invoice.state, invoice.subject["total"]) == ("queued", "228.50")
    cancel_delivery(ADA_AT_ACME, invoice.id)
    assert states()["invoice"] == "posted"
    assert Decimal(invoice.subject["total"]) == invoice.posting_total == Decimal("218.50"), "It is what the ledger has."


def test_pruning_goes_on_over_many_chunks(
    installation: Installation, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 1)
    send(installation)
    pump.deliver(installation.id)
    age()
    found = retention.prune(retention.keep_since())
    assert found.exchanges > 4
    assert counted()["hub_exchange"] == 0
    assert session().scalars(select(ConversationRow.state)).all() == [ConversationState.DONE] * 4
