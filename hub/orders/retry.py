"""Retrying stopped deliveries: they are resumed, or planned again from the current order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from hub import access, scope
from hub.access import Actor
from hub.database import now, session
from hub.dispatch.outcomes import UNREAD, queue_if_ready, stop_delivery
from hub.errors import Incomplete, NotFound, NotPossible
from hub.extension import host
from hub.host import Order
from hub.models import BatchRow, ConversationRow, Delivery, Exchange, Installation
from hub.orders.apply import apply_plans, reset_delivery
from hub.orders.cancel import give_up, open_conversation
from hub.orders.context import load_context
from hub.orders.deliveries import deliveries_of_order, waiting_for
from hub.orders.stored_choices import choices_json, choices_of
from hub.orders.validator import Validator, with_validation
from hub.planning import fixes
from hub.planning.choices import Choices
from hub.planning.context import PlanningContext
from hub.planning.plan import after, plan
from hub.planning.plans import Action, Plan, Step
from hub.plugin import FixKind, Problem, say
from hub.queue import commit, rollback, wake
from hub.serialization import problems_json, subject_json, subject_of
from hub.states import BatchState, DeliveryState, InstallationState, StopReason
from hub.tracing import current_trace, span

_D = DeliveryState


def retry_delivery(actor: Actor, delivery_id: int, given: Mapping[str, str] | None = None) -> Delivery:
    """Retry a stopped delivery. Raises `NotPossible` if it is not stopped, `Incomplete` if it would stop again,
    `Forbidden` unless the actor may send this with the installation.

    A refused document is planned again from the current order, with the fixes `given` for its problems; a new record
    together with the orders that wait for it. A write that may have reached the ledger is resumed: its batch is
    repeated under its key, unless a person says that it is not in the books.
    """
    delivery = scope.find_delivery(actor.organization.id, delivery_id)
    installation_id = _successor(delivery).id
    access.require_send(actor, scope.find_installation(actor.organization.id, installation_id), [delivery.kind])
    with span("retry", installation=installation_id, delivery=delivery_id):
        return with_validation(lambda validator: _retry_locked(delivery, installation_id, given or {}, validator))


def _successor(delivery: Delivery) -> Installation:
    """Return the installation that a document goes to: its own, or the one that has the books of a removed one now.

    Raises `NotPossible` if there is none; a record of a removed one is created with the next order that needs it.
    """
    own = delivery.installation
    if own.state is not InstallationState.REMOVED:
        return own
    for one in scope.find_installations(delivery.organization_id) if delivery.order_id else ():
        if (one.integration, one.books_id) == (own.integration, own.books_id) and one.state in access.SENDABLE:
            return one
    raise NotPossible(say("The integration was uninstalled. Install it again, then send the order."))


def _retry_locked(delivery: Delivery, installation_id: int, given: Mapping[str, str], validator: Validator) -> Delivery:
    installation = scope.lock_installation(installation_id)
    if delivery.state is not _D.STOPPED:
        rollback()
        raise NotPossible(say("This has already been retried."))
    is_own = delivery.installation_id == installation.id
    if not is_own or open_conversation(delivery) is None or given.get(FixKind.ANEW) == UNREAD:
        _plan_again(installation, delivery, given, validator)
    else:
        _resume_conversation(delivery)
        wake(installation.id)
    installation.resume_at = None
    commit()
    return delivery


# ── Resuming ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _resume_conversation(delivery: Delivery) -> None:
    """Resume a conversation, and its parked batch with all deliveries that stopped in it."""
    parked = session().scalars(
        select(BatchRow)
        .join(Exchange)
        .join(ConversationRow)
        .where(ConversationRow.delivery_id == delivery.id, BatchRow.state == BatchState.PARKED)
        .options(BatchRow.laden())
    ).unique()
    companions = {delivery.id: delivery}
    for batch in parked.all():
        batch.move(BatchState.OPEN)
        batch.due_at = batch.tried_since = now()
        batch.tries = 0
        for exchange in batch.exchanges:
            found = exchange.conversation.delivery
            if found is not None and found.state is _D.STOPPED:
                companions[found.id] = found
    for companion in companions.values():
        companion.move(_D.QUEUED)
        companion.due_at, companion.problems, companion.reference = now(), [], ""
        companion.trace = current_trace()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """The plan of one document with its step (None if the order does not have it any more) and its problems."""

    plan: Plan
    step: Step | None
    problems: Sequence[Problem]


# ── Planning again ──────────────────────────────────────────────────────────────────────────────────────────────────


def _plan_again(
    installation: Installation, delivery: Delivery, given: Mapping[str, str], validator: Validator
) -> None:
    """Plan a document, or each document that waits for a record, with its own choices and the fixes that were given."""
    waiting = [delivery] if delivery.order_id else waiting_for(delivery)
    _keep_fixes(delivery, waiting, given)
    orders = _orders_of(waiting)
    if delivery.order_id and delivery.order_id not in orders:
        rollback()
        raise NotFound(say("This order no longer exists."))
    present = [one for one in [*waiting, *_find_followers(delivery)] if one.order_id in orders]
    wanted = {one: (orders[one.order_id or ""], _choices_for(one, delivery)) for one in present}
    context = load_context(installation, list(wanted.values()), validator=validator, begins_anew=[delivery.id])
    plans = _plans_of(wanted, context, delivery, relinks=FixKind.CUSTOMER in given)
    validator.check_complete()
    if delivery.order_id:
        _apply_document(installation, delivery, plans)
    else:
        _apply_record(installation, delivery, waiting, plans)
    wake(installation.id)


def _plans_of(
    wanted: Mapping[Delivery, tuple[Order, Choices]], context: PlanningContext, retried: Delivery, *, relinks: bool
) -> dict[Delivery, RetryPlan]:
    """Return the plan of each document alone, as if the plans before it without problems had been applied."""
    record = () if retried.order_id else ((retried.source, retried.kind),)
    found = {}
    for one, (order, choices) in wanted.items():
        made = plan(order, choices, context).only({(one.source, one.kind), *record})
        found[one] = RetryPlan(
            # It goes on being sent with these choices; who its company is by now is said by the link alone.
            plan=replace(made, choices=choices_of(one.choices), links=made.links if relinks else {}),
            step=made.step((one.source, one.kind)), problems=(*made.blockers, *_find_missing(made, list(wanted))),
        )  # fmt: skip
        if not found[one].problems:
            context = after(context, made)
    return found


def _find_followers(delivery: Delivery) -> list[Delivery]:
    """Return the documents that wait for a document: a new date applies to them, too, and they may not have to wait any
    more."""
    return [one for one in waiting_for(delivery) if one.state is _D.WAITING] if delivery.order_id else []


def _orders_of(waiting: Sequence[Delivery]) -> dict[str, Order]:
    """Return the orders of deliveries that the host still has, by id."""
    places = {(one.organization_id, one.order_id or "") for one in waiting}
    found = (host().order(*place) for place in sorted(places))
    return {order.id: order for order in found if order is not None}


def _choices_for(one: Delivery, retried: Delivery) -> Choices:
    """Return the last choices of a document, asking for it alone, and for the change of what is retried."""
    changing = [fixes.about_delivery(other.source, other.kind) for other in (one, retried) if other.posting_id]
    about = fixes.about_delivery(one.source, one.kind)
    return replace(choices_of(one.choices), documents=(about,), updates=tuple(dict.fromkeys(changing)))


def _apply_document(installation: Installation, delivery: Delivery, plans: Mapping[Delivery, RetryPlan]) -> None:
    """Apply the plan of a document, and those of its followers that have no problems. Raises if the order does not have
    the document any more, or has again what was to be voided."""
    own = plans[delivery]
    if own.problems:
        _keep_stopped(delivery, own.problems)
    if delivery.voids and (own.step is None or own.step.action is not Action.VOID):
        rollback()
        raise NotPossible(say("This is on the order again, so it isn’t voided. Cancel it here; it stays as it is."))
    if own.step is None or not own.step.will_write:
        rollback()
        raise NotFound(say("This is no longer on the order."))
    apply_plans(installation, [one.plan for one in plans.values() if not one.problems], delivery.sent_by)


def _apply_record(
    installation: Installation, delivery: Delivery, waiting: Sequence[Delivery], plans: Mapping[Delivery, RetryPlan]
) -> None:
    """Apply the plans of the documents that wait for a record. Documents that their order does not have any more are
    cancelled, those with other problems are stopped. If all have problems, the record stays stopped."""
    kept = {one: made for one, made in plans.items() if _is_on_order(made)}
    stopped = {one: made.problems for one, made in kept.items() if made.problems}
    for one in waiting:
        if one not in kept:
            give_up(one)
    if stopped and len(stopped) == len(kept):
        _keep_stopped(delivery, next(iter(stopped.values())))
    for one, problems in stopped.items():
        if one.state is _D.WAITING:
            stop_delivery(one, StopReason.UNMAPPED, *problems)
    apply_plans(installation, [made.plan for made in kept.values() if not made.problems], delivery.sent_by)
    if delivery.state is _D.STOPPED:  # Nothing waits for it, or what does is sent without it.
        reset_delivery(delivery)
        queue_if_ready(delivery)


def _is_on_order(made: RetryPlan) -> bool:
    """Return True if the order still has the document."""
    return made.step is not None and made.step.action is not Action.CANCEL and not made.plan.order.cancelled


def _keep_fixes(delivery: Delivery, waiting: Sequence[Delivery], given: Mapping[str, str]) -> None:
    """Store the fixes with what they are for, even if other problems are left, and with the order's other documents
    that are not in the books: a new date is for all of them."""
    if not given:
        return
    about = fixes.about_delivery(delivery.source, delivery.kind)
    others = deliveries_of_order(delivery.organization_id, delivery.order_id) if delivery.order_id else []
    for one in {*waiting, *(one for one in others if one.installation_id == delivery.installation_id)}:
        if one is delivery or one.state is not _D.POSTED:
            one.choices = choices_json(_with_fixes(choices_of(one.choices), about, given))
    if not delivery.order_id and not waiting:  # Nobody plans it, so the fix goes into the record itself.
        answers = {fixes.key(about, fix): value for fix, value in given.items()}
        delivery.subject = subject_json(fixes.put(subject_of(delivery.kind, delivery.subject), about, answers))


def _with_fixes(choices: Choices, about: str, given: Mapping[str, str]) -> Choices:
    for fix, value in given.items():
        if fix in set(FixKind):
            choices = fixes.apply_fix(choices, about, fix, value)
    return choices


def _find_missing(plan: Plan, waiting: Sequence[Delivery]) -> list[Problem]:
    """Return a problem for each new record that a document would need and does not wait for, because the record that it
    meant is gone. The person has not agreed to create one."""
    expected = {(needed.source, needed.kind) for one in waiting for needed in one.needs}
    return [
        Problem(
            code="record-missing", what=say("“%(name)s” no longer exists.", name=name), field="customer",
            cure=say("Open the order, click QB, and send it again. You can choose or create it there."),
        )
        for step in plan.steps if step.will_write and not step.is_document and step.key not in expected
        and (name := getattr(step.subject, "name", ""))
    ]  # fmt: skip


def _keep_stopped(delivery: Delivery, problems: Sequence[Problem]) -> None:
    """Store the current problems of a delivery that stays stopped, and raise `Incomplete`."""
    delivery.problems, delivery.reason = problems_json(list(problems)), StopReason.UNMAPPED
    commit()
    raise Incomplete(*problems)
