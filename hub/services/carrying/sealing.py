"""Writing envelopes down, with their bytes, before they leave."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial

from sqlalchemy import select

from hub.database import now, session
from hub.extension import step_time
from hub.models import ConversationRow, DeskRow, Envelope, Exchange
from hub.plugin import Integration, Request
from hub.services.integrations import hanging
from hub.states import EnvelopeState


def write(
    installation_id: int, integration: Integration, asked: Sequence[tuple[ConversationRow, Request]]
) -> Envelope:
    """Write a new envelope and its exchanges. Raises whatever the plugin raises when it seals."""
    envelope = _seal(installation_id, integration, [request for _, request in asked])
    for slot, (row, request) in enumerate(asked):
        session().add(Exchange(
            conversation_id=row.id, position=len(row.exchanges), envelope_id=envelope.id, slot=slot,
            name=request.name, payload=request.payload, writes=request.writes,
        ))  # fmt: skip
    session().flush()
    session().expire(envelope, ["exchanges"])
    for row, _ in asked:
        session().expire(row, ["exchanges"])
    return envelope


def reopen(envelope: Envelope, integration: Integration) -> None:
    """An envelope was refused as a whole: its requests travel on in two halves, under new keys."""
    exchanges = list(envelope.exchanges)
    envelope.move(EnvelopeState.REFUSED)
    envelope.answered_at = now()
    middle = (len(exchanges) + 1) // 2
    for half in (exchanges[:middle], exchanges[middle:]):
        move(half, envelope.installation_id, integration)
    session().expire_all()


def move(exchanges: Sequence[Exchange], installation_id: int, integration: Integration) -> None:
    """Give requests that were asked, and not carried out, another envelope, under a key of its own."""
    requests = [Request(name=one.name, payload=one.payload, writes=one.writes) for one in exchanges]
    envelope = _seal(installation_id, integration, requests)
    for slot, exchange in enumerate(exchanges):
        exchange.envelope_id, exchange.slot = envelope.id, slot
    session().flush()


def _seal(installation_id: int, integration: Integration, requests: Sequence[Request]) -> Envelope:
    """A new envelope with its bytes. The one with writes that was answered last need not be remembered any longer."""
    key = secrets.token_hex(12)
    desk = session().get(DeskRow, installation_id)
    writes = any(request.writes for request in requests)
    answered = _answered_last(installation_id) if writes else ""
    seal = partial(integration.seal, key, requests, dialect=desk.dialect if desk else "", answered=answered)
    body = hanging.within(integration.key, "seal", step_time(), seal)
    envelope = Envelope(installation_id=installation_id, key=key, body=body, size=len(requests), writes=writes)
    session().add(envelope)
    session().flush()
    return envelope


def _answered_last(installation_id: int) -> str:
    query = (
        select(Envelope.key)
        .where(
            Envelope.installation_id == installation_id, Envelope.state == EnvelopeState.ANSWERED, Envelope.writes
        )
        .order_by(Envelope.id.desc())
        .limit(1)
    )
    return session().scalar(query) or ""


