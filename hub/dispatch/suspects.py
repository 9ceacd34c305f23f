"""Stopping a delivery during which two workers in a row have died, before it kills a third one."""

from __future__ import annotations

from sqlalchemy import select, update

from hub.database import session
from hub.dispatch import batches
from hub.dispatch.outcomes import crash_problem, settle_conversation, stop_delivery
from hub.dispatch.replay import Crashes
from hub.dispatch.responses import park_batch
from hub.integrations.crashes import log_crash
from hub.models import BatchRow, Installation, Lease, LeaseKind
from hub.plugin import Integration
from hub.states import BatchState, StopReason


class WorkersDied(Exception):
    """Two worker processes in a row ended abnormally while they worked for one installation."""


def stop_suspects(installation: Installation, integration: Integration) -> None:
    """Stop what an installation was about to do when its workers died: the batch that was under way or being read; if
    there is none, what would have been asked next. A person retries it.
    """
    mark = log_crash(WorkersDied(f"installation {installation.id}"))
    batch = _batch_under_way(installation.id)
    if batch is not None:
        if batch.state is BatchState.RECEIVED:
            batch.received = ""
            batch.move(BatchState.OPEN)
        park_batch(batch, StopReason.CRASHED, mark)
    else:
        _stop_next(installation, integration, mark)
    session().execute(
        update(Lease)
        .where(Lease.kind == LeaseKind.DELIVERIES, Lease.installation_id == installation.id)
        .values(deaths=0)
    )
    session().flush()


def _batch_under_way(installation_id: int) -> BatchRow | None:
    going = (BatchState.OPEN, BatchState.RECEIVED)
    query = select(BatchRow).where(BatchRow.installation_id == installation_id, BatchRow.state.in_(going))
    return session().scalars(query.order_by(BatchRow.id).limit(1).options(BatchRow.laden())).one_or_none()


def _stop_next(installation: Installation, integration: Integration, mark: str) -> None:
    conversations = batches.answered_conversations(installation.id)
    for row in conversations:
        settle_conversation(row, Crashes(mark))
    if not conversations:
        for delivery in batches.queued_deliveries(installation.id, integration.capabilities.requests_per_batch):
            stop_delivery(delivery, StopReason.CRASHED, crash_problem(), reference=mark)
