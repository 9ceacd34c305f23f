"""Links between the host's companies and the customers and vendors in the books."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from hub.books.refresh import store_records
from hub.database import now, session
from hub.models import Delivery, Link, LinkChange, RecordRow
from hub.plugin import Record, RecordKind, Ref, name_key

_CHUNK = 500  # Names a query: SQLite takes 32 766 variables, PostgreSQL plans shorter lists better.


@dataclass(frozen=True, slots=True)
class Created:
    """A delivery of a new customer, vendor or item, with the record that it created."""

    delivery: Delivery
    ref: Ref

    @property
    def company_id(self) -> str:
        """The company whose customer or vendor was created."""
        return self.delivery.source.partition("/")[2]


def find_link(installation_id: int, kind: RecordKind, company_id: str) -> Link | None:
    """Return the link of a company, or None."""
    return session().scalar(
        select(Link).where(
            Link.installation_id == installation_id, Link.kind == kind, Link.company_id == company_id
        )
    )


def find_links(installation_id: int, kind: RecordKind, company_ids: Iterable[str]) -> dict[str, Link]:
    """Return the links of some companies, by company. One query."""
    found = session().scalars(
        select(Link).where(
            Link.installation_id == installation_id, Link.kind == kind, Link.company_id.in_(list(company_ids))
        )
    )
    return {row.company_id: row for row in found}


def find_linked_refs(installation_id: int, kind: RecordKind, company_ids: Iterable[str]) -> dict[str, Ref]:
    """Return the records that companies are linked to, by company id. One query."""
    return {company_id: row.ref for company_id, row in find_links(installation_id, kind, company_ids).items()}


def find_linked_ids(installation_id: int, kind: RecordKind, record_ids: Iterable[str]) -> set[str]:
    """Return those of the record ids that a company is linked to. One query."""
    return set(
        session().scalars(
            select(Link.record_id).where(
                Link.installation_id == installation_id, Link.kind == kind, Link.record_id.in_(list(record_ids))
            )
        )
    )


def link_company(installation_id: int, kind: RecordKind, company_id: str, ref: Ref, by: str) -> None:
    """Link a company to a record, replacing its earlier link. `by` is the name of the person, kept in the log of
    changes."""
    link_companies(installation_id, {(kind, company_id): ref}, by)


def link_companies(installation_id: int, refs: Mapping[tuple[RecordKind, str], Ref], by: str) -> None:
    """Link companies, each by its kind and id, to records. As `link_company`; one query for each kind."""
    for kind in sorted({kind for kind, _ in refs}):
        found = find_links(installation_id, kind, [company_id for one, company_id in refs if one is kind])
        for (one, company_id), ref in refs.items():
            if one is kind:
                _set_link(found.get(company_id) or _add_link(installation_id, kind, company_id), ref, by)


def _add_link(installation_id: int, kind: RecordKind, company_id: str) -> Link:
    row = Link(installation_id=installation_id, kind=kind, company_id=company_id, record_id="", name="")
    session().add(row)
    return row


def _set_link(row: Link, ref: Ref, by: str) -> None:
    if row.record_id != ref.id:
        _log_change(row, ref, by)
        row.note, row.linked_by, row.linked_at = "", by, now()
    row.record_id, row.name = ref.id, ref.name


def unlink_company(installation_id: int, kind: RecordKind, company_id: str, by: str) -> None:
    """Remove the link of a company. `by` is the name of the person, kept in the log of changes. Documents that were
    sent stay with their customer."""
    row = find_link(installation_id, kind, company_id)
    if row is not None:
        _log_change(row, Ref(id=""), by)
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


def find_link_changes(installation_id: int, kind: RecordKind, company_id: str, limit: int = 5) -> list[LinkChange]:
    """Return the latest changes of a company's link, newest first."""
    rows = session().scalars(
        select(LinkChange)
        .where(
            LinkChange.installation_id == installation_id, LinkChange.kind == kind, LinkChange.company_id == company_id
        )
        .order_by(LinkChange.id.desc())
        .limit(limit)
    )
    return list(rows)


def _log_change(row: Link, to: Ref, by: str) -> None:
    session().add(LinkChange(
        installation_id=row.installation_id, kind=row.kind, company_id=row.company_id, from_id=row.record_id,
        from_name=row.name, to_id=to.id, to_name=to.name, changed_by=by,
    ))  # fmt: skip


def find_records_by_name(installation_id: int, kind: RecordKind, names: Iterable[str]) -> dict[str, RecordRow]:
    """Return the active records with these names, by `name_key`. One query for every 500 names."""
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


def find_record(installation_id: int, kind: RecordKind, record_id: str) -> RecordRow | None:
    """Return a record, or None if the books do not have it."""
    return session().scalar(
        select(RecordRow).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.record_id == record_id
        )
    )


def find_records(installation_id: int, kind: RecordKind, record_ids: Iterable[str]) -> list[RecordRow]:
    """Return the records with these ids, without those that the books do not have. One query for every 500 ids."""
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


def store_created(installation_id: int, created: Iterable[Created]) -> None:
    """Add new customers, vendors and items to our copies of the lists, and link their companies. A constant number of
    statements per kind."""
    by_kind: dict[RecordKind, list[Created]] = {}
    for one in created:
        by_kind.setdefault(RecordKind(one.delivery.kind), []).append(one)
    for kind, some in by_kind.items():
        known = {row.record_id for row in find_records(installation_id, kind, [one.ref.id for one in some])}
        new = {one.ref.id: Record(kind=kind, id=one.ref.id, name=one.ref.name) for one in some}
        if fresh := [record for record_id, record in new.items() if record_id not in known]:
            store_records(installation_id, kind, fresh)
        if kind not in {RecordKind.CUSTOMER, RecordKind.VENDOR}:
            continue
        found = find_links(installation_id, kind, [one.company_id for one in some])
        for one in some:
            row = found.get(one.company_id) or _add_link(installation_id, kind, one.company_id)
            found[one.company_id] = row
            _set_link(row, one.ref, one.delivery.sent_by)
