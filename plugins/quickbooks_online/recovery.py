"""Find the outcome of a batch that Intuit may have forgotten: search for its documents, recognize them by their marks.

Within a day, the same `requestid` returns the same answer. Intuit does not document for how much longer, so a batch
that has been open for a day is not sent again before this search. It needs at most four queries per kind, and one more
for each further 1,000 documents of those parties and days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from hub.plugin import Batch, Conversation, Payload, Problem, Rejected, Response, make_mark, say
from quickbooks_online.asking import IN_WORDS, Row, days_and_parties, query_rows, quoted_list
from quickbooks_online.lists import EVERY_ENTRY, SELLABLE
from quickbooks_online.marks import is_alike, is_voided, mark_of, written_fields

MOST = 1000
"""The most rows in one answer of QuickBooks."""

NAMES = {"Customer": "DisplayName", "Vendor": "DisplayName", "Item": "Name"}
"""Kinds without a note, and the field of their unique name, by which they are recognized."""

Asked: TypeAlias = Mapping[int, Payload]
"""The fields that were written, by their place in the batch."""


def recover(batch: Batch) -> Conversation[Sequence[Response | Rejected | None]]:
    """Return for each request the response that it would have had, or None if QuickBooks has no trace of it. Where
    QuickBooks refuses the search, return for those of its kind that it cannot be found out.

    A change that has left no trace may be sent again: if its target has changed since, QuickBooks refuses the change
    (5010), and the conversation then reads the target itself.
    """
    entered: dict[str, dict[int, Payload]] = {}
    changed: dict[str, dict[int, Payload]] = {}
    for place, request in enumerate(batch.requests, start=1):
        kind, fields = written_fields(request.payload)
        if request.writes and kind:
            (changed if "Id" in fields else entered).setdefault(kind, {})[place] = fields
    outcomes: dict[int, Response | Rejected] = {}
    for kind, asked in entered.items():
        outcomes |= yield from _find_entered(kind, batch.idempotency_key, asked)
    for kind, asked in changed.items():
        outcomes |= yield from _find_changed(kind, batch.idempotency_key, asked)
    return [outcomes.get(place) for place in range(1, len(batch.requests) + 1)]


def _find_entered(kind: str, key: str, asked: Asked) -> Conversation[dict[int, Response | Rejected]]:
    by_name = kind in NAMES
    where = _by_name(kind, asked) if by_name else days_and_parties(kind, asked.values())
    try:
        there = yield from _query_all(kind, where)
    except Rejected:
        return dict.fromkeys(asked, _unknown(kind))
    found = _match_names(kind, asked, there) if by_name else _match_documents(key, asked, there)
    return {place: Response(payload={kind: row}) for place, row in found.items()}


def _find_changed(kind: str, key: str, asked: Asked) -> Conversation[dict[int, Response | Rejected]]:
    try:
        there = yield from _query_all(kind, _by_id(kind, asked))
    except Rejected:
        return dict.fromkeys(asked, _unknown(kind))
    return {place: Response(payload={kind: row}) for place, row in _match_changes(kind, key, asked, there).items()}


def _unknown(kind: str) -> Rejected:
    return Rejected(Problem(
        code="in-doubt", what=say("The connection broke when the %(kind)s was sent.", kind=IN_WORDS[kind]),
        why=say("It may be in QuickBooks, which refused to search for it."),
        cure=say("Look in QuickBooks. Send it again only if it is not there."),
    ))  # fmt: skip


def _query_all(kind: str, where: str) -> Conversation[list[Row]]:
    found: list[Row] = []
    while True:
        clauses = f"where {where} orderby Id startposition {len(found) + 1} maxresults {MOST}"
        name = say("look whether the %(kind)s is there", kind=IN_WORDS[kind])
        page = yield from query_rows(name, kind, clauses, say("what was sent"), many=True)
        found += page
        if not page:
            return found


def _by_name(kind: str, asked: Asked) -> str:
    return f"{NAMES[kind]} in ({quoted_list(fields[NAMES[kind]] for fields in asked.values())}) and {EVERY_ENTRY}"


def _by_id(kind: str, asked: Asked) -> str:
    ids = f"Id in ({quoted_list(fields['Id'] for fields in asked.values())})"
    return f"{ids} and {EVERY_ENTRY}" if kind in NAMES else ids


def _match_documents(key: str, asked: Asked, there: Sequence[Row]) -> dict[int, Row]:
    """Return the documents found by mark. Rows without a mark are matched by content, each only once, because two equal
    documents are two documents."""
    marks = {mark_of(row): row for row in there}
    found = {place: marks[make_mark(key, place)] for place in asked if make_mark(key, place) in marks}
    left = [row for row in there if not mark_of(row)]
    for place in asked.keys() - found.keys():
        row = next((row for row in left if is_alike(row, asked[place])), None)
        if row is not None:
            left.remove(row)
            found[place] = row
    return found


def _match_names(kind: str, asked: Asked, there: Sequence[Row]) -> dict[int, Row]:
    usable = {
        str(row[NAMES[kind]]).casefold(): row
        for row in there
        if row.get("Active", True) and (kind != "Item" or row.get("Type") in SELLABLE)
    }
    names = {place: fields[NAMES[kind]].casefold() for place, fields in asked.items()}
    return {place: usable[name] for place, name in names.items() if name in usable}


def _match_changes(kind: str, key: str, asked: Asked, there: Sequence[Row]) -> dict[int, Row]:
    by_id = {row["Id"]: row for row in there}
    found = {}
    for place, fields in asked.items():
        row = by_id.get(fields["Id"])
        if row is None or str(row.get("SyncToken")) == fields["SyncToken"]:
            continue
        if fields.keys() <= {"Id", "SyncToken", "sparse"}:  # A void names nothing else.
            done = is_voided(row)
        else:
            done = _holds_values(row, fields) if kind in NAMES else mark_of(row) == make_mark(key, place)
        if done:
            found[place] = row
    return found


def _holds_values(row: Mapping[str, Any], fields: Payload) -> bool:
    """Return True if a record has all the values that the change was to set."""
    return all(
        _holds_values(row.get(name) or {}, value) if isinstance(value, dict) else str(row.get(name)) == str(value)
        for name, value in fields.items()
        if name not in {"SyncToken", "sparse"}
    )
