"""A person presses Send: the order's draft becomes deliveries. And what the person may do with these afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from hub.database import now, session
from hub.errors import Incomplete, NotFound, NotPossible
from hub.extension import host
from hub.host import Order, User
from hub.models import ConversationRow, Delivery, Envelope, Exchange, Installation
from hub.models.delivery import needs
from hub.plugin import Answer, DocumentKind, Integration, NewCustomer, NewItem, NewVendor, Problem, RecordKind, Role
from hub.queue import commit, rollback, wake
from hub.services import answers, checking, documents, line, linking, mapping, registry, revising, scope
from hub.services.documents import Choices, Draft, draft, item_key, options_of
from hub.services.revising import Revisable
from hub.services.settling import queue_if_ready
from hub.services.snapshots import Subject, problems_json, subject_json, subject_of
from hub.states import ConversationState, DeliveryState, EnvelopeState, InstallationState, StopReason

_D = DeliveryState
REPLACEABLE = frozenset({_D.WAITING, _D.STOPPED})
"""What sending once more may replace, as long as no write has been asked for."""

CANCELLABLE = frozenset({_D.WAITING, _D.QUEUED, _D.STOPPED})
"""What may be given up, as long as no write has been asked for."""

SENDABLE = frozenset({InstallationState.CONNECTED, InstallationState.EXPIRED, InstallationState.PAUSED})


def send(installation_id: int, order: Order, choices: Choices, user: User) -> list[Delivery]:
    """Turn an order into deliveries and commit. Gives the live deliveries of its documents.

    Pressing twice, or by two people at once, gives the same deliveries as once. Raises `Incomplete` with every
    problem, and nothing is written.
    """
    try:
        return _send(installation_id, order, choices, user)
    except IntegrityError:  # A new customer or item was queued by a neighbour at the same moment; it is there now.
        rollback()
        return _send(installation_id, order, choices, user)


def _send(installation_id: int, order: Order, choices: Choices, user: User) -> list[Delivery]:
    installation = scope.lock(installation_id)
    if installation.state not in SENDABLE:
        rollback()
        raise NotPossible("This installation is not connected.")
    integration = registry.integration(installation.integration)
    outline = draft(installation, integration, order, choices)
    if outline.problems or outline.invoice is None:
        rollback()
        raise Incomplete(*outline.problems)
    _link(installation, order, outline, user)
    _write(installation, order, choices, outline, user.name)
    wake(installation.id)
    commit()
    return of_order(installation.organization_id, order.id)


def of_order(organization_id: str, order_id: str) -> list[Delivery]:
    """The live deliveries of an order's documents, oldest first."""
    return of_orders(organization_id, [order_id]).get(order_id, [])


def of_orders(organization_id: str, order_ids: Iterable[str]) -> dict[str, list[Delivery]]:
    """The live deliveries of many orders, by order, with what they wait for. Three queries."""
    rows = session().scalars(
        select(Delivery)
        .where(
            Delivery.organization_id == organization_id,
            Delivery.order_id.in_(list(order_ids)),
            Delivery.state != _D.CANCELLED,
        )
        .order_by(Delivery.id)
        .options(selectinload(Delivery.needs), selectinload(Delivery.installation).joinedload(Installation.desk))
    )
    found: dict[str, list[Delivery]] = {}
    for row in rows:
        found.setdefault(row.order_id or "", []).append(row)
    return found


def revisions(installation: Installation, order: Order, choices: Choices) -> list[Revisable]:
    """What of an order is in the books, and is there in another form than the order has by now."""
    integration = registry.integration(installation.integration)
    if not integration.capabilities.revises:
        return []
    live = [one for one in of_order(installation.organization_id, order.id) if one.installation_id == installation.id]
    outline = draft(installation, integration, order, choices)
    drafted: dict[str, Subject] = {DocumentKind.INVOICE: outline.invoice} if outline.invoice else {}
    if (entered := _entered(installation, order, outline)) is not None:
        live.append(entered)
        drafted[RecordKind.CUSTOMER] = documents.customer_of(order)
    return revising.revisable(integration, live, drafted)


def retry(organization_id: str, delivery_id: int, given: Mapping[str, str] | None = None) -> Delivery:
    """Go on with a stopped delivery. Raises `NotPossible` if it has not stopped, `Incomplete` if it would stop again.

    What was refused is built anew from the order as it is now, with the answers `given` to its problems. What may have
    left goes on where it was: its envelope is repeated under its key.
    """
    delivery = scope.delivery(organization_id, delivery_id)
    installation = scope.lock(delivery.installation_id)
    if delivery.state is not _D.STOPPED:
        rollback()
        raise NotPossible("This has not stopped (any more).")
    if given:
        _answer(delivery, given)
    if _open_conversation(delivery) is None:
        _rebuild(installation, delivery)
    else:
        _unpark(delivery)
    installation.resume_at = None
    wake(installation.id)
    commit()
    return delivery


