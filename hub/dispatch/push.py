"""Send batches to a ledger that we call, one after the other, until nothing is left to ask.

A round is one transaction, one trip, one transaction: the batch is written and committed, then performed with no
transaction open, then its answer is stored in the same transaction that writes the next batch.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence

from rq.timeouts import BaseTimeoutException
from sqlalchemy import and_, or_, select

from hub.database import now, session
from hub.dispatch import batches, credentials, leases, pull, rate_limits, responses
from hub.dispatch.leases import Lease
from hub.errors import LeaseLost
from hub.extension import current, trip_time
from hub.integrations import registry, timeouts, validation
from hub.integrations.crashes import reference
from hub.models import BatchRow, Installation
from hub.plugin import (
    AuthorizationExpired,
    Batch,
    PullIntegration,
    PushIntegration,
    Rejected,
    Response,
    Unavailable,
    say,
)
from hub.queue import commit, rollback, wake
from hub.states import InstallationState

_TURN = 60.0  # Seconds after which other installations get the worker.

log = logging.getLogger(__name__)


def carry(installation_id: int) -> None:
    """Take to the ledger what is due. Harmless to call at any time, by any number of processes."""
    installation = session().get(Installation, installation_id)
    if installation is not None and installation.integration in _keys(PullIntegration):
        pull.process_installation(installation_id)
        return
    is_ours = installation is not None and installation.integration in _keys(PushIntegration)
    held = leases.acquire_lease(installation_id) if is_ours else None
    if held is None:
        return
    pause, until = None, time.monotonic() + _TURN
    try:
        pause = _speak(held, until)
    except LeaseLost:  # Another process goes on from the rows.
        rollback()
        return
    except BaseException:
        rollback()
        held.release(pause=dt.timedelta(seconds=30))
        raise
    held.release(pause)
    if pause is None and has_work(installation_id):  # Something was queued while the lease was released.
        wake(installation_id)
        commit()


def has_work(installation_id: int) -> bool:
    """Return True if a worker would find something to do at once."""
    return installation_id in due_installations(installation_id)


def due_installations(only: int | None = None) -> list[int]:
    """Return the installations whose line is free and for which something is due: something to ask, of a ledger that we
    call; an answer to read, of one that calls us. One query."""
    moment = now()
    pushes = and_(
        Installation.state == InstallationState.CONNECTED,
        Installation.integration.in_(_keys(PushIntegration)),
        or_(Installation.resume_at.is_(None), Installation.resume_at <= moment),
        batches.work(),
    )
    pulls = and_(
        Installation.state != InstallationState.REMOVED,
        Installation.integration.in_(_keys(PullIntegration)),
        batches.unread(),
    )
    query = select(Installation.id).where(
        or_(Installation.lease_token.is_(None), Installation.lease_until < moment), or_(pushes, pulls)
    )
    if only is not None:
        query = query.where(Installation.id == only)
    return list(session().scalars(query))


def _keys(kind: type[object]) -> list[str]:
    return [key for key, one in current().integrations.items() if isinstance(one, kind)]


def _speak(held: Lease, until: float) -> dt.timedelta | None:
    """Send batch after batch. Return how long the installation must pause, if it must."""
    batch_id: int | None = None
    answer: responses.Answer | None = None
    while True:
        installation = held.renew()
        integration = registry.integration(installation.integration)
        assert isinstance(integration, PushIntegration)
        if batch_id is not None and answer is not None:
            batch = session().get_one(BatchRow, batch_id, options=[BatchRow.laden()])
            pause = responses.conclude(installation, integration, batch, answer)
            if pause is not None:
                commit()
                return pause
        connected = installation.state is InstallationState.CONNECTED
        following = batches.next_batch(installation, integration) if connected and time.monotonic() < until else None
        batch_id, sealed = (following.id, following.sealed()) if following else (None, None)
        commit()
        if sealed is None:
            return None
        answer = _perform(held, installation, integration, sealed)


def _perform(
    held: Lease, installation: Installation, integration: PushIntegration, batch: Batch
) -> responses.Answer:
    """Take one batch there and back, with no transaction open. Credentials that ran out are renewed once."""
    try:
        if credentials.is_stale(installation):
            _renew(held, installation, integration)
        try:
            return _ask(integration, batch, installation)
        except AuthorizationExpired:
            _renew(held, installation, integration)
        try:
            return _ask(integration, batch, installation)
        except AuthorizationExpired as error:
            return credentials.doubt_authorization(installation, error)
    except (Unavailable, AuthorizationExpired, Rejected) as error:
        return responses.heard(error)
    except LeaseLost:
        raise
    except BaseTimeoutException:
        raise  # The job's own time is up; that says nothing about the plugin.
    except timeouts.Hung as error:  # It has made others wait, so it rests for as long. What has left goes again.
        log.warning("%s", error)
        what = say("%(product)s did not answer in time.", product=registry.label(installation.integration))
        return Unavailable(what, retry_after=trip_time().total_seconds())
    except (Exception, SystemExit) as error:  # A plugin may do anything; its batch stops, and nothing else.
        return responses.Crashed(reference(error))


def _renew(held: Lease, installation: Installation, integration: PushIntegration) -> None:
    credentials.refresh_credentials(installation, integration)
    held.renew()
    commit()


def _ask(
    integration: PushIntegration, batch: Batch, installation: Installation
) -> Sequence[Response] | responses.Held:
    connection = credentials.connection(installation, integration)
    commit()  # Reading the credentials began a transaction; none is open while a turn or the network is waited for.
    rest = rate_limits.acquire(integration, connection.books_id, batch.requests)
    if rest is not None:
        return responses.Held(rest)
    return timeouts.within(integration.key, "send", trip_time(), lambda: validation.responses(
        integration.send(batch, connection), len(batch.requests)
    ))  # fmt: skip
