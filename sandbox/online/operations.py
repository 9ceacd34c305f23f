"""Creating, changing and deleting entries: what one call, or one item of a batch, does to the books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.online.refusals import Refusal, business, missing, stale
from sandbox.online.rules import RULES
from sandbox.online.storage import Books, Entry, money

_OURS = (
    "Id",
    "SyncToken",
    "MetaData",
    "domain",
    "sparse",
    "Balance",
    "TotalAmt",
    "LinkedTxn",
    "UnappliedAmt",
    "FullyQualifiedName",
    "CurrentBalance",
    "Classification",
    "status",
    "time",
)
"""What the service sets itself; what a client sends of these is overwritten without a word."""


def create(books: Books, kind: str, sent: Entry, *, allow_duplicate: bool = False) -> Entry:
    """Enter something new. Raises the API's refusals."""
    rules = _rules(kind)
    entry = {name: value for name, value in _meaning(sent).items() if _is_theirs(kind, name)}
    if allow_duplicate:
        entry["_allow_duplicate"] = True
    rules.check(books, entry)
    entry.pop("_allow_duplicate", None)
    entry = books.add(kind, entry)
    rules.apply(books, entry)
    return _current(books, kind, entry)


def update(books: Books, kind: str, sent: Entry, *, void: bool = False) -> Entry:
    """Change something: as a whole, or sparsely only what is sent. Raises the API's refusals."""
    if kind == "Preferences":
        return _prefer(books, sent)
    rules, before = _rules(kind), _found(books, kind, sent)
    _check_token(before, sent)
    rules.undo(books, before)
    base = books.find(kind, before["Id"]) or before  # Undoing may have touched it.
    kept = (
        dict(base)
        if sent.get("sparse") in {True, "true"} or void
        else {name: base[name] for name in _OURS if name in base}
    )
    meant = {name: value for name, value in _meaning(sent).items() if _is_theirs(kind, name)}
    for name in (name for name, value in sent.items() if value == "" and name not in _OURS):
        kept.pop(name, None)
    entry = {**kept, **meant, "Id": before["Id"]}
    if kind == "Invoice":
        paid = money(before["TotalAmt"]) - money(before["Balance"]) - money(before.get("Deposit") or 0)
        entry["_paid"] = [{"Amount": paid}]
        entry["LinkedTxn"] = base.get("LinkedTxn", [])
    if void:
        entry = _voided(entry)
    rules.check(books, entry)
    entry = books.put(kind, books.stamp(entry, before=base))
    rules.apply(books, entry)
    return _current(books, kind, entry)


def delete(books: Books, kind: str, sent: Entry) -> Entry:
    """Delete a transaction. Entries of lists are made inactive instead. Raises the API's refusals."""
    rules, before = _rules(kind), _found(books, kind, sent)
    if not rules.is_transaction:
        raise business("Entries of lists cannot be deleted, only made inactive.")
    _check_token(before, sent)
    if before.get("LinkedTxn"):
        raise Refusal(6480, "Transaction is linked", "This transaction is linked to others and cannot be deleted.")
    rules.undo(books, before)
    books.drop(kind, before)
    return {"Id": before["Id"], "status": "Deleted", "domain": "QBO"}


def read(books: Books, kind: str, wanted: str) -> Entry:
    """One entry. Raises the API's refusal if there is none."""
    found = books.find(kind, wanted)
    if found is None:
        raise Refusal(
            610, "Object Not Found", f"Object Not Found : Another user has deleted this transaction. {kind} {wanted}"
        )
    return found


def _is_theirs(kind: str, name: str) -> bool:
    """Whether a client may set this. The total of a payment is what was received; all others follow from the lines."""
    return name not in _OURS or (kind == "Payment" and name == "TotalAmt")


def _rules(kind: str) -> Any:
    if kind not in RULES:
        raise Refusal(500, "Unsupported Operation", f"Operation not supported for {kind}")
    return RULES[kind]


def _found(books: Books, kind: str, sent: Entry) -> Entry:
    if sent.get("Id") in {None, ""}:
        raise missing("Id")
    return read(books, kind, str(sent["Id"]))


def _check_token(before: Entry, sent: Entry) -> None:
    if sent.get("SyncToken") in {None, ""}:
        raise missing("SyncToken")
    if str(sent["SyncToken"]) != before["SyncToken"]:
        raise stale("Bookkeeper Bea")


def _meaning(sent: Any) -> Any:
    """What a client meant: empty strings, nulls and refs without a value say nothing, as with the real service."""
    if isinstance(sent, dict):
        cleaned = {name: _meaning(value) for name, value in sent.items()}
        if set(cleaned) <= {"value", "name", "type"} and cleaned and not cleaned.get("value"):
            return None
        return {name: value for name, value in cleaned.items() if value not in (None, "", {})}
    if isinstance(sent, list):
        return [found for one in sent if (found := _meaning(one)) not in (None, {})]
    return sent


def _voided(entry: Entry) -> Entry:
    for line in entry.get("Line", []):
        line["Amount"] = Decimal("0.00")
        for detail in line.values():
            if isinstance(detail, dict) and "Qty" in detail:
                detail["Qty"] = 0
        line["LinkedTxn"] = []
    if "UnappliedAmt" in entry:
        entry["TotalAmt"] = Decimal("0.00")
    entry["PrivateNote"] = "Voided"
    entry.pop("Deposit", None)
    return entry


def _prefer(books: Books, sent: Entry) -> Entry:
    before = books.preferences()
    entry = dict(before)
    for group, values in sent.items():
        if isinstance(values, dict) and group != "MetaData":
            entry[group] = {**before.get(group, {}), **values}
    return books.put("Preferences", books.stamp(entry, before=before))


def _current(books: Books, kind: str, entry: Entry) -> Entry:
    return books.find(kind, entry["Id"]) or entry
