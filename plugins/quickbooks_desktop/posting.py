"""Enter and change documents in QuickBooks, and the customers, vendors and products that they need."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.plugin import (
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
    Revision,
    Sale,
    Sentence,
    create_or_find,
    create_under_free_name,
    describe,
    in_cents,
    noun,
    say,
)
from quickbooks_desktop import changing, payloads, statuses
from quickbooks_desktop.asking import Row, query_rows
from quickbooks_desktop.changing import change_row, total_of
from quickbooks_desktop.lists import NO_LINES
from quickbooks_desktop.names import CUSTOMER_LENGTH, ITEM_LENGTH, fit_name
from quickbooks_desktop.options import DISCOUNT_ITEM, ITEM_KIND
from quickbooks_desktop.statuses import PROBLEMS
from quickbooks_desktop.writes import write_row

HOLDERS = {
    "CustomerRet": say("a customer"), "VendorRet": say("a vendor"), "EmployeeRet": say("an employee"),
    "OtherNameRet": say("an entry on the Other Names list"),
}  # fmt: skip
"""Who may have a name, by the kind of the row."""

NOT_CHANGED_CURES = {
    **dict.fromkeys(
        (Invoice.kind, CreditMemo.kind),
        say(
            "If more is paid on it than it comes to by now, take the payment off it in QuickBooks first; then press "
            "Retry. Or give the update up."
        ),
    ),
    PurchaseOrder.kind: say(
        "A line that a bill has received stays on its purchase order, with its item and its vendor. Update the bill "
        "as well, or change it in QuickBooks; then press Retry."
    ),
    Bill.kind: say(
        "If the bill is paid, or linked to something else, take that off it in QuickBooks first; then press Retry. "
        "Or give the update up, and change the bill there."
    ),
}
"""What to do if QuickBooks does not allow a change because of what is linked to the document (3170)."""


def post(document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:  # noqa: ARG001  # All company files are alike.
    """Enter a document."""
    discount_item = yield from _find_discount_item(document, options)
    name = say("create %(kind)s", kind=noun(document.kind))
    if isinstance(document, Payment):
        name = say("receive payment")
    fields = payloads.entered(document, options, discount_item)
    request = f"{payloads.KINDS[document.kind]}Add"
    try:
        row = yield from write_row(name, request, fields, describe(document), names=names_of(document))
    except Rejected as refusal:
        if not isinstance(document, Payment) or not _may_be_cents(refusal):
            raise
        row = yield from _receive_what_is_due(document, fields, refusal)
    return posting(row, document)


def names_of(subject: Any) -> dict[str, str]:
    """Return the names of the entries that a document refers to, by ListID."""
    found: dict[str, str] = {}
    for value in (getattr(subject, field.name) for field in dataclasses.fields(subject)):
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Ref):
                found[one.id] = one.name
            elif dataclasses.is_dataclass(one):
                found |= names_of(one)
    return found


MOST_CENTS = Decimal("0.05")
"""By how much QuickBooks' tax may be lower than the order's, for its payment to be received all the same."""


def _may_be_cents(refusal: Rejected) -> bool:
    return refusal.problems[0].code == "3210"


def _receive_what_is_due(payment: Payment, fields: Payload, refusal: Rejected) -> Conversation[Row]:
    """Receive a payment of some cents more than its invoice comes to in QuickBooks, which works the tax out by itself:
    the invoice is paid, and the cents are left as the customer's credit. Raises the refusal if it is not that."""
    if payment.invoice is None:
        raise refusal
    wanted: Payload = {"TxnID": [payment.invoice.id]}
    rows = yield from query_rows(say("look what is due"), "InvoiceQuery", wanted, describe(payment))
    due = in_cents(rows[0]["fields"].get("BalanceRemaining") or 0) if rows else in_cents(0)
    if not 0 < payment.amount - due <= MOST_CENTS or due <= 0:
        raise refusal
    applied = [{"TxnID": payment.invoice.id, "PaymentAmount": due}]
    changed = {**fields, "AppliedToTxnAdd": applied}
    return (yield from write_row(say("receive payment"), "ReceivePaymentAdd", changed, describe(payment)))


