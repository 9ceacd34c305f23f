"""The events of rows, emitted after the commit: deliveries that come into a state, installations that are changed.

Rows that move by `row.move`, and new deliveries, are seen by themselves. Whoever moves deliveries by an UPDATE
(`update_state`) calls `note_state` with each, or `events.later` with `events.DELIVERY[state]` where none was loaded.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapper, object_session

from hub import events
from hub.database import now
from hub.models.delivery import Delivery
from hub.models.installation import Installation
from hub.plugin import RecordKind
from hub.states import DeliveryState, InstallationState


@event.listens_for(Delivery.state, "set")
def _moved(row: Delivery, to: DeliveryState, _before: Any, _initiator: Any) -> None:
    if inspect(row).persistent:  # A new row is noted when it is written.
        note_state(row, to)


@event.listens_for(Installation.state, "set")
def _disconnected(row: Installation, to: InstallationState, _before: Any, _initiator: Any) -> None:
    if to is InstallationState.EXPIRED:
        _note_installation(row, events.DISCONNECTED, to)


@event.listens_for(Delivery, "after_insert")
def _created(_mapper: Mapper[Delivery], _connection: Connection, row: Delivery) -> None:
    note_state(row, row.state)


def note_state(row: Delivery, state: DeliveryState) -> None:
    """Note that a delivery came into a state. Its other values are read right before the commit."""
    session = object_session(row)
    if session is not None:
        events.note(session, partial(_describe, row, state))


_RECORDS = frozenset(RecordKind)
"""Their numbers are the names of people, which do not belong into a log."""


def _describe(row: Delivery, state: DeliveryState) -> events.Noted:
    told = events.DELIVERY[state]
    fields = events.Fields(integration=row.installation.integration, document=row.kind, outcome=state)
    if state is DeliveryState.POSTED:
        fields["seconds"] = (now() - row.sent_at).total_seconds()
    elif state is DeliveryState.STOPPED:
        fields["reason"] = row.reason or ""
    if events.is_logged(told):
        fields.update(_details(row, state))
    return partial(events.emit, told, **fields)


def _details(row: Delivery, state: DeliveryState) -> events.Fields:
    """Return what only the log says."""
    found = events.Fields(
        organization=row.organization_id, installation=row.installation_id, order=row.order_id, delivery=row.id,
        number="" if row.kind in _RECORDS else row.posting_number or str(row.subject.get("number", "")),
    )  # fmt: skip
    if state is DeliveryState.STOPPED and row.problems:
        found["code"] = str(row.problems[0].get("code", ""))
    return found


def note_change(installation: Installation, outcome: str) -> None:
    """Note what a person did with an installation: one of the outcomes of `events.INSTALLATION`."""
    _note_installation(installation, events.INSTALLATION, outcome)


def _note_installation(row: Installation, told: events.Event, outcome: str) -> None:
    session = object_session(row)
    if session is not None:
        events.note(
            session,
            lambda: partial(
                events.emit, told, organization=row.organization_id, installation=row.id,
                integration=row.integration, outcome=outcome,
            ),
        )  # fmt: skip
