"""Which of the host's companies is which customer in the books."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from hub.database import session
from hub.models import Delivery, Link, RecordRow
from hub.models.books import name_key
from hub.plugin import Record, RecordKind, Ref
from hub.services import fetching

_CHUNK = 500  # Names a query: SQLite takes 32 766 variables, PostgreSQL plans shorter lists better.


def linked(installation_id: int, kind: RecordKind, company_id: str) -> Link | None:
    """Whom a company is linked to."""
    return session().scalar(
        select(Link).where(
            Link.installation_id == installation_id, Link.kind == kind, Link.company_id == company_id
        )
    )


def links(installation_id: int, kind: RecordKind, company_ids: Iterable[str]) -> dict[str, Ref]:
    """Whom some companies are linked to, by company. One query."""
    rows = session().scalars(
        select(Link).where(
            Link.installation_id == installation_id, Link.kind == kind, Link.company_id.in_(list(company_ids))
        )
    )
    return {row.company_id: row.ref for row in rows}


def link(installation_id: int, kind: RecordKind, company_id: str, ref: Ref, by: str) -> None:
    """Link a company to an entry of the books, in place of whatever it was linked to before."""
    row = linked(installation_id, kind, company_id)
    if row is None:
        row = Link(installation_id=installation_id, kind=kind, company_id=company_id)
        session().add(row)
    row.record_id, row.name, row.linked_by = ref.id, ref.name, by


def by_name(installation_id: int, kind: RecordKind, names: Iterable[str]) -> dict[str, RecordRow]:
    """The active entries of those names, by `name_key`; a constant number of queries for 500 names."""
    keys = sorted({name_key(name) for name in names})
    found: dict[str, RecordRow] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = session().scalars(
            select(RecordRow).where(
                RecordRow.installation_id == installation_id,
                RecordRow.kind == kind,
                RecordRow.name_key.in_(keys[start : start + _CHUNK]),
                RecordRow.active,
            )
        )
        found |= {row.name_key: row for row in rows}
    return found


def record(installation_id: int, kind: RecordKind, record_id: str) -> RecordRow | None:
    """One entry of a list, if the books have it."""
    return session().scalar(
        select(RecordRow).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.record_id == record_id
        )
    )


def records(installation_id: int, kind: RecordKind, record_ids: Iterable[str]) -> list[RecordRow]:
    """Some entries of a list by their ids, those that the books have. One query for 500."""
    ids, found = sorted(set(record_ids)), list[RecordRow]()
    for start in range(0, len(ids), _CHUNK):
        found += session().scalars(
            select(RecordRow).where(
                RecordRow.installation_id == installation_id,
                RecordRow.kind == kind,
                RecordRow.record_id.in_(ids[start : start + _CHUNK]),
            )
        )
    return found


def remember(delivery: Delivery, ref: Ref) -> None:
    """A new customer, vendor or item is in the books: add it to our copy of the list, and link the company."""
    kind = RecordKind(delivery.kind)
    if record(delivery.installation_id, kind, ref.id) is None:
        fetching.store(delivery.installation_id, kind, [Record(kind=kind, id=ref.id, name=ref.name)])
    if kind in {RecordKind.CUSTOMER, RecordKind.VENDOR}:
        company_id = delivery.source.partition("/")[2]
        link(delivery.installation_id, kind, company_id, ref, delivery.sent_by)
