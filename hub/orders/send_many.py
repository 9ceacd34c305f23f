"""Checking many orders before they are sent, and finding orders by state."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from hub.books import mappings
from hub.extension import host
from hub.host import Order, OrderState
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.models.delivery import needs
from hub.orders.context import load_context
from hub.orders.deliveries import deliveries_of_orders, last_choices
from hub.orders.validator import Validator
from hub.planning.choices import Choices
from hub.planning.context import PlanningContext
from hub.planning.plan import plan
from hub.planning.plans import Plan, Step
from hub.plugin import Problem, RecordKind
from hub.states import DeliveryState

MOST = 200
"""Orders that can be sent at once."""

_D = DeliveryState


class Readiness(enum.StrEnum):
    """The readiness of an order: READY to be sent as it is, in need of a CHOICE or correction, or DONE with nothing
    left to be sent."""

    READY = "ready"
    CHOICE = "choice"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCheck:
    """The result of checking an order. `entered` are the names of the customers and vendors that would be created."""

    order: Order
    readiness: Readiness
    choices: Choices
    problems: Sequence[Problem] = ()
    entered: Sequence[str] = ()


def check_orders(
    installation: Installation, order_ids: Sequence[str], kinds: Collection[str], validator: Validator | None = None
) -> list[OrderCheck]:
    """Return a check for each order, in their order. The number of queries is the same for one order and for `MOST`. An
    order with a negative total becomes a credit memo where invoices are among the `kinds`."""
    found = {order.id: order for order in host().some_orders(installation.organization_id, order_ids)}
    orders = [found[order_id] for order_id in dict.fromkeys(order_ids) if order_id in found]
    live = deliveries_of_orders(installation.organization_id, found)
    suggested = mappings.suggest_mappings(installation, registry.find_integration(installation.integration))
    wanted = [
        (order, replace(last_choices(installation, live.get(order.id, ())), documents=tuple(sorted(kinds))))
        for order in orders
    ]
    context = load_context(installation, wanted, suggested=suggested, validator=validator)
    return [_check_order(plan(order, choices, context), context) for order, choices in wanted]


def _check_order(made: Plan, context: PlanningContext) -> OrderCheck:
    stopped = [one for one in context.of_order(made.order) if one.is_stopped]
    problems: Sequence[Problem] = ()
    if stopped:
        readiness, problems = Readiness.CHOICE, stopped[0].problems or made.blockers
    elif made.documents and all(step.existing is not None for step in made.documents):
        readiness = Readiness.DONE
    else:
        problems = made.blockers
        readiness = Readiness.CHOICE if problems or not made.documents else Readiness.READY
    entered = [made_name(step) for step in made.steps if step.will_write and step.kind in _PARTIES]
    return OrderCheck(
        order=made.order, readiness=readiness, choices=made.choices, problems=problems,
        entered=entered if readiness is Readiness.READY else (),
    )  # fmt: skip


_PARTIES = frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR})


def made_name(step: Step) -> str:
    """Return the name of the customer or vendor that a step creates."""
    return str(getattr(step.subject, "name", ""))


# ── Filtering ───────────────────────────────────────────────────────────────────────────────────────────────────────


def order_ids(organization_id: str, state: OrderState) -> Select[str | None]:
    """Return a query for the ids of an organization's orders in a state, to be used inside the host's own. UNSENT
    returns the orders in any other state, to be excluded."""
    mine = and_(Delivery.organization_id == organization_id, Delivery.order_id.is_not(None))
    live = and_(mine, Delivery.state != _D.CANCELLED)
    stopped = and_(live, _is_stuck(Delivery))
    unsettled = and_(live, Delivery.state != _D.POSTED)
    ids = select(Delivery.order_id)
    match state:
        case OrderState.UNSENT:
            return ids.where(live)
        case OrderState.ATTENTION:
            return ids.where(stopped)
        case OrderState.MOVING:
            return ids.where(unsettled, Delivery.order_id.not_in(ids.where(stopped)))
        case OrderState.POSTED:
            return ids.where(live, Delivery.order_id.not_in(ids.where(unsettled)))


def _is_stuck(delivery: type[Delivery]) -> ColumnElement[bool]:
    """Return the condition that a delivery has stopped, or waits for one that has."""
    needed = aliased(Delivery)
    waits_for_it = exists().where(
        needs.c.delivery_id == delivery.id, needs.c.needed_id == needed.id,
        needed.state.in_((_D.STOPPED, _D.CANCELLED)),
    )  # fmt: skip
    return or_(delivery.state == _D.STOPPED, and_(delivery.state == _D.WAITING, waits_for_it))
