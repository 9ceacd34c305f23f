"""A person presses Send: the order's draft becomes deliveries. And what the person may do with these afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from hub import access, scope
from hub.books import history, links
from hub.database import session
from hub.dispatch import leases
from hub.errors import Incomplete, NotPossible
from hub.host import Order, User
from hub.integrations import registry
from hub.models import Delivery, Installation
from hub.orders import deliveries
from hub.orders.deliveries import Places
from hub.orders.void import find_voidable, void_document
from hub.planning import answers, documents, revisions, validation
from hub.planning.choices import PURCHASES, Choices
from hub.planning.context import NEW, Gathered, gather
from hub.planning.documents import draft, item_key
from hub.planning.drafts import Draft
from hub.planning.purchases import Purchase
from hub.planning.revisions import Remedy, Revisable
from hub.planning.validator import Validator, with_validation
from hub.plugin import (
    Bill,
    Integration,
    Invoice,
    Payment,
    Problem,
    PullIntegration,
    PurchaseOrder,
    RecordKind,
    say,
    title_of,
)
from hub.queue import commit, rollback, wake
from hub.states import DeliveryState

T = TypeVar("T")

_D = DeliveryState


def send_order(installation_id: int, order: Order, choices: Choices, user: User) -> list[Delivery]:
    """Turn an order into deliveries and commit. Gives the live deliveries of its documents.

    Pressing twice, or by two people at once, gives the same deliveries as once. Raises `Incomplete` with every
    problem, and nothing is written.
    """
    left = retry_on_conflict(lambda validator: _send(installation_id, order, choices, user, validator))
    if order.id in left:
        raise Incomplete(*left[order.id])
    return deliveries_of_order(session().get_one(Installation, installation_id).organization_id, order.id)


def retry_on_conflict(work: Callable[[Validator], T]) -> T:
    """Do work that takes the lock, validates and ends in a commit; once more if somebody else queued the same new
    customer or item at the same moment, for it is there then."""
    try:
        return with_validation(work)
    except IntegrityError:
        rollback()
        return with_validation(work)


def _send(
    installation_id: int, order: Order, choices: Choices, user: User, validator: Validator
) -> Mapping[str, Sequence[Problem]]:
    installation = scope.lock(installation_id)
    if installation.state not in access.SENDABLE:
        rollback()
        raise NotPossible(say("This installation is not connected."))
    left = enter_orders(installation, [(order, choices)], user, validator)
    if left:
        rollback()
    commit()
    return left


def enter_orders(
    installation: Installation, wanted: Sequence[tuple[Order, Choices]], user: User, validator: Validator
) -> Mapping[str, Sequence[Problem]]:
    """Turn orders into deliveries, each as if it were sent alone. The caller holds the lock of the installation
    (`scope.lock`) and commits.

    Return the problems of those of which nothing was written, by the id of the order. Raises `Unvalidated`.
    """
    integration, left = registry.integration(installation.integration), {}
    known = gather(installation, integration, wanted)
    asked = [(order, choices.whole()) for order, choices in wanted]
    drafts = [
        (order, choices, draft(installation, integration, order, choices, known, validator=validator))
        for order, choices in asked
    ]
    validator.check_complete()
    places = Places.of(installation, {source for order, _, outline in drafts for source in _sources(order, outline)})
    for order, choices, outline in drafts:
        voided = _ticked_to_void(installation, integration, order, choices)
        is_done = order.cancelled and (bool(voided) or _is_being_voided(installation, order, choices))
        if not is_done and (outline.problems or outline.sale is None):
            left[order.id] = outline.problems
            continue
        for delivery in voided:
            void_document(delivery, user.name)
        if not order.cancelled:
            _link(installation, order, outline, user)
            _write(places, order, _possible(choices, integration), outline, voided, by=user.name)
    if isinstance(integration, PullIntegration) or not leases.is_held(installation):
        wake(installation.id)
    return left


def _possible(choices: Choices, integration: Integration) -> Choices:
    """Return the choices without updates that the books do not take: such a document would be entered a second time."""
    revises = integration.capabilities.revises
    return replace(choices, updates=tuple(one for one in choices.updates if one.partition("/")[0] in revises))


def _sources(order: Order, outline: Draft) -> Iterator[str]:
    """Return the sources of all that an order may bring into the books."""
    yield f"order/{order.id}"
    yield f"company/{order.company.id}"
    for item in outline.new_items:
        yield f"item/{item_key(item.name)}"
    for payment_id in outline.payments:
        yield f"order/{order.id}/payment/{payment_id}"
    for one in outline.purchases:
        yield f"company/{one.vendor.id}"
        yield f"order/{order.id}/vendor/{one.vendor.id}"


def _ticked_to_void(
    installation: Installation, integration: Integration, order: Order, choices: Choices
) -> list[Delivery]:
    if not choices.updates:
        return []
    live = _of(installation, deliveries_of_order(installation.organization_id, order.id))
    return [one for one in find_voidable(integration, live, order) if one.kind in choices.updates]


def _is_being_voided(installation: Installation, order: Order, choices: Choices) -> bool:
    """Return True if somebody has pressed Void a moment before."""
    if not choices.updates:
        return False
    live = _of(installation, deliveries_of_order(installation.organization_id, order.id))
    return any(one.voids and one.kind in choices.updates for one in live)


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
            Delivery.state != _D.CANCELLED,
        )
        .order_by(Delivery.id)
        .options(selectinload(Delivery.needs), selectinload(Delivery.installation).joinedload(Installation.endpoint))
    )
    found: dict[str, list[Delivery]] = {}
    for row in rows:
        found.setdefault(row.order_id or "", []).append(row)
    return found


def find_revisions(
    installation: Installation, order: Order, choices: Choices, known: Gathered | None = None
) -> list[Revisable]:
    """Return what of an order is in the books, and is there in another form than the order has by now. `known` is what
    its draft rests on, where that has been gathered already."""
    integration = registry.integration(installation.integration)
    live = _of(installation, deliveries_of_order(installation.organization_id, order.id))
    voidable = find_voidable(integration, live, order)
    found = [
        Revisable(about=answers.about(one), title=one.title, delivery_id=one.id, way=Remedy.VOID) for one in voidable
    ]
    if order.cancelled:
        return found
    kinds = {one.kind for one in live if one.kind in PURCHASES}
    outline = draft(installation, integration, order, replace(choices, documents=(*choices.documents, *kinds)), known)
    drafted = {about: subject for _, about, subject in validation.parts(outline, order)}
    drafted.pop(RecordKind.CUSTOMER, None)
    by_about = {answers.about(one): one for one in live if one.kind != Payment.kind}
    if (entered := _entered(installation, order, outline)) is not None:
        by_about[RecordKind.CUSTOMER] = entered
        drafted[RecordKind.CUSTOMER] = documents.customer_of(order)
    found += revisions.revisable(integration, by_about, drafted)
    return [*found, *revisions.misstated(integration, live, order), *revisions.abandoned(live, order)]


def _of(installation: Installation, live: Iterable[Delivery]) -> list[Delivery]:
    return [one for one in live if one.installation_id == installation.id]


def of_these_books(installation: Installation, live: Iterable[Delivery]) -> list[Delivery]:
    """Return the deliveries to the books of an installation, also those of an earlier installation of them.

    An id that was chosen for other books means another record here.
    """
    return [
        one
        for one in live
        if one.installation_id == installation.id
        or (one.installation.integration == installation.integration
            and one.installation.books_id == installation.books_id != "")
    ]  # fmt: skip


def choices_of(stored: dict[str, object]) -> Choices:
    """Return what a person chose earlier."""
    return Choices(
        documents=tuple(stored.get("documents", ())),  # type: ignore[arg-type]  # As `Choices.stored` wrote it.
        customer=str(stored.get("customer", "")),
        vendors=dict(stored.get("vendors", {})),  # type: ignore[call-overload]  # As `Choices.stored` wrote it.
        tax=str(stored.get("tax", "")),
        accounts=dict(stored.get("accounts", {})),  # type: ignore[call-overload]  # As `Choices.stored` wrote it.
        answers=dict(stored.get("answers", {})),  # type: ignore[call-overload]  # As `Choices.stored` wrote it.
    )


def last_choices(installation: Installation, live: Sequence[Delivery]) -> Choices:
    """Return what was chosen when an order was sent to these books last, else what the settings say.

    `live` are the live deliveries of the order, to whatever books.
    """
    sent = sorted((one for one in of_these_books(installation, live) if one.choices), key=lambda one: one.sent_at)
    choices = choices_of(sent[-1].choices) if sent else Choices(tax=installation.tax)
    choices = replace(choices, answers=answers.latest(choices.answers, sent))
    if choices.documents == (Payment.kind,):  # A deposit. Now it is the invoice's turn.
        choices = replace(choices, documents=Choices().documents)
    # By now there may be somebody in place of a new customer or vendor, and linked.
    vendors = {vendor: chosen for vendor, chosen in choices.vendors.items() if chosen != NEW}
    customer = "" if choices.customer == NEW else choices.customer
    return replace(choices, customer=customer, vendors=vendors)


def _link(installation: Installation, order: Order, outline: Draft, user: User) -> None:
    if outline.customer.id:
        links.link(installation.id, RecordKind.CUSTOMER, order.company.id, outline.customer, user.name)
    for one in outline.purchases:
        document = one.order or one.bill
        if document is not None and document.vendor.id:
            links.link(installation.id, RecordKind.VENDOR, one.vendor.id, document.vendor, user.name)


def _write(
    places: Places, order: Order, choices: Choices, outline: Draft, voided: Sequence[Delivery], *, by: str
) -> None:
    needed = []
    customer = outline.new_customer
    if RecordKind.CUSTOMER in choices.updates and _entered(places.installation, order, outline):
        customer = documents.customer_of(order)
    if customer is not None:
        called = say("New customer “%(name)s”") if outline.new_customer else say("Customer “%(name)s”")
        title = say(called.message, name=customer.name)
        source = f"company/{order.company.id}"
        update = RecordKind.CUSTOMER in choices.updates
        needed.append(deliveries.place(places, source, customer, title, by, update=update))
    for item in outline.new_items if choices.sells or outline.purchases else ():
        title = say("New item “%(name)s”", name=item.name)
        needed.append(deliveries.place(places, f"item/{item_key(item.name)}", item, title, by))
    _write_purchases(places, order, choices, outline, needed, by=by)
    assert outline.sale is not None
    source, update = f"order/{order.id}", outline.sale.kind in choices.updates
    sold = None
    if choices.sells or update:
        sold = deliveries.place(places, source, outline.sale, outline.sale.title, by, update=update)
        deliveries.tie(sold, order, choices, [*needed, *voided])  # It is never an invoice and a credit memo at once.
    elif choices.deposits:
        sold = places.live.get((source, Invoice.kind))
    if sold is not None or choices.deposits:
        _write_payments(places, order, choices, outline, [one for one in [*needed, sold] if one], by=by)


def _write_payments(
    places: Places, order: Order, choices: Choices, outline: Draft, needed: list[Delivery], *, by: str
) -> None:
    """The payments of an order. One that came before the invoice, and is not applied to anything, is applied to it."""
    needed = [one for one in needed if one.kind in {RecordKind.CUSTOMER, Invoice.kind}]
    revises = Payment.kind in registry.integration(places.installation.integration).capabilities.revises
    for payment_id, payment in outline.payments.items():
        source = f"order/{order.id}/payment/{payment_id}"
        title = say("Payment %(amount)s for %(order)s", amount=payment.amount, order=order.number)
        live = places.live.get((source, Payment.kind)) if revises and payment.invoice else None
        update = live is not None and history.is_unapplied(live)
        received = deliveries.place(places, source, payment, title, by, update=update)
        deliveries.tie(received, order, choices, needed)


def _write_purchases(
    places: Places, order: Order, choices: Choices, outline: Draft, needed: list[Delivery], *, by: str
) -> None:
    for one in outline.purchases:
        needs_first = list(needed)
        if one.new_vendor is not None:
            title = say("New vendor “%(name)s”", name=one.new_vendor.name)
            needs_first.append(deliveries.place(places, f"company/{one.vendor.id}", one.new_vendor, title, by))
        source = f"order/{order.id}/vendor/{one.vendor.id}"
        if one.order is not None:
            update = f"purchase_order/{one.vendor.id}" in choices.updates
            deliveries.place(places, source, one.order, title_of(one.order.kind, one.order.number), by, update=update)
        if one.bill is not None:
            title = say("Bill %(number)s from %(vendor)s", number=one.bill.number, vendor=one.vendor.name)
            update = f"bill/{one.vendor.id}" in choices.updates
            deliveries.place(places, source, one.bill, title, by, update=update)
        _tie_purchases(places, order, choices, one, needs_first)


def _tie_purchases(
    places: Places, order: Order, choices: Choices, one: Purchase, needed: list[Delivery]
) -> None:
    """A bill is entered after the purchase order that it answers. Of changes, in some books, the bill's comes first."""
    source = f"order/{order.id}/vendor/{one.vendor.id}"
    can = registry.integration(places.installation.integration).capabilities
    ordered, billed = (places.live.get((source, kind)) for kind in (PurchaseOrder.kind, Bill.kind))
    bill_first = can.bill_before_order and _is_changing(billed)
    if ordered is not None and one.order is not None:
        waits_for = [billed] if billed is not None and bill_first and _is_changing(ordered) else []
        deliveries.tie(ordered, order, choices, [*needed, *waits_for])
    if billed is not None and one.bill is not None:
        waits_for = [ordered] if ordered is not None and one.bill.ordered is not None and not bill_first else []
        deliveries.tie(billed, order, choices, [*needed, *waits_for])


def _is_changing(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.state is not _D.POSTED and bool(delivery.subject.get("revises"))


def _entered(installation: Installation, order: Order, outline: Draft) -> Delivery | None:
    """Return the delivery that entered the order's customer in the books, if it was one of ours."""
    live = deliveries.live_of(installation, f"company/{order.company.id}", RecordKind.CUSTOMER)
    return live if live is not None and live.posting_id and live.posting_id == outline.customer.id else None


def count_stopped(installation_id: int) -> int:
    """Return how many deliveries of an installation need a person."""
    query = select(func.count()).where(Delivery.installation_id == installation_id, Delivery.state == _D.STOPPED)
    return session().scalar(query) or 0
