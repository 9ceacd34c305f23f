"""Links between the host's companies and the customers and vendors in the books."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from hub.books.refresh import store_records
from hub.database import now, session
from hub.models import Delivery, Link, LinkChange, RecordRow, Word
from hub.models.books import split_words
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


def find_links(installation_id: int, companies: Iterable[tuple[RecordKind, str]]) -> dict[tuple[RecordKind, str], Link]:
    """Return the links of some companies, by kind and company. One query."""
    is_wanted = _is_one_of(Link.kind, Link.company_id, companies)
    found = session().scalars(select(Link).where(Link.installation_id == installation_id, is_wanted))
    return {(row.kind, row.company_id): row for row in found}


def find_linked_refs(
    installation_id: int, companies: Iterable[tuple[RecordKind, str]]
) -> dict[tuple[RecordKind, str], Ref]:
    """Return the records that some companies are linked to, by kind and company. One query."""
    return {key: row.ref for key, row in find_links(installation_id, companies).items()}


def _is_one_of(
    kind: InstrumentedAttribute[RecordKind], column: InstrumentedAttribute[str],
    wanted: Iterable[tuple[RecordKind, str]],
) -> ColumnElement[bool]:  # fmt: skip
    values: dict[RecordKind, list[str]] = {}
    for one, value in sorted(set(wanted)):
        values.setdefault(one, []).append(value)
    return or_(false(), *(and_(kind == one, column.in_(some)) for one, some in values.items()))


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
    """Link companies, each by its kind and id, to records. As `link_company`; one query."""
    found = find_links(installation_id, refs) if refs else {}
    for key, ref in refs.items():
        _set_link(found.get(key) or _add_link(installation_id, *key), ref, by)


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


def find_records_by_name(
    installation_id: int, names: Mapping[RecordKind, Iterable[str]]
) -> dict[tuple[RecordKind, str], RecordRow]:
    """Return the active records of some names, by kind and `name_key`. One query for every 500 names."""
    keys = [(kind, key) for kind, some in names.items() for key in sorted({name_key(name) for name in some})]
    rows = _find_records(installation_id, RecordRow.name_key, keys, RecordRow.active)
    return {(row.kind, row.name_key): row for row in rows}


def find_items_by_part(installation_id: int, names: Iterable[str]) -> dict[str, list[RecordRow]]:
    """Return the active items whose path ends with one of some names, or whose number it is, by `name_key`. Those that
    are named so by the last part of their path come before the others, which are left out then. One query for every 500
    names."""
    keys = {name_key(name): words[0] for name in names if (words := split_words(name))}
    found: dict[str, list[RecordRow]] = {}
    wanted = sorted(set(keys.values()))
    for start in range(0, len(wanted), _CHUNK):
        rows = session().scalars(
            select(RecordRow)
            .join(Word, Word.record_id == RecordRow.id)
            .where(
                Word.installation_id == installation_id, Word.kind == RecordKind.ITEM,
                Word.word.in_(wanted[start : start + _CHUNK]), RecordRow.active,
            )
            .order_by(RecordRow.id)
        ).all()  # fmt: skip
        for key, word in keys.items():
            if word in wanted[start : start + _CHUNK]:
                ending = [row for row in rows if row.name_key.rpartition(":")[2].strip() == key]
                alike = ending or [row for row in rows if name_key(row.number) == key]
                found |= {key: list({row.id: row for row in alike}.values())} if alike else {}
    return found


def find_record(installation_id: int, kind: RecordKind, record_id: str) -> RecordRow | None:
    """Return a record, or None if the books do not have it."""
    return session().scalar(
        select(RecordRow).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.record_id == record_id
        )
    )


def find_records(installation_id: int, wanted: Iterable[tuple[RecordKind, str]]) -> list[RecordRow]:
    """Return the records of some kinds and ids, without those that the books do not have. One query for every 500 ids.
    """
    return _find_records(installation_id, RecordRow.record_id, sorted(set(wanted)))


def _find_records(
    installation_id: int, column: InstrumentedAttribute[str], wanted: Sequence[tuple[RecordKind, str]],
    *further: ColumnElement[bool] | InstrumentedAttribute[bool],
) -> list[RecordRow]:  # fmt: skip
    found: list[RecordRow] = []
    for start in range(0, len(wanted), _CHUNK):
        is_wanted = _is_one_of(RecordRow.kind, column, wanted[start : start + _CHUNK])
        found += session().scalars(
            select(RecordRow).where(RecordRow.installation_id == installation_id, is_wanted, *further)
        )
    return found


def store_created(installation_id: int, created: Iterable[Created]) -> None:
    """Add new customers, vendors and items to our copies of the lists, and link their companies. A constant number of
    statements per kind."""
    by_kind: dict[RecordKind, list[Created]] = {}
    for one in created:
        by_kind.setdefault(RecordKind(one.delivery.kind), []).append(one)
    for kind, some in by_kind.items():
        known = {row.record_id for row in find_records(installation_id, [(kind, one.ref.id) for one in some])}
        new = {one.ref.id: Record(kind=kind, id=one.ref.id, name=one.ref.name) for one in some}
        if fresh := [record for record_id, record in new.items() if record_id not in known]:
            store_records(installation_id, kind, fresh)
        if kind not in {RecordKind.CUSTOMER, RecordKind.VENDOR}:
            continue
        found = find_links(installation_id, [(kind, one.company_id) for one in some])
        for one in some:
            key = kind, one.company_id
            found[key] = found.get(key) or _add_link(installation_id, *key)
            _set_link(found[key], one.ref, one.delivery.sent_by)
