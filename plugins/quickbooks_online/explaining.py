"""Explain a refusal whose code says too little: ask QuickBooks which customer is inactive, until when the books are
closed, or which document has the number. The person then knows what to do, usually with one click."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from hub.plugin import (
    Bill,
    Conversation,
    Document,
    IntegrationError,
    Payload,
    Problem,
    Rejected,
    Sentence,
    describe,
    fixes_without,
    say,
)
from quickbooks_online import numbering, refusals
from quickbooks_online.asking import IN_WORDS, Row, name_of, query_rows, quoted
from quickbooks_online.faults import GONE
from quickbooks_online.lists import EVERY_ENTRY

CLOSED = frozenset({"6200", "6210"})

NOT_LINKED = "620"

_LISTS = (
    (
        "Customer", "customer", say("The customer %(names)s is inactive in QuickBooks."),
        say("These customers are inactive in QuickBooks: %(names)s."),
        say("Make it active again in QuickBooks, then press Retry; or choose another customer, and send again."),
    ),
    (
        "Vendor", "vendor", say("The vendor %(names)s is inactive in QuickBooks."),
        say("These vendors are inactive in QuickBooks: %(names)s."),
        say("Make it active again in QuickBooks, then press Retry; or choose another vendor, and send again."),
    ),
    (
        "Item", "lines", say("The product %(names)s is inactive in QuickBooks."),
        say("These products are inactive in QuickBooks: %(names)s."),
        say("Make it active again in QuickBooks, then press Retry."),
    ),
)  # fmt: skip
"""Kind, the field in which a person corrects it, the sentences for one record and for several, and the cure."""


def explain_refusal(document: Document, kind: str, fields: Payload, refusal: Rejected) -> Conversation[Rejected]:
    """Return the refusal of a document with details that are queried from QuickBooks. A refusal that says enough, or
    for which QuickBooks has no details, is returned unchanged."""
    code, called = refusal.problems[0].code, describe(document)
    problem: Problem | None = None
    try:
        if code == numbering.DUPLICATE and "DocNumber" in fields:
            problem = yield from numbering.explain_duplicate(kind, fields, called, refusal)
        elif code == GONE:
            problem = yield from _explain_inactive(fields, called)
        elif code == NOT_LINKED and isinstance(document, Bill) and document.ordered is not None:
            problem = _explain_unlinked(called)
        elif code in CLOSED:
            problem = yield from _explain_closed_period(document, called)
    except IntegrationError:  # Without the details, the refusal itself is shown.
        return refusal
    return refusal if problem is None else Rejected(problem)


def _explain_unlinked(called: Sentence) -> Problem:
    return Problem(
        what=say("QuickBooks could not link %(subject)s to its purchase order.", subject=called),
        why=say("The purchase order was deleted there, or somebody has billed it already."),
        cure=say("Check in QuickBooks that it is not billed already. If not, send the bill without the link."),
        field="documents",
        code=NOT_LINKED,
        fixes=fixes_without("ordered"),
    )


def _explain_closed_period(document: Document, called: Sentence) -> Conversation[Problem | None]:
    found = yield from query_rows(say("look until when the books are closed"), "Preferences", "", called)
    told = (found[0].get("AccountingInfoPrefs") or {}).get("BookCloseDate") if found else None
    until = dt.date.fromisoformat(told) if told else None
    return next(refusals.find_closed_period(document, until), None)  # None if the period was reopened meanwhile.


def _explain_inactive(fields: Payload, called: Sentence) -> Conversation[Problem | None]:
    for kind, field, one_is, several_are, cure in _LISTS:
        ids = sorted(set(_find_pointers(fields, f"{kind}Ref")))
        if not ids:
            continue
        wanted = ", ".join(quoted(one) for one in ids)
        clauses = f"where Id in ({wanted}) and {EVERY_ENTRY} orderby Id maxresults 1000"
        name = say("look which %(kind)s is inactive", kind=IN_WORDS[kind])
        found: list[Row] = yield from query_rows(name, kind, clauses, called)
        gone = [row for row in found if not row.get("Active", True)]
        if gone:
            names = ", ".join(f"“{name_of(row)}”" for row in gone[:5])
            return Problem(
                what=say((one_is if len(gone) == 1 else several_are).message, names=names),
                why=say("QuickBooks takes nothing inactive on a document."),
                cure=cure,
                field=field,
                code=GONE,
            )
    return None


def _find_pointers(fields: Payload, element: str) -> Iterator[str]:
    """Return the ids that a document refers to in elements of this name, also in its lines."""
    for name, value in fields.items():
        if name == element and isinstance(value, dict):
            yield str(value.get("value", ""))
        elif isinstance(value, dict):
            yield from _find_pointers(value, element)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield from _find_pointers(one, element)
