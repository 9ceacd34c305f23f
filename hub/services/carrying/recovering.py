"""Finding out what became of an envelope that the ledger does not remember, before anything of it is asked again."""

from __future__ import annotations

from collections.abc import Sequence

from hub.database import now, session
from hub.extension import patience
from hub.models import ConversationRow, Envelope, Exchange, Purpose
from hub.plugin import Integration, Response, Unavailable
from hub.services.carrying import sealing
from hub.services.carrying.conversing import Crashes, Fails
from hub.services.carrying.line import delay
from hub.services.integrations import registry
from hub.states import EnvelopeState


def is_due(envelope: Envelope, integration: Integration) -> bool:
    """Whether an open envelope with writes is older than what the ledger remembers, so that it must not be repeated.

    It may have left as soon as it was written. What a person has looked for and sends again may go.
    """
    remembers = integration.capabilities.remembers
    return envelope.writes and remembers is not None and now() - envelope.fresh_since > remembers


def begin(envelope: Envelope, why: str) -> None:
    """Hold the integration's `recover` about an envelope. Until that has ended, none of its deliveries goes on."""
    envelope.move(EnvelopeState.DOUBTED)
    envelope.trouble = why
    session().add(ConversationRow(
        installation_id=envelope.installation_id, purpose=Purpose.RECOVER, argument={"envelope": envelope.id},
    ))  # fmt: skip


def take(row: ConversationRow, found: Sequence[Response | None]) -> None:
    """Store what is known of the envelope's requests. The others are asked again, under another key.

    Raises `ValueError` if the plugin did not answer for each request.
    """
    envelope = _envelope(row)
    moment = now()
    again: list[Exchange] = []
    for exchange, response in zip(envelope.exchanges, found, strict=True):
        if response is None:
            again.append(exchange)
        else:
            exchange.response, exchange.answered_at = response.payload, moment
    envelope.move(EnvelopeState.ANSWERED)
    envelope.answered_at = moment
    session().flush()
    if again:
        sealing.move(again, envelope.installation_id, registry.integration(row.installation.integration))
    session().expire(envelope, ["exchanges"])


def give_up(row: ConversationRow, step: Fails | Crashes) -> Envelope | None:
    """The question could not be answered. It is put again later, as long as the ledger has our patience; else the
    envelope is parked, and given back."""
    envelope = _envelope(row)
    unavailable = isinstance(step, Fails) and isinstance(step.error, Unavailable)
    if unavailable and now() - envelope.tried_since <= patience():
        envelope.move(EnvelopeState.OPEN)
        envelope.tries += 1
        envelope.due_at = now() + delay(envelope.tries)
        return None
    envelope.move(EnvelopeState.PARKED)
    if not unavailable:
        envelope.fresh_since = now()
    return envelope


def _envelope(row: ConversationRow) -> Envelope:
    return session().get_one(Envelope, row.argument["envelope"])
