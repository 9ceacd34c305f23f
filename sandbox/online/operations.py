"""Create, change, void and delete entries, for a single call or for an item of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sandbox.online import properties
from sandbox.online.refusals import business, lapsed, missing, not_found, stale, unknown_value, unsupported
from sandbox.online.rules import RULES, Rules
from sandbox.online.rules.draft import Draft
from sandbox.online.rules.transactions import check_open
from sandbox.online.shapes import emptied, meant
from sandbox.online.storage import Books, Entry, money
from sandbox.online.unsure import switch

_OURS = frozenset(
    (
        "Id", "SyncToken", "MetaData", "domain", "sparse", "status", "time", "FullyQualifiedName", "Classification",
        "Balance", "BalanceWithJobs", "TotalAmt", "HomeTotalAmt", "HomeBalance", "LinkedTxn", "UnappliedAmt",
        "RemainingCredit", "CurrentBalance", "CurrentBalanceWithSubAccounts",
    )
)  # fmt: skip
"""Elements that the service sets itself. Values that a client sends for them are ignored."""

_INACTIVE_PLANS = frozenset({"EXPIRED", "CANCELLED", "SUSPENDED"})

_HIDDEN = frozenset({"AllowPartnerTaxOverride", "AutomatedRate"})
"""Preferences of the sandbox only, which the API does not return."""


def carry_out(books: Books, kind: str, sent: Entry, *, operation: str = "", include: str = "") -> Entry:
    """Carry out a call by its parameters `operation` (delete, void, update) and `include` (void, allowduplicatedocnum),
    and return its entry. Without an operation, it is a change if it has an Id, and otherwise creates an entry."""
    words = include.lower().split(",")
    wants_void, allow_duplicate = "void" in words, "allowduplicatedocnum" in words
    match operation.lower():
        case "delete":
            return delete(books, kind, sent)
        case "void":
            return void(books, kind, sent, allow_duplicate=allow_duplicate)
        case "update" if wants_void:
            return void(books, kind, sent, allow_duplicate=allow_duplicate)
        case "" | "create" | "update" as asked:
            if asked == "update" or kind == "Preferences" or sent.get("Id") not in (None, "", 0, "0"):
                return update(books, kind, sent, allow_duplicate=allow_duplicate)
            return create(books, kind, sent, allow_duplicate=allow_duplicate)
        case other:
            raise unknown_value("operation", other)


def create(books: Books, kind: str, sent: Entry, *, allow_duplicate: bool = False) -> Entry:
    """Create an entry. Raises the API's refusals."""
    rules = _rules(books, kind)
    properties.check_names(kind, sent)
    draft = Draft(books=books, kind=kind, entry=_theirs(kind, sent), allow_duplicate=allow_duplicate)
    properties.check(kind, draft.entry, characters=books.characters)
    rules.check(draft)
    entry = books.add(kind, draft.entry)
    rules.apply(books, entry)
    return read(books, kind, entry["Id"])


def update(books: Books, kind: str, sent: Entry, *, allow_duplicate: bool = False) -> Entry:
    """Change an entry: all of it, or with `sparse` only the elements that are sent. Raises the API's refusals."""
    properties.check_names(kind, sent)
    if kind == "Preferences":
        return _prefer(books, sent)
    rules, before = _rules(books, kind), _found(books, kind, sent)
    return _replace(books, kind, rules, before, _changed(kind, before, sent), allow_duplicate=allow_duplicate)


def void(books: Books, kind: str, sent: Entry, *, allow_duplicate: bool = False) -> Entry:
    """Void a transaction: it stays, with amounts of zero and "Voided" before its note (Intuit, Payment)."""
    rules, before = _rules(books, kind), _found(books, kind, sent)
    if kind not in {"Invoice", "Payment", "CreditMemo"}:
        raise unsupported(f"void of {kind}")
    if kind == "Invoice" and before["LinkedTxn"] and not switch(books.session, "voids_paid"):
        raise business("This invoice has a payment linked to it and cannot be voided. Delete the payment first.")
    rules.release(books, before)
    before = _stored(books, kind, before["Id"])
    nothing = _nothing_of(kind, before)
    voided = _replace(books, kind, rules, before, nothing, allow_duplicate=allow_duplicate)
    books.tell(kind, before["Id"], "Void")
    return voided


def delete(books: Books, kind: str, sent: Entry) -> Entry:
    """Delete a transaction. Entries of lists are made inactive instead. Raises the API's refusals."""
    rules, before = _rules(books, kind), _found(books, kind, sent)
    if not rules.is_transaction:
        raise business("Entries of lists cannot be deleted, only made inactive.")
    check_open(books, before["TxnDate"])
    if before.get("LinkedTxn") and kind != "Payment":  # `undo` refuses a deposited payment.
        raise business("This transaction is linked to others and cannot be deleted. Unlink it first.")
    rules.undo(books, before)
    books.drop(kind, before)
    return {"Id": before["Id"], "status": "Deleted", "domain": "QBO"}


