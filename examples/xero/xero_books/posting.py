"""Create documents in Xero, and the contacts and items that they need, in one write each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import quote

from hub.plugin import (
    Bill,
    Books,
    Conversation,
    Document,
    FoundDocument,
    Handler,
    NewItem,
    NewRecord,
    NewVendor,
    Payload,
    Payment,
    Posting,
    Problem,
    PurchaseOrder,
    Ref,
    Rejected,
    Request,
    Sale,
    Sentence,
    UnexpectedAnswer,
    create_or_find,
    describe,
    document_kinds,
    explain_taken_number,
    in_cents,
    noun,
    say,
)
from xero_books import payloads, refusals
from xero_books.marks import BETWEEN
from xero_books.transport import build_read, build_write

Row: TypeAlias = dict[str, Any]
"""A record or a document as Xero returns it."""

IDS = {
    "Contacts": "ContactID",
    "Items": "ItemID",
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "Payments": "PaymentID",
    "PurchaseOrders": "PurchaseOrderID",
}
NUMBERS = {
    "Invoices": "InvoiceNumber",
    "CreditNotes": "CreditNoteNumber",
    "PurchaseOrders": "PurchaseOrderNumber",
}
SINGULAR = {
    "Invoices": noun("invoice"), "CreditNotes": say("credit note"), "Payments": noun("payment"),
    "PurchaseOrders": noun("purchase_order"), "Contacts": say("contact"), "Items": noun("item"),
}  # fmt: skip
"""The word for one element of each of Xero's kinds."""


def post(
    document: Document, options: Mapping[str, str], books: Books  # noqa: ARG001  # All organisations are alike.
) -> Conversation[Posting]:
    """Post a document, or return the existing one that a person linked to it. The total is the one that Xero computed.
    """
    kind, element = payloads.document(document)
    subject = describe(document)
    if not isinstance(document, Payment) and document.same_as is not None:
        row = yield from _find_linked(kind, document.same_as.id, element, subject)
    else:
        row = yield from _create_document(document, kind, element, subject)
    return build_posting(document, kind, row)


HANDLERS: tuple[Handler[Any], ...] = tuple(Handler(kind=kind, post=post) for kind in document_kinds())


def build_posting(document: Document, kind: str, row: Row) -> Posting:
    """Return the posting of a document from its row in Xero."""
    if isinstance(document, Payment):
        number, total = (row.get("Reference") or "").split(BETWEEN)[0] if document.number else "", row["Amount"]
    else:
        number, total = row.get(NUMBERS[kind]) or "", row["Total"]
    return Posting(
        id=row[IDS[kind]],
        number=number,
        total=in_cents(total),
        tax=in_cents(row.get("TotalTax", 0)) if isinstance(document, Sale) else None,
        lines=tuple(line["LineItemID"] for line in row.get("LineItems", ()) if isinstance(document, PurchaseOrder)),
    )


def create(record: NewRecord) -> Conversation[Ref]:
    """Create a contact or an item. If its name is taken, return the existing one: Xero has one list of contacts, in
    which a customer and a vendor of the same name are the same contact."""
    if isinstance(record, NewItem):
        code = payloads.code(record)
        subject = say("the item “%(name)s”", name=code)
        found = yield from _create_or_find_element("Items", payloads.item(record), subject, "item", "Code")
        return Ref(id=found["Code"], name=found["Code"])
    element, field = payloads.contact(record), "vendor" if isinstance(record, NewVendor) else "customer"
    word = say("vendor") if field == "vendor" else say("customer")
    subject = say("the %(kind)s “%(name)s”", kind=word, name=element["Name"])
    found = yield from _create_or_find_element("Contacts", element, subject, field, "Name")
    return Ref(id=found["ContactID"], name=found["Name"])


def send_read(name: Sentence, payload: Payload) -> Conversation[Payload]:
    """Send a read and return the whole answer with its `rows`."""
    reply = yield Request(name=name, payload=payload, writes=False)
    return reply.payload


