"""Deletions and merges of records in the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Update, select, update

from hub.books import history
from hub.database import now, session
from hub.models import Link, RecordRow, TransactionRow
from hub.plugin import Listed, Record, RecordKind, TransactionKind, say

NEVER_SEEN = "9999"
"""When an entry changed of which that is not told: later than any time at which we can have seen it."""


def is_seen(installation_id: int, kind: Listed, told: Mapping[str, str]) -> bool:
    """Return True if each of these records was fetched or written since it changed. `told` has the time of change by
    id."""
    if isinstance(kind, TransactionKind):
        query = select(TransactionRow.transaction_id, TransactionRow.seen_at).where(
            TransactionRow.installation_id == installation_id, TransactionRow.kind == kind,
            TransactionRow.transaction_id.in_(told),
        )  # fmt: skip
    else:
        query = select(RecordRow.record_id, RecordRow.seen_at).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.record_id.in_(told)
        )
    seen = dict(session().execute(query).all())
    return all(entry in seen and at <= seen[entry].isoformat() for entry, at in told.items())


def mark_records_deleted(installation_id: int, kind: RecordKind, ids: Sequence[str]) -> None:
    """Mark records as deleted in the books, with a note on each link that has to be changed."""
    if not ids:
        return
    session().execute(_update_records(installation_id, kind, ids).values(active=False))
    for link in _find_links(installation_id, kind, ids):
        link.note = say(
            "“%(name)s” was deleted on %(day)s. Choose another.", name=link.name, day=now().date()
        )


def mark_others_deleted(installation_id: int, kind: RecordKind, records: Sequence[Record]) -> None:
    """Mark all records of a kind as deleted except these."""
    there = {record.id for record in records}
    active = session().scalars(
        select(RecordRow.record_id).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.active
        )
    )
    mark_records_deleted(installation_id, kind, [entry for entry in active if entry not in there])


def merge_records(installation_id: int, kind: RecordKind, merged: Sequence[tuple[str, str]]) -> None:
    """Mark records as merged into others, and move their links and transactions to those, with a note on each link."""
    if not merged:
        return
    remains = _find_survivors(installation_id, kind, dict(merged))
    for gone, found in remains.items():
        session().execute(_update_records(installation_id, kind, [gone]).values(active=False, merged_into=found))
    names = _find_names(installation_id, kind, list(remains.values()))
    for link in _find_links(installation_id, kind, list(remains)):
        found = remains[link.record_id]
        link.note = say(
            "“%(name)s” was merged into “%(other)s” on %(day)s.", name=link.name,
            other=names.get(found, found), day=now().date(),
        )  # fmt: skip
        link.record_id, link.name = found, names.get(found, link.name)
    if kind is RecordKind.CUSTOMER:
        history.move_transactions(installation_id, remains)


def _find_survivors(installation_id: int, kind: RecordKind, merged: dict[str, str]) -> dict[str, str]:
    """Return the final record of each merge, by the id of the record that is gone. A record that remains may have been
    merged into a third one, before or after. A circle, which would be an error of the ledger, ends where it began."""
    rows = session().execute(
        select(RecordRow.record_id, RecordRow.merged_into).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.merged_into != ""
        )
    )
    into = {row.record_id: row.merged_into for row in rows} | merged
    found = {}
    for gone, remains in merged.items():
        seen, last = {gone}, remains
        while (following := into.get(last)) and following not in seen:
            seen.add(last)
            last = following
        found[gone] = last
    return found


def _update_records(installation_id: int, kind: RecordKind, ids: Sequence[str]) -> Update:
    return update(RecordRow).where(
        RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.record_id.in_(ids)
    )


def _find_links(installation_id: int, kind: RecordKind, ids: Sequence[str]) -> Sequence[Link]:
    return session().scalars(
        select(Link).where(Link.installation_id == installation_id, Link.kind == kind, Link.record_id.in_(ids))
    ).all()


def _find_names(installation_id: int, kind: RecordKind, ids: Sequence[str]) -> dict[str, str]:
    rows = session().scalars(
        select(RecordRow).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.record_id.in_(ids)
        )
    )
    return {row.record_id: row.name for row in rows}
