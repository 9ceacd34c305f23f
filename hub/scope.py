"""Rows of one organization. Rows of another organization are not found, as if they did not exist."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from hub.database import changes_one, is_lock_timeout, limit_lock_wait, now, session
from hub.errors import Busy, NotFound
from hub.models import Delivery, Installation
from hub.plugin import say
from hub.queue import rollback
from hub.states import InstallationState

LOCK_SECONDS = 5.0
"""The seconds that a user waits for the lock of an installation. Most transactions under it take milliseconds; a
worker's may take as long as a plugin hangs in a conversation."""

PATIENT_SECONDS = 30.0
"""The seconds that we wait where giving up would lose something that comes only once, such as an authorization."""


def find_installations(organization_id: str, *, removed: bool = False) -> list[Installation]:
    """Return the installations of an organization, oldest first; the removed ones only where history is shown."""
    query = select(Installation).where(Installation.organization_id == organization_id).order_by(Installation.id)
    if not removed:
        query = query.where(Installation.state != InstallationState.REMOVED)
    return list(session().scalars(query))


def find_installation(organization_id: str, installation_id: int) -> Installation:
    """Return an installation. Raises `NotFound`, also for a removed one."""
    found = session().get(Installation, installation_id)
    if found is None or found.organization_id != organization_id or found.state is InstallationState.REMOVED:
        raise NotFound(say("There is no such integration."))
    return found


def find_delivery(organization_id: str, delivery_id: int) -> Delivery:
    """Return a delivery. Raises `NotFound`."""
    found = session().get(Delivery, delivery_id)
    if found is None or found.organization_id != organization_id:
        raise NotFound(say("There is no such entry."))
    return found


def lock_installation(installation_id: int, seconds: float | None = None) -> Installation:
    """Lock an installation, so that no other transaction changes anything of it, and read it again.

    Every change of the state of deliveries, batches or conversations begins with this or with
    `leases.lock_leased`, which locks the same row: a row lock on PostgreSQL, the write lock on SQLite. Raises
    `NotFound`, and `Busy` if another transaction keeps the lock for longer than `seconds` (`LOCK_SECONDS`).
    """
    session().flush()
    limit_lock_wait(LOCK_SECONDS if seconds is None else seconds)
    try:
        found = changes_one(update(Installation).where(Installation.id == installation_id).values(changed_at=now()))
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        rollback()
        raise Busy(say("Other orders are being sent to the same company right now. Try again.")) from error
    if not found:
        raise NotFound(say("There is no such integration."))
    session().expire_all()
    return session().get_one(Installation, installation_id)
