"""Writing into the books: documents, and the customers and products that they need."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hub.plugin import (
    AuthorizationExpired,
    Conversation,
    Invoice,
    NewCustomer,
    NewItem,
    Payload,
    Posting,
    Problem,
    Ref,
    Rejected,
    Unavailable,
    in_cents,
)
from quickbooks_online import payloads
from quickbooks_online.asking import Row, enter, quoted, rows, stumbled
from quickbooks_online.faults import NAME_TAKEN
from quickbooks_online.lists import EVERY_ENTRY, SELLABLE
from quickbooks_online.payloads import Sale


def post(document: Sale, options: Mapping[str, str]) -> Conversation[Posting]:
    """Post a document in one write. What it comes to is read from the books' echo and not taken for granted."""
    kind, fields = payloads.document(document, options)
    called = subject(document)
    row = yield from enter(kind, fields, called, lambda: _find(kind, fields, called))
    return Posting(
        id=row["Id"],
        number=row.get("DocNumber" if isinstance(document, Invoice) else "PaymentRefNum") or "",
        total=in_cents(Decimal(str(row["TotalAmt"]))),
        version=str(row.get("SyncToken", "")),
    )


def subject(document: Sale) -> str:
    """What a sentence calls a document, so that everybody knows which one is meant."""
    if isinstance(document, Invoice):
        return f"invoice {document.number} for {document.customer.name or 'your customer'}"
    whose = document.customer.name or "your customer"
    return f"the payment of {document.amount} {document.currency} by {whose}"


def _find(kind: str, fields: Payload, called: str) -> Conversation[Row | None]:
    """The document that an unanswered write left behind, if it did: the same day, customer, amount and our own note.

    It is not looked up by its number, because QuickBooks puts its own in place of ours if it numbers by itself.
    If nobody can tell, a person is asked: `Unavailable` would begin the conversation anew, and with it the write.
    """
    try:
        found = yield from rows(
            f"look whether the {kind.lower()} is there",
            kind,
            f"where CustomerRef = {quoted(fields['CustomerRef']['value'])} and TxnDate = {quoted(fields['TxnDate'])} "
            "orderby Id maxresults 1000",
            f"the {kind.lower()}s of that day",
        )
    except (Unavailable, AuthorizationExpired):
        raise Rejected(stumbled(called)) from None
    return next((row for row in found if _same(row, fields)), None)


def _same(row: Row, fields: Payload) -> bool:
    if (row.get("PrivateNote") or "").strip() != fields.get("PrivateNote", "").strip():
        return False
    if "TotalAmt" in fields:
        return Decimal(str(row.get("TotalAmt", 0))) == fields["TotalAmt"] and _linked(row) == _linked(fields)
    return bool(fields.get("PrivateNote") or row.get("DocNumber") == fields.get("DocNumber"))


def _linked(payment: Row) -> set[str]:
    return {link["TxnId"] for line in payment.get("Line", ()) for link in line.get("LinkedTxn", ())}


def create(record: NewCustomer | NewItem, options: Mapping[str, str]) -> Conversation[Ref]:
    """Enter a customer or a product, unless there is one of its name: then that is the one that is meant."""
    if isinstance(record, NewCustomer):
        return (yield from _customer(record))
    return (yield from _item(record, options))


def _customer(new: NewCustomer) -> Conversation[Ref]:
    name = new.name.strip()
    row = yield from _customer_named(name)
    if row is None:
        try:
            row = yield from enter(
                "Customer", payloads.customer(new), f"the customer “{name}”", lambda: _customer_named(name)
            )
        except Rejected as refusal:
            if not _name_is_taken(refusal):
                raise
            row = yield from _who_has_it(name, refusal)
    return Ref(id=row["Id"], name=row["DisplayName"])


def _customer_named(name: str) -> Conversation[Row | None]:
    found = yield from _named("Customer", "DisplayName", name)
    active = [row for row in found if row.get("Active", True)]
    if found and not active:
        raise Rejected(
            Problem(
                what=f"The customer “{name}” is inactive in QuickBooks.",
                why="Nothing can be posted for an inactive customer, and no other one can have the name.",
                cure="Make the customer active again in QuickBooks, or choose another one, and send again.",
                field="customer",
            )
        )
    return active[0] if active else None


def _who_has_it(name: str, refusal: Rejected) -> Conversation[Row]:
    """After 6240: a customer that was entered in the meantime is taken; if somebody else has the name, say who."""
    row = yield from _customer_named(name)
    if row is not None:
        return row
    for kind, called in (("Vendor", "a supplier"), ("Employee", "an employee")):
        found = yield from _named(kind, "DisplayName", name)
        if found:
            raise Rejected(
                Problem(
                    what=f"In QuickBooks “{name}” is {called}, so no customer can have that name.",
                    why="Customers, suppliers and employees share one list of names there, inactive ones included.",
                    cure=f"Choose another customer, or enter one in QuickBooks by hand, for example “{name} (C)”.",
                    field="customer",
                    code=NAME_TAKEN,
                )
            )
    raise refusal


def _item(new: NewItem, options: Mapping[str, str]) -> Conversation[Ref]:
    name = new.name.strip()
    row = yield from _item_named(name)
    if row is None:
        fields = payloads.item(new, options)
        try:
            row = yield from enter("Item", fields, f"the product “{name}”", lambda: _item_named(name))
        except Rejected as refusal:
            if not _name_is_taken(refusal):
                raise
            row = yield from _item_named(name)
            if row is None:
                raise
    return Ref(id=row["Id"], name=row["Name"])


def _item_named(name: str) -> Conversation[Row | None]:
    found = yield from _named("Item", "Name", name)
    usable = [row for row in found if row.get("Active", True) and row.get("Type") in SELLABLE]
    if found and not usable:
        inactive = not found[0].get("Active", True)
        raise Rejected(
            Problem(
                what=f"The product “{name}” is {'inactive' if inactive else 'a category or bundle'} in QuickBooks.",
                why="It cannot stand on a line, and no other product can have the name.",
                cure="Make it active again in QuickBooks, or choose another product, and send again."
                if inactive
                else "Choose another product, or give this one another name, and send again.",
                field="item",
            )
        )
    return usable[0] if usable else None


def _named(kind: str, key: str, name: str) -> Conversation[list[Row]]:
    """All entries of a name, inactive ones too. QuickBooks compares names without regard to case, here and in 6240."""
    clauses = f"where {key} = {quoted(name)} and {EVERY_ENTRY} orderby Id"
    return (yield from rows(f"look up {kind.lower()}", kind, clauses, f"“{name}”"))


def _name_is_taken(refusal: Rejected) -> bool:
    return any(problem.code == NAME_TAKEN for problem in refusal.problems)
