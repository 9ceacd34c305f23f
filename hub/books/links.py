"""Which of the host's companies is which customer in the books."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select

from hub.books.refresh import store_records
from hub.database import now, session
from hub.models import Delivery, Link, LinkChange, RecordRow
from hub.plugin import Record, RecordKind, Ref, name_key

_CHUNK = 500  # Names a query: SQLite takes 32 766 variables, PostgreSQL plans shorter lists better.


@dataclass(frozen=True, slots=True)
class Created:
    """A delivery of a customer, vendor or item, and the entry of the books that it has become."""

    delivery: Delivery
    ref: Ref

    @property
    def company_id(self) -> str:
        """Of what company a customer or vendor is the entry."""
        return self.delivery.source.partition("/")[2]


def linked(installation_id: int, kind: RecordKind, company_id: str) -> Link | None:
    """Whom a company is linked to."""
    return session().scalar(
        select(Link).where(
            Link.installation_id == installation_id, Link.kind == kind, Link.company_id == company_id
        )
    )


def rows(installation_id: int, kind: RecordKind, company_ids: Iterable[str]) -> dict[str, Link]:
    """Return the links of some companies, by company. One query."""
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
    """Return which of some entries a company is linked to. One query."""
    return set(
        session().scalars(
            select(Link.record_id).where(
                Link.installation_id == installation_id, Link.kind == kind, Link.record_id.in_(list(record_ids))
            )
        )
    )


def link(installation_id: int, kind: RecordKind, company_id: str, ref: Ref, by: str) -> None:
    """Link a company to an entry of the books, in place of whatever it was linked to before. Who did it is kept."""
    _link(linked(installation_id, kind, company_id) or _free(installation_id, kind, company_id), ref, by)


def _free(installation_id: int, kind: RecordKind, company_id: str) -> Link:
    row = Link(installation_id=installation_id, kind=kind, company_id=company_id, record_id="", name="")
    session().add(row)
    return row


def _link(row: Link, ref: Ref, by: str) -> None:
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


def unlinked(installation_id: int, company_ids: Collection[str]) -> dict[tuple[RecordKind, str], str]:
    """Return to whom some companies were linked before each was unlinked last, by kind and company. One query at most.

    One that has been linked again since is among them.
    """
    if not company_ids:
        return {}
    found = session().scalars(
        select(LinkChange)
        .where(
            LinkChange.installation_id == installation_id,
            LinkChange.kind.in_((RecordKind.CUSTOMER, RecordKind.VENDOR)),
            LinkChange.company_id.in_(company_ids),
            LinkChange.to_id == "",
        )
        .order_by(LinkChange.id)
    )
    return {(row.kind, row.company_id): row.from_id for row in found}


def changes(installation_id: int, kind: RecordKind, company_id: str, limit: int = 5) -> list[LinkChange]:
    """Return who linked a company to whom, and when, the newest first."""
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
    """Return the active entries of those names, by `name_key`; a constant number of queries for 500 names."""
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


def remember(installation_id: int, created: Iterable[Created]) -> None:
    """New customers, vendors and items are in the books: add them to our copies of the lists, and link the companies.
    A few statements for each kind, however many there are."""
    by_kind: dict[RecordKind, list[Created]] = {}
    for one in created:
        by_kind.setdefault(RecordKind(one.delivery.kind), []).append(one)
    for kind, some in by_kind.items():
        known = {row.record_id for row in records(installation_id, kind, [one.ref.id for one in some])}
        new = {one.ref.id: Record(kind=kind, id=one.ref.id, name=one.ref.name) for one in some}
        if fresh := [record for record_id, record in new.items() if record_id not in known]:
            store_records(installation_id, kind, fresh)
        if kind not in {RecordKind.CUSTOMER, RecordKind.VENDOR}:
            continue
        found = rows(installation_id, kind, [one.company_id for one in some])
        for one in some:
            row = found.get(one.company_id) or _free(installation_id, kind, one.company_id)
            found[one.company_id] = row
            _link(row, one.ref, one.delivery.sent_by)
