"""Finding out what became of a batch that the ledger does not remember, before anything of it is asked again."""

from __future__ import annotations

from collections.abc import Sequence

from hub.backoff import backoff
from hub.database import now, session
from hub.dispatch import encoding
from hub.dispatch.replay import Crashes, Fails
from hub.extension import patience_time
from hub.integrations import registry
from hub.models import BatchRow, ConversationRow, Exchange, Purpose
from hub.plugin import Integration, Problem, Rejected, Response, Unavailable, say
from hub.states import BatchState

MOST_LOST = 3
"""Answers to a batch in a row that may not arrive, or not be readable, before it is opened into smaller ones."""


def unreadable(product: str, why: str) -> Problem:
    """Return the problem of a single request whose answer is lost each time."""
    return Problem(
        code="answer-unreadable", what=say("The answer of %(product)s could not be read three times.", product=product),
        why=why,
        cure=say(
            "Look for unusual characters in the texts, then click Retry: what is in %(product)s already is not entered "
            "twice. If it happens again, tell your support.", product=product,
        ),
    )  # fmt: skip


def is_recovery_due(batch: BatchRow, integration: Integration) -> bool:
    """Return True if an open batch with writes is older than what the ledger remembers, so that it must not be
    repeated.

    It may have left as soon as it was written. What a person has looked for and sends again may go.
    """
    remembers = integration.capabilities.idempotency_window
    return batch.writes and remembers is not None and now() - batch.fresh_since > remembers


def begin_recovery(batch: BatchRow, why: str) -> None:
    """Hold the integration's `recover` about a batch. Until that has ended, none of its deliveries goes on."""
    batch.move(BatchState.DOUBTED)
    batch.trouble = why
    session().add(ConversationRow(
        installation_id=batch.installation_id, purpose=Purpose.RECOVER, argument={"batch": batch.id},
    ))  # fmt: skip


def store_outcomes(
    row: ConversationRow, found: Sequence[Response | Rejected | None]
) -> list[tuple[Exchange, Rejected]]:
    """Store what is known of the batch's requests. Those that were not carried out are asked again, under another key;
    in two halves if answers were lost again and again.

    Return those of which nobody knows, parked in a batch of their own: a person decides about each. Raises `ValueError`
    if the plugin did not answer for each request.
    """
    batch = _batch(row)
    moment = now()
    again, unknown = list[Exchange](), list[tuple[Exchange, Rejected]]()
    for exchange, outcome in zip(batch.exchanges, found, strict=True):
        if outcome is None:
            again.append(exchange)
        elif isinstance(outcome, Rejected):
            unknown.append((exchange, outcome))
        else:
            exchange.response, exchange.answered_at = outcome.payload, moment
    batch.move(BatchState.ANSWERED)
    batch.answered_at = moment
    session().flush()
    integration = _integration(row)
    if batch.unread >= MOST_LOST and batch.size == 1:
        problem = unreadable(integration.label, batch.trouble)
        again, unknown = [], [*unknown, *((exchange, Rejected(problem)) for exchange in again)]
    for part in _divide(again) if batch.unread >= MOST_LOST else [again]:
        if part:
            encoding.move_requests(part, batch.installation_id, integration)
    if unknown:
        encoding.move_requests([one for one, _ in unknown], batch.installation_id, integration).move(BatchState.PARKED)
    session().expire_all()
    return unknown


def _divide(exchanges: Sequence[Exchange]) -> list[Sequence[Exchange]]:
    middle = (len(exchanges) + 1) // 2
    return [exchanges[:middle], exchanges[middle:]]


def give_up_recovery(row: ConversationRow, step: Fails | Crashes) -> BatchRow | None:
    """Schedule the recovery again, or park the batch after `HUB_PATIENCE_SECONDS`. Return the batch if it is parked."""
    batch = _batch(row)
    unavailable = isinstance(step, Fails) and isinstance(step.error, Unavailable)
    if unavailable and now() - batch.tried_since <= patience_time():
        batch.move(BatchState.OPEN)
        batch.tries += 1
        batch.due_at = now() + backoff(batch.tries)
        return None
    if batch.unread >= MOST_LOST and not unavailable and not is_recovery_due(batch, _integration(row)):
        batch.move(BatchState.OPEN)  # Its key is still remembered, so the same bytes may go again.
        batch.unread, batch.due_at = 0, now()
        return None
    batch.move(BatchState.PARKED)
    if not unavailable:
        batch.fresh_since = now()
    return batch


def _integration(row: ConversationRow) -> Integration:
    return registry.find_integration(row.installation.integration)


def _batch(row: ConversationRow) -> BatchRow:
    return session().get_one(BatchRow, row.argument["batch"])
