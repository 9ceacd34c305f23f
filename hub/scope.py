"""Finding rows for an organization. What belongs to another one is not found, exactly as if it did not exist."""

from __future__ import annotations

from sqlalchemy import select, update

from hub.database import changes_one, now, session
from hub.errors import NotFound
from hub.models import Delivery, Installation
from hub.plugin import say
from hub.states import InstallationState


def installations(organization_id: str, *, removed: bool = False) -> list[Installation]:
    """The installations of an organization, oldest first; the removed ones only where history is shown."""
    query = select(Installation).where(Installation.organization_id == organization_id).order_by(Installation.id)
    if not removed:
        query = query.where(Installation.state != InstallationState.REMOVED)
    return list(session().scalars(query))


def installation(organization_id: str, installation_id: int) -> Installation:
    """One installation. Raises `NotFound`, also for a removed one."""
    found = session().get(Installation, installation_id)
    if found is None or found.organization_id != organization_id or found.state is InstallationState.REMOVED:
        raise NotFound(say("There is no such installation."))
    return found


def delivery(organization_id: str, delivery_id: int) -> Delivery:
    """One delivery. Raises `NotFound`."""
    found = session().get(Delivery, delivery_id)
    if found is None or found.organization_id != organization_id:
        raise NotFound(say("There is no such delivery."))
    return found


def lock(installation_id: int) -> Installation:
    """Make this the only transaction that moves anything of the installation, and read it afresh.

    Everything that changes the state of deliveries, batches or conversations begins with this or with the carrier's
    fence, which locks the same row: a row lock on PostgreSQL, the write lock on SQLite. Raises `NotFound`.
    """
    session().flush()
    if not changes_one(update(Installation).where(Installation.id == installation_id).values(changed_at=now())):
        raise NotFound(say("There is no such installation."))
    session().expire_all()
    return session().get_one(Installation, installation_id)
