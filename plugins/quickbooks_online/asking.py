"""How a conversation asks QuickBooks Online: a question as a batch item, its answer or the failure that it means."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from hub.plugin import Conversation, Fix, FixKind, Payload, Problem, Rejected, Request, Revision, Sentence, noun, say
from quickbooks_online import faults, payloads
from quickbooks_online.marks import is_voided
from quickbooks_online.payloads import create, update

Row: TypeAlias = dict[str, Any]
"""An entry or a transaction as QuickBooks writes it."""

ATTEMPTS = 3
"""How often a write is asked whose answer was an error within QuickBooks, looking each time what became of it."""


IN_WORDS = {
    "Invoice": noun("invoice"), "CreditMemo": noun("credit_memo"), "Payment": noun("payment"), "Bill": noun("bill"),
    "PurchaseOrder": noun("purchase_order"), "Customer": noun("customer"), "Vendor": noun("vendor"),
    "Employee": say("employee"), "Item": noun("item"),
}  # fmt: skip
"""What QuickBooks' kinds are called."""

READ = "Read"
"""What a request for one entry names its kind under, beside its `Id`; it is no operation of a batch."""


class UnexpectedAnswer(Exception):
    """QuickBooks answered what its documentation does not foresee, and guessing would put wrong things in the books."""


