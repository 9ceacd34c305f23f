"""Carrying envelopes to a ledger that we call, round by round, until nothing is left to ask.

A round is one transaction, one trip, one transaction: the envelope is written and committed, then performed with no
transaction open, then its answer is stored in the same transaction that writes the next envelope.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rq.timeouts import BaseTimeoutException
from sqlalchemy import or_, select

from hub.database import now, session
from hub.errors import LineLost
from hub.extension import patience
from hub.models import Delivery, Envelope, Installation
from hub.plugin import AuthorizationExpired, Problem, PushIntegration, Rejected, Response, Unavailable
from hub.plugin import Envelope as SealedEnvelope
from hub.queue import commit, rollback, wake
from hub.services import line, packing, registry, secrets
from hub.services.conversing import Crashes, Fails, reference
from hub.services.line import Line
from hub.services.settling import crash_problem, delay, settle, stop
from hub.states import DeliveryState, EnvelopeState, InstallationState, StopReason

_REST = dt.timedelta(seconds=30)
_TURN = 60.0  # Seconds after which a carrier lets other installations have the worker.

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Crashed:
    """The carrier of the plugin raised something that it should not."""

    reference: str


Answer = Sequence[Response] | Unavailable | AuthorizationExpired | Rejected | Crashed


def carry(installation_id: int) -> None:
    """Take to the ledger what is due. Harmless to call at any time, by any number of processes."""
    held = line.take(installation_id)
    if held is None:
        return
    pause, until = None, time.monotonic() + _TURN
    try:
        pause = _speak(held, until)
    except LineLost:  # Another carrier goes on from the rows.
        rollback()
        return
    except BaseException:
        rollback()
        held.hang_up(pause=dt.timedelta(seconds=30))
        raise
    held.hang_up(pause)
    if pause is None and has_work(installation_id):  # Somebody came while we were hanging up.
        wake(installation_id)
        commit()


def has_work(installation_id: int) -> bool:
    """Whether a carrier would find something to do at once."""
    return installation_id in due_installations(installation_id)


def due_installations(only: int | None = None) -> list[int]:
    """The connected installations whose line is free and for which something is due. One query."""
    moment = now()
    query = select(Installation.id).where(
        Installation.state == InstallationState.CONNECTED,
        or_(Installation.line_token.is_(None), Installation.line_until < moment),
        or_(Installation.resume_at.is_(None), Installation.resume_at <= moment),
        packing.work(),
    )
    if only is not None:
        query = query.where(Installation.id == only)
    return list(session().scalars(query))


def _speak(held: Line, until: float) -> dt.timedelta | None:
    """Go round by round; give how long the line must rest, if it must."""
    envelope_id: int | None = None
    answer: Answer | None = None
    while True:
        installation = held.fence()
        integration = registry.integration(installation.integration)
        assert isinstance(integration, PushIntegration)
        if envelope_id is not None and answer is not None:
            envelope = session().get_one(Envelope, envelope_id)
            pause = _conclude(installation, integration, envelope, answer)
            if pause is not None:
                commit()
                return pause
        connected = installation.state is InstallationState.CONNECTED
        following = packing.next_envelope(installation, integration) if connected and time.monotonic() < until else None
        envelope_id, sealed = (following.id, packing.sealed(following)) if following else (None, None)
        commit()
        if sealed is None:
            return None
        answer = _perform(held, installation, integration, sealed)


def _perform(
    held: Line, installation: Installation, integration: PushIntegration, envelope: SealedEnvelope
) -> Answer:
    """Take one envelope there and back, with no transaction open. Credentials that ran out are renewed once."""
    try:
        if secrets.is_stale(installation):
            _renew(held, installation, integration)
        try:
            return _ask(integration, envelope, installation)
        except AuthorizationExpired:
            _renew(held, installation, integration)
            return _ask(integration, envelope, installation)
    except (Unavailable, AuthorizationExpired, Rejected) as error:
        return error
    except (BaseTimeoutException, LineLost):
        raise
    except Exception as error:  # The carrier of a plugin may do anything; its envelope stops, and nothing else.
        return Crashed(reference(error))


def _renew(held: Line, installation: Installation, integration: PushIntegration) -> None:
    secrets.renew(installation, integration)
    held.fence()
    commit()


def _ask(
    integration: PushIntegration, envelope: SealedEnvelope, installation: Installation
) -> Sequence[Response]:
    connection = secrets.connection(installation, integration)
    commit()  # Reading the credentials began a transaction; none is open while the network is waited for.
    responses = integration.perform(envelope, connection)
    if len(responses) != len(envelope.requests):
        raise ValueError(f"{len(envelope.requests)} requests were asked and {len(responses)} answered")
    return responses


def _conclude(
    installation: Installation, integration: PushIntegration, envelope: Envelope, answer: Answer
) -> dt.timedelta | None:
    """Store what came of a trip. Gives how long the line must rest before the next one, if it must."""
    match answer:
        case Unavailable():
            return _postpone(installation, envelope, answer)
        case AuthorizationExpired():
            installation.move(InstallationState.EXPIRED)
            _trouble(installation, str(answer))
            _requeue(envelope)
        case Rejected() if len(envelope.exchanges) > 1:
            packing.reopen(envelope, integration)
        case Rejected():
            envelope.move(EnvelopeState.REFUSED)
            settle(envelope.exchanges[0].conversation, Fails(answer))
        case Crashed():
            _park(envelope, StopReason.CRASHED, answer.reference)
        case _:
            _store(installation, envelope, answer)
    return None


def _store(installation: Installation, envelope: Envelope, responses: Sequence[Response]) -> None:
    moment = now()
    for exchange, response in zip(envelope.exchanges, responses, strict=True):
        exchange.response, exchange.answered_at = response.payload, moment
    envelope.move(EnvelopeState.ANSWERED)
    envelope.answered_at = installation.answered_at = moment
    installation.trouble, installation.trouble_since = "", None


def _postpone(installation: Installation, envelope: Envelope, error: Unavailable) -> dt.timedelta:
    envelope.tries += 1
    envelope.trouble = str(error)
    wait = delay(envelope.tries - 1, error.retry_after)
    envelope.due_at = now() + wait
    _trouble(installation, str(error))
    if now() - envelope.tried_since > patience():
        _park(envelope, StopReason.EXHAUSTED, "")
    else:
        _requeue(envelope)
    # An envelope that always fails must not keep the others at home for as long as itself.
    return min(wait, _REST) if error.retry_after is None else wait


def _trouble(installation: Installation, sentence: str) -> None:
    installation.trouble = sentence
    installation.trouble_since = installation.trouble_since or now()


def _requeue(envelope: Envelope) -> None:
    for delivery in _deliveries(envelope):
        if delivery.state is DeliveryState.SENDING:
            delivery.move(DeliveryState.QUEUED)
            delivery.due_at = envelope.due_at


def _park(envelope: Envelope, reason: StopReason, mark: str) -> None:
    """Keep an envelope until a person decides; it is repeated under its key when one of its deliveries is retried."""
    envelope.move(EnvelopeState.PARKED)
    problem = crash_problem() if reason is StopReason.CRASHED else Problem(
        what="QuickBooks could not be reached for a long time.", why=envelope.trouble,
        cure="Try again when it answers; whatever has arrived meanwhile is not posted a second time.",
    )  # fmt: skip
    for exchange in envelope.exchanges:
        delivery = exchange.conversation.delivery
        if delivery is None:
            settle(exchange.conversation, Crashes(mark) if mark else Fails(Unavailable(envelope.trouble)))
        else:
            stop(delivery, reason, problem, reference=mark)


def _deliveries(envelope: Envelope) -> list[Delivery]:
    return [found for exchange in envelope.exchanges if (found := exchange.conversation.delivery) is not None]
