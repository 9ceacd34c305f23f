"""Which of the host's companies is which customer in the books."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from hub.database import now, session
from hub.models import Delivery, Link, LinkChange, RecordRow
from hub.models.books import name_key
from hub.plugin import Record, RecordKind, Ref
from hub.services.books import fetching

_CHUNK = 500  # Names a query: SQLite takes 32 766 variables, PostgreSQL plans shorter lists better.


def linked(installation_id: int, kind: RecordKind, company_id: str) -> Link | None:
    """Whom a company is linked to."""
    return session().scalar(
        select(Link).where(
            Link.installation_id == installation_id, Link.kind == kind, Link.company_id == company_id
        )
    )


def rows(installation_id: int, kind: RecordKind, company_ids: Iterable[str]) -> dict[str, Link]:
    """The links of some companies, by company. One query."""
    found = session().scalars(
        select(Link).where(
            Link.installation_id == installation_id, Link.kind == kind, Link.company_id.in_(list(company_ids))
        )
    )
    return {row.company_id: row for row in found}


def links(installation_id: int, kind: RecordKind, company_ids: Iterable[str]) -> dict[str, Ref]:
    """Whom some companies are linked to, by company. One query."""
    return {company_id: row.ref for company_id, row in rows(installation_id, kind, company_ids).items()}


def taken(installation_id: int, kind: RecordKind, record_ids: Iterable[str]) -> set[str]:
    """Which of some entries a company is linked to. One query."""
    return set(
        session().scalars(
            select(Link.record_id).where(
                Link.installation_id == installation_id, Link.kind == kind, Link.record_id.in_(list(record_ids))
            )
        )
    )


def link(installation_id: int, kind: RecordKind, company_id: str, ref: Ref, by: str) -> None:
    """Link a company to an entry of the books, in place of whatever it was linked to before. Who did it is kept."""
    row = linked(installation_id, kind, company_id)
    if row is None:
        row = Link(installation_id=installation_id, kind=kind, company_id=company_id, record_id="", name="")
        session().add(row)
    if row.record_id != ref.id:
        _note(row, ref, by)
        row.note, row.linked_by, row.linked_at = "", by, now()
    row.record_id, row.name = ref.id, ref.name


def unlink(installation_id: int, kind: RecordKind, company_id: str, by: str) -> None:
    """Link a company to nobody any more. Who did it is kept. What has been sent stays where it is."""
    row = linked(installation_id, kind, company_id)
    if row is not None:
        _note(row, Ref(id=""), by)
        session().delete(row)


def changes(installation_id: int, kind: RecordKind, company_id: str, limit: int = 5) -> list[LinkChange]:
    """Who linked a company to whom, and when, the newest first."""
    rows = session().scalars(
        select(LinkChange)
        .where(
            LinkChange.installation_id == installation_id, LinkChange.kind == kind, LinkChange.company_id == company_id
        )
        .order_by(LinkChange.id.desc())
        .limit(limit)
    )
    return list(rows)


def _note(row: Link, to: Ref, by: str) -> None:
    session().add(LinkChange(
        installation_id=row.installation_id, kind=row.kind, company_id=row.company_id, from_id=row.record_id,
        from_name=row.name, to_id=to.id, to_name=to.name, changed_by=by,
    ))  # fmt: skip


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
