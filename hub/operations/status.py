"""Every installation at a glance, and the deliveries that do not move."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from hub.database import now, session
from hub.dispatch import endpoints
from hub.models import BatchRow, Delivery, Installation
from hub.operations.gauges import UNFINISHED
from hub.states import BatchState, DeliveryState, InstallationState

_D = DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationStatus:
    """One installation. `counts` are its deliveries that are not finished, and those that have stopped, by state."""

    id: int
    organization: str
    integration: str
    state: InstallationState
    counts: Mapping[DeliveryState, int] = field(default_factory=dict)
    oldest: dt.datetime | None = None
    """Since when the delivery that has not moved for longest is where it is; stopped ones left out."""
    answered_at: dt.datetime | None = None
    attention: tuple[str, ...] = ()
    """Codes of what a person must see to, as `flask hub doctor` explains them."""

    @property
    def queued(self) -> int:
        return self.counts.get(_D.QUEUED, 0) + self.counts.get(_D.SENDING, 0) + self.counts.get(_D.IN_DOUBT, 0)


def find_installations() -> list[InstallationStatus]:
    """Return all installations that are not removed. Three queries, however many there are."""
    counts: defaultdict[int, dict[DeliveryState, int]] = defaultdict(dict)
    oldest: dict[int, dt.datetime] = {}
    deliveries = (
        select(Delivery.installation_id, Delivery.state, func.count(), func.min(Delivery.moved_at))
        .where(Delivery.state.in_((*UNFINISHED, _D.STOPPED)))
        .group_by(Delivery.installation_id, Delivery.state)
    )
    for installation_id, state, count, since in session().execute(deliveries):
        counts[installation_id][state] = count
        if state in UNFINISHED:
            oldest[installation_id] = min(since, oldest.get(installation_id, since))
    parked = set(session().scalars(select(BatchRow.installation_id).where(BatchRow.state == BatchState.PARKED)))
    installations = session().scalars(
        select(Installation)
        .where(Installation.state != InstallationState.REMOVED)
        .options(joinedload(Installation.endpoint))
        .order_by(Installation.organization_id, Installation.id)
    )
    return [
        InstallationStatus(
            id=one.id, organization=one.organization_id, integration=one.integration, state=one.state,
            counts=counts.get(one.id, {}), oldest=oldest.get(one.id), answered_at=_answered_at(one),
            attention=_attention(one, counts.get(one.id, {}), is_parked=one.id in parked),
        )
        for one in installations
    ]  # fmt: skip


def _answered_at(installation: Installation) -> dt.datetime | None:
    """Return when the ledger last answered, or, of one that polls, called."""
    called_at = installation.endpoint.called_at if installation.endpoint else None
    return max(filter(None, (installation.answered_at, called_at)), default=None)


def _attention(installation: Installation, counts: Mapping[DeliveryState, int], *, is_parked: bool) -> tuple[str, ...]:
    endpoint = installation.endpoint
    found = {
        "authorization-ended": installation.state is InstallationState.EXPIRED,
        "paused": installation.state is InstallationState.PAUSED,
        "ledger-unavailable": bool(installation.trouble),
        "connector-silent": endpoint is not None and endpoints.is_silent(endpoint),
        "stopped": _D.STOPPED in counts,
        "in-doubt": _D.IN_DOUBT in counts,
        "batch-parked": is_parked,
    }
    return tuple(code for code, holds in found.items() if holds)


def find_stuck(longer_than: dt.timedelta, limit: int) -> list[Delivery]:
    """Return the deliveries that have stopped or are in doubt, and those that have not moved for so long, the longest
    first; at most `limit`. One query."""
    moving = (_D.WAITING, _D.QUEUED, _D.SENDING)
    return list(session().scalars(
        select(Delivery)
        .join(Installation)
        .where(
            Installation.state != InstallationState.REMOVED,
            or_(
                Delivery.state.in_((_D.STOPPED, _D.IN_DOUBT)),
                Delivery.state.in_(moving) & (Delivery.moved_at < now() - longer_than),
            ),
        )
        .order_by(Delivery.moved_at, Delivery.id)
        .limit(limit)
    ))  # fmt: skip


def problem_code(delivery: Delivery) -> str:
    """Return the code of what stopped a delivery, or else the reason; empty if nothing did."""
    if delivery.state is not _D.STOPPED:
        return ""
    return next((str(one["code"]) for one in delivery.problems if one.get("code")), str(delivery.reason or ""))
