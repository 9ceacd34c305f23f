"""A person has put right what stopped a delivery: it goes on, or is planned anew from the order as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from hub import access, scope
from hub.access import Actor
from hub.database import now, session
from hub.dispatch.outcomes import UNREAD, queue_if_ready
from hub.errors import Incomplete, NotFound, NotPossible
from hub.extension import host
from hub.host import Order
from hub.models import BatchRow, ConversationRow, Delivery, Exchange, Installation
from hub.models.delivery import needs
from hub.orders.apply import apply_plans, begin_anew
from hub.orders.cancel import open_conversation
from hub.orders.context import load_context
from hub.orders.deliveries import deliveries_of_order
from hub.orders.validator import Validator, with_validation
from hub.planning import fixes
from hub.planning.choices import Choices
from hub.planning.context import Key
from hub.planning.plan import plan_many
from hub.planning.plans import Action, Plan
from hub.plugin import FixKind, Problem, say
from hub.queue import commit, rollback, wake
from hub.serialization import problems_json, subject_json, subject_of
from hub.states import BatchState, DeliveryState, StopReason

_D = DeliveryState


def retry_delivery(actor: Actor, delivery_id: int, given: Mapping[str, str] | None = None) -> Delivery:
    """Go on with a stopped delivery. Raises `NotPossible` if it has not stopped, `Incomplete` if it would stop again,
    `Forbidden` unless the actor manages, or may send with its installation.

    What was refused is planned anew from the order as it is now, with the fixes `given` for its problems; a new record
    with the orders that wait for it. What may have left goes on where it was: its batch is repeated under its key,
    unless a person says that it is not in the books.
    """
    delivery = scope.delivery(actor.organization.id, delivery_id)
    access.require_send_or_manage(actor, delivery.installation)
    access.require_documents(delivery.installation, [delivery.kind])
    return with_validation(lambda validator: _retry(delivery, given or {}, validator))


def _retry(delivery: Delivery, given: Mapping[str, str], validator: Validator) -> Delivery:
    installation = scope.lock(delivery.installation_id)
    if delivery.state is not _D.STOPPED:
        rollback()
        raise NotPossible(say("This has not stopped (any more)."))
    if open_conversation(delivery) is None or given.get(FixKind.ANEW) == UNREAD:
        _plan_again(installation, delivery, given, validator)
    else:
        _resume(delivery)
        wake(installation.id)
    installation.resume_at = None
    commit()
    return delivery


# ── Resuming ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _resume(delivery: Delivery) -> None:
    """Let its conversation go on, and its parked batch with all that stopped in it."""
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


# ── Planning again ──────────────────────────────────────────────────────────────────────────────────────────────────


def _plan_again(
    installation: Installation, delivery: Delivery, given: Mapping[str, str], validator: Validator
) -> None:
    """Plan a document, or the documents that wait for a record, with the fixes that were given."""
    waiting = [delivery] if delivery.order_id else _waiting_for(delivery)
    wanted = _wanted(delivery, waiting, given)
    if not wanted:
        _send_alone(delivery, given)
        wake(installation.id)
        return
    _keep(delivery, waiting, given)
    context = load_context(installation, wanted, validator=validator, begins_anew=[delivery.id])
    plans = [_narrowed(plan, delivery, waiting) for plan in plan_many(wanted, context)]
    validator.check_complete()
    if problems := [problem for plan in plans for problem in (*plan.blockers, *_missing(plan, waiting))]:
        _refuse(delivery, problems)
    if delivery.order_id:
        _check_is_planned(plans[0], delivery)
    apply_plans(installation, plans, delivery.sent_by)


def _waiting_for(delivery: Delivery) -> list[Delivery]:
    """Return the documents that wait for a record."""
    return list(session().scalars(
        select(Delivery)
        .join(needs, needs.c.delivery_id == Delivery.id)
        .where(
            needs.c.needed_id == delivery.id,
            Delivery.state.in_((_D.WAITING, _D.STOPPED)),
            Delivery.order_id.is_not(None),
        )
        .order_by(Delivery.id)
    ))  # fmt: skip


def _wanted(
    delivery: Delivery, waiting: Sequence[Delivery], given: Mapping[str, str]
) -> list[tuple[Order, Choices]]:
    """Return the orders to be planned, each with the choices that it was sent with last and the fixes."""
    found: dict[str, Choices] = {}
    for one in waiting:
        about = fixes.about_delivery(one.source, one.kind)
        choices = found.get(one.order_id or "") or _with_fixes(Choices.of(one.choices), delivery, given)
        updates = (*choices.updates, about) if one.posting_id else choices.updates
        documents = tuple(dict.fromkeys([*choices.documents, about]))
        found[one.order_id or ""] = replace(choices, documents=documents, updates=updates)
    orders = [(host().order(delivery.organization_id, order_id), choices) for order_id, choices in found.items()]
    if delivery.order_id and orders[0][0] is None:
        rollback()
        raise NotFound(say("The order is not there any more."))
    return [(order, choices) for order, choices in orders if order is not None]


def _with_fixes(choices: Choices, delivery: Delivery, given: Mapping[str, str]) -> Choices:
    about = fixes.about_delivery(delivery.source, delivery.kind)
    for fix, value in given.items():
        if fix in set(FixKind):
            choices = fixes.apply_fix(choices, about, fix, value)
    return choices


def _narrowed(plan: Plan, delivery: Delivery, waiting: Sequence[Delivery]) -> Plan:
    """Return the plan of what is retried alone: the document, or what waits for the record; and what waits for these
    and can go on with them."""
    keys: set[Key] = {(one.source, one.kind) for one in waiting if one.order_id == plan.order.id}
    keys.add((delivery.source, delivery.kind))
    following = {
        step.key for step in plan.steps
        if step.existing is not None and not step.existing.is_stopped and not step.problems
        and keys & set(step.existing.needs)
    }  # fmt: skip
    return plan.only(keys | following)


def _missing(plan: Plan, waiting: Sequence[Delivery]) -> list[Problem]:
    """Return the new records that documents need by now and do not wait for: what they meant is not in the books any
    more. Nobody has been asked whether it is to be created."""
    expected = {(needed.source, needed.kind) for one in waiting for needed in one.needs}
    return [
        Problem(
            code="record-missing", what=say("“%(name)s” is not in the books any more.", name=name), field="customer",
            cure=say("Open the order, press QB, and send it again; there it can be chosen or created."),
        )
        for step in plan.steps if step.will_write and not step.is_document and step.key not in expected
        and (name := getattr(step.subject, "name", ""))
    ]  # fmt: skip


def _check_is_planned(plan: Plan, delivery: Delivery) -> None:
    """Raises if the order does not have any more what is to be retried; or has again what was to be voided."""
    step = plan.step((delivery.source, delivery.kind))
    voids = step is not None and step.will_write and step.action is Action.VOID
    if delivery.voids and not voids:
        rollback()
        raise NotPossible(say("The order has this again, so it is not voided. Cancel it here; it stays in the books."))
    if step is None or not step.will_write:
        rollback()
        raise NotFound(say("The order does not have this any more."))


def _send_alone(delivery: Delivery, given: Mapping[str, str]) -> None:
    """Send a record again for which nothing waits."""
    about = fixes.about_delivery(delivery.source, delivery.kind)
    answers = {fixes.key(about, fix): value for fix, value in given.items()}
    delivery.subject = subject_json(fixes.put(subject_of(delivery.kind, delivery.subject), about, answers))
    begin_anew(delivery)
    queue_if_ready(delivery)


def _keep(delivery: Delivery, waiting: Sequence[Delivery], given: Mapping[str, str]) -> None:
    """Keep the fixes with what they are for, whatever is in the way yet, and with what else of its order is not in the
    books: a new date is for all of it."""
    others = deliveries_of_order(delivery.organization_id, delivery.order_id) if given and delivery.order_id else []
    kept = {*waiting, *(one for one in others if one.installation_id == delivery.installation_id)}
    for one in kept if given else ():
        if one is delivery or one.state is not _D.POSTED:
            one.choices = _with_fixes(Choices.of(one.choices), delivery, given).stored()


def _refuse(delivery: Delivery, problems: Sequence[Problem]) -> None:
    """Keep a delivery stopped, with what is now in its way."""
    delivery.problems, delivery.reason = problems_json(list(problems)), StopReason.UNMAPPED
    commit()
    raise Incomplete(*problems)
