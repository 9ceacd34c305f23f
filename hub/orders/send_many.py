"""Many orders at once: what is ready to be sent, what needs a choice first, and the orders in some state."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from hub import access
from hub.books import mappings
from hub.extension import host
from hub.host import Order, OrderState
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.models.delivery import needs
from hub.orders.send import deliveries_of_orders, last_choices, of_these_books
from hub.planning import sales, validation
from hub.planning.choices import SALES, Choices
from hub.planning.context import gather
from hub.planning.documents import draft, with_suggestions
from hub.planning.drafts import Draft
from hub.planning.validator import Validator
from hub.plugin import Invoice, Payment, Problem, document_kinds, noun, say
from hub.serialization import problems_of
from hub.states import DeliveryState

MOST = 200
"""Orders that can be sent at once."""

_D = DeliveryState


class Readiness(enum.StrEnum):
    """READY to be sent as it is; a person has to choose or put right something first; or it is DONE: nothing of it is
    left to be sent."""

    READY = "ready"
    CHOICE = "choice"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What sending an order would come to. `entered` are the names of the new customers and vendors."""

    order: Order
    readiness: Readiness
    choices: Choices
    problems: Sequence[Problem] = ()
    entered: Sequence[str] = ()


def look(
    installation: Installation, order_ids: Sequence[str], kinds: Collection[str], validator: Validator | None = None
) -> list[Outlook]:
    """Return what sending these orders would come to, in their order. As many queries for `MOST` of them as for one. An
    order that gives money back becomes a credit memo where invoices are among the `kinds`."""
    found = {order.id: order for order in host().some_orders(installation.organization_id, order_ids)}
    orders = [found[order_id] for order_id in dict.fromkeys(order_ids) if order_id in found]
    integration = registry.integration(installation.integration)
    live = deliveries_of_orders(installation.organization_id, found)
    suggested = mappings.suggestions(installation, integration)
    wanted = []
    for order in orders:
        choices = last_choices(installation, live.get(order.id, ()))
        asked = sorted({sales.kind_of(order) if kind == Invoice.kind else kind for kind in kinds})
        wanted.append((order, replace(choices, documents=tuple(asked))))
    known = gather(installation, integration, wanted, suggested)
    outlooks = []
    for order, chosen in wanted:
        choices = with_suggestions(chosen, suggested, order, known)
        outline = draft(installation, integration, order, choices, known, validator=validator)
        own = of_these_books(installation, live.get(order.id, ()))
        outlooks.append(_outlook(installation, order, choices, outline, own))
    return outlooks


def _outlook(
    installation: Installation, order: Order, choices: Choices, outline: Draft, live: Sequence[Delivery]
) -> Outlook:
    stopped = [one for one in live if one.state is _D.STOPPED]
    there = {(one.source, one.kind) for one in live}
    parts, closed = list(_wanted(outline, order, choices)), _closed(installation, choices)
    if stopped:
        readiness, problems = Readiness.CHOICE, list(problems_of(stopped[0].problems))
    elif parts and there.issuperset(parts):
        readiness, problems = Readiness.DONE, []
    else:
        problems = closed or list(outline.problems)
        readiness = Readiness.CHOICE if problems or not parts else Readiness.READY
    vendors = [one.new_vendor.name for one in outline.purchases if one.new_vendor]
    entered = ([outline.new_customer.name] if outline.new_customer else []) + vendors
    return Outlook(
        order=order, readiness=readiness, choices=choices, problems=problems,
        entered=entered if readiness is Readiness.READY else (),
    )  # fmt: skip


def _closed(installation: Installation, choices: Choices) -> list[Problem]:
    """Return what the settings do not let anybody send."""
    return [
        Problem(
            code="kind-not-allowed", what=say("The settings do not allow to send a %(kind)s.", kind=noun(kind)),
            cure=say("Ask an admin."),
        )
        for kind in choices.kinds
        if not access.allows_document(installation, kind)
    ]


def _wanted(outline: Draft, order: Order, choices: Choices) -> Iterator[tuple[str, str]]:
    """Return the sources and kinds of the documents that are asked for."""
    sold = SALES | {Payment.kind}
    for source, _, subject in validation.parts(outline, order):
        if subject.kind in document_kinds() and (subject.kind not in sold or choices.sells):
            yield source, subject.kind


# ── Filtering ───────────────────────────────────────────────────────────────────────────────────────────────────────


def order_ids(organization_id: str, state: OrderState) -> Select[str | None]:
    """Return the ids of an organization's orders in a state, as a query that a host's own can contain. UNSENT gives
    those that are in any other state, to be excluded."""
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
    """It has stopped, or it waits for what has."""
    needed = aliased(Delivery)
    waits_for_it = exists().where(
        needs.c.delivery_id == delivery.id, needs.c.needed_id == needed.id,
        needed.state.in_((_D.STOPPED, _D.CANCELLED)),
    )  # fmt: skip
    return or_(delivery.state == _D.STOPPED, and_(delivery.state == _D.WAITING, waits_for_it))
