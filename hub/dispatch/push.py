"""One step of an installation whose ledger we call: what came of a trip is stored, and the next batch is written.

A step is one transaction; the trip is made between two of them, with no transaction open.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from hub.database import session
from hub.dispatch import batches, credentials, responses
from hub.dispatch.trips import Done, Later, Next, Returned, Trip
from hub.extension import trip_time
from hub.integrations import registry
from hub.integrations.crashes import log_crash
from hub.integrations.timeouts import Hung
from hub.models import BatchRow, Installation
from hub.plugin import AuthorizationExpired, Authorized, IntegrationError, PushIntegration, Unavailable, say
from hub.states import InstallationState

_MOMENT = 0.2
"""Seconds after which it is looked whether another process has refreshed the credentials."""

log = logging.getLogger(__name__)


def step(
    installation: Installation, integration: PushIntegration, returned: Returned | None, token: str, *, fill: bool
) -> Next:
    """Store the result of a trip, and return the next trip. The caller holds the lock, and commits.

    `token` is that of the process. Without `fill`, what came of the trip is stored and nothing more is asked.
    """
    if returned is not None:
        following = _after(installation, integration, returned, token)
        if following is not None:
            return following
    if not fill or installation.state is not InstallationState.CONNECTED:
        return Done()
    batch = batches.next_batch(installation, integration)
    if batch is None:
        return Done()
    try:
        trip = Trip(
            integration=integration, connection=credentials.connection_of(installation, integration), batch_id=batch.id,
            batch=batch.as_batch(), traces=[one.conversation.trace for one in batch.exchanges],
        )  # fmt: skip
    except AuthorizationExpired as error:
        return Done(responses.conclude_trip(installation, integration, batch, error))
    return _refresh(installation, integration, trip, token) if credentials.is_stale(installation) else trip


def _after(
    installation: Installation, integration: PushIntegration, returned: Returned, token: str
) -> Next | None:
    """Store what came of a trip. Return what is to be done before everything else, if there is something."""
    trip, outcome = returned.trip, returned.outcome
    answer: responses.Answer
    if trip.refresh is not None:
        assert isinstance(outcome, Authorized | BaseException)
        try:
            credentials.finish_refresh(installation, trip.refresh, outcome)
        except (Exception, SystemExit) as error:  # A plugin may do anything.
            answer = _answer(installation, error)
        else:
            connection = credentials.connection_of(installation, integration)
            return replace(trip, connection=connection, refresh=None, was_refreshed=True)
    elif isinstance(outcome, AuthorizationExpired) and not trip.was_refreshed:
        return _refresh(installation, integration, trip, token)
    elif isinstance(outcome, AuthorizationExpired):
        answer = credentials.doubt_authorization(installation, outcome)
    else:
        answer = _answer(installation, outcome)
    return _conclude(installation, integration, trip, answer)


def _refresh(installation: Installation, integration: PushIntegration, trip: Trip, token: str) -> Next:
    """Return the exchange of the credentials for fresh ones, which goes before the trip itself."""
    try:
        refresh = credentials.begin_refresh(installation, integration, token)
    except IntegrationError as error:
        return _conclude(installation, integration, trip, error) or Done()
    return Later(_MOMENT) if refresh is None else replace(trip, connection=refresh.connection, refresh=refresh)


def _conclude(
    installation: Installation, integration: PushIntegration, trip: Trip, answer: responses.Answer
) -> Done | None:
    batch = session().get_one(BatchRow, trip.batch_id, options=[BatchRow.laden()])
    pause = responses.conclude_trip(installation, integration, batch, answer)
    return None if pause is None else Done(pause)


def _answer(installation: Installation, outcome: object) -> responses.Answer:
    """Return what a trip came to, as it is stored. A plugin may do anything; its batch stops, and nothing else."""
    match outcome:
        case IntegrationError():
            return responses.check_failure(outcome)
        case Hung():  # It has made others wait, so it rests for as long. What has left goes again.
            log.warning("%s", outcome)
            what = say("%(product)s did not answer in time.", product=registry.label_of(installation.integration))
            return Unavailable(what, retry_after=trip_time().total_seconds())
        case BaseException():
            return responses.Crashed(log_crash(outcome))
        case _:
            return outcome  # type: ignore[return-value]  # `Trip.make` has checked what it is.
