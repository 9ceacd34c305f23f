"""Enter and change documents in QuickBooks, and the customers, vendors and products that they need."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hub.plugin import (
    SUFFIX,
    TAKEN_NAMES,
    AuthorizationExpired,
    Bill,
    Books,
    Conversation,
    CreditMemo,
    Document,
    Fix,
    Handler,
    Invoice,
    NewCustomer,
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
    Sale,
    Sentence,
    Unavailable,
    describe,
    in_cents,
    say,
    suffixed,
)
from quickbooks_online import explaining, numbering, payloads
from quickbooks_online.asking import IN_WORDS, Row, change, enter, quoted, rows, stumbled, void
from quickbooks_online.faults import NAME_TAKEN
from quickbooks_online.lists import EVERY_ENTRY, SELLABLE
from quickbooks_online.marks import is_alike, mark_of
from quickbooks_online.options import chosen


def post(document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    """Post a document in one write, or return the existing one that a person linked to it."""
    kind, fields = payloads.document(document, options, books)
    subject = describe(document)
    if not isinstance(document, Payment) and document.same_as is not None:
        row = yield from numbering.existing(kind, document.same_as.id, fields, subject)
    else:
        row = yield from _entered(document, kind, fields, subject)
    return _posting(document, row)


def update(document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    """Change the posting that a document revises, in one write."""
    kind, fields = payloads.document(document, options, books)
    assert document.revises is not None
    row = yield from change(kind, document.revises, fields, describe(document), include=_include(document))
    return _posting(document, row)


def void_sale(document: Sale, options: Mapping[str, str], books: Books) -> Conversation[Posting]:  # noqa: ARG001  # A void writes no fields.
    """Void the invoice that a document revises."""
    assert document.revises is not None
    row = yield from void("Invoice", document.revises, describe(document))
    return _posting(document, row)


HANDLERS: tuple[Handler[Any], ...] = (
    Handler(kind=Invoice.kind, post=post, update=update, void=void_sale),
    Handler(kind=CreditMemo.kind, post=post, update=update),  # It could only be deleted, without a trace.
    Handler(kind=Payment.kind, post=post, update=update),
    Handler(kind=Bill.kind, post=post, update=update),
    Handler(kind=PurchaseOrder.kind, post=post, update=update),
)


def _posting(document: Document | Sale, row: Row) -> Posting:
    """Return the posting of a document from the row that QuickBooks echoed, with the total that QuickBooks computed."""
    return Posting(
        id=row["Id"],
        number=row.get("PaymentRefNum" if isinstance(document, Payment) else "DocNumber") or "",
        total=in_cents(Decimal(str(row["TotalAmt"]))),
        tax=_tax(row) if isinstance(document, Sale) else None,
        version=str(row.get("SyncToken", "")),
        lines=tuple(line["Id"] for line in row.get("Line", ()) if isinstance(document, PurchaseOrder)),
    )


def _tax(row: Row) -> Decimal:
    """Return the sales tax that QuickBooks computed. The element is missing if there is no tax."""
    return in_cents(Decimal(str((row.get("TxnTaxDetail") or {}).get("TotalTax") or 0)))


def _include(document: Document) -> str:
    """Return the `include` option that allows a duplicate number, if a person chose that; otherwise an empty string."""
    return numbering.REPEAT if not isinstance(document, Payment) and document.repeats_number else ""


def _entered(document: Document, kind: str, fields: Payload, subject: Sentence) -> Conversation[Row]:
    """Create a document. A refusal is raised with details that are queried from QuickBooks: see `explaining`."""
    include = _include(document)
    try:
        return (
            yield from enter(
                kind, fields, subject, lambda mark: _find(kind, fields, subject, mark), include=include
            )
        )
    except Rejected as refusal:
        explained = yield from explaining.explain(kind, fields, subject, refusal)
    raise explained


def _find(kind: str, fields: Payload, subject: Sentence, mark: str) -> Conversation[Row | None]:
    """Return the document that a write with unknown outcome created, or None: of the same day and party, with our mark
    or the same contents.

    The search is not by number, because QuickBooks replaces ours if it numbers documents itself. If QuickBooks cannot
    be asked, raise `Rejected` for a person: `Unavailable` would repeat the conversation, and with it the write.
    """
    party = "CustomerRef" if "CustomerRef" in fields else "VendorRef"
    try:
        found = yield from rows(
            say("look whether the %(kind)s is there", kind=IN_WORDS[kind]),
            kind,
            f"where {party} = {quoted(fields[party]['value'])} and TxnDate = {quoted(fields['TxnDate'])} "
            "orderby Id maxresults 1000",
            say("the documents of that day"),
        )
    except (Unavailable, AuthorizationExpired):
        raise Rejected(stumbled(subject)) from None
    return next((row for row in found if (mark and mark_of(row) == mark) or is_alike(row, fields)), None)


NAME_INACTIVE = "name-inactive"
NAME_OF_ANOTHER_KIND = "name-of-another-kind"

PARTIES = {"Customer": say("customer"), "Vendor": say("vendor"), "Employee": say("employee")}
"""The kinds that share one list of names, and their words in sentences."""


def create(record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
    """Create a customer, a vendor or a product, or change a customer. If one of the same kind and name exists, return
    that one.

    We search by name only after QuickBooks says that it is taken (6240): reads cost money, and the hub knows the lists.
    """
    match record:
        case NewCustomer() if record.revises is not None:
            fields = payloads.customer(record)
            subject = say("the customer “%(name)s”", name=record.name.strip())
            row = yield from change("Customer", record.revises, fields, subject)
            return Ref(id=row["Id"], name=row["DisplayName"])
        case NewCustomer():
            return (yield from _party("Customer", payloads.customer(record), options))
        case NewVendor():
            return (yield from _party("Vendor", payloads.vendor(record), options))
        case NewItem():
            return (yield from _item(record, options, books))


def _party(kind: str, fields: Payload, options: Mapping[str, str]) -> Conversation[Ref]:
    """Create a customer or a vendor; if the name is taken and the option says so, with a suffix. Return it."""
    try:
        row = yield from _party_entered(kind, fields)
    except Rejected as refusal:
        if not _name_is_taken(refusal) or chosen(options, TAKEN_NAMES.key) != SUFFIX:
            raise
        other = suffixed(fields["DisplayName"], kind.lower())
        row = yield from _party_entered(kind, {**fields, "DisplayName": other})
    return Ref(id=row["Id"], name=row["DisplayName"])


def _party_entered(kind: str, fields: Payload) -> Conversation[Row]:
    name, word = fields["DisplayName"], PARTIES[kind]
    try:
        subject = say("the %(kind)s “%(name)s”", kind=word, name=name)
        return (yield from enter(kind, fields, subject, lambda _: _party_named(kind, name)))
    except Rejected as refusal:
        if not _name_is_taken(refusal):
            raise
        taken = refusal
    return (yield from _who_has_it(kind, name, taken))


def _party_named(kind: str, name: str) -> Conversation[Row | None]:
    found, word = (yield from _named(kind, "DisplayName", name)), PARTIES[kind]
    active = [row for row in found if row.get("Active", True)]
    if found and not active:
        what = say("The %(kind)s “%(name)s” is inactive in QuickBooks.", kind=word, name=name)
        why = say("Nothing can be posted for an inactive %(kind)s, and no other one can have the name.", kind=word)
        cure = say(
            "Make the %(kind)s active again in QuickBooks, choose another one, or enter it under another name.",
            kind=word,
        )
        raise Rejected(_taken(kind, name, what=what, why=why, cure=cure, code=NAME_INACTIVE))
    return active[0] if active else None


def _who_has_it(kind: str, name: str, refusal: Rejected) -> Conversation[Row]:
    """Find who has a name after 6240. Return an active record of the same kind; otherwise raise `Rejected` that says
    who has the name."""
    row = yield from _party_named(kind, name)
    if row is not None:
        return row
    word, why = PARTIES[kind], say("Customers, vendors and employees share one list of names there.")
    cure = say("Choose another %(kind)s, or enter it under another name.", kind=word)
    for other in PARTIES:
        found = (yield from _named(other, "DisplayName", name)) if other != kind else []
        if found:
            what = _HELD[other, bool(found[0].get("Active", True))]
            what = say(what.message, name=name, kind=word)
            raise Rejected(_taken(kind, name, what=what, why=why, cure=cure, code=NAME_OF_ANOTHER_KIND))
    raise Rejected(_taken(kind, name, what=refusal.problems[0].what, why=why, cure=cure, code=NAME_TAKEN))


_HELD = {
    ("Customer", True): say("In QuickBooks “%(name)s” is a customer, so no %(kind)s can have that name."),
    ("Customer", False): say("In QuickBooks “%(name)s” is an inactive customer, so no %(kind)s can have that name."),
    ("Vendor", True): say("In QuickBooks “%(name)s” is a vendor, so no %(kind)s can have that name."),
    ("Vendor", False): say("In QuickBooks “%(name)s” is an inactive vendor, so no %(kind)s can have that name."),
    ("Employee", True): say("In QuickBooks “%(name)s” is an employee, so no %(kind)s can have that name."),
    ("Employee", False): say("In QuickBooks “%(name)s” is an inactive employee, so no %(kind)s can have that name."),
}
"""The reason why a name cannot be used, by the kind that has it and if that record is active."""


def _taken(kind: str, name: str, *, what: str, why: str, cure: str, code: str) -> Problem:
    offer = Fix.other_name(name, kind.lower())
    return Problem(what=what, why=why, cure=cure, field=kind.lower(), code=code, fixes=(offer,))


def _item(new: NewItem, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
    name, fields = new.name.strip(), payloads.item(new, options, books)
    try:
        row = yield from enter("Item", fields, say("the product “%(name)s”", name=name), lambda _: _item_named(name))
    except Rejected as refusal:
        found = (yield from _item_named(name)) if _name_is_taken(refusal) else None
        if found is None:
            raise
        row = found
    return Ref(id=row["Id"], name=row["Name"])


def _item_named(name: str) -> Conversation[Row | None]:
    found = yield from _named("Item", "Name", name)
    usable = [row for row in found if row.get("Active", True) and row.get("Type") in SELLABLE]
    if found and not usable:
        inactive = not found[0].get("Active", True)
        raise Rejected(
            Problem(
                what=say("The product “%(name)s” is inactive in QuickBooks.", name=name)
                if inactive
                else say("The product “%(name)s” is a category or bundle in QuickBooks.", name=name),
                why=say("It cannot stand on a line, and no other product can have the name."),
                cure=say("Make it active again in QuickBooks, or choose another product, and send again.")
                if inactive
                else say("Choose another product, or give this one another name, and send again."),
                field="item",
                code=NAME_INACTIVE if inactive else "item-not-sellable",
                fixes=(Fix.other_name(name, "item"),),
            )
        )
    return usable[0] if usable else None


def _named(kind: str, key: str, name: str) -> Conversation[list[Row]]:
    """Return all records of a name, also inactive ones. QuickBooks ignores case in names, here and in 6240."""
    clauses = f"where {key} = {quoted(name)} and {EVERY_ENTRY} orderby Id"
    return (yield from rows(say("look up %(kind)s", kind=IN_WORDS[kind]), kind, clauses, say("“%(name)s”", name=name)))


def _name_is_taken(refusal: Rejected) -> bool:
    return any(problem.code in {NAME_TAKEN, NAME_INACTIVE, NAME_OF_ANOTHER_KIND} for problem in refusal.problems)