def _answer(delivery: Delivery, given: Mapping[str, str]) -> None:
    """Keep answers with the choices of a delivery and of what else of its order is not there yet: a new date is for
    all of it."""
    of = answers.about(delivery) if delivery.order_id else ""
    kept = {answers.key(of, answer): value for answer, value in given.items() if answer in set(Answer)}
    companions = of_order(delivery.organization_id, delivery.order_id) if delivery.order_id else [delivery]
    for one in companions:
        if one is delivery or one.state is not _D.POSTED:
            one.choices = {**one.choices, "answers": {**one.choices.get("answers", {}), **kept}}
        if one.state is _D.WAITING:
            one.subject = subject_json(answers.put(subject_of(one.kind, one.subject), answers.about(one), kept))


def cancel(organization_id: str, delivery_id: int) -> Delivery:
    """Give up a delivery that has not left. Raises `NotPossible` if it is, or may be, in the books."""
    delivery = scope.delivery(organization_id, delivery_id)
    scope.lock(delivery.installation_id)
    if not can_cancel(delivery):
        rollback()
        raise NotPossible("This is on its way, or in the books, and cannot be cancelled.")
    _cancel(delivery)
    commit()
    return delivery


def can_cancel(delivery: Delivery) -> bool:
    """Whether it is certain that nothing of it has reached the books."""
    return delivery.state in CANCELLABLE and not line.write_is_asked(delivery.id)


def cancellable(deliveries: Iterable[Delivery]) -> set[int]:
    """The ids of those that `can_cancel` is true of. One query."""
    ids = {delivery.id for delivery in deliveries if delivery.state in CANCELLABLE}
    return ids - line.asked_to_write(ids)


def choices_of(stored: dict[str, object]) -> Choices:
    """What a person chose earlier."""
    return Choices(
        documents=tuple(stored.get("documents", ())),  # type: ignore[arg-type]  # As `Choices.stored` wrote it.
        customer=str(stored.get("customer", "")),
        tax=str(stored.get("tax", "")),
        accounts=dict(stored.get("accounts", {})),  # type: ignore[call-overload]  # As `Choices.stored` wrote it.
        answers=dict(stored.get("answers", {})),  # type: ignore[call-overload]  # As `Choices.stored` wrote it.
    )


def _link(installation: Installation, order: Order, outline: Draft, user: User) -> None:
    if outline.customer.id:
        linking.link(installation.id, RecordKind.CUSTOMER, order.company.id, outline.customer, user.name)


def _write(installation: Installation, order: Order, choices: Choices, outline: Draft, by: str) -> None:
    needed = []
    customer = outline.new_customer
    if RecordKind.CUSTOMER in choices.updates and _entered(installation, order, outline):
        customer = documents.customer_of(order)
    if customer is not None:
        title = f"{'New customer' if outline.new_customer else 'Customer'} “{customer.name}”"
        needed.append(_place(installation, f"company/{order.company.id}", customer, title, by, updates=choices.updates))
    for item in outline.new_items:
        title = f"New item “{item.name}”"
        needed.append(_place(installation, f"item/{item_key(item.name)}", item, title, by))
    _write_purchases(installation, order, choices, outline, needed, by=by)
    if DocumentKind.INVOICE not in choices.documents:
        return
    assert outline.invoice is not None
    title = f"Invoice {order.number}"
    invoice = _place(installation, f"order/{order.id}", outline.invoice, title, by, updates=choices.updates)
    _tie(invoice, order, choices, needed)
    for payment_id, payment in outline.payments.items():
        title = f"Payment {payment.amount} for {order.number}"
        received = _place(installation, f"order/{order.id}/payment/{payment_id}", payment, title, by)
        _tie(received, order, choices, [*(one for one in needed if one.kind == RecordKind.CUSTOMER), invoice])


def _write_purchases(
    installation: Installation, order: Order, choices: Choices, outline: Draft, needed: list[Delivery], *, by: str
) -> None:
    for one in outline.purchases:
        needs_first = list(needed)
        if one.new_vendor is not None:
            title = f"New vendor “{one.new_vendor.name}”"
            needs_first.append(_place(installation, f"company/{one.supplier.id}", one.new_vendor, title, by))
        source = f"order/{order.id}/supplier/{one.supplier.id}"
        if one.order is not None:
            ordered = _place(installation, source, one.order, f"Purchase order {one.order.number}", by)
            _tie(ordered, order, choices, needs_first)
            needs_first.append(ordered)
        if one.bill is not None:
            billed = _place(installation, source, one.bill, f"Bill {one.bill.number} of {one.supplier.name}", by)
            _tie(billed, order, choices, needs_first)


