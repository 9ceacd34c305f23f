"""The end of a trip to the ledger, in either direction: the responses are stored, or the batch is sent again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hub.backoff import backoff
from hub.books import usage
from hub.database import now
from hub.dispatch import lost_answers, recovery
from hub.dispatch.outcomes import crash_problem, settle_conversation, stop_delivery
from hub.dispatch.replay import Crashes, Fails
from hub.extension import patience_time
from hub.integrations import optional_calls, registry, validation
from hub.integrations.crashes import log_crash
from hub.models import BatchRow, Delivery, Installation
from hub.plugin import (
    AnswerUnreadable,
    AuthorizationExpired,
    Integration,
    IntegrationError,
    OutcomeUnknown,
    Problem,
    PullIntegration,
    Rejected,
    Response,
    Unavailable,
    say,
)
from hub.states import BatchState, DeliveryState, InstallationState, StopReason

_REST = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Crashed:
    """The transport of the plugin raised something that it should not."""

    reference: str


@dataclass(frozen=True, slots=True)
class Held:
    """It has not left: the rate limit is reached, and the installation pauses for so long."""

    rest: dt.timedelta


Answer = Sequence[Response] | IntegrationError | Crashed | Held


def conclude_trip(
    installation: Installation, integration: Integration, batch: BatchRow, answer: Answer
) -> dt.timedelta | None:
    """Store what came of a trip. Return how long to pause before the next one, if the ledger asked for it."""
    match answer:
        case OutcomeUnknown():
            recovery.begin_recovery(batch, str(answer))
        case AnswerUnreadable() if lost_answers.count_lost_answer(batch, str(answer)):
            open_lost_batch(installation, integration, batch)
        case Unavailable():
            return _postpone(installation, integration, batch, answer)
        case AuthorizationExpired():
            lose_authorization(installation, str(answer))
            _requeue(batch)
        case Rejected() if len(batch.exchanges) > 1:
            _reopen(batch, integration)
        case Rejected():
            batch.move(BatchState.REFUSED)
            settle_conversation(batch.exchanges[0].conversation, Fails(answer))
        case Crashed():
            park_batch(batch, StopReason.CRASHED, answer.reference)
        case Held():
            _requeue(batch)
            return answer.rest
        case IntegrationError():
            raise TypeError(f"{type(answer).__name__} is none of the three families")
        case _:
            usage.count_usage(installation.id, optional_calls.request_cost(integration, batch.as_batch().requests))
            _store(installation, batch, answer)
    return None


def check_failure(error: IntegrationError) -> IntegrationError | Crashed:
    """Return what a plugin raised, if it makes sense."""
    try:
        return validation.check_error(error)
    except (TypeError, ValueError) as wrong:
        return Crashed(log_crash(wrong))


def open_lost_batch(installation: Installation, integration: Integration, batch: BatchRow) -> None:
    """Open a batch whose answer was lost three times into smaller ones, and tell the admins. What it may have written
    is looked for before."""
    lost_answers.tell_admins(installation, batch)
    if batch.writes:
        recovery.begin_recovery(batch, batch.trouble)
    elif len(batch.exchanges) > 1:
        _reopen(batch, integration)
    else:
        batch.move(BatchState.REFUSED)
        settle_conversation(batch.exchanges[0].conversation, Fails(lost_answers.refusal_of(installation, batch)))


def _reopen(batch: BatchRow, integration: Integration) -> None:
    if reference := lost_answers.split_batch(batch, integration):
        park_batch(batch, StopReason.CRASHED, reference)


def note_trouble(installation: Installation, sentence: str) -> None:
    """Show the admins why nothing moves."""
    installation.trouble = sentence
    installation.trouble_since = installation.trouble_since or now()


def lose_authorization(installation: Installation, sentence: str) -> None:
    """The authorization is lost, confirmed. What waits goes out by itself when an admin has authorized again."""
    if installation.state in {InstallationState.CONNECTED, InstallationState.PAUSED}:
        installation.move(InstallationState.EXPIRED)
        note_trouble(installation, sentence)


def _store(installation: Installation, batch: BatchRow, responses: Sequence[Response]) -> None:
    moment = now()
    for exchange, response in zip(batch.exchanges, responses, strict=True):
        exchange.response, exchange.answered_at = response.payload, moment
    batch.move(BatchState.ANSWERED)
    batch.answered_at = installation.answered_at = moment
    batch.unread = 0
    if installation.state is InstallationState.CONNECTED:  # Else it is what the admin has to see to.
        installation.trouble, installation.trouble_since = "", None
    if installation.credential is not None:
        installation.credential.access_refused_at = None


def _postpone(
    installation: Installation, integration: Integration, batch: BatchRow, error: Unavailable
) -> dt.timedelta | None:
    batch.tries += 1
    batch.trouble = str(error)
    pulls = isinstance(integration, PullIntegration)  # Who calls us has a rhythm of its own, and that is the pause.
    wait = dt.timedelta(0) if pulls else backoff(batch.tries - 1, error.retry_after)
    batch.due_at = now() + wait
    note_trouble(installation, str(error))
    if now() - batch.tried_since > patience_time():
        park_batch(batch, StopReason.EXHAUSTED, "")
    else:
        _requeue(batch)
    # A batch that always fails must not keep the others at home for as long as itself.
    return min(wait, _REST) if error.retry_after is None else wait


def _requeue(batch: BatchRow) -> None:
    for delivery in deliveries_of(batch):
        if delivery.state is DeliveryState.SENDING:
            delivery.move(DeliveryState.QUEUED)
            delivery.due_at = batch.due_at


def park_batch(batch: BatchRow, reason: StopReason, mark: str) -> None:
    """Keep a batch until a person decides; it is repeated under its key when one of its deliveries is retried."""
    batch.move(BatchState.PARKED)
    label = registry.label_of(batch.exchanges[0].conversation.installation.integration)
    problem = crash_problem() if reason is StopReason.CRASHED else Problem(
        code="unavailable",
        what=say("%(product)s could not be reached for a long time.", product=label), why=batch.trouble,
        cure=say("Try again when it answers; whatever has arrived meanwhile is not posted a second time."),
    )  # fmt: skip
    for exchange in batch.exchanges:
        delivery = exchange.conversation.delivery
        if delivery is None:
            settle_conversation(exchange.conversation, Crashes(mark) if mark else Fails(Unavailable(batch.trouble)))
        else:
            stop_delivery(delivery, reason, problem, reference=mark)


def deliveries_of(batch: BatchRow) -> list[Delivery]:
    """Return the deliveries whose requests a batch carries."""
    return [found for exchange in batch.exchanges if (found := exchange.conversation.delivery) is not None]
