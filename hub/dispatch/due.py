"""Which installations have something to do at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from hub.database import now, session
from hub.dispatch import batches, leases
from hub.extension import current
from hub.models import Endpoint, Installation, Lease, LeaseKind
from hub.plugin import PullIntegration, PushIntegration
from hub.states import InstallationState


@dataclass(frozen=True, slots=True)
class DueInstallation:
    """An installation that nobody drives, and that has something to do; `deaths` as in `hub.models.Lease`."""

    id: int
    product: str
    deaths: int


def is_due(installation_id: int) -> bool:
    """Return True if a worker would find something to do at once."""
    return bool(find_due_installations([installation_id]))


def find_due_installations(among: Collection[int] | None = None) -> list[DueInstallation]:
    """Return the installations that nobody drives and for which something is due. One query."""
    lease = and_(Lease.kind == LeaseKind.DELIVERIES, Lease.installation_id == Installation.id)
    query = (
        select(Installation.id, Installation.integration, func.coalesce(Lease.deaths, 0))
        .outerjoin(Lease, lease)
        .where(_has_something_due())
        .order_by(Installation.id)
    )
    if among is not None:
        query = query.where(Installation.id.in_(among))
    return [DueInstallation(*found) for found in session().execute(query)]


def _has_something_due() -> ColumnElement[bool]:
    """Return True if something is due: something to ask, of a ledger that we call; of one that calls us, an answer to
    read, or while a session is going on something to prepare."""
    moment = now()
    pushes = and_(
        Installation.state == InstallationState.CONNECTED,
        Installation.integration.in_(_keys(PushIntegration)),
        or_(Installation.resume_at.is_(None), Installation.resume_at <= moment),
        batches.has_something_to_ask(),
    )
    in_session = exists().where(
        Endpoint.installation_id == Installation.id, Endpoint.ticket_until >= moment, Endpoint.dialect != "",
    )  # fmt: skip
    pulls = and_(
        Installation.state != InstallationState.REMOVED,
        Installation.integration.in_(_keys(PullIntegration)),
        or_(
            batches.has_unread_answer(),
            and_(Installation.state == InstallationState.CONNECTED, in_session, batches.has_unwritten_requests()),
        ),
    )
    return and_(~leases.is_held(), or_(pushes, pulls))


def _keys(kind: type[object]) -> list[str]:
    return [key for key, one in current().integrations.items() if isinstance(one, kind)]
