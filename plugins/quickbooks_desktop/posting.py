"""Enter and change documents in QuickBooks, and the customers, vendors and products that they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.plugin import (
    SUFFIX,
    TAKEN_NAMES,
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
    Sentence,
    describe,
    noun,
    say,
    suffixed,
)
from quickbooks_desktop import changing, payloads, statuses
from quickbooks_desktop.asking import Row, enter, look
from quickbooks_desktop.changing import change, total_of
from quickbooks_desktop.names import CUSTOMER_LENGTH, ITEM_LENGTH, fitting
from quickbooks_desktop.options import chosen

NAME_INACTIVE = "name-inactive"
NAME_OF_ANOTHER_KIND = "name-of-another-kind"

PARTIES = {
    "CustomerRet": say("In QuickBooks “%(name)s” is a customer, so no %(kind)s can have that name."),
    "VendorRet": say("In QuickBooks “%(name)s” is a vendor, so no %(kind)s can have that name."),
    "EmployeeRet": say("In QuickBooks “%(name)s” is an employee, so no %(kind)s can have that name."),
    "OtherNameRet": say("In QuickBooks “%(name)s” is on the list of other names, so no %(kind)s can have that name."),
}
"""The reason why a name cannot be used, by the kind of row that has it."""


def post_sale(
    document: Invoice | CreditMemo, options: Mapping[str, str], books: Books  # noqa: ARG001  # All company files are alike.
) -> Conversation[Posting]:
    """Enter or change an invoice or a credit memo."""
    return posting((yield from _sale(document, options, describe(document))), document)


def void_sale(
    document: Invoice | CreditMemo, options: Mapping[str, str], books: Books  # noqa: ARG001  # A void writes no fields.
) -> Conversation[Posting]:
    """Void an invoice or a credit memo."""
    assert document.revises is not None
    return (yield from changing.void(document, document.revises, describe(document)))


def post_payment(
    document: Payment, options: Mapping[str, str], books: Books  # noqa: ARG001  # As above.
) -> Conversation[Posting]:
    """Enter a payment, or apply an existing one to its invoice."""
    return posting((yield from _payment(document, describe(document))), document)


def post_order(
    document: PurchaseOrder, options: Mapping[str, str], books: Books  # noqa: ARG001  # As above.
) -> Conversation[Posting]:
    """Enter or change a purchase order."""
    return posting((yield from _order(document, describe(document))), document)


def post_bill(
    document: Bill, options: Mapping[str, str], books: Books  # noqa: ARG001  # As above.
) -> Conversation[Posting]:
    """Enter or change a bill."""
    return posting((yield from _bill(document, describe(document))), document)


HANDLERS: tuple[Handler[Any], ...] = (
    Handler(kind=Invoice.kind, post=post_sale, update=post_sale, void=void_sale),
    Handler(kind=CreditMemo.kind, post=post_sale, update=post_sale, void=void_sale),
    Handler(kind=Payment.kind, post=post_payment, update=post_payment),
    Handler(kind=Bill.kind, post=post_bill, update=post_bill),
    Handler(kind=PurchaseOrder.kind, post=post_order, update=post_order),
)


def posting(row: Row, document: Document) -> Posting:
    """Return the posting of a document, from the row that QuickBooks echoed."""
    found = row["fields"]
    return Posting(
        id=found["TxnID"],
        number=found.get("RefNumber", ""),
        total=total_of(row),
        version=found.get("EditSequence", ""),
        lines=_lines(document, found) if isinstance(document, PurchaseOrder) else (),
    )


def _lines(order: PurchaseOrder, found: Payload) -> tuple[str, ...]:
    """Return the ids of a purchase order's lines in the document's order, which is the order of its bill's lines."""
    standing = found.get("PurchaseOrderLineRet", ())
    ids = payloads.placed(order.lines, standing)
    return tuple(line["TxnLineID"] for line in standing) if payloads.NEW_LINE in ids else tuple(ids)


