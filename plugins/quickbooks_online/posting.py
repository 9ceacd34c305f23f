"""Enter and change documents in QuickBooks, and the customers, vendors and products that they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hub.plugin import (
    Bill,
    Books,
    Conversation,
    CreditMemo,
    Document,
    Fix,
    Handler,
    IntegrationError,
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
    create_or_find,
    create_under_free_name,
    describe,
    in_cents,
    say,
)
from quickbooks_online import explaining, numbering, payloads
from quickbooks_online.asking import (
    DELETED,
    IN_WORDS,
    Row,
    change_row,
    create_row,
    days_and_parties,
    outcome_unknown,
    query_rows,
    quoted,
    read_row,
    void_row,
)
from quickbooks_online.faults import NAME_TAKEN
from quickbooks_online.lists import EVERY_ENTRY, SELLABLE
from quickbooks_online.marks import is_alike, is_voided, mark_of
from quickbooks_online.refusals import PROBLEMS

BUSINESS_RULE = "6000"


def post(document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    """Post a document in one write, or return the existing one that a person linked to it."""
    kind, fields = payloads.document(document, options, books)
    subject = describe(document)
    if not isinstance(document, Payment) and document.same_as is not None:
        row = yield from numbering.find_linked(kind, document.same_as.id, fields, subject)
    else:
        row = yield from _create_document(document, kind, fields, subject)
    return _build_posting(document, row)


def update(document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
    """Change the posting that a document revises, in one write."""
    kind, fields = payloads.document(document, options, books)
    assert document.revises is not None
    include = _include_option(document)
    row = yield from change_row(kind, document.revises, fields, describe(document), options, include=include)
    return _build_posting(document, row)


def void_sale(document: Invoice, options: Mapping[str, str], books: Books) -> Conversation[Posting]:  # noqa: ARG001  # A void writes no fields.
    """Void the invoice that a document revises."""
    assert document.revises is not None
    include, subject = _include_option(document), describe(document)
    try:
        row = yield from void_row("Invoice", document.revises, subject, include=include)
    except Rejected as refusal:
        if refusal.problems[0].code != BUSINESS_RULE:
            raise
        raise Rejected(replace(
            refusal.problems[0],
            cure=say("If it has payments, delete or unlink them in QuickBooks. Then click Retry."),
        )) from None  # fmt: skip
    return _build_posting(document, row)


HANDLERS: tuple[Handler[Any], ...] = (
    Handler(kind=Invoice.kind, post=post, update=update, void=void_sale),
    Handler(kind=CreditMemo.kind, post=post, update=update),  # It could only be deleted, without a trace.
    Handler(kind=Payment.kind, post=post, update=update),
    Handler(kind=Bill.kind, post=post, update=update),
    Handler(kind=PurchaseOrder.kind, post=post, update=update),
)


def _build_posting(document: Document | Sale, row: Row) -> Posting:
    """Return the posting of a document from the row that QuickBooks echoed, with the total that QuickBooks computed."""
    return Posting(
        id=row["Id"],
        number=row.get("PaymentRefNum" if isinstance(document, Payment) else "DocNumber") or "",
        total=in_cents(row["TotalAmt"]),
        # The element is missing if there is no tax.
        tax=in_cents((row.get("TxnTaxDetail") or {}).get("TotalTax") or 0) if isinstance(document, Sale) else None,
        version=str(row.get("SyncToken", "")),
        lines=tuple(line["Id"] for line in row.get("Line", ()) if isinstance(document, PurchaseOrder)),
        differences=tuple(_find_differences(document, row)),
    )


def _find_differences(document: Document | Sale, row: Row) -> Iterator[Problem]:
    """Yield what QuickBooks left out without a word: the link of a bill to its purchase order, or that of a part of a
    payment to its invoice."""
    if isinstance(document, Bill) and document.ordered is not None:
        linked = [line for line in row.get("Line", ()) if line.get("LinkedTxn")]
        if len(linked) < len(document.lines):
            yield Problem(
                code="link-dropped", what=say("The bill is not linked to its purchase order, or only in part."),
                why=say("QuickBooks left the link out. The purchase order may be billed, closed or deleted there."),
                cure=say(
                    "Open the purchase order in QuickBooks. If it is open, close it, so that nobody bills it twice."
                ),
            )  # fmt: skip
    if isinstance(document, Payment) and document.invoice is not None:
        left = in_cents(row.get("UnappliedAmt") or 0)
        if left:
            yield Problem(
                code="partly-applied", what=say("%(left)s of the payment is left as the customer's credit.", left=left),
                why=say(
                    "The invoice was less in QuickBooks, because of its sales tax or a credit that was applied to it."
                ),
                cure=say("Check the invoice in QuickBooks, and apply the rest there if it belongs to another one."),
            )  # fmt: skip


def _include_option(document: Document) -> str:
    """Return the `include` option that allows a duplicate number, if a person chose that; otherwise an empty string."""
    return numbering.REPEAT if not isinstance(document, Payment) and document.repeats_number else ""


def _create_document(document: Document, kind: str, fields: Payload, subject: Sentence) -> Conversation[Row]:
    """Create a document. A refusal is raised with details that are queried from QuickBooks: see `explaining`."""
    include = _include_option(document)
    try:
        return (
            yield from create_row(
                kind, fields, subject, lambda mark: _find_document(kind, fields, subject, mark), include=include
            )
        )
    except Rejected as refusal:
        if isinstance(document, Payment) and (less := (yield from _apply_less(fields, subject))) is not None:
            return (yield from _create_document(document, kind, less, subject))
        explained = yield from explaining.explain_refusal(document, kind, fields, refusal)
    raise explained


def _apply_less(fields: Payload, subject: Sentence) -> Conversation[Payload | None]:
    """Return the fields of a refused payment, applied to its invoice only as far as that is open; None if that is not
    why it was refused.

    QuickBooks may work out a cent less of tax than the order (bPro 1096202, quickbooks-ruby 547), or have applied open
    credit to the invoice by itself (Preferences, `AutoApplyCredit`). The rest stays the customer's credit.
    """
    for line in fields.get("Line", ()):
        row = yield from read_row("Invoice", line["LinkedTxn"][0]["TxnId"], subject)
        left = in_cents(row["Balance"]) if row is not None and not is_voided(row) else None
        if left is not None and left < line["Amount"]:
            return {**fields, "Line": [{**line, "Amount": left}] if left > 0 else []}
    return None


def _find_document(kind: str, fields: Payload, subject: Sentence, mark: str) -> Conversation[Row | None]:
    """Return the document that a write with unknown outcome created, or None: of the same day and party, with our mark
    or the same contents.

    The search is not by number, because QuickBooks replaces ours if it numbers documents itself. If QuickBooks cannot
    be asked, raise `Rejected` for a person: `Unavailable` would repeat the conversation, and with it the write.
    """
    try:
        found = yield from query_rows(
            say("look whether the %(kind)s is there", kind=IN_WORDS[kind]),
            kind,
            f"where {days_and_parties(kind, [fields])} orderby Id maxresults 1000",
            say("the documents of that day"),
            many=True,
        )
    except IntegrationError:
        raise Rejected(outcome_unknown(subject)) from None
    return next((row for row in found if (mark and mark_of(row) == mark) or is_alike(row, fields)), None)


def create(record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
    """Create a customer, a vendor or a product, or change a customer. If one of the same kind and name exists, return
    that one.

    We search by name only after QuickBooks says that it is taken (6240): reads cost money, and the hub knows the lists.
    """
    match record:
        case NewCustomer() if record.revises is not None:
            fields = payloads.party(record)
            subject = say("the customer “%(name)s”", name=fields["DisplayName"])
            row = yield from change_row("Customer", record.revises, fields, subject, options)
            return Ref(id=row["Id"], name=row["DisplayName"])
        case NewCustomer():
            return (yield from _create_party("Customer", payloads.party(record), options))
        case NewVendor():
            return (yield from _create_party("Vendor", payloads.party(record), options))
        case NewItem():
            return (yield from _create_item(record, options, books))


def _create_party(kind: str, fields: Payload, options: Mapping[str, str]) -> Conversation[Ref]:
    """Create a customer or a vendor; if the name is taken and the option says so, with a suffix. Return it."""
    row = yield from create_under_free_name(
        fields["DisplayName"], options, lambda name: _create_party_as(kind, {**fields, "DisplayName": name})
    )
    return Ref(id=row["Id"], name=row["DisplayName"])


def _create_party_as(kind: str, fields: Payload) -> Conversation[Row]:
    name = fields["DisplayName"]
    subject = say("the %(kind)s “%(name)s”", kind=IN_WORDS[kind], name=name)
    entered = create_row(kind, fields, subject, lambda _: _find_party(kind, name))
    return (yield from create_or_find(entered, NAME_TAKEN, lambda taken: _find_name_holder(kind, name, taken)))


def _find_party(kind: str, name: str) -> Conversation[Row | None]:
    """Return the active record of a name, or None if there is none. Raises `Rejected` for an inactive one."""
    found = yield from _query_by_name(kind, "DisplayName", name)
    active = [row for row in found if row.get("Active", True)]
    if found and not active:
        raise Rejected(PROBLEMS.name_inactive(name, kind.lower()))
    return active[0] if active else None


HOLDERS = {
    "Customer": (say("a customer"), say("an inactive customer")),
    "Vendor": (say("a vendor"), say("an inactive vendor")),
    "Employee": (say("an employee"), say("an inactive employee")),
}
"""Who may have a name, by QuickBooks' kind: as words for an active and for an inactive one."""


