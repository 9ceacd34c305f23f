"""Find the outcome of a batch that Intuit may have forgotten: search for its documents, recognize them by their marks.

Within a day, the same `requestid` returns the same answer. Intuit does not document for how much longer, so a batch
that has been open for a day is not sent again before this search. It needs at most two queries per kind, and one more
for each further 1,000 documents of those parties and days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from hub.plugin import Batch, Conversation, Payload, Response, make_mark, say
from quickbooks_online.asking import IN_WORDS, Row, query_rows, quoted
from quickbooks_online.lists import EVERY_ENTRY, SELLABLE
from quickbooks_online.marks import is_alike, is_voided, mark_of, written_fields

MOST = 1000
"""The most rows in one answer of QuickBooks."""

NAMES = {"Customer": "DisplayName", "Vendor": "DisplayName", "Item": "Name"}
"""Kinds without a note, and the field of their unique name, by which they are recognized."""

Asked: TypeAlias = Mapping[int, Payload]
"""The fields that were written, by their place in the batch."""


def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
    """Return for each request the response that it would have had, or None if QuickBooks has no trace of it.

    A change that has left no trace may be sent again: if its target has changed since, QuickBooks refuses the change
    (5010), and the conversation then reads the target itself.
    """
    entered: dict[str, dict[int, Payload]] = {}
    changed: dict[str, dict[int, Payload]] = {}
    for place, request in enumerate(batch.requests, start=1):
        kind, fields = written_fields(request.payload)
        if request.writes and kind:
            (changed if "Id" in fields else entered).setdefault(kind, {})[place] = fields
    found: dict[int, Row] = {}
    for kind, asked in entered.items():
        if kind in NAMES:
            found |= _match_names(kind, asked, (yield from _query_all(kind, _by_name(kind, asked))))
        else:
            found |= _match_documents(batch.idempotency_key, asked, (yield from _query_all(kind, _by_party(asked))))
    for kind, asked in changed.items():
        found |= _match_changes(kind, batch.idempotency_key, asked, (yield from _query_all(kind, _by_id(kind, asked))))
    kinds = {place: kind for group in (entered, changed) for kind, asked in group.items() for place in asked}
    return [
        Response(payload={kinds[place]: found[place]}) if place in found else None
        for place in range(1, len(batch.requests) + 1)
    ]


def _query_all(kind: str, where: str) -> Conversation[list[Row]]:
    found: list[Row] = []
    while True:
        clauses = f"where {where} orderby Id startposition {len(found) + 1} maxresults {MOST}"
        name = say("look whether the %(kind)s is there", kind=IN_WORDS[kind])
        page = yield from query_rows(name, kind, clauses, say("what was sent"))
        found += page
        if len(page) < MOST:
            return found


def _by_party(asked: Asked) -> str:
    party = next((name for fields in asked.values() for name in ("CustomerRef", "VendorRef") if name in fields), "")
    days = f"TxnDate in ({_quote_values(fields['TxnDate'] for fields in asked.values())})"
    parties = _quote_values(fields[party]["value"] for fields in asked.values()) if party else ""
    return f"{days} and {party} in ({parties})" if party else days


def _by_name(kind: str, asked: Asked) -> str:
    return f"{NAMES[kind]} in ({_quote_values(fields[NAMES[kind]] for fields in asked.values())}) and {EVERY_ENTRY}"


def _by_id(kind: str, asked: Asked) -> str:
    ids = f"Id in ({_quote_values(fields['Id'] for fields in asked.values())})"
    return f"{ids} and {EVERY_ENTRY}" if kind in NAMES else ids


def _quote_values(texts: Iterable[str]) -> str:
    return ", ".join(map(quoted, sorted(set(texts))))


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
        if set(fields) == {"Id", "SyncToken"}:  # A void names nothing else.
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
