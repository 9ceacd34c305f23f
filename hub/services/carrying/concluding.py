"""What follows from a trip to the ledger, whoever carried the envelope: the answers are stored, or it goes again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from hub.database import now, session
from hub.extension import patience
from hub.models import Delivery, Envelope, Installation
from hub.plugin import (
    AuthorizationExpired,
    InDoubt,
    Integration,
    IntegrationError,
    Problem,
    PullIntegration,
    Rejected,
    Response,
    Unavailable,
    say,
)
from hub.services.books import metering
from hub.services.carrying import recovering, sealing
from hub.services.carrying.conversing import Crashes, Fails
from hub.services.carrying.line import delay
from hub.services.carrying.settling import crash_problem, settle, stop
from hub.services.integrations import courtesy, registry, vetting
from hub.services.integrations.bugs import reference
from hub.states import DeliveryState, EnvelopeState, InstallationState, StopReason

_REST = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Crashed:
    """The carrier of the plugin raised something that it should not."""

    reference: str


@dataclass(frozen=True, slots=True)
class Held:
    """It has not left: the books have been asked as fast as they may be, and the line rests for so long."""

    rest: dt.timedelta


Answer = Sequence[Response] | IntegrationError | Crashed | Held


def conclude(
    installation: Installation, integration: Integration, envelope: Envelope, answer: Answer
) -> dt.timedelta | None:
    """Store what came of a trip. Gives how long the line must rest before the next one, if it must."""
    match answer:
        case InDoubt():
            recovering.begin(envelope, str(answer))
        case Unavailable():
            return _postpone(installation, integration, envelope, answer)
        case AuthorizationExpired():
            lose(installation, str(answer))
            _requeue(envelope)
        case Rejected() if len(envelope.exchanges) > 1:
            _reopen(envelope, integration)
        case Rejected():
            envelope.move(EnvelopeState.REFUSED)
            settle(envelope.exchanges[0].conversation, Fails(answer))
        case Crashed():
            _park(envelope, StopReason.CRASHED, answer.reference)
        case Held():
            _requeue(envelope)
            return answer.rest
        case IntegrationError():
            raise TypeError(f"{type(answer).__name__} is none of the three families")
        case _:
            metering.count(installation.id, courtesy.postage(integration, envelope.sealed().requests))
            _store(installation, envelope, answer)
    return None


def heard(error: IntegrationError) -> IntegrationError | Crashed:
    """What a plugin raised, if it makes sense."""
    try:
        return vetting.error(error)
    except (TypeError, ValueError) as wrong:
        return Crashed(reference(wrong))


def _reopen(envelope: Envelope, integration: Integration) -> None:
    """A plugin may do anything when it seals; what it was to seal stops."""
    try:
        with session().begin_nested():
            sealing.reopen(envelope, integration)
    except SQLAlchemyError:
        raise
    except Exception as error:
        session().expire_all()
        _park(envelope, StopReason.CRASHED, reference(error))


def trouble(installation: Installation, sentence: str) -> None:
    """Show the admins why nothing moves."""
    installation.trouble = sentence
    installation.trouble_since = installation.trouble_since or now()


def lose(installation: Installation, sentence: str) -> None:
    """The authorization is lost, confirmed. What waits goes out by itself when an admin has authorized again."""
    if installation.state in {InstallationState.CONNECTED, InstallationState.PAUSED}:
        installation.move(InstallationState.EXPIRED)
        trouble(installation, sentence)


def _store(installation: Installation, envelope: Envelope, responses: Sequence[Response]) -> None:
    moment = now()
    for exchange, response in zip(envelope.exchanges, responses, strict=True):
        exchange.response, exchange.answered_at = response.payload, moment
    envelope.move(EnvelopeState.ANSWERED)
    envelope.answered_at = installation.answered_at = moment
    if installation.state is InstallationState.CONNECTED:  # Else it is what the admin has to see to.
        installation.trouble, installation.trouble_since = "", None
    if installation.credential is not None:
        installation.credential.access_refused_at = None


def _postpone(
    installation: Installation, integration: Integration, envelope: Envelope, error: Unavailable
) -> dt.timedelta | None:
    envelope.tries += 1
    envelope.trouble = str(error)
    pulls = isinstance(integration, PullIntegration)  # Who calls us has a rhythm of its own, and that is the pause.
    wait = dt.timedelta(0) if pulls else delay(envelope.tries - 1, error.retry_after)
    envelope.due_at = now() + wait
    trouble(installation, str(error))
    if now() - envelope.tried_since > patience():
        _park(envelope, StopReason.EXHAUSTED, "")
    else:
        _requeue(envelope)
    # An envelope that always fails must not keep the others at home for as long as itself.
    return min(wait, _REST) if error.retry_after is None else wait


def _requeue(envelope: Envelope) -> None:
    for delivery in deliveries(envelope):
        if delivery.state is DeliveryState.SENDING:
            delivery.move(DeliveryState.QUEUED)
            delivery.due_at = envelope.due_at


def _park(envelope: Envelope, reason: StopReason, mark: str) -> None:
    """Keep an envelope until a person decides; it is repeated under its key when one of its deliveries is retried."""
    envelope.move(EnvelopeState.PARKED)
    label = registry.label(envelope.exchanges[0].conversation.installation.integration)
    problem = crash_problem() if reason is StopReason.CRASHED else Problem(
        code="unavailable",
        what=say("%(product)s could not be reached for a long time.", product=label), why=envelope.trouble,
        cure=say("Try again when it answers; whatever has arrived meanwhile is not posted a second time."),
    )  # fmt: skip
    for exchange in envelope.exchanges:
        delivery = exchange.conversation.delivery
        if delivery is None:
            settle(exchange.conversation, Crashes(mark) if mark else Fails(Unavailable(envelope.trouble)))
        else:
            stop(delivery, reason, problem, reference=mark)


def deliveries(envelope: Envelope) -> list[Delivery]:
    """The deliveries whose requests an envelope carries."""
    return [found for exchange in envelope.exchanges if (found := exchange.conversation.delivery) is not None]
