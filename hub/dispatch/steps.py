"""One step of an installation: one short transaction under its lease and its lock.

A worker takes the steps of many installations in turn (`pump`). Within a call of a ledger that calls us, the web
process takes those that are quickly done.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from hub.database import now, session
from hub.dispatch import leases, pull, push, suspects
from hub.dispatch.open_writes import reclaim_deliveries
from hub.dispatch.polling_sessions import note_remaining
from hub.dispatch.trips import Done, More, Next, Returned
from hub.errors import LeaseLost, Locked
from hub.integrations import registry
from hub.models import Installation, LeaseKind
from hub.plugin import Integration, PullIntegration, PushIntegration
from hub.queue import commit, rollback, wake

_MOST_DEATHS = 2


def take_step(
    installation_id: int, token: str, returned: Returned | None = None, *, deaths: int | None = None, fill: bool = True
) -> Next:
    """Take the next step of an installation, and release its lease if nothing is left to do at once.

    `deaths` is given at the first step after its lease was acquired: a dead worker may have left something behind, and
    what two workers died of is stopped. Raises `Locked` and `LeaseLost`.
    """
    installation = leases.lock_leased(installation_id, token)
    integration = registry.find_integration(installation.integration)
    if deaths is not None:
        _reclaim(installation, integration)
        if deaths >= _MOST_DEATHS:
            suspects.stop_suspects(installation, integration)
    following: Next
    if isinstance(integration, PullIntegration):
        following = pull.step(installation, integration, fill=fill)
    else:
        assert isinstance(integration, PushIntegration)
        following = push.step(installation, integration, returned, token, fill=fill)
    if isinstance(following, Done):
        _release(installation, integration, token, following)
    commit()
    return following


def process_within_call(installation_id: int, *, whole: bool = True) -> bool:
    """Read what a ledger that calls us has handed in, and have the next batches lie ready, within its call.

    With `whole` false only a little is done. False if something is left to a worker, which is woken, or if another
    process is at it. Harmless at any time.
    """
    token = leases.new_token()
    acquired = leases.acquire_lease(LeaseKind.DELIVERIES, installation_id, token)
    commit()
    if not acquired:
        return False
    try:
        return _process(installation_id, token, whole=whole)
    except LeaseLost:  # Another process goes on from the rows.
        rollback()
        return False
    except Locked:  # A person is at it for longer than a call can wait.
        leases.release_lease(LeaseKind.DELIVERIES, installation_id, token)
        wake(installation_id)
        commit()
        return False
    except BaseException:
        rollback()
        leases.release_lease(LeaseKind.DELIVERIES, installation_id, token)
        commit()
        raise


def _process(installation_id: int, token: str, *, whole: bool) -> bool:
    following: More | Done = More()
    while isinstance(following, More):
        installation = leases.lock_leased(installation_id, token, waits=True)
        integration = registry.find_integration(installation.integration)
        assert isinstance(integration, PullIntegration)
        following = pull.step(installation, integration, fill=True, whole=whole)
        if isinstance(following, Done):
            _release(installation, integration, token, following)
            if not following.is_all:
                wake(installation_id)
        commit()
    return following.is_all


def release_after_crash(installation_id: int, token: str, pause: dt.timedelta) -> None:
    """Release the lease of an installation in which a step of ours has failed; it is tried again after the pause. If
    that is impossible, the lease runs out by itself."""
    with suppress(LeaseLost, Locked, DBAPIError):
        installation = leases.lock_leased(installation_id, token, waits=True)
        _release(installation, registry.find_integration(installation.integration), token, Done(pause))
        commit()


def _release(installation: Installation, integration: Integration, token: str, done: Done) -> None:
    """Release the lease in the transaction that found nothing more to do: who queues something later finds it free."""
    if done.pause is not None:
        installation.resume_at = now() + done.pause
    _reclaim(installation, integration)
    session().flush()
    if isinstance(integration, PullIntegration):
        note_remaining(installation.id)
    leases.release_lease(LeaseKind.DELIVERIES, installation.id, token)


def _reclaim(installation: Installation, integration: Integration) -> None:
    """Take back what was on its way to a ledger that we call. Of a ledger that polls, its session decides."""
    if isinstance(integration, PushIntegration):
        reclaim_deliveries(installation.id)