def quoted(text: str) -> str:
    """Return a text as a value of the query language, which ends it at an apostrophe unless a backslash stands before
    it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def select(kind: str, clauses: str, what: str = "*") -> str:
    """Return a query. Only `clauses` holds what others wrote, and that through `quoted`."""
    return f"select {what} from {kind} {clauses}".rstrip()  # noqa: S608  # Not SQL, and see above.


def rows(name: Sentence, kind: str, clauses: str, subject: Sentence) -> Conversation[list[Row]]:
    """Ask for the `kind`s that `clauses` select. `subject` names in a refusal what it was asked for."""
    answer = yield from look(name, select(kind, clauses), subject)
    found = answer["QueryResponse"].get(kind, [])
    return list(found)


def look(name: Sentence, statement: str, subject: Sentence) -> Conversation[Payload]:
    """Ask a query, which changes nothing, and give the whole answer."""
    reply = yield Request(name=name, payload={"Query": statement}, writes=False)
    if fault := faults.in_json(reply.payload):
        raise fault.failure(subject)
    if not isinstance(reply.payload.get("QueryResponse"), dict):
        raise UnexpectedAnswer(f"QuickBooks answered “{name}” without a query response.")
    return reply.payload


def read(kind: str, entry_id: str, subject: Sentence) -> Conversation[Row | None]:
    """Read a `kind` as it is now, None if it is not there any more. What a query gives may be of an earlier state, and
    with its SyncToken nothing can be changed.
    """
    name = say("look at the %(kind)s", kind=IN_WORDS[kind])
    reply = yield Request(name=name, payload={READ: kind, "Id": entry_id}, writes=False)
    if fault := faults.in_json(reply.payload):
        if fault.code == faults.GONE:
            return None
        raise fault.failure(subject)
    return _echo(reply.payload, kind)


def enter(
    kind: str, fields: Payload, subject: Sentence, find: Callable[[str], Conversation[Row | None]], *, include: str = ""
) -> Conversation[Row]:
    """Create a `kind` and give it as the books echo it.

    An error within QuickBooks (`SystemFault`) leaves open whether the write was carried out. So before it is asked
    again, under a new key, `find` looks for what it may have left behind; it is given the mark that this would carry.
    A refusal is raised as what it means.
    """
    for _ in range(ATTEMPTS):
        name = say("create %(kind)s", kind=IN_WORDS[kind])
        reply = yield Request(name=name, payload=create(kind, fields, include), writes=True)
        fault = faults.in_json(reply.payload)
        if fault is None:
            return _echo(reply.payload, kind)
        if not fault.in_doubt:
            raise fault.failure(subject)
        found = yield from find(str(reply.payload.get("mark", "")))
        if found is not None:
            return found
    raise Rejected(stumbled(subject))


def change(
    kind: str, revises: Revision, fields: Payload, subject: Sentence, *, include: str = ""
) -> Conversation[Row]:
    """Change a `kind` that is there and give it as the books echo it. See `_rewrite`; for `include` see `create`."""
    return (
        yield from _rewrite(
            say("change %(kind)s", kind=IN_WORDS[kind]),
            kind,
            revises,
            subject,
            lambda version: update(kind, fields, revises, version, include),
        )
    )


def void(kind: str, revises: Revision, subject: Sentence) -> Conversation[Row]:
    """Bring a `kind` to nothing that is there, unless somebody has done so already. See `_rewrite`."""
    return (
        yield from _rewrite(
            say("void %(kind)s", kind=IN_WORDS[kind]),
            kind,
            revises,
            subject,
            lambda version: payloads.void(kind, revises, version),
            is_done=is_voided,
        )
    )


def _rewrite(
    name: Sentence,
    kind: str,
    revises: Revision,
    subject: Sentence,
    item: Callable[[str], Payload],
    *,
    is_done: Callable[[Row], bool] = lambda _: False,
) -> Conversation[Row]:
    """Ask a write onto something that is there; `item` makes it for a SyncToken.

    If somebody else changed it in between (5010), or QuickBooks broke down over it, the write goes onto what it is now,
    unless that `is_done`: a second one of the same does no harm. Raises `Rejected` if it is not there any more.
    """
    version, last = revises.version, Rejected(stumbled(subject))
    for _ in range(ATTEMPTS):
        if not version:
            row = yield from read(kind, revises.id, subject)
            if row is None:
                raise Rejected(_deleted(subject, revises.id if revises.totals else ""))
            if is_done(row):
                return row
            if "TotalAmt" in row and revises.totals:
                _refuse_surprise(Decimal(str(row["TotalAmt"])), revises, subject)
            version = str(row["SyncToken"])
        reply = yield Request(name=name, payload=item(version), writes=True)
        fault = faults.in_json(reply.payload)
        if fault is None:
            return _echo(reply.payload, kind)
        failure = fault.failure(subject)
        if fault.code == faults.GONE and (yield from read(kind, revises.id, subject)) is None:
            raise Rejected(_deleted(subject, revises.id if revises.totals else ""))  # And nothing that it refers to.
        if not fault.in_doubt and fault.code != faults.OUTDATED:
            raise failure
        last, version = failure if isinstance(failure, Rejected) else last, ""
    raise last


def _deleted(subject: Sentence, posting_id: str) -> Problem:
    return Problem(
        what=say("QuickBooks does not have %(subject)s any more.", subject=subject),
        why=say("It was deleted there after it was sent, so there is nothing to change."),
        cure=say("Enter it once more if it is still wanted; else give this update up."),
        code="deleted-there",
        fixes=(Fix(label=say("Enter it once more"), kind=FixKind.ANEW, value=posting_id),) if posting_id else (),
    )


def _refuse_surprise(total: Decimal, revises: Revision, subject: Sentence) -> None:
    """Tell a person what somebody else made of it, before that is replaced."""
    if total not in revises.totals:
        offer = Fix(label=say("Put the order’s figures in its place"), kind=FixKind.OVERWRITES, value=f"{total:.2f}")
        raise Rejected(
            Problem(
                what=say(
                    "Somebody has changed %(subject)s in QuickBooks: it comes to %(total)s there.",
                    subject=subject, total=f"{total:.2f}",
                ),
                why=say(
                    "It came to %(totals)s as far as we know, and an update would replace what was changed.",
                    totals=revises.totals[-1],
                ),
                cure=say(
                    "Look in QuickBooks what it is. Then put the order’s figures in its place, or give the "
                    "update up.",
                ),
                code="changed-there",
                fixes=(offer,),
            )
        )


def stumbled(subject: Sentence) -> Problem:
    """Return what a person has to see to when QuickBooks broke down over a write."""
    return Problem(
        what=say("QuickBooks had an error of its own when it was to take %(subject)s.", subject=subject),
        why=say("It may be in the books all the same, although it was not found there."),
        cure=say("Look in QuickBooks that it is not there, and then send it again."),
        code="in-doubt",
    )


def _echo(answer: Payload, kind: str) -> Row:
    row = answer.get(kind)
    if not isinstance(row, dict) or not row.get("Id"):
        raise UnexpectedAnswer(f"QuickBooks answered with no {kind.lower()}, or did not say under which id.")
    return row
