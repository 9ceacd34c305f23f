"""The conversations with Acme: requests, and what follows from the responses. Nothing here uses the network or a clock.

Each function is a generator: it yields a `Request`, is sent the `Response`, and returns. When something breaks, the hub
begins a fresh one and hands it the answers that it has; so between two yields it must do the same again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from hub.plugin import (
    AccountKind, Bill, Books, Conversation, Document, Handler, Invoice, Listed, NewRecord, Page, Payload, Payment,
    Posting, Problem, PurchaseOrder, Record, RecordKind, Ref, Rejected, Request, Response, Sentence, Transaction,
    TransactionKind, describe, noun, say,
)  # fmt: skip

TAKEN = "name_taken"
"""Acme's code for a name that an entry of the list has already."""

CURES = {"unknown_party": ("customer", say("Choose another customer or vendor, then send it again."))}
"""By Acme's code: the field of the dialog that cures it, and what the person should do."""


def describe_books() -> Conversation[Books]:
    """Ask for the id, name and currency of the books."""
    reply = yield Request(name=say("ask whose books these are"), payload={"who": {}}, writes=False)
    found = reply.payload["who"]
    return Books(id=found["id"], name=found["name"], currency=found["currency"])


def fetch(kind: Listed, since: str) -> Conversation[Page]:
    """Return a page of a list. Acme numbers all that happens, so the number of the last row is the cursor."""
    asked = {"list": str(kind), "after": int(since or 0)}
    reply = yield Request(name=say("read a list: %(kind)s", kind=noun(kind)), payload=asked, writes=False)
    rows, more = reply.payload["rows"], reply.payload["more"]
    cursor = str(rows[-1]["at"]) if rows else since
    if isinstance(kind, TransactionKind):
        return Page(transactions=tuple(_transaction(kind, row) for row in rows), cursor=cursor, more=more)
    return Page(records=tuple(_record(kind, row) for row in rows), cursor=cursor, more=more)


def create(record: NewRecord) -> Conversation[Ref]:
    """Return a new customer, vendor or item. If there is one of that name, that is the one that is meant."""
    asked = {"enter": str(record.kind), "fields": {"name": record.name}}
    reply = yield Request(name=say("create %(kind)s", kind=noun(record.kind)), payload=asked, writes=True)
    refusal = reply.payload.get("refused") or {}
    if refusal.get("code") == TAKEN:
        return Ref(id=refusal["id"], name=record.name)
    row = _row(reply, say("the %(kind)s “%(name)s”", kind=noun(record.kind), name=record.name))
    return Ref(id=row["id"], name=row["name"])


def post(
    document: Document, options: Mapping[str, str], books: Books  # Acme has no options, and all its books work alike.
) -> Conversation[Posting]:
    """Post a document. The total is Acme's own, so that a difference is seen."""
    asked = {"enter": str(document.kind), "fields": fields(document)}
    reply = yield Request(name=say("create %(kind)s", kind=noun(document.kind)), payload=asked, writes=True)
    row = _row(reply, describe(document))
    return Posting(id=row["id"], number=row["number"], total=Decimal(row["total"]), version=str(row["at"]))


HANDLERS = tuple(
    Handler(kind=kind, post=post) for kind in (Invoice.kind, Payment.kind, PurchaseOrder.kind, Bill.kind)
)
"""One for each kind of document that Acme takes. With `update` and `void` it could change what is there, too."""


def fields(document: Document) -> Payload:
    """Return a document as Acme wants it. Amounts are texts, so that not a cent is lost on the way."""
    party = document.customer if isinstance(document, Invoice | Payment) else document.vendor  # type: ignore[union-attr]  # No other kind is declared.
    found: Payload = {"number": document.number, "date": document.date.isoformat(), "party": party.id}
    if isinstance(document, Payment):
        return found | {"invoice": document.invoice.id, "amount": str(document.amount)}
    found["lines"] = [
        {"item": line.item.id, "text": line.description, "quantity": str(line.quantity), "price": str(line.price)}
        for line in document.lines
    ]
    if isinstance(document, Invoice):
        found |= {"discount": str(document.discount), "tax": str(document.tax.amount)}
    return found


def _row(reply: Response, subject: Sentence) -> Payload:
    """Return the row that a write left behind. Raises `Rejected` with the problem in a bookkeeper's words."""
    refusal = reply.payload.get("refused")
    if refusal:
        field, cure = CURES.get(refusal["code"], ("", say("Put it right, then send it again.")))
        problem = Problem(
            what=say("Acme does not take %(subject)s.", subject=subject), why=refusal["text"], cure=cure, field=field,
            code=refusal["code"],
        )
        raise Rejected(problem)
    row: Payload = reply.payload["row"]
    return row


def _record(kind: RecordKind, row: Payload) -> Record:
    account = AccountKind(row["account"]) if kind is RecordKind.ACCOUNT else None
    return Record(kind=kind, id=row["id"], name=row["name"], account=account)


def _transaction(kind: TransactionKind, row: Payload) -> Transaction:
    return Transaction(
        kind=kind, id=row["id"], number=row["number"], date=dt.date.fromisoformat(row["date"]),
        customer=Ref(id=row["party"]), total=Decimal(row["total"]), balance=Decimal(row["balance"]),
        version=str(row["at"]),
    )  # fmt: skip
