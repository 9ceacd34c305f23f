"""What became of entries of the books behind our back: deleted there, or merged into others."""

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
    """Return True if we have seen every one of these entries, by id, since it changed."""
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
    """Entries are not in the books any more. Whoever is linked to one is told, and has to choose another."""
    if not ids:
        return
    session().execute(_update_records(installation_id, kind, ids).values(active=False))
    for link in _find_links(installation_id, kind, ids):
        link.note = say(
            "“%(name)s” was deleted in the books on %(day)s. Choose another.", name=link.name, day=now().date()
        )


def mark_others_deleted(installation_id: int, kind: RecordKind, records: Sequence[Record]) -> None:
    """Only these entries are in the books."""
    there = {record.id for record in records}
    active = session().scalars(
        select(RecordRow.record_id).where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, RecordRow.active
        )
    )
    mark_records_deleted(installation_id, kind, [entry for entry in active if entry not in there])


def merge_records(installation_id: int, kind: RecordKind, merged: Sequence[tuple[str, str]]) -> None:
    """Entries have become part of others. What pointed to them points to the others now, and a person is told."""
    if not merged:
        return
    remains = _find_survivors(installation_id, kind, dict(merged))
    for gone, found in remains.items():
        session().execute(_update_records(installation_id, kind, [gone]).values(active=False, merged_into=found))
    names = _find_names(installation_id, kind, list(remains.values()))
    for link in _find_links(installation_id, kind, list(remains)):
        found = remains[link.record_id]
        link.note = say(
            "“%(name)s” was merged into “%(other)s” in the books on %(day)s.", name=link.name,
            other=names.get(found, found), day=now().date(),
        )  # fmt: skip
        link.record_id, link.name = found, names.get(found, link.name)
    if kind is RecordKind.CUSTOMER:
        history.move_transactions(installation_id, remains)


def _find_survivors(installation_id: int, kind: RecordKind, merged: dict[str, str]) -> dict[str, str]:
    """Return who remains in the end. What has become part of another may itself have been told to be part of a third,
    before or after; a circle, which would be nonsense, ends where it began."""
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