def quote_text(text: str) -> str:
    """Return a text as a value in a `where`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def join_chunks(values: list[str]) -> list[str]:
    """Return the values joined by commas, 40 in each text, so that they fit a URL (Xero advises forty ids)."""
    return [",".join(values[start : start + 40]) for start in range(0, len(values), 40)]


def _create_element(kind: str, element: Payload, subject: Sentence, **fields: str) -> Conversation[Row]:
    """Create an element and return the row that Xero echoes. Raises `Rejected` with a problem for each error of Xero's.
    """
    name = say("create %(kind)s", kind=SINGULAR[kind])
    reply = yield Request(name=name, payload=build_write(kind, element), writes=True)
    row: Row = reply.payload["row"]
    if said := refusals.said_of(row):
        raise Rejected(*(refusals.build_problem(one, subject, **fields) for one in said))
    if not row.get(IDS[kind]):
        raise UnexpectedAnswer(f"Xero took {subject} and did not say under which id.")
    return row


def _create_or_find_element(kind: str, element: Payload, subject: Sentence, field: str, key: str) -> Conversation[Row]:
    """Create an element, or return the existing one with the same value of `key`."""

    def find(_: Problem) -> Conversation[Row | None]:
        name = say("look up %(kind)s", kind=SINGULAR[kind])
        answer = yield from send_read(name, build_read(kind, {"where": f"{key}=={quote_text(element[key])}"}))
        return next(iter(answer["rows"]), None)

    entered = _create_element(kind, element, subject, party=field)
    return (yield from create_or_find(entered, refusals.NAME_TAKEN, find))


def _create_document(document: Document, kind: str, element: Payload, subject: Sentence) -> Conversation[Row]:
    """Create a document. If its number is taken, raise `Rejected` that names the documents with that number and offers
    fixes."""
    buys = isinstance(document, PurchaseOrder | Bill)
    party, account = ("vendor", "cost_of_goods_sold") if buys else ("customer", "income_account")
    if isinstance(document, Payment):
        account = "deposit_account"
    try:
        return (yield from _create_element(kind, element, subject, party=party, account=account))
    except Rejected as refusal:
        if isinstance(document, Payment) or refusal.problems[0].code != refusals.NUMBER_TAKEN:
            raise
        taken = refusal.problems[0]
    answer = yield from send_read(say("look whose number it is"), _query_number(kind, document.number))
    found = [
        FoundDocument(
            id=row[IDS[kind]], number=row.get(NUMBERS[kind], ""), total=Decimal(row["Total"]),
            party=Ref(id=row["Contact"]["ContactID"], name=row["Contact"].get("Name", "")),
            date=dt.date.fromisoformat(row["DateString"][:10]),
        )
        for row in answer["rows"]
    ]  # fmt: skip
    raise Rejected(explain_taken_number(taken, found, element["Contact"]["ContactID"], f"{document.number}-2"))


def _query_number(kind: str, number: str) -> Payload:
    """Return the payload that finds the documents with a number. Bills share the endpoint of invoices and have their
    vendors' numbers, so the query for an invoice has its type."""
    if kind == "Invoices":
        return build_read(kind, {"where": f'Type=="ACCREC" AND InvoiceNumber=={quote_text(number)}', "page": 1})
    return build_read(f"{kind}/{quote(number, safe='')}")


def _find_linked(kind: str, wanted: str, element: Payload, subject: Sentence) -> Conversation[Row]:
    """Return the document that a person chose as the same one. Raises `Rejected` if it does not exist, or belongs to
    another contact.
    """
    name = say("look at the %(kind)s", kind=SINGULAR[kind])
    answer = yield from send_read(name, build_read(f"{kind}/{quote(wanted, safe='')}"))
    found: list[Row] = answer["rows"]
    if not found or found[0]["Contact"]["ContactID"] != element["Contact"]["ContactID"]:
        raise Rejected(refusals.PROBLEMS.link_missing(subject))
    return found[0]