def _place(
    installation: Installation, source: str, subject: Subject, title: str, by: str, *, updates: Sequence[str] = ()
) -> Delivery:
    """The live delivery of a source. One that stopped or waits, and has written nothing, becomes what is sent now; so
    does one that is in the books, if its kind is in `updates`.
    """
    live = _live(installation, source, subject.kind)
    if live is None:
        live = Delivery(
            installation_id=installation.id, organization_id=installation.organization_id, source=source,
            kind=subject.kind, title=title[:300], subject=subject_json(subject), state=_D.WAITING, sent_by=by,
        )  # fmt: skip
        session().add(live)
    elif _may_become(live, subject, updates):
        live.installation_id = installation.id  # What an earlier installation posted is changed by this one.
        _renew(live, subject)
        live.title, live.sent_by, live.sent_at = title[:300], by, now()
    else:
        return live
    session().flush()
    if subject.kind in set(RecordKind):
        queue_if_ready(live)
    return live


def _may_become(live: Delivery, subject: Subject, updates: Sequence[str]) -> bool:
    if live.state is _D.POSTED:
        sent = subject_of(live.kind, live.subject)
        return live.kind in updates and (revising.is_gone(live) or any(revising.changes(sent, subject)))
    return live.state in REPLACEABLE and not line.write_is_asked(live.id)


def _tie(delivery: Delivery, order: Order, choices: Choices, needed: list[Delivery]) -> None:
    """Make a document wait for what it needs, unless it is on its way already."""
    if delivery.state is not _D.WAITING:
        return
    before = list(delivery.needs)
    delivery.order_id, delivery.choices, delivery.needs = order.id, choices.stored(), needed
    session().flush()
    _cancel_unneeded(before)
    queue_if_ready(delivery)


def _renew(delivery: Delivery, subject: Subject) -> None:
    """Begin anew with a delivery. What it has brought into the books already is changed there, unless it is gone."""
    _close_conversation(delivery, "Begun anew.")
    if revising.is_gone(delivery):
        delivery.posting_id = delivery.posting_version = ""
    subject = revising.revision(delivery, subject)
    delivery.subject, delivery.problems, delivery.reference = subject_json(subject), [], ""
    delivery.tries, delivery.tried_since = 0, None
    if delivery.state is not _D.WAITING:
        delivery.move(_D.WAITING)


def _entered(installation: Installation, order: Order, outline: Draft) -> Delivery | None:
    """The delivery that entered the order's customer in the books, if it was one of ours."""
    live = _live(installation, f"company/{order.company.id}", RecordKind.CUSTOMER)
    return live if live is not None and live.posting_id and live.posting_id == outline.customer.id else None


