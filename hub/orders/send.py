"""Sending an order: its plan becomes deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from hub import access, scope
from hub.access import Actor
from hub.errors import Incomplete, NotPossible
from hub.host import Order, User
from hub.models import Delivery, Installation
from hub.orders.apply import apply_plans
from hub.orders.context import load_context
from hub.orders.deliveries import deliveries_of_order
from hub.orders.validator import Validator, with_validation
from hub.planning.choices import Choices
from hub.planning.plan import plan_many
from hub.plugin import Problem, document_kinds, say
from hub.queue import commit, rollback
from hub.tracing import span

T = TypeVar("T")


def send_order(actor: Actor, installation_id: int, order: Order, choices: Choices) -> list[Delivery]:
    """Turn an order into deliveries, and commit. Return the live deliveries of its documents.

    Sending twice, or by two people at once, gives the same deliveries as once. Raises `Incomplete` with every problem,
    and nothing is written; `Forbidden` if the actor may not send this with this installation.
    """
    installation = scope.find_installation(actor.organization.id, installation_id)
    access.require_send(actor, installation, _kinds_to_send(choices))
    with span("send order", installation=installation_id, order=order.id):
        left = retry_on_conflict(lambda validator: _send_locked(installation_id, order, choices, actor.user, validator))
    if order.id in left:
        raise Incomplete(*left[order.id])
    return deliveries_of_order(actor.organization.id, order.id)


def _kinds_to_send(choices: Choices) -> set[str]:
    """Return the kinds of documents to be sent, or changed in the books."""
    updated = {about.partition("/")[0] for about in choices.updates}
    return {*choices.kinds, *updated.intersection(document_kinds())}


def retry_on_conflict(work: Callable[[Validator], T]) -> T:
    """Do work that locks, validates and commits, and repeat it once if another transaction has queued the same new
    customer or item: the second time it is found."""
    try:
        return with_validation(work)
    except IntegrityError:
        rollback()
        return with_validation(work)


def _send_locked(
    installation_id: int, order: Order, choices: Choices, user: User, validator: Validator
) -> Mapping[str, Sequence[Problem]]:
    installation = scope.lock_installation(installation_id)
    if installation.state not in access.SENDABLE:
        rollback()
        raise NotPossible(say("This integration is not connected."))
    left = enter_orders(installation, [(order, choices)], user, validator)
    if left:
        rollback()
    commit()
    return left


def enter_orders(
    installation: Installation, wanted: Sequence[tuple[Order, Choices]], user: User, validator: Validator
) -> Mapping[str, Sequence[Problem]]:
    """Turn orders into deliveries, each as if it were sent alone. The caller has locked the installation
    (`scope.lock_installation`) and commits.

    Return the problems of orders for which nothing was written, by order id. Raises `Unvalidated`.
    """
    plans = plan_many(wanted, load_context(installation, wanted, validator=validator))
    validator.check_complete()
    apply_plans(installation, [plan for plan in plans if not plan.blockers], user.name)
    return {plan.order.id: plan.blockers for plan in plans if plan.blockers}
