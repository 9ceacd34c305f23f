"""Retention: what was said to ledgers long ago is deleted, and what came of it stays.

Deleted are the raw requests and answers (`hub_exchange`), the batches that carried them, and conversations that only
read or failed. Kept are deliveries with their posting, number, total, sender and times, and the last conversation that
posted each, without its exchanges: it says what the document in the books was made from.

Only what is finished is looked at: deliveries that are posted or cancelled, conversations that have ended, batches that
were answered or refused. What has stopped, waits, or is on its way stays whole, however old it is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select
from sqlalchemy.orm import aliased

from hub.database import Base, now, session
from hub.models import BatchRow, ConversationRow, Delivery, Endpoint, Exchange
from hub.queue import commit
from hub.states import BatchState, ConversationState, DeliveryState

_MONTH = dt.timedelta(days=30.44)
CHUNK = 500
"""Rows of one transaction, which takes some milliseconds."""

_DONE_WITH = (BatchState.ANSWERED, BatchState.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The number of rows that were deleted, or would be."""

    exchanges: int
    conversations: int
    batches: int


def keep_since(months: float | None = None) -> dt.datetime:
    """Return from when on everything is kept: so many months ago, or else `HUB_KEEP_EXCHANGES_MONTHS` (24)."""
    kept = float(current_app.config.get("HUB_KEEP_EXCHANGES_MONTHS", 24)) if months is None else months
    return now() - kept * _MONTH


def count_prunable(before: dt.datetime) -> Pruned:
    """Return how many rows `prune` would delete. Three queries."""
    batches = _batches(before, _exchanges(before))
    return Pruned(
        exchanges=_count(_exchanges(before)), conversations=_count(_conversations(before)), batches=_count(batches)
    )


def prune(before: dt.datetime) -> Pruned:
    """Delete what was finished before then, in short transactions. It may be interrupted, and run beside workers."""
    return Pruned(
        exchanges=_delete(Exchange, _exchanges(before)),
        conversations=_delete(ConversationRow, _conversations(before, are_empty=True)),
        batches=_delete(BatchRow, _batches(before)),
    )


def _is_finished(before: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of a conversation that ended before then, of no delivery or of one that is finished."""
    return (
        ConversationRow.state.in_((ConversationState.DONE, ConversationState.FAILED)),
        ConversationRow.ended_at < before,
        or_(
            ConversationRow.delivery_id.is_(None),
            Delivery.state.in_((DeliveryState.POSTED, DeliveryState.CANCELLED)) & (Delivery.moved_at < before),
        ),
    )


def _exchanges(before: dt.datetime) -> Select[int]:
    return (
        select(Exchange.id)
        .join(ConversationRow, Exchange.conversation_id == ConversationRow.id)
        .join(BatchRow, Exchange.batch_id == BatchRow.id)
        .outerjoin(Delivery, ConversationRow.delivery_id == Delivery.id)
        .where(BatchRow.state.in_(_DONE_WITH), *_is_finished(before))
    )


def _conversations(before: dt.datetime, *, are_empty: bool = False) -> Select[int]:
    """Return those that go with their exchanges: all but the last of each delivery that has posted something.
    `are_empty` leaves out those that still have exchanges."""
    later = aliased(ConversationRow)
    is_last_done = (ConversationRow.state == ConversationState.DONE) & ~exists().where(
        later.delivery_id == ConversationRow.delivery_id, later.state == ConversationState.DONE,
        later.id > ConversationRow.id,
    )  # fmt: skip
    left = select(Exchange.id).where(Exchange.conversation_id == ConversationRow.id)
    if not are_empty:
        left = left.join(BatchRow, Exchange.batch_id == BatchRow.id).where(BatchRow.state.not_in(_DONE_WITH))
    return (
        select(ConversationRow.id)
        .outerjoin(Delivery, ConversationRow.delivery_id == Delivery.id)
        .where(*_is_finished(before), or_(ConversationRow.delivery_id.is_(None), ~is_last_done), ~left.exists())
    )


def _batches(before: dt.datetime, going: Select[int] | None = None) -> Select[int]:
    """Return batches without an exchange. `going` are exchanges that count as deleted."""
    left = select(Exchange.id).where(Exchange.batch_id == BatchRow.id)
    if going is not None:
        left = left.where(Exchange.id.not_in(going))
    return select(BatchRow.id).where(
        BatchRow.state.in_(_DONE_WITH), BatchRow.written_at < before, ~left.exists(),
        ~exists().where(Endpoint.batch_id == BatchRow.id),
    )  # fmt: skip


def _count(query: Select[int]) -> int:
    return session().scalar(select(func.count()).select_from(query.subquery())) or 0


def _delete(model: type[Base], query: Select[int]) -> int:
    """Delete what a query finds, a chunk in each transaction, in the order of the ids."""
    key: Any = model.__table__.c.id
    deleted, last = 0, 0
    while ids := session().scalars(query.where(key > last).order_by(key).limit(CHUNK)).all():
        session().execute(delete(model).where(key.in_(ids)).execution_options(synchronize_session=False))
        commit()
        deleted, last = deleted + len(ids), ids[-1]
    return deleted