def _sale(document: Invoice | CreditMemo, options: Mapping[str, str], subject: Sentence) -> Conversation[Row]:
    discount_item, kind = "", payloads.KINDS[document.kind]
    if document.discount and document.discount_account is not None:
        discount_item = yield from _discount_item(chosen(options, "discount_item"), document.discount_account)
    revises = document.revises
    if revises is None:
        fields = payloads.sale(document, options, discount_item)
        return (yield from enter(say("create %(kind)s", kind=noun(document.kind)), f"{kind}Add", fields, subject))
    return (
        yield from change(
            kind,
            revises,
            lambda standing: payloads.revised(document, revises, options, discount_item, standing["EditSequence"]),
            subject,
            cure=say(
                "If more is paid on it than it comes to by now, take the payment off it in QuickBooks first; then "
                "press Retry. Or give the update up."
            ),
        )
    )


def _payment(document: Payment, subject: Sentence) -> Conversation[Row]:
    revises = document.revises
    if revises is None:
        return (yield from enter(say("receive payment"), "ReceivePaymentAdd", payloads.payment(document), subject))
    return (
        yield from change(
            "ReceivePayment",
            revises,
            lambda standing: payloads.applied(document, revises, standing["EditSequence"]),
            subject,
        )
    )


def _order(document: PurchaseOrder, subject: Sentence) -> Conversation[Row]:
    revises = document.revises
    if revises is None:
        fields = payloads.purchase_order(document)
        return (yield from enter(say("create %(kind)s", kind=noun(document.kind)), "PurchaseOrderAdd", fields, subject))
    return (
        yield from change(
            "PurchaseOrder",
            revises,
            lambda standing: payloads.revised_order(document, revises, standing),
            subject,
            by_lines=True,
            cure=say(
                "A line that a bill has received stays on its purchase order, with its item and its vendor. Update "
                "the bill as well, or change it in QuickBooks; then press Retry."
            ),
        )
    )


def _bill(document: Bill, subject: Sentence) -> Conversation[Row]:
    revises = document.revises
    if revises is None:
        name = say("create %(kind)s", kind=noun(document.kind))
        return (yield from enter(name, "BillAdd", payloads.bill(document), subject))
    return (
        yield from change(
            "Bill",
            revises,
            lambda standing: payloads.revised_bill(document, revises, standing),
            subject,
            by_lines=True,
            cure=say(
                "If the bill is paid, or linked to something else, take that off it in QuickBooks first; then press "
                "Retry. Or give the update up, and change the bill there."
            ),
        )
    )


def _discount_item(name: str, account: Ref) -> Conversation[str]:
    """Return the ListID of the item for discounts; create the item if it is not in QuickBooks yet."""
    name = fitting(name, ITEM_LENGTH)
    subject = say("the discount item “%(name)s”", name=name)
    row = yield from _discount_item_named(name, subject)
    if row is None:
        try:
            made = payloads.discount(name, account)
            row = yield from enter(say("create %(kind)s", kind=noun("item")), "ItemDiscountAdd", made, subject)
        except Rejected as refusal:  # Another invoice of the same message set created it.
            if not _taken(refusal):
                raise
            row = yield from _discount_item_named(name, subject)
            if row is None:
                raise
    return str(row["fields"]["ListID"])


def _discount_item_named(name: str, subject: Sentence) -> Conversation[Row | None]:
    found = yield from _items_named(name, subject)
    if found and found[0]["kind"] != "ItemDiscountRet":
        raise Rejected(
            Problem(
                what=say("“%(name)s” is an item in QuickBooks, but not one for discounts.", name=name),
                why=say("A discount can only stand on an invoice by an item of the kind Discount."),
                cure=say("Choose another name for the discount item on the Details tab."),
                field="discount_item",
                code="item-not-a-discount",
            )
        )
    return found[0] if found else None


def create(record: NewRecord, options: Mapping[str, str]) -> Conversation[Ref]:
    """Create a customer, a vendor or a product, or change a customer. If one of the same kind and name exists, return
    that one."""
    match record:
        case NewCustomer() if record.revises is not None:
            return (yield from _changed_customer(record, record.revises))
        case NewCustomer():
            return (yield from _party("customer", "Customer", payloads.customer(record), options))
        case NewVendor():
            return (yield from _party("vendor", "Vendor", payloads.vendor(record), options))
        case NewItem():
            return (yield from _item(payloads.item(record, options), chosen(options, "item_kind")))


