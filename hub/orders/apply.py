"""Writing plans: deliveries are created, changed and cancelled as the plans say. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from hub.books import links
from hub.database import now, session
from hub.dispatch.outcomes import queue_if_ready
from hub.models import Delivery, Installation
from hub.orders.cancel import close_conversation, give_up
from hub.planning.context import Key
from hub.planning.plans import Action, Plan, Step
from hub.plugin import say
from hub.queue import wake
from hub.serialization import subject_json
from hub.states import DeliveryState


def apply_plans(installation: Installation, plans: Sequence[Plan], by: str) -> None:
    """Write plans without blockers, and wake a worker. The caller has locked the installation, loaded the context and
    planned under the lock, and commits."""
    rows = _rows_of(plans)
    for plan in plans:
        for (kind, company_id), ref in plan.links.items():
            links.link_company(installation.id, kind, company_id, ref, by)
        _apply_plan(installation, plan, rows, by)
    wake(installation.id)


def _rows_of(plans: Iterable[Plan]) -> dict[Key, Delivery]:
    """Return the existing deliveries of the plans, by key."""
    ids = {step.existing.id for plan in plans for step in plan.steps if step.existing is not None and step.existing.id}
    found = session().scalars(
        select(Delivery).where(Delivery.id.in_(ids)).options(selectinload(Delivery.needs))
    )  # fmt: skip
    return {(row.source, row.kind): row for row in found}


def _apply_plan(installation: Installation, plan: Plan, rows: dict[Key, Delivery], by: str) -> None:
    written = [step for step in plan.steps if step.will_write]
    for step in written:
        rows[step.key] = _write_step(installation, rows.get(step.key), step, by)
    for step in sorted(written, key=lambda one: one.is_document):  # Records first: they need nothing.
        _set_needs(plan, step, rows)
    session().flush()
    for step in plan.steps:
        if step.wanted and step.action is Action.CANCEL and rows[step.key].state is not DeliveryState.CANCELLED:
            give_up(rows[step.key])
    for step in sorted(written, key=lambda one: one.is_document):
        queue_if_ready(rows[step.key])


def _write_step(installation: Installation, row: Delivery | None, step: Step, by: str) -> Delivery:
    """Return the delivery of a step, reset and with the new subject."""
    assert step.subject is not None
    subject = subject_json(step.subject)
    if row is None or row.state is DeliveryState.CANCELLED:
        row = Delivery(
            installation_id=installation.id, organization_id=installation.organization_id, source=step.source,
            kind=step.kind, title=step.title, subject=subject, state=DeliveryState.WAITING, sent_by=by,
        )  # fmt: skip
        session().add(row)
        return row
    reset_delivery(row)
    if step.action is Action.RECREATE:
        row.posting_id = row.posting_version = ""
    row.installation_id = installation.id  # What an earlier installation posted is changed by this one.
    row.subject, row.title, row.sent_by, row.sent_at = subject, step.title, by, now()
    return row


def reset_delivery(row: Delivery) -> None:
    """Reset a delivery, as if it had never been tried."""
    close_conversation(row, say("Started again."))
    row.problems, row.reference, row.tries, row.tried_since = [], "", 0, None
    if row.state is not DeliveryState.WAITING:
        row.move(DeliveryState.WAITING)


def _set_needs(plan: Plan, step: Step, rows: dict[Key, Delivery]) -> None:
    row = rows[step.key]
    row.needs = [rows[key] for key in step.needs]
    if step.is_document:
        row.order_id = plan.order.id
        if step.action is not Action.VOID:
            row.choices = plan.choices.stored()