def send(books: Books, kind: str, wanted: str, address: str) -> Entry:
    """Mark a form as mailed, to its own email address or to another one."""
    if kind not in {"Invoice", "PurchaseOrder", "CreditMemo"}:
        raise unsupported(f"send of {kind}")
    element, entry = "POEmail" if kind == "PurchaseOrder" else "BillEmail", _stored(books, kind, wanted)
    if not (address or (entry.get(element) or {}).get("Address")):
        raise missing(element)
    if address:
        entry[element] = {"Address": address}
    entry["EmailStatus"] = "EmailSent"
    books.change(kind, entry)
    books.tell(kind, entry["Id"], "Emailed")
    return entry


def read(books: Books, kind: str, wanted: str) -> Entry:
    """Return one entry as the API shows it. Raises the API's refusal if there is none."""
    return show(books, kind, [_stored(books, kind, wanted)])[0]


def show(books: Books, kind: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return entries as the API shows them: accounts with their balances, preferences without the sandbox's own."""
    if kind == "Account":
        balances = books.balances()
        return [_with_balance(entry, balances) for entry in entries]
    if kind == "Preferences":
        return [{group: _public(values) for group, values in entry.items()} for entry in entries]
    return list(entries)


def _theirs(kind: str, sent: Entry) -> Entry:
    """Return the elements that a client may set. These include the total of a payment; other totals are computed from
    lines."""
    ours = _OURS - {"TotalAmt"} if kind == "Payment" else _OURS
    return {name: value for name, value in meant(sent).items() if name not in ours}


def _rules(books: Books, kind: str) -> Rules:
    if kind not in RULES:
        raise unsupported(f"a change of {kind}")
    if books.company("SubscriptionStatus") in _INACTIVE_PLANS:
        raise lapsed(books.company("OfferingSku"))
    return RULES[kind]


def _stored(books: Books, kind: str, wanted: str) -> Entry:
    found = books.find(kind, wanted)
    if found is None:
        raise not_found()
    return found


def _found(books: Books, kind: str, sent: Entry) -> Entry:
    """Return the entry to change. Raises the refusal 5010 if the SyncToken is not its current one."""
    for element in ("Id", "SyncToken"):
        if sent.get(element) in (None, ""):
            raise missing(element)
    before = _stored(books, kind, str(sent["Id"]))
    if str(sent["SyncToken"]) != before["SyncToken"]:
        raise stale("Bookkeeper Bea")
    return before


def _changed(kind: str, before: Entry, sent: Entry) -> Entry:
    """Return the changed entry. A full change removes the elements that it does not send; a sparse one keeps them."""
    theirs = _theirs(kind, sent)
    if sent.get("sparse") not in (True, "true"):
        return {**{name: before[name] for name in _OURS & set(before)}, **theirs}
    kept = {name: value for name, value in before.items() if name not in emptied(sent) - _OURS}
    return {**kept, **theirs}


def _replace(
    books: Books, kind: str, rules: Rules, before: Entry, entry: Entry, *, allow_duplicate: bool = False
) -> Entry:
    properties.check(kind, entry, characters=books.characters)
    rules.undo(books, before)
    draft = Draft(books=books, kind=kind, entry=entry, before=before, allow_duplicate=allow_duplicate)
    rules.check(draft)
    rules.apply(books, books.change(kind, draft.entry))
    return read(books, kind, before["Id"])


def _nothing_of(kind: str, before: Entry) -> Entry:
    """Return a transaction with amounts of zero, to replace one that is voided."""
    note = " - ".join(text for text in ("Voided", before.get("PrivateNote")) if text)[:4000]
    entry: Entry = {**before, "PrivateNote": note, "TotalAmt": money(0)}
    entry.pop("Deposit", None)
    entry.pop("TxnTaxDetail", None)
    entry["Line"] = [_nothing_of_line(line) for line in before["Line"] if kind != "Payment"]
    return entry


def _nothing_of_line(line: Entry) -> Entry:
    name = line["DetailType"]
    nothing = {element: 0 for element in ("Qty", "DiscountPercent") if element in line.get(name, {})}
    return {**line, "Amount": Decimal("0.00"), **({name: {**line[name], **nothing}} if name in line else {})}


def _prefer(books: Books, sent: Entry) -> Entry:
    before = books.preferences()
    changes = {name: group for name, group in meant(sent).items() if isinstance(group, dict) and name != "MetaData"}
    entry = {**before, **{name: {**before.get(name, {}), **group} for name, group in changes.items()}}
    books.change("Preferences", entry)
    return read(books, "Preferences", before["Id"])


def _public(values: object) -> object:
    if not isinstance(values, dict):
        return values
    return {name: value for name, value in values.items() if value is not None and name not in _HIDDEN}


def _with_balance(entry: Entry, balances: dict[str, Decimal]) -> Entry:
    """Return an account with its balance, debits positive, if it is on the balance sheet; others have no balance."""
    if entry["Classification"] not in {"Asset", "Liability", "Equity"}:
        return entry
    balance = balances.get(entry["Id"], money(0))
    return {**entry, "CurrentBalance": balance, "CurrentBalanceWithSubAccounts": balance}