def _changed_customer(record: NewCustomer, revises: Revision) -> Conversation[Ref]:
    fields = payloads.customer(record)
    subject = say("the customer “%(name)s”", name=fields["Name"])
    row = yield from change(
        "Customer",
        revises,
        lambda standing: payloads.changed(revises.id, standing["EditSequence"], fields),
        subject,
        element="ListID",
    )
    return Ref(id=row["fields"]["ListID"], name=row["fields"].get("FullName") or row["fields"]["Name"])


def _party(word: str, kind: str, fields: Payload, options: Mapping[str, str]) -> Conversation[Ref]:
    """Create a customer or a vendor; if the name is taken and the option says so, with a suffix. Return it."""
    try:
        row = yield from _party_entered(word, kind, fields)
    except Rejected as refusal:
        if not _taken(refusal) or chosen(options, TAKEN_NAMES.key) != SUFFIX:
            raise
        other = fitting(suffixed(fields["Name"], word), CUSTOMER_LENGTH)
        row = yield from _party_entered(word, kind, {**fields, "Name": other})
    return Ref(id=row["fields"]["ListID"], name=row["fields"].get("FullName") or row["fields"]["Name"])


def _party_entered(word: str, kind: str, fields: Payload) -> Conversation[Row]:
    name = fields["Name"]
    subject = say("the %(kind)s “%(name)s”", kind=noun(word), name=name)
    try:
        return (yield from enter(say("create %(kind)s", kind=noun(word)), f"{kind}Add", fields, subject))
    except Rejected as refusal:
        if not _taken(refusal):
            raise
        return (yield from _who_has_it(word, kind, name, refusal))


def _who_has_it(word: str, kind: str, name: str, refusal: Rejected) -> Conversation[Row]:
    """Find who has a name after status 3100. Return an active record of the same kind; otherwise raise `Rejected` that
    says who has the name."""
    subject = say("“%(name)s”", name=name)
    found = yield from look(say("look who has the name"), "EntityQuery", {"FullName": [name]}, subject)
    same = [row for row in found if row["kind"] == f"{kind}Ret"]
    if same and same[0]["fields"].get("IsActive", "true") == "true":
        return same[0]
    if same:
        raise Rejected(_inactive(word, name))
    if not found:
        raise refusal
    there = PARTIES.get(found[0]["kind"], PARTIES["CustomerRet"])
    raise Rejected(
        Problem(
            what=say(there.message, name=name, kind=noun(word)),
            why=say("Customers, vendors, employees and other names share one list of names there."),
            cure=say("Choose another %(kind)s, or enter it under another name.", kind=noun(word)),
            field=word,
            code=NAME_OF_ANOTHER_KIND,
            fixes=(Fix.other_name(name, word),),
        )
    )


def _inactive(word: str, name: str) -> Problem:
    return Problem(
        what=say("The %(kind)s “%(name)s” is inactive in QuickBooks.", kind=noun(word), name=name),
        why=say("Nothing can be posted for an inactive entry, and no other one can have the name."),
        cure=say("Make it active again in QuickBooks, choose another one, or enter it under another name."),
        field=word,
        code=NAME_INACTIVE,
        fixes=(Fix.other_name(name, word),),
    )


def _item(fields: Payload, kind: str) -> Conversation[Ref]:
    name = fields["Name"]
    subject = say("the product “%(name)s”", name=name)
    try:
        row = yield from enter(say("create %(kind)s", kind=noun("item")), f"{kind}Add", fields, subject)
    except Rejected as refusal:
        if not _taken(refusal):
            raise
        found = yield from _items_named(name, subject)
        if not found:
            raise
        row = found[0]
        if row["fields"].get("IsActive", "true") != "true":
            raise Rejected(_inactive("item", name)) from None
    return Ref(id=row["fields"]["ListID"], name=row["fields"].get("FullName") or row["fields"]["Name"])


def _items_named(name: str, subject: Sentence) -> Conversation[list[Row]]:
    return (yield from look(say("look up %(kind)s", kind=noun("item")), "ItemQuery", {"FullName": [name]}, subject))


def _taken(refusal: Rejected) -> bool:
    codes = {statuses.NAME_TAKEN, NAME_INACTIVE, NAME_OF_ANOTHER_KIND}
    return any(problem.code in codes for problem in refusal.problems)
