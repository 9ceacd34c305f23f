"""Document numbers: their length limit, and the fixes for a number that is already used in QuickBooks (6140)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from hub.plugin import (
    AuthorizationExpired,
    Conversation,
    Fix,
    FixKind,
    FoundDocument,
    Payload,
    Problem,
    Ref,
    Rejected,
    Sentence,
    Unavailable,
    explain_taken_number,
    say,
)
from quickbooks_online.asking import IN_WORDS, Row, party_element, query_rows, quoted
from quickbooks_online.refusals import PROBLEMS

LENGTH = 21
"""The most characters of a document number in QuickBooks."""

DUPLICATE = "6140"
REPEAT = "allowduplicatedocnum"
"""The value of `include` that allows a duplicate number (Intuit, API reference, at each document)."""

_SECOND = "-2"


def explain_duplicate(kind: str, fields: Payload, called: Sentence, refusal: Rejected) -> Conversation[Problem]:
    """Return the problem of a number that is used already: it names the documents that have the number, and offers to
    link to one, to use another number, or to use the number twice.
    """
    number, party = fields["DocNumber"], party_element(fields)
    try:
        clauses = f"where DocNumber = {quoted(number)}"
        there = yield from query_rows(say("look whose number it is"), kind, clauses, called)
    except (Unavailable, AuthorizationExpired):
        there = []
    problem = explain_taken_number(
        refusal.problems[0], [_read_found(row, party) for row in there], fields[party]["value"],
        f"{number[: LENGTH - len(_SECOND)]}{_SECOND}",
    )  # fmt: skip
    return replace(
        problem,
        cure=say("Link it if it is the same one. If not, give it another number, or allow the number twice."),
        fixes=(*problem.fixes, Fix(label=say("Use the number twice"), kind=FixKind.REPEATS, value="yes")),
    )


def find_linked(kind: str, wanted: str, fields: Payload, called: Sentence) -> Conversation[Row]:
    """Return the document that a person chose as the same one. Raises `Rejected` if it does not exist, or belongs to
    another customer or vendor.
    """
    party = party_element(fields)
    name = say("look at the %(kind)s", kind=IN_WORDS[kind])
    found = yield from query_rows(name, kind, f"where Id = {quoted(wanted)}", called)
    if not found or found[0].get(party, {}).get("value") != fields[party]["value"]:
        raise Rejected(PROBLEMS.link_missing(called))
    return found[0]


def _read_found(row: Row, party: str) -> FoundDocument:
    pointer = row.get(party, {})
    return FoundDocument(
        id=row["Id"], number=row.get("DocNumber", ""), total=Decimal(row.get("TotalAmt", 0)),
        party=Ref(id=pointer.get("value", ""), name=pointer.get("name", "")),
        date=dt.date.fromisoformat(row["TxnDate"]),
    )  # fmt: skip
