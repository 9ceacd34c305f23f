"""Rules that all transactions share: dates, numbers, the ids of their lines, and balances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from sandbox.online.refusals import Refusal, closed, miscalculated
from sandbox.online.rules.draft import Draft
from sandbox.online.storage import Books, Entry, money
from sandbox.online.unsure import switch


def check_open(books: Books, date: str) -> None:
    """Raise the refusal 6210 if the books are closed for a date."""
    limit = books.prefers("AccountingInfoPrefs", "BookCloseDate")
    if limit and date <= str(limit):
        raise closed()


def check_date(draft: Draft) -> None:
    """Set the date of a transaction, by default today. Raise the refusal 6210 if its date is, or was, in closed books.
    """
    entry = draft.entry
    entry.setdefault("TxnDate", draft.books.session.now().date().isoformat())
    for one in (entry, draft.before or entry):
        check_open(draft.books, one["TxnDate"])


def complete_due_date(draft: Draft, element: str, party: Entry) -> None:
    """Set the due date: as sent, else by its own terms, else by those of its party, else the date itself."""
    entry = draft.entry
    terms = draft.ref("SalesTermRef", "Term") or draft.books.find("Term", (party.get(element) or {}).get("value"))
    days = int(terms.get("DueDays") or 0) if terms else 0
    entry.setdefault("DueDate", (dt.date.fromisoformat(entry["TxnDate"]) + dt.timedelta(days=days)).isoformat())


def check_number(draft: Draft, *, custom: bool, warns: bool = True, among: Entry | None = None) -> None:
    """Set the number of a document: the sent one if the company uses custom numbers, else the company's next.

    A number that is taken is refused (6140) if the company wants to be warned, unless the call allows it. `among`
    limits the comparison: that of a bill to bills of the same vendor.
    """
    books, entry = draft.books, draft.entry
    if not custom or entry.get("DocNumber") == "AUTO_GENERATE":
        entry["DocNumber"] = draft.before["DocNumber"] if draft.before else str(books.highest_number(draft.kind) + 1)
        return
    number = entry.get("DocNumber")
    if not number or draft.allow_duplicate or not warns:
        return
    if draft.before and number == draft.before.get("DocNumber") and not switch(books.session, "duplicate_on_change"):
        return
    for other in books.named(draft.kind, number):
        if other["Id"] != draft.id and all(other[name] == value for name, value in (among or {}).items()):
            raise Refusal(
                6140,
                "Duplicate Document Number Error",
                "Duplicate Document Number Error : You must specify a different number. This number has already "
                f"been used. DocNumber={number} is assigned to TxnType={draft.kind} with TxnId={other['Id']}",
                element="DocNumber",
            )


def number_lines(draft: Draft, lines: Iterable[Entry]) -> None:
    """Set the ids of the lines. An id that the entry had before stays; any other line is a new one."""
    kept = {line["Id"] for line in (draft.before or {}).get("Line", []) if "Id" in line}
    used: set[str] = set()
    following = max((int(one) for one in kept), default=0) + 1
    for number, line in enumerate(lines, start=1):
        if line.get("Id") not in kept - used:
            line["Id"], following = str(following), following + 1
        used.add(line["Id"])
        line["LineNum"] = number


def check_amount(line: Entry, detail: Entry) -> None:
    """Raise the refusal 6070 if quantity and price are given and the amount is not their product, to the cent."""
    line["Amount"] = money(line["Amount"])
    quantity, price = Decimal(str(detail.get("Qty") or 0)), Decimal(str(detail.get("UnitPrice") or 0))
    # Clients that fill in every property send zeros here; the service treats them as not given.
    if quantity and price and money(quantity * price) != line["Amount"]:
        raise miscalculated(line["Amount"])


def check_custom_fields(entry: Entry) -> None:
    """Check the custom fields: a form has three, each of 31 characters at most."""
    for field in entry.get("CustomField") or []:
        if field.get("DefinitionId") not in {"1", "2", "3"}:
            raise Refusal(2030, "Invalid ID", "A form has custom fields 1 to 3.", element="DefinitionId")


def move(books: Books, kind: str, ref: Entry, amount: Decimal) -> None:
    """Add an amount to the balance of a customer or vendor. This does not change its SyncToken."""
    party = books.find(kind, ref["value"]) if amount else None
    if party is not None:
        party["Balance"] = money(Decimal(str(party.get("Balance", 0))) + amount)
        if kind == "Customer":
            party["BalanceWithJobs"] = party["Balance"]
        books.put(kind, party)


def account_of(books: Books, detail: str) -> Entry:
    """Return the company's first account of a detail kind, such as receivables, payables or sales tax."""
    return next(one for one in books.all("Account") if one["AccountSubType"] == detail)
