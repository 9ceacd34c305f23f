"""Writing into the books: documents, and the customers, vendors and products that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from hub.plugin import (
    SUFFIX,
    TAKEN_NAMES,
    Bill,
    Conversation,
    CreditMemo,
    Document,
    Invoice,
    NewCustomer,
    NewItem,
    NewRecord,
    NewVendor,
    Offer,
    Payload,
    Payment,
    Posting,
    Problem,
    PurchaseOrder,
    Ref,
    Rejected,
    Revision,
    in_cents,
    suffixed,
)
from quickbooks_desktop import payloads, statuses
from quickbooks_desktop.asking import Row, enter, look, void
from quickbooks_desktop.history import VOIDED
from quickbooks_desktop.names import CUSTOMER_LENGTH, ITEM_LENGTH, fitting
from quickbooks_desktop.options import chosen

ATTEMPTS = 3
"""How often a change is asked that somebody in QuickBooks was faster with."""

PARTIES = {"VendorRet": "a vendor", "EmployeeRet": "an employee", "OtherNameRet": "on the list of other names"}


def post(document: Document, options: Mapping[str, str]) -> Conversation[Posting]:
    """Post a document. What it comes to is read from the books' echo and not taken for granted."""
    called = subject(document)
    match document:
        case Invoice() | CreditMemo() if document.revises is not None and document.revises.voids:
            return (yield from _voided(document, document.revises, called))
        case Invoice() | CreditMemo():
            row = yield from _sale(document, options, called)
        case Payment():
            row = yield from _payment(document, called)
        case PurchaseOrder():
            fields = payloads.purchase_order(document)
            row = yield from enter("create purchase order", "PurchaseOrderAdd", fields, called)
        case Bill():
            row = yield from enter("create bill", "BillAdd", payloads.bill(document), called)
    return posting(row)


def posting(row: Row) -> Posting:
    """What an echo says about a document."""
    found = row["fields"]
    match row["kind"]:
        case "InvoiceRet":  # The discount is a line, and so it is in the subtotal.
            total = Decimal(found["Subtotal"]) + Decimal(found.get("SalesTaxTotal") or 0)
        case "BillRet":
            total = Decimal(found["AmountDue"])
        case _:
            total = Decimal(found["TotalAmount"])
    lines = found.get("PurchaseOrderLineRet", ())
    return Posting(
        id=found["TxnID"],
        number=found.get("RefNumber", ""),
        total=in_cents(total),
        version=found.get("EditSequence", ""),
        lines=tuple(line["TxnLineID"] for line in lines),
    )


def subject(document: Document) -> str:
    """What a sentence calls a document, so that everybody knows which one is meant."""
    match document:
        case Invoice():
            return f"invoice {document.number} for {document.customer.name or 'your customer'}"
        case CreditMemo():
            return f"credit memo {document.number} for {document.customer.name or 'your customer'}"
        case Payment():
            whose = document.customer.name or "your customer"
            return f"the payment of {document.amount} {document.currency} by {whose}"
        case PurchaseOrder():
            return f"purchase order {document.number} to {document.vendor.name or 'your vendor'}"
        case Bill():
            return f"bill {document.number} from {document.vendor.name or 'your vendor'}".replace("  ", " ")


def _sale(document: Invoice | CreditMemo, options: Mapping[str, str], called: str) -> Conversation[Row]:
    discount_item, kind = "", payloads.KINDS[document.kind]
    if document.discount and document.discount_account is not None:
        discount_item = yield from _discount_item(chosen(options, "discount_item"), document.discount_account)
    revises = document.revises
    if revises is None:
        fields = payloads.sale(document, options, discount_item)
        return (yield from enter(f"create {document.kind.replace('_', ' ')}", f"{kind}Add", fields, called))
    return (
        yield from _change(
            kind,
            "TxnID",
            revises,
            lambda version: payloads.revised(document, revises, options, discount_item, version),
            called,
        )
    )


def _payment(document: Payment, called: str) -> Conversation[Row]:
    revises = document.revises
    if revises is None:
        return (yield from enter("receive payment", "ReceivePaymentAdd", payloads.payment(document), called))
    return (
        yield from _change(
            "ReceivePayment",
            "TxnID",
            revises,
            lambda version: payloads.applied(document, revises, version),
            called,
        )
    )


def _voided(document: Invoice | CreditMemo, revises: Revision, called: str) -> Conversation[Posting]:
    """Bring it to nothing, unless somebody has done so already. QuickBooks does not take the payments off by itself."""
    kind = payloads.KINDS[document.kind]
    found = yield from look(f"look at the {kind.lower()}", f"{kind}Query", {"TxnID": [revises.id]}, called)
    if not found:
        raise Rejected(_deleted(called))
    if not found[0]["fields"].get("Memo", "").startswith(VOIDED):
        try:
            yield from void(f"void {kind.lower()}", kind, revises.id, called)
        except Rejected as refusal:
            raise Rejected(_not_voided(called, refusal.problems[0])) from None
    return Posting(id=revises.id, number=document.number, total=in_cents(Decimal(0)))


def _not_voided(called: str, said: Problem) -> Problem:
    return Problem(
        what=f"QuickBooks did not void {called}.",
        why=said.why,
        cure="If payments or credits are applied to it, take them off in QuickBooks first; then press Retry.",
        code=said.code,
    )


