"""The deliveries that plans rest on: what is in some books already, or on its way there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import selectinload

from hub.books import history
from hub.database import session
from hub.host import Company, Order
from hub.models import ConversationRow, Delivery, Exchange, Installation, TransactionRow
from hub.models.delivery import needs
from hub.planning.context import Existing, InBooks, Key, LeftBehind, Progress
from hub.planning.parts import item_name
from hub.plugin import (
    Integration,
    Posting,
    Problem,
    PullIntegration,
    RecordKind,
    Subject,
    document_kinds,
    name_key,
)
from hub.serialization import problems_of, subject_of
from hub.states import ConversationState, DeliveryState

_D = DeliveryState
_MANY = 500
"""Sources that one query looks for."""

_CANCELLABLE = frozenset({_D.WAITING, _D.QUEUED, _D.STOPPED})


@dataclass(frozen=True, slots=True)
class Places:
    """The installations of some books, by id: those that are certainly of these, the present one among them, and those
    of books of the same name, of which the ledger does not say whether they are the same."""

    same: Set[int]
    namesakes: Set[int]


def find_places(installation: Installation, integration: Integration) -> Places:
    """Return the installations of the organization that may have had the books of this one. One query.

    The id of the books of a ledger that polls is written into them when it is connected, and is another one each time.
    """
    rows = session().execute(
        select(Installation.id, Installation.books_id).where(
            Installation.organization_id == installation.organization_id,
            Installation.integration == installation.integration,
            or_(Installation.books_id == installation.books_id, Installation.books_name == installation.books_name),
        )
    )
    known = {one: books_id for one, books_id in rows}  # noqa: C416  # mypy does not take a result for pairs.
    same = {one for one, books_id in known.items() if books_id and books_id == installation.books_id}
    same |= {installation.id}
    is_pulled = isinstance(integration, PullIntegration) and bool(installation.books_name)
    return Places(same, known.keys() - same if is_pulled else frozenset())


def find_deliveries(
    installation: Installation, orders: Sequence[Order], parties: Mapping[RecordKind, Mapping[str, Company]],
    places: Places,
) -> list[Delivery]:  # fmt: skip
    """Return the deliveries of some orders, and those of the records that these may need, with what they wait for: also
    those of an earlier installation of the same books, oldest first."""
    source = installation.item_source
    items = {f"item/{name_key(item_name(line, source))}" for order in orders for line in order.lines}
    sources = sorted(items | {f"company/{company_id}" for some in parties.values() for company_id in some})
    organization = Delivery.organization_id == installation.organization_id
    concerns: list[ColumnElement[bool]] = [and_(organization, Delivery.order_id.in_([order.id for order in orders]))]
    concerns += [
        and_(Delivery.source.in_(sources[first : first + _MANY]), Delivery.installation_id.in_(places.same))
        for first in range(0, len(sources), _MANY)
    ]
    found: dict[int, Delivery] = {}
    where = places.same | places.namesakes
    for concern in concerns:
        rows = session().scalars(
            select(Delivery).where(concern, Delivery.state != _D.CANCELLED).options(selectinload(Delivery.needs))
        )
        # With a join instead, SQLite would go through all deliveries of the installation.
        found |= {row.id: row for row in rows if row.installation_id in where}
    for row in list(found.values()):
        needed = [one for one in row.needs if one.state is not _D.CANCELLED and one.installation_id in places.same]
        found |= {one.id: one for one in needed}
    return [found[one] for one in sorted(found)]


def find_existing(
    installation: Installation, rows: Sequence[Delivery], places: Places, begins_anew: Collection[int]
) -> dict[Key, Existing]:
    """Return the live delivery of each key: this installation's, else what an earlier one brought, or may have brought,
    into the same books."""
    attempts = _attempts(row.id for row in rows if row.state is not _D.POSTED)
    attempts |= {
        row.id: f"posting-{row.posting_id}"
        for row in rows if row.installation_id in places.namesakes and row.posting_id and not row.voids
    }  # fmt: skip
    live = {
        (row.source, row.kind): row
        for row in sorted(rows, key=lambda row: (row.installation_id == installation.id, row.installation_id))
        if row.installation_id == installation.id or row.id in attempts
        or (row.posting_id and row.installation_id in places.same)
    }  # fmt: skip
    earlier = {row.id for row in live.values() if row.installation_id != installation.id}
    asked = attempts.keys() - (set(begins_anew) - earlier)
    left = _left_behind(
        installation, live.values(), places, {row_id: attempts[row_id] for row_id in earlier & asked}
    )
    history_rows, posted = history.find_transactions(live.values(), installation.id), posted_subjects(live.values())
    needed_by = _needed_by([row.id for row in live.values() if row.kind in set(RecordKind)])
    return {
        key: _existing_of(
            row, progress=_progress(row, is_earlier=row.id in earlier, is_asked=row.id in asked),
            is_asked=row.id in asked, in_books=history_rows.get(row.id), posted=posted.get(row.id),
            needed_by=needed_by.get(row.id, frozenset()), left_behind=left.get(row.id),
        )
        for key, row in live.items()
    }  # fmt: skip


def _attempts(delivery_ids: Iterable[int]) -> dict[int, str]:
    """Return what names the unfinished conversation of some deliveries that has asked for a write, by delivery. One
    query at most."""
    ids = list(delivery_ids)
    if not ids:
        return {}
    found = session().execute(
        select(ConversationRow.delivery_id, ConversationRow.id)
        .join(Exchange, Exchange.conversation_id == ConversationRow.id)
        .where(
            ConversationRow.delivery_id.in_(ids), ConversationRow.state == ConversationState.OPEN, Exchange.writes
        )
    )
    return {row_id: f"attempt-{conversation_id}" for row_id, conversation_id in found if row_id is not None}


def _left_behind(
    installation: Installation, rows: Collection[Delivery], places: Places, attempts: Mapping[int, str]
) -> dict[int, LeftBehind]:
    """Return which documents may be in the books, by delivery, with what the history has that is like them. `attempts`
    are those of earlier installations. One query, none if there are none.

    What is being changed is in the books, and the same change may be made twice. A new record is looked for by its name
    before it is created.
    """
    namesakes = {row.id for row in rows if row.installation_id in places.namesakes}
    documents = {
        row.id: subject_of(row.kind, row.subject)
        for row in rows
        if row.id in attempts and row.kind in document_kinds() and (not row.posting_id or row.id in namesakes)
    }  # fmt: skip
    ours = {(row.kind, row.posting_id) for row in rows if row.id not in namesakes}
    posted = {row.id for row in rows if row.posting_id}
    alike = history.alike(installation.id, documents.values())
    return {
        delivery_id: LeftBehind(
            attempt=attempts[delivery_id], is_posted=delivery_id in posted,
            alike=tuple(one for one in alike.get(document, ()) if (one.kind, one.id) not in ours),
        )
        for delivery_id, document in documents.items()
    }


def _existing_of(
    row: Delivery, *, progress: Progress, is_asked: bool, in_books: TransactionRow | None, posted: Subject | None,
    needed_by: frozenset[int], left_behind: LeftBehind | None,
) -> Existing:  # fmt: skip
    current = subject_of(row.kind, row.subject)
    return Existing(
        id=row.id, key=(row.source, row.kind), order_id=row.order_id or "", title=row.title,
        progress=progress, is_stopped=row.state is _D.STOPPED or left_behind is not None,
        can_cancel=row.state in _CANCELLABLE and not is_asked, voids=row.voids, current=current,
        posted=posted or current,
        posting=_posting(row) if left_behind is None else None,
        in_books=_in_books(in_books) if left_behind is None else None,
        fixes=row.choices.get("answers", {}), problems=_problems(row) if left_behind is None else (),
        needed_by=needed_by, needs=tuple((one.source, one.kind) for one in row.needs), left_behind=left_behind,
    )  # fmt: skip


def _problems(row: Delivery) -> tuple[Problem, ...]:
    return tuple(problems_of(row.problems)) if row.state is _D.STOPPED else ()


def _progress(row: Delivery, *, is_earlier: bool, is_asked: bool) -> Progress:
    if is_earlier and (is_asked or row.state is not _D.POSTED):  # Nobody drives that installation any more.
        return Progress.FREE
    if row.state is _D.POSTED:
        return Progress.POSTED
    if row.state not in {_D.WAITING, _D.STOPPED}:
        return Progress.MOVING
    return Progress.RESUMABLE if is_asked else Progress.FREE


def _posting(row: Delivery) -> Posting | None:
    if not row.posting_id:
        return None
    return Posting(
        id=row.posting_id, number=row.posting_number, total=row.posting_total or history.ZERO,
        version=row.posting_version, lines=tuple(row.posting_lines),
    )  # fmt: skip


def _in_books(row: TransactionRow | None) -> InBooks | None:
    if row is None:
        return None
    return InBooks(
        total=row.total, date=row.date, is_gone=row.deleted or row.voided, is_unapplied=row.is_unapplied,
        paid=row.total - row.balance,
    )  # fmt: skip


def posted_subjects(rows: Iterable[Delivery]) -> dict[int, Subject]:
    """Return what the books have of those that are being changed, as the conversations that posted it were begun
    with. One query at most."""
    changing = {row.id: row.kind for row in rows if row.posting_id and row.state is not _D.POSTED}
    if not changing:
        return {}
    done = session().scalars(
        select(ConversationRow)
        .where(ConversationRow.delivery_id.in_(changing), ConversationRow.state == ConversationState.DONE)
        .order_by(ConversationRow.id)
    )
    return {
        one.delivery_id: subject_of(changing[one.delivery_id], one.argument["subject"])
        for one in done if one.delivery_id is not None
    }  # fmt: skip


def _needed_by(ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Return which live deliveries of any order wait for some records. One query at most."""
    if not ids:
        return {}
    found: dict[int, set[int]] = {}
    rows = session().execute(
        select(needs.c.needed_id, needs.c.delivery_id)
        .join(Delivery, Delivery.id == needs.c.delivery_id)
        .where(needs.c.needed_id.in_(ids), Delivery.state.not_in((_D.CANCELLED, _D.POSTED)))
    )
    for needed_id, delivery_id in rows:
        found.setdefault(needed_id, set()).add(delivery_id)
    return {needed_id: frozenset(some) for needed_id, some in found.items()}


def find_standing(rows: Sequence[Delivery], existing: Mapping[Key, Existing]) -> dict[str, frozenset[str]]:
    """Return the kinds of what stands in the books or is on its way, by order."""
    found: dict[str, set[str]] = {}
    for row in rows:
        one = existing.get((row.source, row.kind))
        is_gone = one is not None and one.id == row.id and one.is_posted and one.is_gone
        if row.order_id and not is_gone:
            found.setdefault(row.order_id, set()).add(row.kind)
    return {order_id: frozenset(kinds) for order_id, kinds in found.items()}