def update(document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:  # noqa: ARG001  # As above.
    """Change the posting that a document revises; a deposit is applied to its invoice."""
    assert document.revises is not None
    discount_item = yield from _find_discount_item(document, options)
    before = document.revises.posted
    row = yield from change_row(
        payloads.KINDS[document.kind],
        document.revises,
        lambda standing: payloads.revised(document, options, discount_item, standing),
        describe(document),
        before=payloads.entered(before, options, discount_item) if before else None,
        names=names_of(document),
        by_lines=isinstance(document, PurchaseOrder | Bill),
        cure=NOT_CHANGED_CURES.get(document.kind, ""),
    )
    return posting(row, document)


def void_sale(
    document: Invoice | CreditMemo, options: Mapping[str, str], books: Books  # noqa: ARG001  # A void writes no fields.
) -> Conversation[Posting]:
    """Void an invoice or a credit memo."""
    assert document.revises is not None
    return (yield from changing.void_document(document, document.revises, describe(document)))


HANDLERS: tuple[Handler[Any], ...] = (
    Handler(kind=Invoice.kind, post=post, update=update, void=void_sale),
    Handler(kind=CreditMemo.kind, post=post, update=update, void=void_sale),
    Handler(kind=Payment.kind, post=post, update=update),
    Handler(kind=Bill.kind, post=post, update=update),
    Handler(kind=PurchaseOrder.kind, post=post, update=update),
)


def posting(row: Row, document: Document) -> Posting:
    """Return the posting of a document, from the row that QuickBooks echoed."""
    found = row["fields"]
    return Posting(
        id=found["TxnID"],
        number=found.get("RefNumber", ""),
        total=total_of(row),
        version=found.get("EditSequence", ""),
        lines=_line_ids(document, found) if isinstance(document, PurchaseOrder) else (),
    )


def _line_ids(order: PurchaseOrder, found: Payload) -> tuple[str, ...]:
    """Return the ids of a purchase order's lines in the document's order, which is the order of its bill's lines."""
    standing = found.get("PurchaseOrderLineRet", ())
    ids = payloads.placed(order.lines, standing)
    return tuple(line["TxnLineID"] for line in standing) if payloads.NEW_LINE in ids else tuple(ids)


def _find_discount_item(document: Document, options: Mapping[str, str]) -> Conversation[str]:
    """Return the ListID of the item for the discount of a document; an empty string if it has none."""
    if not isinstance(document, Sale) or not document.discount or document.discount_account is None:
        return ""
    return (yield from _ensure_discount_item(DISCOUNT_ITEM.value_in(options), document.discount_account))


def _ensure_discount_item(name: str, account: Ref) -> Conversation[str]:
    """Return the ListID of the item for discounts; create the item if it is not in QuickBooks yet."""
    name = fit_name(name, ITEM_LENGTH)
    subject = say("the discount item “%(name)s”", name=name)
    row = yield from _look_up_discount_item(name, subject)
    if row is None:
        made = payloads.discount(name, account)
        entered = write_row(say("create %(kind)s", kind=noun("item")), "ItemDiscountAdd", made, subject)
        # It is found if another invoice of the same message set has created it.
        row = yield from create_or_find(entered, statuses.NAME_TAKEN, lambda _: _look_up_discount_item(name, subject))
    return str(row["fields"]["ListID"])


def _look_up_discount_item(name: str, subject: Sentence) -> Conversation[Row | None]:
    found = yield from _find_item(name, subject)
    if found is not None and found["kind"] != "ItemDiscountRet":
        raise Rejected(
            Problem(
                what=say("“%(name)s” is an item in QuickBooks, but not one for discounts.", name=name),
                why=say("A discount can only stand on an invoice by an item of the kind Discount."),
                cure=say("Choose another name for the discount item on the Details tab."),
                field="discount_item",
                code="item-not-a-discount",
            )
        )
    return found


def create(record: NewRecord, options: Mapping[str, str]) -> Conversation[Ref]:
    """Create a customer, a vendor or a product, or change a customer. If one of the same kind and name exists, return
    that one."""
    match record:
        case NewCustomer() if record.revises is not None:
            return (yield from _changed_customer(record, record.revises))
        case NewCustomer():
            return (yield from _create_party("Customer", payloads.customer(record), options))
        case NewVendor():
            return (yield from _create_party("Vendor", payloads.vendor(record), options))
        case NewItem():
            return (yield from _create_item(payloads.item(record, options), ITEM_KIND.value_in(options)))


def _changed_customer(record: NewCustomer, revises: Revision) -> Conversation[Ref]:
    fields = payloads.customer(record)
    subject = say("the customer “%(name)s”", name=fields["Name"])
    try:
        row = yield from change_row(
            "Customer",
            revises,
            lambda standing: payloads.changed(revises, standing["EditSequence"], record),
            subject,
            before=payloads.customer(revises.posted) if revises.posted else None,
            element="ListID",
        )
    except Rejected as refusal:
        if refusal.problems[0].code != statuses.NOT_CHANGED:
            raise
        raise Rejected(_name_taken(fields["Name"], refusal.problems[0])) from None
    return _ref_to(row)


def _name_taken(name: str, refused: Problem) -> Problem:
    """Return the refusal of a customer's new name that another entry has: QuickBooks takes it for an attempt to merge
    the two (3170 “Cannot merge list elements”, not 3100)."""
    taken = statuses.build_problem(statuses.NAME_TAKEN, "", say("the customer “%(name)s”", name=name))
    return replace(taken, code=refused.code, field="customer", fixes=(Fix.other_name(name, "customer"),))


def _create_party(kind: str, fields: Payload, options: Mapping[str, str]) -> Conversation[Ref]:
    """Create a customer or a vendor; if the name is taken and the option says so, with a suffix. Return it."""
    row = yield from create_under_free_name(
        fields["Name"],
        options,
        lambda name: _create_party_as(kind, {**fields, "Name": fit_name(name, CUSTOMER_LENGTH)}),
    )
    return _ref_to(row)


def _create_party_as(kind: str, fields: Payload) -> Conversation[Row]:
    name, word = fields["Name"], kind.lower()
    subject = say("the %(kind)s “%(name)s”", kind=noun(word), name=name)
    entered = write_row(say("create %(kind)s", kind=noun(word)), f"{kind}Add", fields, subject)
    return (
        yield from create_or_find(entered, statuses.NAME_TAKEN, lambda taken: _find_name_holder(kind, name, taken))
    )


def _find_name_holder(kind: str, name: str, taken: Problem) -> Conversation[Row]:
    """Find who has a name after status 3100. Return an active record of the same kind; otherwise raise `Rejected` that
    says who has the name."""
    subject, word = say("“%(name)s”", name=name), kind.lower()
    found = yield from query_rows(say("look who has the name"), "EntityQuery", {"FullName": [name]}, subject)
    same = [row for row in found if row["kind"] == f"{kind}Ret"]
    if same and _is_active(same[0]):
        return same[0]
    if same:
        raise Rejected(PROBLEMS.name_inactive(name, word))
    if found:
        raise Rejected(PROBLEMS.name_of_another_kind(name, word, HOLDERS[found[0]["kind"]]))
    raise Rejected(replace(taken, field=word, fixes=(Fix.other_name(name, word),)))


def _create_item(fields: Payload, kind: str) -> Conversation[Ref]:
    name = fields["Name"]
    subject = say("the product “%(name)s”", name=name)
    entered = write_row(say("create %(kind)s", kind=noun("item")), f"{kind}Add", fields, subject)
    row = yield from create_or_find(entered, statuses.NAME_TAKEN, lambda _: _find_item(name, subject))
    if row["kind"] in NO_LINES:
        raise Rejected(PROBLEMS.item_not_sellable(name, say("an item for discounts, payments or subtotals")))
    if not _is_active(row):
        raise Rejected(PROBLEMS.name_inactive(name, "item"))
    return _ref_to(row)


def _find_item(name: str, subject: Sentence) -> Conversation[Row | None]:
    name_filter: Payload = {"FullName": [name]}
    found = yield from query_rows(say("look up %(kind)s", kind=noun("item")), "ItemQuery", name_filter, subject)
    return found[0] if found else None


def _ref_to(row: Row) -> Ref:
    return Ref(id=row["fields"]["ListID"], name=row["fields"].get("FullName") or row["fields"]["Name"])


def _is_active(row: Row) -> bool:
    return bool(row["fields"].get("IsActive", "true") == "true")
