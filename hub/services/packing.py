"""Filling an envelope: which conversations go on, what they ask, and the writing down of it before it leaves."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, exists, or_, select

from hub.database import now, session
from hub.models import ConversationRow, Delivery, Envelope, Exchange, Installation, Listing, Purpose
from hub.plugin import DocumentKind, Integration, Request
from hub.plugin import Envelope as SealedEnvelope
from hub.services import fetching
from hub.services.conversing import Asks, Crashes, proceed, reference
from hub.services.documents import options_of
from hub.services.settling import settle
from hub.states import ConversationState, DeliveryState, EnvelopeState

_D = DeliveryState


def next_envelope(installation: Installation, integration: Integration) -> Envelope | None:
    """The envelope that travels next: an open one first, byte for byte; else a new one with what is ready to ask."""
    return _open_envelope(installation.id) or _fill(installation, integration)


def sealed(envelope: Envelope) -> SealedEnvelope:
    """An envelope as its carrier takes it."""
    return SealedEnvelope(
        key=envelope.key,
        body=envelope.body,
        requests=tuple(
            Request(name=exchange.name, payload=exchange.payload, writes=exchange.writes)
            for exchange in envelope.exchanges
        ),
    )


def write(
    installation_id: int, integration: Integration, asked: Sequence[tuple[ConversationRow, Request]]
) -> Envelope:
    """Write a new envelope and its exchanges. Raises whatever the plugin raises when it seals."""
    key = secrets.token_hex(12)
    body = integration.seal(key, [request for _, request in asked])
    envelope = _add(installation_id, key, body)
    for slot, (row, request) in enumerate(asked):
        session().add(Exchange(
            conversation_id=row.id, position=len(row.exchanges), envelope_id=envelope.id, slot=slot,
            name=request.name[:200], payload=request.payload, writes=request.writes,
        ))  # fmt: skip
    session().flush()
    session().expire(envelope, ["exchanges"])
    for row, _ in asked:
        session().expire(row, ["exchanges"])
    return envelope


def reopen(envelope: Envelope, integration: Integration) -> None:
    """An envelope was refused as a whole: its requests travel on in two halves, under new keys."""
    exchanges = list(envelope.exchanges)
    envelope.move(EnvelopeState.REFUSED)
    envelope.answered_at = now()
    middle = (len(exchanges) + 1) // 2
    for half in (exchanges[:middle], exchanges[middle:]):
        key = secrets.token_hex(12)
        requests = [Request(name=one.name, payload=one.payload, writes=one.writes) for one in half]
        smaller = _add(envelope.installation_id, key, integration.seal(key, requests))
        for slot, exchange in enumerate(half):
            exchange.envelope_id, exchange.slot = smaller.id, slot
    session().flush()
    session().expire_all()


def work() -> ColumnElement[bool]:
    """Whether an installation has something to ask at once, as a condition on `Installation`."""
    moment = now()
    of_installation = ConversationRow.installation_id == Installation.id
    return or_(
        exists().where(
            Envelope.installation_id == Installation.id,
            Envelope.state == EnvelopeState.OPEN,
            Envelope.due_at <= moment,
        ),
        exists().where(
            Delivery.installation_id == Installation.id,
            Delivery.state == _D.QUEUED,
            Delivery.due_at <= moment,
            ~_spoken_for(),
        ),
        exists().where(Listing.installation_id == Installation.id, Listing.due_at <= moment),
        exists(
            select(ConversationRow.id)
            .outerjoin(Delivery, ConversationRow.delivery_id == Delivery.id)
            .where(of_installation, *_may_go_on())
            .correlate(Installation)
        ),
    )


def _spoken_for() -> ColumnElement[bool]:
    return exists().where(
        ConversationRow.delivery_id == Delivery.id, ConversationRow.state == ConversationState.OPEN
    )


def _may_go_on() -> tuple[ColumnElement[bool], ...]:
    """An open conversation, joined with its delivery if it has one, whose last question is answered."""
    return (
        ConversationRow.state == ConversationState.OPEN,
        ~exists().where(Exchange.conversation_id == ConversationRow.id, Exchange.response.is_(None)),
        or_(ConversationRow.delivery_id.is_(None), Delivery.state.in_((_D.SENDING, _D.QUEUED, _D.IN_DOUBT))),
    )


def _add(installation_id: int, key: str, body: str) -> Envelope:
    envelope = Envelope(installation_id=installation_id, key=key, body=body)
    session().add(envelope)
    session().flush()
    return envelope


def _open_envelope(installation_id: int) -> Envelope | None:
    envelope = session().scalar(
        select(Envelope)
        .where(
            Envelope.installation_id == installation_id,
            Envelope.state == EnvelopeState.OPEN,
            Envelope.due_at <= now(),
        )
        .order_by(Envelope.id)
        .limit(1)
    )
    if envelope is not None:
        for exchange in envelope.exchanges:
            delivery = exchange.conversation.delivery
            if delivery is not None and delivery.state in {_D.QUEUED, _D.IN_DOUBT}:
                delivery.move(_D.SENDING)
    return envelope


def _fill(installation: Installation, integration: Integration) -> Envelope | None:
    capacity = integration.capabilities.requests_per_envelope
    asked: list[tuple[ConversationRow, Request]] = []
    seen: set[int] = set()
    while len(asked) < capacity:
        fresh = [row for row in _ready(installation, integration, capacity - len(asked)) if row.id not in seen]
        if not fresh:
            break
        for row in fresh:
            seen.add(row.id)
            step = proceed(row, integration)
            if isinstance(step, Asks):
                asked.append((row, step.request))
            else:
                settle(row, step)
        session().flush()
    try:
        return write(installation.id, integration, asked) if asked else None
    except Exception as error:  # A plugin may do anything when it seals; what it was to seal stops.
        mark = reference(error)
        for row, _ in asked:
            settle(row, Crashes(mark))
        return None


def _ready(installation: Installation, integration: Integration, limit: int) -> Iterator[ConversationRow]:
    """Conversations whose last question is answered, then new ones: deliveries first, lists in the room left."""
    begun = _answered(installation.id)
    yield from begun[:limit]
    room = limit - len(begun)
    if room > 0:
        new = [_begin(delivery, options_of(installation, integration)) for delivery in _due(installation.id, room)]
        yield from new
        room -= len(new)
    if room > 0:
        yield from fetching.begin_due(installation, room)


def _answered(installation_id: int) -> list[ConversationRow]:
    rows = session().scalars(
        select(ConversationRow)
        .outerjoin(Delivery, ConversationRow.delivery_id == Delivery.id)
        .where(ConversationRow.installation_id == installation_id, *_may_go_on())
        .order_by(ConversationRow.id)
    ).all()
    for row in rows:
        if row.delivery is not None and row.delivery.state is not _D.SENDING:
            row.delivery.move(_D.SENDING)
    return list(rows)


def _due(installation_id: int, limit: int) -> Sequence[Delivery]:
    return session().scalars(
        select(Delivery)
        .where(
            Delivery.installation_id == installation_id,
            Delivery.state == _D.QUEUED,
            Delivery.due_at <= now(),
            ~_spoken_for(),
        )
        .order_by(Delivery.id)
        .limit(limit)
    ).all()


def _begin(delivery: Delivery, options: dict[str, str]) -> ConversationRow:
    delivery.move(_D.SENDING)
    row = ConversationRow(
        installation_id=delivery.installation_id,
        purpose=Purpose.POST if delivery.kind in set(DocumentKind) else Purpose.CREATE,
        delivery_id=delivery.id,
        argument={"kind": delivery.kind, "subject": delivery.subject, "options": options},
    )
    session().add(row)
    session().flush()
    return row