def _find_name_holder(kind: str, name: str, taken: Problem) -> Conversation[Row]:
    """Find who has a name after 6240. Return an active record of the same kind; otherwise raise `Rejected` that says
    who has the name."""
    row = yield from _find_party(kind, name)
    if row is not None:
        return row
    for other, (active, inactive) in HOLDERS.items():
        found = (yield from _query_by_name(other, "DisplayName", name)) if other != kind else []
        if found:
            holder = active if found[0].get("Active", True) else inactive
            raise Rejected(PROBLEMS.name_of_another_kind(name, kind.lower(), holder))
    raise Rejected(replace(taken, field=kind.lower(), fixes=(Fix.other_name(name, kind.lower()),)))


def _create_item(new: NewItem, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
    name, fields = new.name.strip(), payloads.item(new, options, books)
    entered = create_row("Item", fields, say("the product “%(name)s”", name=name), lambda _: _find_item(name))
    row = yield from create_or_find(entered, NAME_TAKEN, lambda _: _find_item(name))
    return Ref(id=row["Id"], name=row["Name"])


def _find_item(name: str) -> Conversation[Row | None]:
    found = yield from _query_by_name("Item", "Name", name)
    usable = [row for row in found if row.get("Active", True) and row.get("Type") in SELLABLE]
    if found and not found[0].get("Active", True) and not usable:
        raise Rejected(PROBLEMS.name_inactive(name, "item"))
    if found and not usable:
        raise Rejected(PROBLEMS.item_not_sellable(name, say("a category or bundle")))
    return usable[0] if usable else None


def _query_by_name(kind: str, key: str, name: str) -> Conversation[list[Row]]:
    """Return all records of a name, also inactive ones. QuickBooks ignores case in names, here and in 6240."""
    clauses = f"where {key} in ({quoted(name)}, {quoted(name + DELETED)}) and {EVERY_ENTRY} orderby Id"
    called = say("look up %(kind)s", kind=IN_WORDS[kind])
    return (yield from query_rows(called, kind, clauses, say("“%(name)s”", name=name)))