def _live(installation: Installation, source: str, kind: str) -> Delivery | None:
    """The delivery of a source, also what an earlier installation brought into these same books."""
    same_books = and_(
        Installation.organization_id == installation.organization_id,
        Installation.integration == installation.integration,
        Installation.books_id == installation.books_id,
        Delivery.state == _D.POSTED,
    )
    return session().scalar(
        select(Delivery)
        .join(Delivery.installation)
        .where(
            Delivery.source == source,
            Delivery.kind == kind,
            Delivery.state != _D.CANCELLED,
            or_(Delivery.installation_id == installation.id, same_books),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )


def _cancel(delivery: Delivery) -> None:
    """Cancel it, what waits for it, and the new records that nobody else waits for. A change that is given up leaves
    what is in the books as it is there.
    """
    _close_conversation(delivery, "Cancelled.")
    if delivery.posting_id:
        delivery.move(_D.POSTED)
        delivery.subject, delivery.problems, delivery.reference = revising.last_posted(delivery), [], ""
        return
    delivery.move(_D.CANCELLED)
    session().flush()
    for dependent in _dependents(delivery):
        if can_cancel(dependent):
            _cancel(dependent)
    _cancel_unneeded(delivery.needs)


def _cancel_unneeded(needed: Sequence[Delivery]) -> None:
    """Cancel the new records that nobody waits for any more, such as a customer in whose place another was chosen."""
    for one in needed:
        if one.kind in set(RecordKind) and not _dependents(one) and can_cancel(one):
            _cancel(one)


def _dependents(delivery: Delivery) -> list[Delivery]:
    return list(
        session().scalars(
            select(Delivery)
            .join(needs, needs.c.delivery_id == Delivery.id)
            .where(needs.c.needed_id == delivery.id, Delivery.state != _D.CANCELLED)
        )
    )


def _close_conversation(delivery: Delivery, why: str) -> None:
    """End a conversation that has only read so far; its answer, should one come, is of no use any more."""
    row = _open_conversation(delivery)
    if row is not None:
        row.state, row.ended_at, row.outcome = ConversationState.FAILED, now(), why


def _open_conversation(delivery: Delivery) -> ConversationRow | None:
    return session().scalar(
        select(ConversationRow).where(
            ConversationRow.delivery_id == delivery.id, ConversationRow.state == ConversationState.OPEN
        )
    )


def _unpark(delivery: Delivery) -> None:
    """Let its conversation go on, and its parked envelope with all that stopped in it."""
    parked = session().scalars(
        select(Envelope)
        .join(Exchange)
        .join(ConversationRow)
        .where(ConversationRow.delivery_id == delivery.id, Envelope.state == EnvelopeState.PARKED)
    ).unique()
    companions = {delivery.id: delivery}
    for envelope in parked.all():
        envelope.move(EnvelopeState.OPEN)
        envelope.due_at = envelope.tried_since = now()
        envelope.tries = 0
        for exchange in envelope.exchanges:
            found = exchange.conversation.delivery
            if found is not None and found.state is _D.STOPPED:
                companions[found.id] = found
    for companion in companions.values():
        companion.move(_D.QUEUED)
        companion.due_at, companion.problems, companion.reference = now(), [], ""


def _rebuild(installation: Installation, delivery: Delivery) -> None:
    integration = registry.integration(installation.integration)
    if delivery.order_id is not None:
        subject = _document_again(installation, integration, delivery)
    else:
        subject = answers.put(_record_again(installation, delivery), "", delivery.choices.get("answers", {}))
        ways = options_of(installation, integration), checking.known(installation)
        _refuse_problems(delivery, integration.review(subject, *ways))
    _renew(delivery, subject)
    session().flush()
    queue_if_ready(delivery)


def _document_again(installation: Installation, integration: Integration, delivery: Delivery) -> Subject:
    order = host().order(installation.organization_id, delivery.order_id or "")
    if order is None:
        rollback()
        raise NotFound("The order is not there any more.")
    outline = draft(installation, integration, order, choices_of(delivery.choices))
    _refuse_problems(delivery, outline.problems or _missing(delivery, outline))
    key = delivery.source.rpartition("/")[2]
    bought = next((one for one in outline.purchases if one.supplier.id == key), None)
    found: Subject | None = {
        DocumentKind.INVOICE: outline.invoice,
        DocumentKind.PAYMENT: outline.payments.get(key),
        DocumentKind.PURCHASE_ORDER: bought.order if bought else None,
        DocumentKind.BILL: bought.bill if bought else None,
    }[DocumentKind(delivery.kind)]
    if found is None:
        rollback()
        raise NotFound("The order does not have this any more.")
    return found


def _missing(delivery: Delivery, outline: Draft) -> list[Problem]:
    """New records that the document needs by now and does not wait for: what it meant is not in the books any more."""
    waits_for = {(needed.kind, needed.source.partition("/")[2]) for needed in delivery.needs}
    kinds = {kind for kind, _ in waits_for}
    missing = [item.name for item in outline.new_items if (RecordKind.ITEM, item_key(item.name)) not in waits_for]
    if outline.new_customer is not None and RecordKind.CUSTOMER not in kinds:
        missing.insert(0, outline.new_customer.name)
    return [
        Problem(
            what=f"“{name}” is not in the books any more.", field="customer",
            cure="Open the order, press QB, and send it again; there it can be chosen or created.",
        )
        for name in missing
    ]  # fmt: skip


def _record_again(installation: Installation, delivery: Delivery) -> Subject:
    subject = subject_of(delivery.kind, delivery.subject)
    if isinstance(subject, NewItem):
        return replace(subject, income=mapping.mapped(installation.id).get(Role.INCOME, subject.income))
    company = host().company(installation.organization_id, delivery.source.partition("/")[2])
    if isinstance(subject, NewVendor) and company is not None:
        return replace(subject, name=company.name, email=company.email, phone=company.phone, address=company.billing)
    if isinstance(subject, NewCustomer) and company is not None:
        return replace(subject, name=company.name, email=company.email, phone=company.phone, billing=company.billing)
    return subject


def _refuse_problems(delivery: Delivery, problems: Sequence[Problem]) -> None:
    """Keep a delivery stopped, with what is now in its way."""
    if problems:
        delivery.problems, delivery.reason = problems_json(list(problems)), StopReason.UNMAPPED
        commit()
        raise Incomplete(*problems)


def count_stopped(installation_id: int) -> int:
    """How many deliveries of an installation need a person."""
    query = select(func.count()).where(Delivery.installation_id == installation_id, Delivery.state == _D.STOPPED)
    return session().scalar(query) or 0
