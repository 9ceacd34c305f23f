"""The steps of a conversation with QuickBooks Online: send one request, return its answer or raise its failure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from hub.plugin import (
    Conversation,
    Payload,
    Problem,
    Rejected,
    Request,
    Revision,
    Sentence,
    UnexpectedAnswer,
    noun,
    say,
)
from quickbooks_online import faults, payloads
from quickbooks_online.marks import is_voided
from quickbooks_online.payloads import create
from quickbooks_online.refusals import PROBLEMS

Row: TypeAlias = dict[str, Any]
"""A record or a transaction as QuickBooks returns it."""

ATTEMPTS = 3
"""How many times a write is sent if QuickBooks has an internal error. Before each repetition, check its outcome."""


IN_WORDS = {
    "Invoice": noun("invoice"), "CreditMemo": noun("credit_memo"), "Payment": noun("payment"), "Bill": noun("bill"),
    "PurchaseOrder": noun("purchase_order"), "Customer": noun("customer"), "Vendor": noun("vendor"),
    "Employee": say("employee"), "Item": noun("item"),
}  # fmt: skip
"""QuickBooks' kinds, as people call them."""

READ = "Read"
"""The key of the kind in a request that reads one record by its `Id`. It is not an operation of a batch."""

PAGE = "Page"
"""The key of a query that may return many rows. It is no item of a batch, which answers with at most 1,000 objects, all
items together (Intuit, batch reference)."""


DELETED = " (deleted)"
"""QuickBooks adds this to the name of an inactive record. The name itself stays taken."""


def name_of(row: Row) -> str:
    """Return the name of a record, also of an inactive one, as people know it."""
    return str(row.get("DisplayName") or row.get("FullyQualifiedName") or row.get("Name") or "").removesuffix(DELETED)


