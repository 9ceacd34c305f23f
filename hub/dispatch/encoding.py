"""Encode batches, and store their bytes before they leave."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial

from sqlalchemy import select

from hub.database import now, session
from hub.extension import step_time
from hub.integrations import timeouts
from hub.models import BatchRow, ConversationRow, Endpoint, Exchange
from hub.plugin import Integration, Request
from hub.states import BatchState


def write_batch(
    installation_id: int, integration: Integration, asked: Sequence[tuple[ConversationRow, Request]]
) -> BatchRow:
    """Write a new batch and its exchanges. Raises whatever the plugin raises when it encodes."""
    batch = _encode(installation_id, integration, [request for _, request in asked])
    for slot, (row, request) in enumerate(asked):
        session().add(Exchange(
            conversation_id=row.id, position=len(row.exchanges), batch_id=batch.id, slot=slot,
            name=request.name, payload=request.payload, writes=request.writes,
        ))  # fmt: skip
    session().flush()
    session().expire(batch, ["exchanges"])
    for row, _ in asked:
        session().expire(row, ["exchanges"])
    return batch


def split_batch(batch: BatchRow, integration: Integration) -> None:
    """Send the requests of a batch that was refused as a whole on in two halves, under new keys."""
    exchanges = list(batch.exchanges)
    batch.move(BatchState.REFUSED)
    batch.answered_at = now()
    middle = (len(exchanges) + 1) // 2
    for half in (exchanges[:middle], exchanges[middle:]):
        move_requests(half, batch.installation_id, integration)
    session().expire_all()


def move_requests(exchanges: Sequence[Exchange], installation_id: int, integration: Integration) -> BatchRow:
    """Give requests that were asked, and not carried out, another batch, under a key of its own."""
    requests = [Request(name=one.name, payload=one.payload, writes=one.writes) for one in exchanges]
    batch = _encode(installation_id, integration, requests)
    for slot, exchange in enumerate(exchanges):
        exchange.batch_id, exchange.slot = batch.id, slot
    session().flush()
    session().expire(batch, ["exchanges"])
    return batch


def _encode(installation_id: int, integration: Integration, requests: Sequence[Request]) -> BatchRow:
    """Return a new batch with its bytes. The one with writes that was answered last need not be remembered any longer.
    """
    key = secrets.token_hex(10)
    endpoint = session().get(Endpoint, installation_id)
    writes = any(request.writes for request in requests)
    answered = _answered_last(installation_id) if writes else ""
    encode = partial(integration.encode, key, requests, dialect=endpoint.dialect if endpoint else "", answered=answered)
    body = timeouts.call_within(integration.key, "encode", step_time(), encode)
    batch = BatchRow(
        installation_id=installation_id, idempotency_key=key, body=body, size=len(requests), writes=writes
    )
    session().add(batch)
    session().flush()
    return batch


def _answered_last(installation_id: int) -> str:
    query = (
        select(BatchRow.idempotency_key)
        .where(
            BatchRow.installation_id == installation_id, BatchRow.state == BatchState.ANSWERED, BatchRow.writes
        )
        .order_by(BatchRow.id.desc())
        .limit(1)
    )
    return session().scalar(query) or ""


