"""Document numbers: their length limit, and the fixes for a number that is already used in QuickBooks (6140)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import reduce

from hub.plugin import (
    AuthorizationExpired,
    Conversation,
    Document,
    Fix,
    FixKind,
    Payload,
    Payment,
    Problem,
    Rejected,
    Sentence,
    Unavailable,
    in_cents,
    say,
)
from quickbooks_online.asking import IN_WORDS, Row, quoted, rows

LENGTH = 21
"""The most characters of a document number in QuickBooks."""

DUPLICATE = "6140"
REPEAT = "allowduplicatedocnum"
"""The value of `include` that allows a duplicate number (Intuit, API reference, at each document)."""

_MARK = "-2"


def shorter(document: Document) -> tuple[Fix, ...]:
    """Return the fix that gives a document a number that fits; none for a payment."""
    if isinstance(document, Payment):
        return ()
    return (_renumber(document.number[:LENGTH]),)


def duplicate(kind: str, fields: Payload, called: Sentence, refusal: Rejected) -> Conversation[Problem]:
    """Return the problem of a number that is used already: it names the documents that have the number, and offers to
    link to one, to use another number, or to use the number twice.

    Linking is offered only to documents of the same customer or vendor: later documents would not fit another party's.
    """
    number, party = fields["DocNumber"], "CustomerRef" if "CustomerRef" in fields else "VendorRef"
    try:
        there = yield from rows(say("look whose number it is"), kind, f"where DocNumber = {quoted(number)}", called)
    except (Unavailable, AuthorizationExpired):
        there = []
    own = [row for row in there if row.get(party, {}).get("value") == fields[party]["value"]]
    links = tuple(
        Fix(
            label=say("Link to %(document)s", document=_described(row, party)), kind=FixKind.SAME_AS, value=row["Id"]
        )
        for row in own[:3]
    )
    found = [_described(row, party) for row in there[:3]]
    return Problem(
        what=say("The number of %(subject)s is used already in QuickBooks.", subject=called),
        why=say("There it is %(found)s.", found=reduce(_and, found)) if found else refusal.problems[0].why,
        cure=say("Link it if it is the same one. If not, give it another number, or allow the number twice."),
        field="number",
        code=DUPLICATE,
        fixes=(
            *links,
            _renumber(f"{number[: LENGTH - len(_MARK)]}{_MARK}"),
            Fix(label=say("Use the number twice"), kind=FixKind.REPEATS, value="yes"),
        ),
    )


def existing(kind: str, wanted: str, fields: Payload, called: Sentence) -> Conversation[Row]:
    """Return the document that a person chose as the same one. Raises `Rejected` if it does not exist, or belongs to
    another customer or vendor.
    """
    party = "CustomerRef" if "CustomerRef" in fields else "VendorRef"
    name = say("look at the %(kind)s", kind=IN_WORDS[kind])
    found = yield from rows(name, kind, f"where Id = {quoted(wanted)}", called)
    if not found or found[0].get(party, {}).get("value") != fields[party]["value"]:
        raise Rejected(
            Problem(
                what=say(
                    "What %(subject)s was to be linked to is not in QuickBooks any more, or is somebody else's.",
                    subject=called,
                ),
                cure=say("Untick the link in the dialog and send it again."),
                field="number",
                code="link-missing",
            )
        )
    return found[0]


def _described(row: Row, party: str) -> Sentence:
    return say(
        "%(number)s of %(party)s, %(total)s on %(day)s", number=row.get("DocNumber", ""),
        party=row.get(party, {}).get("name") or say("nobody"), total=in_cents(Decimal(str(row.get("TotalAmt", 0)))),
        day=dt.date.fromisoformat(row["TxnDate"]),
    )  # fmt: skip


def _and(first: Sentence, other: Sentence) -> Sentence:
    return say("%(first)s; %(other)s", first=first, other=other)


def _renumber(number: str) -> Fix:
    return Fix(label=say("Number it"), kind=FixKind.NUMBER, value=number, editable=True)
