"""Cancelling deliveries, as long as it is certain that nothing has reached the books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from hub import access, scope
from hub.access import Actor
from hub.database import session
from hub.dispatch import open_writes
from hub.errors import NotFound, NotPossible
from hub.extension import host
from hub.models import ConversationRow, Delivery
from hub.models.delivery import needs
from hub.orders.context import load_context
from hub.orders.existing import posted_subjects
from hub.orders.stored_choices import choices_json, choices_of
from hub.planning import fixes
from hub.planning.choices import Choices
from hub.planning.plan import plan
from hub.planning.plans import ByHand
from hub.plugin import FixKind, Problem, RecordKind, say
from hub.queue import commit, rollback
from hub.serialization import problems_json, subject_json
from hub.states import ConversationState, DeliveryState

_D = DeliveryState
CANCELLABLE = frozenset({_D.WAITING, _D.QUEUED, _D.STOPPED})
"""What may be given up, as long as no write has been asked for."""


def cancel_delivery(actor: Actor, delivery_id: int) -> Delivery:
    """Cancel a delivery that has not been sent. Raises `NotPossible` if it is, or may be, in the books, `Forbidden`
    unless the actor may send with its installation."""
    delivery = scope.find_delivery(actor.organization.id, delivery_id)
    access.require_send(actor, delivery.installation, ())
    scope.lock_installation(delivery.installation_id)
    if not can_cancel(delivery):
        rollback()
        raise NotPossible(say("This is being sent or already sent, so it can’t be cancelled."))
    give_up(delivery)
    commit()
    return delivery


def confirm_deleted(actor: Actor, delivery_id: int) -> Delivery:
    """Store that a person has deleted a purchase document in the books that is not on the order any more. We cannot see
    such deletions.

    If it is on the order again later, it is created again. Raises `NotPossible` for anything else, `Forbidden` unless
    the actor may send this.
    """
    delivery = scope.find_delivery(actor.organization.id, delivery_id)
    access.require_send(actor, delivery.installation, [delivery.kind])
    order = host().order(actor.organization.id, delivery.order_id or "")
    if order is None:
        raise NotFound(say("This order no longer exists."))
    installation = scope.lock_installation(delivery.installation_id)
    nothing = Choices(documents=())
    step = plan(order, nothing, load_context(installation, [(order, nothing)])).step((delivery.source, delivery.kind))
    if step is None or step.by_hand is not ByHand.CONFIRM_DELETED:
        rollback()
        raise NotPossible(say("This can’t be marked as deleted."))
    choices = fixes.apply_fix(choices_of(delivery.choices), step.about, FixKind.ANEW, delivery.posting_id)
    delivery.choices = choices_json(choices)
    what = say("%(who)s marked it as deleted.", who=actor.user.name)
    delivery.problems = problems_json([Problem(code="deleted-by-hand", what=what)])
    commit()
    return delivery


def can_cancel(delivery: Delivery) -> bool:
    """Return True if it is certain that nothing of it has reached the books."""
    return delivery.state in CANCELLABLE and not open_writes.write_is_asked(delivery.id)


def find_cancellable(deliveries: Iterable[Delivery]) -> set[int]:
    """Return the ids of deliveries that `can_cancel` is true of. One query."""
    ids = {delivery.id for delivery in deliveries if delivery.state in CANCELLABLE}
    return ids - open_writes.asked_to_write(ids)


def give_up(delivery: Delivery) -> None:
    """Cancel a delivery, those that wait for it, and the new records that only it waits for. If it was changing a
    posted document, that stays in the books as it is."""
    close_conversation(delivery, say("Cancelled."))
    if delivery.posting_id:
        posted, before = posted_subjects([delivery]).get(delivery.id), list(delivery.needs)
        if delivery.voids:  # What was to stand in its place has no place.
            _give_up_dependents(delivery)
        delivery.move(_D.POSTED)
        delivery.needs = []
        session().flush()
        _cancel_unneeded(before)
        delivery.subject = subject_json(posted) if posted is not None else delivery.subject
        delivery.problems, delivery.reference = [], ""
        return
    delivery.move(_D.CANCELLED)
    session().flush()
    _give_up_dependents(delivery)
    _cancel_unneeded(delivery.needs)


def _give_up_dependents(delivery: Delivery) -> None:
    for dependent in _find_dependents(delivery):
        if can_cancel(dependent):
            give_up(dependent)


def _cancel_unneeded(needed: Sequence[Delivery]) -> None:
    """Cancel new records that no delivery waits for any more, such as a customer instead of whom another was chosen."""
    for one in needed:
        if one.kind in set(RecordKind) and not _find_dependents(one) and can_cancel(one):
            give_up(one)


def _find_dependents(delivery: Delivery) -> list[Delivery]:
    return list(
        session().scalars(
            select(Delivery)
            .join(needs, needs.c.delivery_id == Delivery.id)
            .where(needs.c.needed_id == delivery.id, Delivery.state != _D.CANCELLED)
        )
    )


def close_conversation(delivery: Delivery, why: str) -> None:
    """Close a conversation that has only read so far. A late answer to it is ignored."""
    row = open_conversation(delivery)
    if row is not None:
        row.move(ConversationState.FAILED)
        row.outcome = why


def open_conversation(delivery: Delivery) -> ConversationRow | None:
    return session().scalar(
        select(ConversationRow).where(
            ConversationRow.delivery_id == delivery.id, ConversationRow.state == ConversationState.OPEN
        )
    )