def quoted(text: str) -> str:
    """Return a text as a quoted value of the query language, with a backslash before each apostrophe and backslash."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted_list(texts: Iterable[str]) -> str:
    """Return texts as the quoted values of an `in`, each once."""
    return ", ".join(map(quoted, sorted(set(texts))))


def days_and_parties(kind: str, asked: Collection[Payload]) -> str:
    """Return the condition that selects the documents of a kind of the days and parties of those that were `asked`.

    The vendor of a purchase order cannot be queried (4001; PurchaseOrder reference, quickbooks-ruby issue 403): its
    days alone are, and the vendor is compared here (`marks.is_alike`).
    """
    days = f"TxnDate in ({quoted_list(fields['TxnDate'] for fields in asked)})"
    if kind == "PurchaseOrder":
        return days
    party = "VendorRef" if kind == "Bill" else "CustomerRef"
    return f"{days} and {party} in ({quoted_list(fields[party]['value'] for fields in asked)})"


def write_query(kind: str, clauses: str, what: str = "*") -> str:
    """Return a query. Text from users is only in `clauses`, and always passed through `quoted`."""
    return f"select {what} from {kind} {clauses}".rstrip()  # noqa: S608  # Not SQL, and see above.


def query_rows(
    name: Sentence, kind: str, clauses: str, subject: Sentence, *, many: bool = False
) -> Conversation[list[Row]]:
    """Query the `kind`s that `clauses` select and return their rows; there may be `many`. A refusal's sentence names
    `subject`."""
    answer = yield from send_query(name, write_query(kind, clauses), subject, many=many)
    found = answer["QueryResponse"].get(kind, [])
    return list(found)


def send_query(name: Sentence, statement: str, subject: Sentence, *, many: bool = False) -> Conversation[Payload]:
    """Send a query and return the whole answer. Raises the failure of a refused query."""
    reply = yield Request(name=name, payload={PAGE if many else "Query": statement}, writes=False)
    if fault := faults.in_json(reply.payload):
        raise fault.failure(subject)
    if not isinstance(reply.payload.get("QueryResponse"), dict):
        raise UnexpectedAnswer(f"QuickBooks answered “{name}” without a query response.")
    return reply.payload


def read_row(kind: str, entry_id: str, subject: Sentence) -> Conversation[Row | None]:
    """Read a `kind` as it is now; return None if it was deleted. A query may return an older state, whose SyncToken
    cannot be used for a change.
    """
    name = say("look at the %(kind)s", kind=IN_WORDS[kind])
    reply = yield Request(name=name, payload={READ: kind, "Id": entry_id}, writes=False)
    if fault := faults.in_json(reply.payload):
        if fault.code == faults.GONE:
            return None
        raise fault.failure(subject)
    return _find_echo(reply.payload, kind)


def create_row(
    kind: str, fields: Payload, subject: Sentence, find: Callable[[str], Conversation[Row | None]], *, include: str = ""
) -> Conversation[Row]:
    """Create a `kind` and return the row that QuickBooks echoes. Raises the failure of a refusal.

    After an internal error of QuickBooks (`SystemFault`) we do not know if the write was carried out. So before it is
    sent again, under a new key, `find` searches for its result; it gets the mark that the result would have.
    """
    for _ in range(ATTEMPTS):
        name = say("create %(kind)s", kind=IN_WORDS[kind])
        reply = yield Request(name=name, payload=create(kind, fields, include), writes=True)
        fault = faults.in_json(reply.payload)
        if fault is None:
            return _find_echo(reply.payload, kind)
        if not fault.in_doubt:
            raise fault.failure(subject)
        found = yield from find(str(reply.payload.get("mark", "")))
        if found is not None:
            return found
    raise Rejected(outcome_unknown(subject))


def change_row(
    kind: str, revises: Revision, fields: Payload, subject: Sentence, options: Mapping[str, str], *, include: str = ""
) -> Conversation[Row]:
    """Change an existing `kind` and return the row that QuickBooks echoes. What was taken off is removed, for which the
    row is read first. See `_send_change`, and `create`."""

    def item(version: str, row: Row | None) -> Payload:
        if row is None:
            return payloads.update(kind, fields, revises, version, include)
        return payloads.replace(kind, fields, revises, row, options, include=include)

    name, removes = say("change %(kind)s", kind=IN_WORDS[kind]), payloads.removes(kind, fields, revises)
    return (yield from _send_change(name, kind, revises, subject, item, needs_row=removes))


def void_row(kind: str, revises: Revision, subject: Sentence, *, include: str = "") -> Conversation[Row]:
    """Void an existing `kind`, unless it is voided already. See `_send_change`."""
    return (
        yield from _send_change(
            say("void %(kind)s", kind=IN_WORDS[kind]),
            kind,
            revises,
            subject,
            lambda version, _: payloads.void(kind, revises, version, include),
            is_done=is_voided,
        )
    )


def _send_change(
    name: Sentence,
    kind: str,
    revises: Revision,
    subject: Sentence,
    item: Callable[[str, Row | None], Payload],
    *,
    needs_row: bool = False,
    is_done: Callable[[Row], bool] = lambda _: False,
) -> Conversation[Row]:
    """Send a write to something that exists; `item` returns its batch item for a SyncToken, and if it `needs_row` for
    the row as it is now.

    If a QuickBooks user changed it meanwhile (5010), or QuickBooks had an internal error, read it and send the write
    again for its new version, unless that `is_done`; writing the same twice does no harm. Raises `Rejected` if it was
    deleted, or if its total is none of `revises.totals`.
    """
    version, last = "" if needs_row else revises.version, Rejected(outcome_unknown(subject))
    row: Row | None = None
    for _ in range(ATTEMPTS):
        if not version:
            row = yield from read_row(kind, revises.id, subject)
            if row is None:
                raise Rejected(PROBLEMS.deleted_there(subject, revises.id if revises.totals else ""))
            if is_done(row):
                return row
            if "TotalAmt" in row:
                PROBLEMS.check_unchanged(Decimal(str(row["TotalAmt"])), revises, subject)
            version = str(row["SyncToken"])
        reply = yield Request(name=name, payload=item(version, row if needs_row else None), writes=True)
        fault = faults.in_json(reply.payload)
        if fault is None:
            return _find_echo(reply.payload, kind)
        failure = fault.failure(subject)
        if fault.code == faults.GONE and (yield from read_row(kind, revises.id, subject)) is None:
            # It is gone itself, not something that it refers to.
            raise Rejected(PROBLEMS.deleted_there(subject, revises.id if revises.totals else ""))
        if not fault.in_doubt and fault.code != faults.OUTDATED:
            raise failure
        last, version = failure if isinstance(failure, Rejected) else last, ""
    raise last


def outcome_unknown(subject: Sentence) -> Problem:
    """Return the problem for a write whose outcome is unknown after an internal error of QuickBooks."""
    return Problem(
        what=say("QuickBooks had an error of its own when it was to take %(subject)s.", subject=subject),
        why=say("It may be in the books all the same, although it was not found there."),
        cure=say("Look in QuickBooks that it is not there, and then send it again."),
        code="in-doubt",
    )


def party_element(fields: Payload) -> str:
    """Return the name of the element with the customer or vendor of a document."""
    return "CustomerRef" if "CustomerRef" in fields else "VendorRef"


def _find_echo(answer: Payload, kind: str) -> Row:
    row = answer.get(kind)
    if not isinstance(row, dict) or not row.get("Id"):
        raise UnexpectedAnswer(f"QuickBooks answered with no {kind.lower()}, or did not say under which id.")
    return row
