"""Queries for the deliveries of orders, and for the choices with which they were sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from hub.database import session
from hub.models import Delivery, Installation
from hub.models.delivery import needs
from hub.orders.stored_choices import choices_of
from hub.planning import fixes
from hub.planning.choices import Choices, creates_new
from hub.plugin import FixKind, Payment
from hub.states import DeliveryState


def deliveries_of_order(organization_id: str, order_id: str) -> list[Delivery]:
    """Return the live deliveries of an order's documents, oldest first."""
    return deliveries_of_orders(organization_id, [order_id]).get(order_id, [])


def deliveries_of_orders(organization_id: str, order_ids: Iterable[str]) -> dict[str, list[Delivery]]:
    """Return the live deliveries of many orders, by order, with what they wait for. Three queries."""
    rows = session().scalars(
        select(Delivery)
        .where(
            Delivery.organization_id == organization_id,
            Delivery.order_id.in_(list(order_ids)),
            Delivery.state != DeliveryState.CANCELLED,
        )
        .order_by(Delivery.id)
        .options(selectinload(Delivery.needs), selectinload(Delivery.installation).joinedload(Installation.endpoint))
    )
    found: dict[str, list[Delivery]] = {}
    for row in rows:
        found.setdefault(row.order_id or "", []).append(row)
    return found


def waiting_for(delivery: Delivery) -> list[Delivery]:
    """Return the documents that wait for a delivery, or did when they were stopped, oldest first."""
    return list(session().scalars(
        select(Delivery)
        .join(needs, needs.c.delivery_id == Delivery.id)
        .where(
            needs.c.needed_id == delivery.id,
            Delivery.state.in_((DeliveryState.WAITING, DeliveryState.STOPPED)),
            Delivery.order_id.is_not(None),
        )
        .order_by(Delivery.id)
    ))  # fmt: skip


def filter_by_books(installation: Installation, live: Iterable[Delivery]) -> list[Delivery]:
    """Return the deliveries to the books of an installation, including those of an earlier installation of the same
    books.

    An id that was chosen for other books means another record here.
    """
    return [
        one
        for one in live
        if one.installation_id == installation.id
        or (one.installation.integration == installation.integration
            and one.installation.books_id == installation.books_id != "")
    ]  # fmt: skip


def last_choices(installation: Installation, live: Sequence[Delivery]) -> Choices:
    """Return the choices with which an order was last sent to these books, else those of the settings.

    `live` are the live deliveries of the order, to any books.
    """
    sent = sorted((one for one in filter_by_books(installation, live) if one.choices), key=lambda one: one.sent_at)
    choices = choices_of(sent[-1].choices) if sent else Choices(tax=installation.tax)
    stored = [(fixes.about_delivery(one.source, one.kind), one.choices.get("answers", {})) for one in sent]
    choices = replace(choices, answers=fixes.latest(choices.answers, stored))
    if choices.documents == (Payment.kind,):  # A deposit. Now it is the invoice's turn.
        choices = replace(choices, documents=Choices().documents)
    # By now there may be somebody in place of a new customer or vendor, and linked.
    vendors = {vendor: chosen for vendor, chosen in choices.vendors.items() if not creates_new(chosen)}
    customer = "" if creates_new(choices.customer) else choices.customer
    return replace(choices, customer=customer, vendors=vendors)


def count_stopped(installation_id: int) -> int:
    """Return the number of stopped deliveries of an installation."""
    query = select(func.count()).where(
        Delivery.installation_id == installation_id, Delivery.state == DeliveryState.STOPPED
    )
    return session().scalar(query) or 0


def is_said_gone(delivery: Delivery) -> bool:
    """Return True if a person said that the posting of a delivery was deleted in the books."""
    key = fixes.key(fixes.about_delivery(delivery.source, delivery.kind), FixKind.ANEW)
    return bool(delivery.posting_id) and delivery.choices.get("answers", {}).get(key) == delivery.posting_id
