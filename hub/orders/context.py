"""Loads what the plans of some orders rest on: as many queries for 200 orders as for one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import selectinload

from hub.books import description, history, links, mappings
from hub.database import session
from hub.host import Company, Order
from hub.integrations import registry
from hub.integrations.options import options_of
from hub.models import ConversationRow, Delivery, Exchange, Installation, RecordRow, TransactionRow
from hub.models.delivery import needs
from hub.orders.validator import Validator
from hub.planning.choices import Choices
from hub.planning.context import Existing, InBooks, Key, KnownRecord, LeftBehind, PlanningContext, Progress
from hub.planning.parts import item_name, vendors_of
from hub.plugin import (
    Integration,
    Posting,
    Problem,
    RecordKind,
    Subject,
    document_kinds,
    name_key,
    record_kind_of,
    suffixed,
)
from hub.serialization import problems_of, subject_of
from hub.states import ConversationState, DeliveryState

_D = DeliveryState
_MANY = 500
"""Sources that one query looks for."""

_CANCELLABLE = frozenset({_D.WAITING, _D.QUEUED, _D.STOPPED})


def load_context(
    installation: Installation, wanted: Sequence[tuple[Order, Choices]], *,
    suggested: Mapping[str, str] = MappingProxyType({}), validator: Validator | None = None,
    begins_anew: Collection[int] = (),
) -> PlanningContext:  # fmt: skip
    """Load what some orders, and what is suggested for them by role, rest on.

    A constant number of queries for up to 500 names of a kind, and one more for every 500. Without a `validator` the
    plugin is asked at once. `begins_anew` are deliveries that a person lets begin anew although a write was asked.
    """
    integration = registry.integration(installation.integration)
    orders, choices = [order for order, _ in wanted], [chosen for _, chosen in wanted]
    parties = _parties(orders)
    active = _active(installation, orders, parties)
    linked = {
        (kind, company_id): ref
        for kind, some in parties.items()
        for company_id, ref in links.links(installation.id, kind, some).items()
    }
    rows = _deliveries(installation, orders, parties)
    existing = _existing(installation, rows, begins_anew)
    mentioned = [*_mentioned(choices, suggested, existing), *((kind, ref.id) for (kind, _), ref in linked.items())]
    records = _records(installation.id, mentioned, active)
    options, books = options_of(installation, integration), description.known_books(installation)
    return PlanningContext(
        product=integration.label, books=books, capabilities=integration.capabilities,
        mapping_fields=integration.mappings, options=options, allowed=frozenset(installation.documents),
        item_source=installation.item_source, billable=installation.billable, mapped=mappings.mapped(installation.id),
        suggested={
            role: found.ref for role, record_id in suggested.items()
            if (found := records.get((record_kind_of(role), record_id))) is not None
        },
        records=records, active={key: _known(row) for key, row in active.items()},
        names=_names(installation, integration, parties, choices), links=linked, existing=existing,
        unlinked=_unlinked(installation, parties, linked), standing=_standing(rows, existing),
        validate=(validator or Validator.asking_at_once()).of(integration, options, books),
    )  # fmt: skip


def _known(row: RecordRow) -> KnownRecord:
    return KnownRecord(kind=row.kind, ref=row.ref, active=row.active)


def _parties(orders: Iterable[Order]) -> dict[RecordKind, dict[str, Company]]:
    """Return the companies that orders sell to and buy from, by kind and id."""
    found: dict[RecordKind, dict[str, Company]] = {RecordKind.CUSTOMER: {}, RecordKind.VENDOR: {}}
    for order in orders:
        found[RecordKind.CUSTOMER][order.company.id] = order.company
        found[RecordKind.VENDOR] |= vendors_of(order)
    return found


def _active(
    installation: Installation, orders: Sequence[Order], parties: Mapping[RecordKind, Mapping[str, Company]]
) -> dict[tuple[RecordKind, str], RecordRow]:
    """Return the active entries of the names that orders mention, by kind and name key."""
    source = installation.item_source
    names = {
        **{kind: [one.name for one in some.values()] for kind, some in parties.items()},
        RecordKind.ITEM: [item_name(line, source) for order in orders for line in order.lines],
        RecordKind.TERM: [order.terms for order in orders],
        RecordKind.CLASS: [order.tracking_class for order in orders],
        RecordKind.LOCATION: [order.location for order in orders],
    }
    return {
        (kind, key): row
        for kind, some in names.items()
        for key, row in links.by_name(installation.id, kind, filter(None, some)).items()
    }


def _unlinked(
    installation: Installation, parties: Mapping[RecordKind, Mapping[str, Company]],
    linked: Collection[tuple[RecordKind, str]],
) -> dict[tuple[RecordKind, str], str]:  # fmt: skip
    """Return from whom a person has unlinked some companies. One query, none if all are linked."""
    free = {company_id for kind, some in parties.items() for company_id in some if (kind, company_id) not in linked}
    found = links.unlinked(installation.id, free)
    return {key: record_id for key, record_id in found.items() if key not in linked}


def _mentioned(
    choices: Iterable[Choices], suggested: Mapping[str, str], existing: Mapping[Key, Existing]
) -> Iterator[tuple[RecordKind, str]]:
    """Return the kinds and ids of the entries that are chosen, suggested or created by us."""
    for role, record_id in suggested.items():
        yield record_kind_of(role), record_id
    for one in choices:
        yield RecordKind.CUSTOMER, one.customer
        yield from ((RecordKind.VENDOR, chosen) for chosen in one.vendors.values())
        yield from ((record_kind_of(role), record_id) for role, record_id in one.accounts.items())
    for found in existing.values():
        if found.posting is not None and found.kind in set(RecordKind):
            yield RecordKind(found.kind), found.posting.id


def _records(
    installation_id: int, mentioned: Iterable[tuple[RecordKind, str]],
    active: Mapping[tuple[RecordKind, str], RecordRow],
) -> dict[tuple[RecordKind, str], KnownRecord]:  # fmt: skip
    """Return some entries, and those that have a name that an order mentions, by kind and id."""
    wanted: dict[RecordKind, set[str]] = {}
    for kind, record_id in mentioned:
        wanted.setdefault(kind, set()).add(record_id)
    known = {(row.kind, row.record_id): _known(row) for row in active.values()}
    for kind, ids in wanted.items():
        for row in links.records(installation_id, kind, ids):
            known[kind, row.record_id] = _known(row)
    return known


def _names(
    installation: Installation, integration: Integration, parties: Mapping[RecordKind, Mapping[str, Company]],
    choices: Iterable[Choices],
) -> dict[str, list[KnownRecord]]:  # fmt: skip
    """Return who has the names that new customers and vendors would get, in the lists that share them, the inactive
    ones included. One query."""
    kinds, found = integration.capabilities.shared_names, dict[str, list[KnownRecord]]()
    own = [(company.name, kind) for kind, some in parties.items() for company in some.values()]
    taken = {value for one in choices for value in one.answers.values()}
    taken |= {name for name, _ in own} | {suffixed(name, kind) for name, kind in own}
    if not kinds or not taken:
        return found
    rows = session().scalars(
        select(RecordRow).where(
            RecordRow.installation_id == installation.id,
            RecordRow.kind.in_(kinds),
            RecordRow.name_key.in_(sorted({name_key(name) for name in taken})),
        )
    )
    for row in rows:
        found.setdefault(row.name_key, []).append(_known(row))
    return found


# ── What we brought into these books ────────────────────────────────────────────────────────────────────────────────


def _deliveries(
    installation: Installation, orders: Sequence[Order], parties: Mapping[RecordKind, Mapping[str, Company]]
) -> list[Delivery]:
    """Return the deliveries of some orders, and those of the records that these may need, with what they wait for: also
    those of an earlier installation of the same books, oldest first."""
    source = installation.item_source
    items = {f"item/{name_key(item_name(line, source))}" for order in orders for line in order.lines}
    sources = sorted(items | {f"company/{company_id}" for some in parties.values() for company_id in some})
    of_these_books = set(session().scalars(
        select(Installation.id).where(
            Installation.organization_id == installation.organization_id,
            Installation.integration == installation.integration,
            Installation.books_id == installation.books_id, Installation.books_id != "",
        )
    )) | {installation.id}  # fmt: skip
    organization = Delivery.organization_id == installation.organization_id
    concerns: list[ColumnElement[bool]] = [and_(organization, Delivery.order_id.in_([order.id for order in orders]))]
    concerns += [
        and_(Delivery.source.in_(sources[first : first + _MANY]), Delivery.installation_id.in_(of_these_books))
        for first in range(0, len(sources), _MANY)
    ]
    found: dict[int, Delivery] = {}
    for concern in concerns:
        rows = session().scalars(
            select(Delivery).where(concern, Delivery.state != _D.CANCELLED).options(selectinload(Delivery.needs))
        )
        # With a join instead, SQLite would go through all deliveries of the installation.
        found |= {row.id: row for row in rows if row.installation_id in of_these_books}
    for row in list(found.values()):
        found |= {needed.id: needed for needed in row.needs if needed.state is not _D.CANCELLED}
    return [found[one] for one in sorted(found)]


def _existing(
    installation: Installation, rows: Sequence[Delivery], begins_anew: Collection[int]
) -> dict[Key, Existing]:
    """Return the live delivery of each key: this installation's, else what an earlier one brought, or may have brought,
    into the same books."""
    attempts = _attempts(row.id for row in rows if row.state is not _D.POSTED)
    live = {
        (row.source, row.kind): row
        for row in sorted(rows, key=lambda row: row.installation_id == installation.id)  # Its own take precedence.
        if row.installation_id == installation.id or row.posting_id or row.id in attempts
    }
    earlier = {row.id for row in live.values() if row.installation_id != installation.id}
    asked = attempts.keys() - (set(begins_anew) - earlier)
    left = _left_behind(installation, live.values(), {row_id: attempts[row_id] for row_id in earlier & asked})
    history_rows, posted = history.standing(live.values(), installation.id), posted_subjects(live.values())
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
    installation: Installation, rows: Collection[Delivery], attempts: Mapping[int, str]
) -> dict[int, LeftBehind]:
    """Return which documents may be in the books, by delivery, with what the history has that is like them. `attempts`
    are those of earlier installations. One query, none if there are none.

    What is being changed is in the books, and the same change may be made twice. A new record is looked for by its name
    before it is created.
    """
    documents = {
        row.id: subject_of(row.kind, row.subject)
        for row in rows if row.id in attempts and not row.posting_id and row.kind in document_kinds()
    }  # fmt: skip
    ours = {(row.kind, row.posting_id) for row in rows}
    alike = history.alike(installation.id, documents.values())
    return {
        delivery_id: LeftBehind(
            attempt=attempts[delivery_id],
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
        progress=progress, is_stopped=row.state is _D.STOPPED,
        can_cancel=row.state in _CANCELLABLE and not is_asked, voids=row.voids, current=current,
        posted=posted or current, posting=_posting(row), in_books=_in_books(in_books),
        fixes=row.choices.get("answers", {}), problems=_problems(row) if left_behind is None else (),
        needed_by=needed_by, needs=tuple((one.source, one.kind) for one in row.needs), left_behind=left_behind,
    )  # fmt: skip


def _problems(row: Delivery) -> tuple[Problem, ...]:
    return tuple(problems_of(row.problems)) if row.state is _D.STOPPED else ()


def _progress(row: Delivery, *, is_earlier: bool, is_asked: bool) -> Progress:
    if row.state is _D.POSTED:
        return Progress.POSTED
    if is_earlier:  # Nobody drives that installation any more.
        return Progress.FREE
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
        total=row.total, date=row.date, is_gone=row.deleted or row.voided, is_unapplied=row.is_unapplied
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


def _standing(rows: Sequence[Delivery], existing: Mapping[Key, Existing]) -> dict[str, frozenset[str]]:
    """Return the kinds of what stands in the books or is on its way, by order."""
    found: dict[str, set[str]] = {}
    for row in rows:
        one = existing.get((row.source, row.kind))
        is_gone = one is not None and one.id == row.id and one.is_posted and one.is_gone
        if row.order_id and not is_gone:
            found.setdefault(row.order_id, set()).add(row.kind)
    return {order_id: frozenset(kinds) for order_id, kinds in found.items()}
