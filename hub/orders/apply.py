"""Writing plans: deliveries are created, changed and cancelled as the plans say. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from hub.books import links
from hub.database import now, session
from hub.dispatch.outcomes import queue_if_ready
from hub.host import Delivered
from hub.models import Delivery, Installation
from hub.orders.cancel import close_conversation, give_up
from hub.orders.deliveries import waiting_for
from hub.orders.stored_choices import choices_json, choices_of
from hub.planning.context import Key
from hub.planning.parts import name_party
from hub.planning.plans import Action, Plan, Step
from hub.plugin import NewRecord, RecordKind, Ref, Subject, Transaction, say
from hub.queue import tell_host, wake
from hub.serialization import subject_json, subject_of
from hub.states import DeliveryState
from hub.tracing import current_trace


def apply_plans(installation: Installation, plans: Sequence[Plan], by: str) -> None:
    """Write plans without blockers, and wake a worker. The caller has locked the installation, loaded the context and
    planned under the lock, and commits."""
    rows = _rows_of(plans)
    links.link_companies(installation.id, {key: ref for plan in plans for key, ref in plan.links.items()}, by)
    for plan in plans:
        _write_plan(installation, plan, rows, by)
    session().flush()
    for plan in plans:
        _let_go(plan, rows)
    wake(installation.id)


def _rows_of(plans: Iterable[Plan]) -> dict[Key, Delivery]:
    """Return the existing deliveries of the plans, by key."""
    ids = {step.existing.id for plan in plans for step in plan.steps if step.existing is not None and step.existing.id}
    found = session().scalars(
        select(Delivery).where(Delivery.id.in_(ids)).options(selectinload(Delivery.needs))
    )  # fmt: skip
    return {(row.source, row.kind): row for row in found}


def _write_plan(installation: Installation, plan: Plan, rows: dict[Key, Delivery], by: str) -> None:
    """Write the deliveries of a plan, and for which others each waits."""
    written = _records_first(plan)
    for step in written:
        if step.stays is not None:
            _leave_others(rows[step.key], step.stays, plan.order.id)
        rows[step.key] = _write_step(installation, rows.get(step.key), step, by)
    for step in written:
        _set_needs(plan, step, rows)


def _let_go(plan: Plan, rows: dict[Key, Delivery]) -> None:
    """Give up what the plan cancels, and queue what waits for nothing."""
    for step in plan.steps:
        if step.wanted and step.action is Action.CANCEL and rows[step.key].state is not DeliveryState.CANCELLED:
            give_up(rows[step.key])
    for step in _records_first(plan):
        if step.action is not Action.LINK:
            queue_if_ready(rows[step.key])


def _records_first(plan: Plan) -> list[Step]:
    """Return the steps that are written, those of records first, because they need nothing."""
    return sorted((step for step in plan.steps if step.will_write), key=lambda one: one.is_document)


def _write_step(installation: Installation, row: Delivery | None, step: Step, by: str) -> Delivery:
    """Return the delivery of a step, reset and with the new subject."""
    assert step.subject is not None
    subject = subject_json(step.subject)
    if row is None or row.state is DeliveryState.CANCELLED:
        row = Delivery(
            installation_id=installation.id, organization_id=installation.organization_id, source=step.source,
            kind=step.kind, title=step.title, subject=subject, state=DeliveryState.WAITING, sent_by=by,
            trace=current_trace(),
        )  # fmt: skip
        session().add(row)
        return row
    if step.there is not None:
        _link_to(row, step.subject, step.there)
        row.installation_id = installation.id
        return row
    reset_delivery(row)
    if step.action is Action.RECREATE:
        row.posting_id = row.posting_version = ""
    row.installation_id = installation.id  # What an earlier installation posted is changed by this one.
    row.subject, row.title, row.sent_by, row.sent_at = subject, step.title, by, now()
    return row


def _leave_others(row: Delivery, party: Ref, order_id: str) -> None:
    """Let other orders go to the customer or vendor that they waited for, beside whom another one is created."""
    kind = RecordKind(row.kind)
    for one in waiting_for(row):
        if one.order_id == order_id:
            continue
        choices = choices_of(one.choices).with_party(kind, row.source.partition("/")[2], party.id)
        document = subject_of(one.kind, one.subject)
        assert not isinstance(document, NewRecord)
        one.choices, one.subject = choices_json(choices), subject_json(name_party(document, kind, party))
        one.needs = [needed for needed in one.needs if needed is not row]


def _link_to(row: Delivery, sent: Subject, there: Transaction) -> None:
    """Make a transaction of the books the posting of a delivery, of whose write the answer never came. The totals that
    are known are those that were sent, so that what is otherwise there is seen."""
    close_conversation(row, say("Linked to what is in the books."))
    if row.state is not DeliveryState.POSTED:
        row.move(DeliveryState.POSTED)
    row.posting_id, row.posting_number, row.posting_version = there.id, there.number, ""
    row.posting_total, row.posting_lines = getattr(sent, "total", there.total), []
    row.problems, row.reference = [], ""
    if row.order_id is not None:
        tell_host(Delivered(
            organization_id=row.organization_id, order_id=row.order_id, document=row.kind, number=there.number,
            integration=row.installation.integration,
        ))  # fmt: skip


def reset_delivery(row: Delivery) -> None:
    """Make a delivery wait as if it had never been tried."""
    close_conversation(row, say("Started again."))
    row.problems, row.reference, row.tries, row.tried_since = [], "", 0, None
    row.trace = current_trace()
    if row.state is not DeliveryState.WAITING:
        row.move(DeliveryState.WAITING)


def _set_needs(plan: Plan, step: Step, rows: dict[Key, Delivery]) -> None:
    row = rows[step.key]
    row.needs = [rows[key] for key in step.needs]
    if step.is_document:
        row.order_id = plan.order.id
        if step.action is not Action.VOID:
            row.choices = choices_json(plan.choices)