def _change(
    kind: str, element: str, revises: Revision, fields: Callable[[str], Payload], called: str
) -> Conversation[Row]:
    """Change a `kind` that is there. If somebody changed it in between, the change goes onto what it is now.

    `element` names its id, `fields` gives what is asked for an EditSequence.
    """
    version, last = revises.version, ""
    for _ in range(ATTEMPTS):
        if not version:
            found = yield from look(f"look at the {kind.lower()}", f"{kind}Query", {element: [revises.id]}, called)
            if not found:
                raise Rejected(_deleted(called))
            version = found[0]["fields"]["EditSequence"]
        try:
            return (yield from enter(f"change {kind.lower()}", f"{kind}Mod", fields(version), called))
        except Rejected as refusal:
            last = refusal.problems[0].code
            if last != statuses.OUTDATED:
                raise
            version = ""
    raise Rejected(statuses.problem(last, "", called))


def _deleted(called: str) -> Problem:
    return Problem(
        what=f"{called[:1].upper()}{called[1:]} is not in QuickBooks any more.",
        why="It was deleted there after it was sent, so there is nothing to change.",
        cure="Send it as a new invoice if it is still wanted.",
        code=statuses.NOT_FOUND,
    )


def _discount_item(name: str, account: Ref) -> Conversation[str]:
    """The ListID of the item that takes discounts; it is entered when it is needed for the first time."""
    name = fitting(name, ITEM_LENGTH)
    called = f"the discount item “{name}”"
    row = yield from _discount_item_named(name, called)
    if row is None:
        try:
            row = yield from enter("create item", "ItemDiscountAdd", payloads.discount(name, account), called)
        except Rejected as refusal:  # Another invoice of the same message set was first.
            if not _taken(refusal):
                raise
            row = yield from _discount_item_named(name, called)
            if row is None:
                raise
    return str(row["fields"]["ListID"])


def _discount_item_named(name: str, called: str) -> Conversation[Row | None]:
    found = yield from _items_named(name, called)
    if found and found[0]["kind"] != "ItemDiscountRet":
        raise Rejected(
            Problem(
                what=f"“{name}” is an item in QuickBooks, but not one for discounts.",
                why="A discount can only stand on an invoice by an item of the kind Discount.",
                cure="Choose another name for the discount item on the Details tab.",
                field="discount_item",
            )
        )
    return found[0] if found else None


def create(record: NewRecord, options: Mapping[str, str]) -> Conversation[Ref]:
    """Enter a customer, a vendor or a product, unless there is one of its name: then that is the one that is meant."""
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
    called = f"the customer “{fields['Name']}”"
    row = yield from _change(
        "Customer", "ListID", revises, lambda version: payloads.changed(revises.id, version, fields), called
    )
    return Ref(id=row["fields"]["ListID"], name=row["fields"].get("FullName") or row["fields"]["Name"])


def _party(word: str, kind: str, fields: Payload, options: Mapping[str, str]) -> Conversation[Ref]:
    """A customer or vendor of a name; with a suffix, if the name is taken and the option says so."""
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
    called = f"the {word} “{name}”"
    try:
        return (yield from enter(f"create {word}", f"{kind}Add", fields, called))
    except Rejected as refusal:
        if not _taken(refusal):
            raise
        return (yield from _who_has_it(word, kind, name, refusal))


def _who_has_it(word: str, kind: str, name: str, refusal: Rejected) -> Conversation[Row]:
    """After 3100: an entry of the same kind is the one that is meant; if somebody else has the name, say who."""
    found = yield from look("look who has the name", "EntityQuery", {"FullName": [name]}, f"“{name}”")
    same = [row for row in found if row["kind"] == f"{kind}Ret"]
    if same and same[0]["fields"].get("IsActive", "true") == "true":
        return same[0]
    if same:
        raise Rejected(_inactive(word, name))
    if not found:
        raise refusal
    there = PARTIES.get(found[0]["kind"], "a customer")
    raise Rejected(
        Problem(
            what=f"In QuickBooks “{name}” is {there}, so no {word} can have that name.",
            why="Customers, vendors, employees and other names share one list of names there.",
            cure=f"Choose another {word}, or enter it under another name.",
            field=word,
            code=statuses.NAME_TAKEN,
            offers=(Offer.other_name(name, word),),
        )
    )


def _inactive(word: str, name: str) -> Problem:
    return Problem(
        what=f"The {word} “{name}” is inactive in QuickBooks.",
        why="Nothing can be posted for an inactive entry, and no other one can have the name.",
        cure="Make it active again in QuickBooks, choose another one, or enter it under another name.",
        field=word,
        code=statuses.NAME_TAKEN,
        offers=(Offer.other_name(name, word),),
    )


def _item(fields: Payload, kind: str) -> Conversation[Ref]:
    name = fields["Name"]
    called = f"the product “{name}”"
    try:
        row = yield from enter("create item", f"{kind}Add", fields, called)
    except Rejected as refusal:
        if not _taken(refusal):
            raise
        found = yield from _items_named(name, called)
        if not found:
            raise
        row = found[0]
        if row["fields"].get("IsActive", "true") != "true":
            raise Rejected(_inactive("item", name)) from None
    return Ref(id=row["fields"]["ListID"], name=row["fields"].get("FullName") or row["fields"]["Name"])


def _items_named(name: str, called: str) -> Conversation[list[Row]]:
    return (yield from look("look up item", "ItemQuery", {"FullName": [name]}, called))


def _taken(refusal: Rejected) -> bool:
    return any(problem.code == statuses.NAME_TAKEN for problem in refusal.problems)
