"""Carrying envelopes to a ledger that we call, round by round, until nothing is left to ask.

A round is one transaction, one trip, one transaction: the envelope is written and committed, then performed with no
transaction open, then its answer is stored in the same transaction that writes the next envelope.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence

from rq.timeouts import BaseTimeoutException
from sqlalchemy import and_, or_, select

from hub.database import now, session
from hub.errors import LineLost
from hub.extension import current, trip_time
from hub.models import Envelope, Installation
from hub.plugin import (
    AuthorizationExpired,
    PullIntegration,
    PushIntegration,
    Rejected,
    Response,
    Unavailable,
    say,
)
from hub.plugin import Envelope as SealedEnvelope
from hub.queue import commit, rollback, wake
from hub.services.carrying import concluding, line, packing, secrets, sorting, turns
from hub.services.carrying.line import Line
from hub.services.integrations import hanging, registry, vetting
from hub.services.integrations.bugs import reference
from hub.states import InstallationState

_TURN = 60.0  # Seconds after which a carrier lets other installations have the worker.

log = logging.getLogger(__name__)


def carry(installation_id: int) -> None:
    """Take to the ledger what is due. Harmless to call at any time, by any number of processes."""
    installation = session().get(Installation, installation_id)
    if installation is not None and installation.integration in _keys(PullIntegration):
        sorting.turn(installation_id)
        return
    is_ours = installation is not None and installation.integration in _keys(PushIntegration)
    held = line.take(installation_id) if is_ours else None
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
    """The installations whose line is free and for which something is due: something to ask, of a ledger that we call;
    an answer to read, of one that calls us. One query.
    """
    moment = now()
    pushes = and_(
        Installation.state == InstallationState.CONNECTED,
        Installation.integration.in_(_keys(PushIntegration)),
        or_(Installation.resume_at.is_(None), Installation.resume_at <= moment),
        packing.work(),
    )
    pulls = and_(
        Installation.state != InstallationState.REMOVED,
        Installation.integration.in_(_keys(PullIntegration)),
        packing.unread(),
    )
    query = select(Installation.id).where(
        or_(Installation.line_token.is_(None), Installation.line_until < moment), or_(pushes, pulls)
    )
    if only is not None:
        query = query.where(Installation.id == only)
    return list(session().scalars(query))


def _keys(kind: type[object]) -> list[str]:
    return [key for key, one in current().integrations.items() if isinstance(one, kind)]


def _speak(held: Line, until: float) -> dt.timedelta | None:
    """Go round by round; give how long the line must rest, if it must."""
    envelope_id: int | None = None
    answer: concluding.Answer | None = None
    while True:
        installation = held.fence()
        integration = registry.integration(installation.integration)
        assert isinstance(integration, PushIntegration)
        if envelope_id is not None and answer is not None:
            envelope = session().get_one(Envelope, envelope_id, options=[Envelope.laden()])
            pause = concluding.conclude(installation, integration, envelope, answer)
            if pause is not None:
                commit()
                return pause
        connected = installation.state is InstallationState.CONNECTED
        following = packing.next_envelope(installation, integration) if connected and time.monotonic() < until else None
        envelope_id, sealed = (following.id, following.sealed()) if following else (None, None)
        commit()
        if sealed is None:
            return None
        answer = _perform(held, installation, integration, sealed)


def _perform(
    held: Line, installation: Installation, integration: PushIntegration, envelope: SealedEnvelope
) -> concluding.Answer:
    """Take one envelope there and back, with no transaction open. Credentials that ran out are renewed once."""
    try:
        if secrets.is_stale(installation):
            _renew(held, installation, integration)
        try:
            return _ask(integration, envelope, installation)
        except AuthorizationExpired:
            _renew(held, installation, integration)
        try:
            return _ask(integration, envelope, installation)
        except AuthorizationExpired as error:
            return secrets.doubt(installation, error)
    except (Unavailable, AuthorizationExpired, Rejected) as error:
        return concluding.heard(error)
    except LineLost:
        raise
    except BaseTimeoutException:
        raise  # The job's own time is up; that says nothing about the plugin.
    except hanging.Hung as error:  # It has made others wait, so it rests for as long. What has left goes again.
        log.warning("%s", error)
        what = say("%(product)s did not answer in time.", product=registry.label(installation.integration))
        return Unavailable(what, retry_after=trip_time().total_seconds())
    except (Exception, SystemExit) as error:  # A plugin may do anything; its envelope stops, and nothing else.
        return concluding.Crashed(reference(error))


def _renew(held: Line, installation: Installation, integration: PushIntegration) -> None:
    secrets.renew(installation, integration)
    held.fence()
    commit()


def _ask(
    integration: PushIntegration, envelope: SealedEnvelope, installation: Installation
) -> Sequence[Response] | concluding.Held:
    connection = secrets.connection(installation, integration)
    commit()  # Reading the credentials began a transaction; none is open while a turn or the network is waited for.
    rest = turns.take(integration, connection.books_id, envelope.requests)
    if rest is not None:
        return concluding.Held(rest)
    return hanging.within(integration.key, "perform", trip_time(), lambda: vetting.responses(
        integration.perform(envelope, connection), len(envelope.requests)
    ))  # fmt: skip
