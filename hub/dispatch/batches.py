"""Fill batches: which conversations continue, what they ask next, and storing that before it leaves."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Collection, Iterator, Sequence

import simplejson
from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, exists, func, or_, select
from sqlalchemy.orm import contains_eager, selectinload

from hub.books import description
from hub.books.refresh import begin_due_lists, is_loading
from hub.database import now, session
from hub.dispatch import encoding, recovery
from hub.dispatch.outcomes import Entered, queue_ready_deliveries, remember_entered, settle_conversation
from hub.dispatch.replay import Asks, Crashes, proceed_conversation
from hub.integrations import optional_calls, timeouts
from hub.integrations.crashes import log_crash
from hub.integrations.options import options_of
from hub.models import BatchRow, ConversationRow, Delivery, Exchange, Installation, Listing, Purpose
from hub.plugin import Integration, PullIntegration, Request, document_kinds, say
from hub.serialization import books_json
from hub.states import BatchState, ConversationState, DeliveryState, InstallationState
from hub.tracing import follow

_D = DeliveryState
_REST = dt.timedelta(seconds=30)
"""After a plugin has hung over one step others have their turn, so that it can make them wait for one step only."""

_MUCH = 50
_BESIDE = 4  # So many times what a batch holds is begun, at most, to fill it with what goes to one destination.


def next_batch(
    installation: Installation, integration: Integration, most: int | None = None
) -> BatchRow | None:
    """Return the batch that travels next: an open one first, byte for byte; else a new one with what is ready to ask.

    `most` is how many requests it may hold, if that is less than the integration says.
    """
    while (waiting := _open_batch(installation.id)) and recovery.is_recovery_due(waiting, integration):
        recovery.begin_recovery(waiting, say("It has been on its way for longer than the ledger remembers it."))
        session().flush()
    # What was found not to be there is in a batch of its own by the time that nothing else is left to ask.
    return waiting or _fill(installation, integration, most) or _open_batch(installation.id)


def ready_batch_id(
    installation_id: BindParameter[int], moment: BindParameter[dt.datetime], but: ScalarSelect[int] | None = None
) -> ScalarSelect[int]:
    """Return the id of the batch that a ledger that calls us takes along next, as part of a statement; it is not the
    one of the id `but`. NULL if there is none."""
    found = _open(installation_id, moment).with_only_columns(BatchRow.id).limit(1)
    return (found if but is None else found.where(BatchRow.id != but)).scalar_subquery()


def prepare_batch(installation: Installation, integration: Integration, most: int | None = None) -> None:
    """Have a batch lie ready, with at most `most` requests; or one more behind it, if there is much to ask.

    What is less waits for company: the answer that is on its way brings more to ask.
    """
    count = select(func.count()).select_from(_open(installation.id).order_by(None).subquery())
    opened = session().scalar(count) or 0
    if opened == 0:
        _fill(installation, integration, most)
    elif opened == 1 and is_much(installation.id):
        _fill(installation, integration, None)


def is_much(installation_id: int) -> bool:
    """Return True if what there is to ask is worth a trip of its own while another one is under way."""
    return is_ready(installation_id, _MUCH)


def is_ready(installation_id: int, count: int) -> bool:
    """Return True if there is so much to ask, or more."""
    going_on = (
        select(ConversationRow.id)
        .outerjoin(Delivery, ConversationRow.delivery_id == Delivery.id)
        .where(ConversationRow.installation_id == installation_id, *_may_go_on())
        .limit(count)
    )
    new = _queued(installation_id).with_only_columns(Delivery.id).order_by(None).limit(count)
    found = sum(session().scalar(select(func.count()).select_from(one.subquery())) or 0 for one in (going_on, new))
    return found >= count


def has_work(installation_id: int) -> bool:
    """Return True if an installation has something to ask at once, or an answer to be read."""
    query = select(Installation.id).where(Installation.id == installation_id, has_something_to_ask())
    return session().scalar(query) is not None


def has_something_to_ask() -> ColumnElement[bool]:
    """Return True if an installation has something to ask at once, as a condition on `Installation`."""
    written = exists().where(
        BatchRow.installation_id == Installation.id,
        BatchRow.state == BatchState.OPEN,
        BatchRow.due_at <= now(),
    )
    return or_(written, has_unread_answer(), has_unwritten_requests())


def has_unwritten_requests() -> ColumnElement[bool]:
    """Return True if an installation has something to ask of which no batch is written yet."""
    moment = now()
    of_installation = ConversationRow.installation_id == Installation.id
    return or_(
        exists().where(
            Delivery.installation_id == Installation.id,
            Delivery.state == _D.QUEUED,
            Delivery.due_at <= moment,
            ~_spoken_for(),
        ),
        exists().where(Listing.installation_id == Installation.id, Listing.due_at <= moment),
        description.is_check_due(),
        exists(
            select(ConversationRow.id)
            .outerjoin(Delivery, ConversationRow.delivery_id == Delivery.id)
            .where(of_installation, *_may_go_on())
            .correlate(Installation)
        ),
    )


def has_unread_answer() -> ColumnElement[bool]:
    """Return True if a ledger that calls an installation has handed an answer in that nobody has read."""
    return exists().where(
        BatchRow.installation_id == Installation.id, BatchRow.state == BatchState.RECEIVED
    )


def _spoken_for() -> ColumnElement[bool]:
    return exists().where(
        ConversationRow.delivery_id == Delivery.id, ConversationRow.state == ConversationState.OPEN
    )


def _may_go_on() -> tuple[ColumnElement[bool], ...]:
    """Return an open conversation, joined with its delivery if it has one, whose last question is answered."""
    return (
        ConversationRow.state == ConversationState.OPEN,
        ~exists().where(Exchange.conversation_id == ConversationRow.id, Exchange.response.is_(None)),
        or_(ConversationRow.delivery_id.is_(None), Delivery.state.in_((_D.SENDING, _D.QUEUED, _D.IN_DOUBT))),
    )


def _open(
    installation_id: int | BindParameter[int], moment: BindParameter[dt.datetime] | None = None
) -> Select[BatchRow]:
    return (
        select(BatchRow)
        .where(
            BatchRow.installation_id == installation_id,
            BatchRow.state == BatchState.OPEN,
            BatchRow.due_at <= (now() if moment is None else moment),
        )
        .order_by(BatchRow.id)
    )


def _open_batch(installation_id: int) -> BatchRow | None:
    batch = session().scalar(_open(installation_id).limit(1).options(BatchRow.laden()))
    if batch is not None:
        for exchange in batch.exchanges:
            delivery = exchange.conversation.delivery
            if delivery is not None and delivery.state in {_D.QUEUED, _D.IN_DOUBT}:
                delivery.move(_D.SENDING)
    return batch


def _fill(installation: Installation, integration: Integration, most: int | None) -> BatchRow | None:
    capacity = min(integration.capabilities.requests_per_batch, most or sys.maxsize)
    asked: list[tuple[ConversationRow, Request]] = []
    seen: set[int] = set()
    while not _rests(installation):
        room = capacity - len(_together(asked, integration)) if len(asked) < _BESIDE * capacity else 0
        fresh = list(_ready(installation, integration, room, seen)) if room > 0 else []
        if not fresh:
            break
        seen.update(row.id for row in fresh)
        asks = _go_on(fresh, installation, integration)
        asked += asks
        if len(asks) == len(fresh) < room:  # All there was asks; only one that ends makes room for others.
            break
        session().flush()
        queue_ready_deliveries(installation.id)
        if installation.state is not InstallationState.CONNECTED:  # An answer has paused it: nothing more leaves.
            return None
    try:
        together = _light(_together(asked, integration), integration)
        return encoding.write_batch(installation.id, integration, together) if together else None
    except Exception as error:  # A plugin may do anything when it encodes; what it was to encode stops.
        mark = log_crash(error)
        if isinstance(error, timeouts.Hung):
            installation.resume_at = now() + _REST
        for row, _ in asked:
            settle_conversation(row, Crashes(mark))
        return None


def _go_on(
    rows: Sequence[ConversationRow], installation: Installation, integration: Integration
) -> list[tuple[ConversationRow, Request]]:
    """Return what conversations ask next; those that have come to an end are settled. After one that hangs no more go
    on."""
    asked, entered = list[tuple[ConversationRow, Request]](), list[Entered]()
    for row in rows:
        with follow("proceed", [row.trace], installation=installation.id, conversation=row.id):
            step = proceed_conversation(row, integration)
            if isinstance(step, Asks):
                asked.append((row, step.request))
            elif (one := settle_conversation(row, step)) is not None:
                entered.append(one)
        if isinstance(step, Crashes) and step.hung:
            installation.resume_at = now() + _REST
            break
    remember_entered(installation.id, entered)
    return asked


def _rests(installation: Installation) -> bool:
    """Return True if its plugin has hung a moment ago."""
    return installation.resume_at is not None and installation.resume_at > now()


def _together(
    asked: list[tuple[ConversationRow, Request]], integration: Integration
) -> list[tuple[ConversationRow, Request]]:
    """Return what goes where the first goes. The others are asked in the next batches."""
    places = [optional_calls.request_destination(integration, request) for _, request in asked]
    return [one for one, place in zip(asked, places, strict=True) if place == places[0]]


def _light(
    asked: list[tuple[ConversationRow, Request]], integration: Integration
) -> list[tuple[ConversationRow, Request]]:
    """As many of the requests as a batch may weigh, and one at least. The others are asked in the next."""
    limit, weight = integration.capabilities.bytes_per_batch, 0
    for place, (_, request) in enumerate(asked if limit else ()):
        weight += len(simplejson.dumps(request.payload, use_decimal=True))
        if place and weight > limit:
            return asked[:place]
    return asked


def _ready(
    installation: Installation, integration: Integration, limit: int, seen: Collection[int]
) -> Iterator[ConversationRow]:
    """Conversations whose last question is answered, then new ones; the history when nothing else is left. None of
    those `seen` before, which have said what they ask next.

    A ledger that we call gets deliveries first, and lists in the room left. One that calls us speaks seldom, and an
    iterator lives no longer than its session: its lists are read to their end before a delivery relies on them.
    """
    capable, pulls = integration.capabilities, isinstance(integration, PullIntegration)
    description.begin_due_check(installation)
    begun = [row for row in answered_conversations(installation.id) if row.id not in seen]
    yield from begun[:limit]
    room = limit - len(begun)
    if pulls and room > 0:
        lists = begin_due_lists(installation, room, capable.lists)
        yield from lists
        room = 0 if lists or is_loading(installation.id) else room
    if room > 0:
        new = _begin(queued_deliveries(installation.id, room), installation, integration)
        yield from new
        room -= len(new)
    if room > 0 and not pulls:
        lists = begin_due_lists(installation, room, capable.lists)
        yield from lists
        room -= len(lists)
    if room > 0:
        yield from begin_due_lists(installation, room, capable.history)


def answered_conversations(installation_id: int) -> list[ConversationRow]:
    """Return the open conversations whose last question is answered. Their deliveries are SENDING."""
    rows = session().scalars(
        select(ConversationRow)
        .outerjoin(Delivery, ConversationRow.delivery_id == Delivery.id)
        .where(ConversationRow.installation_id == installation_id, *_may_go_on())
        .order_by(ConversationRow.id)
        .options(contains_eager(ConversationRow.delivery), selectinload(ConversationRow.exchanges))
    ).all()
    for row in rows:
        if row.delivery is not None and row.delivery.state is not _D.SENDING:
            row.delivery.move(_D.SENDING)
    return list(rows)


def queued_deliveries(installation_id: int, limit: int) -> Sequence[Delivery]:
    """Return the deliveries that are due and have no conversation yet, in the order in which they were queued."""
    return session().scalars(_queued(installation_id).limit(limit)).all()


def _queued(installation_id: int) -> Select[Delivery]:
    return (
        select(Delivery)
        .where(
            Delivery.installation_id == installation_id,
            Delivery.state == _D.QUEUED,
            Delivery.due_at <= now(),
            ~_spoken_for(),
        )
        .order_by(Delivery.id)
    )


def _begin(
    deliveries: Sequence[Delivery], installation: Installation, integration: Integration
) -> list[ConversationRow]:
    options, books = options_of(installation, integration), books_json(description.known_books(installation))
    rows = []
    for delivery in deliveries:
        delivery.move(_D.SENDING)
        rows.append(ConversationRow(
            installation_id=delivery.installation_id,
            purpose=Purpose.POST if delivery.kind in document_kinds() else Purpose.CREATE,
            delivery=delivery, exchanges=[],
            argument={"kind": delivery.kind, "subject": delivery.subject, "options": options, "books": books},
        ))  # fmt: skip
    session().add_all(rows)
    session().flush()
    return rows
