"""What all transactions share: dates, numbers, the ids of their lines, and the balances that they move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from sandbox.online.refusals import Refusal, closed, miscalculated
from sandbox.online.rules.draft import Draft, check_lengths
from sandbox.online.storage import Books, Entry, money


def check_open(books: Books, date: str) -> None:
    """Refuse what is dated in closed books (6210)."""
    limit = books.prefers("AccountingInfoPrefs", "BookCloseDate")
    if limit and date <= str(limit):
        raise closed()


def check_date(draft: Draft) -> None:
    """The date of a transaction; today's if none was sent. Refuses what is, or was, in closed books."""
    entry = draft.entry
    entry.setdefault("TxnDate", draft.books.session.now().date().isoformat())
    for one in (entry, draft.before or entry):
        check_open(draft.books, one["TxnDate"])


def complete_due_date(draft: Draft, element: str, party: Entry) -> None:
    """When it is due: as sent, else by its terms, else by those of its party, else at once."""
    entry = draft.entry
    terms = draft.ref("SalesTermRef", "Term") or draft.books.find("Term", (party.get(element) or {}).get("value"))
    days = int(terms.get("DueDays") or 0) if terms else 0
    entry.setdefault("DueDate", (dt.date.fromisoformat(entry["TxnDate"]) + dt.timedelta(days=days)).isoformat())


def check_number(draft: Draft, *, custom: bool, warns: bool = True, among: Entry | None = None) -> None:
    """The number of a document: kept if the company uses custom numbers, else given by the company.

    A number that is taken is refused (6140) where the company wants to be warned, unless the call allows it. `among`
    narrows whose numbers count: a bill's is its vendor's.
    """
    books, entry = draft.books, draft.entry
    check_lengths(entry, {"DocNumber": 21})
    if not custom or entry.get("DocNumber") == "AUTO_GENERATE":
        entry["DocNumber"] = draft.before["DocNumber"] if draft.before else str(books.highest_number(draft.kind) + 1)
        return
    number = entry.get("DocNumber")
    if not number or draft.allow_duplicate or not warns:
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
    """Give the lines their ids: an id of the entry as it was stays, everything else is a new line."""
    kept = {line["Id"] for line in (draft.before or {}).get("Line", []) if "Id" in line}
    used: set[str] = set()
    following = max((int(one) for one in kept), default=0) + 1
    for number, line in enumerate(lines, start=1):
        if line.get("Id") not in kept - used:
            line["Id"], following = str(following), following + 1
        used.add(line["Id"])
        line["LineNum"] = number


def check_amount(line: Entry, detail: Entry) -> None:
    """The amount is the quantity times the price, to the cent (6070), where both are given."""
    line["Amount"] = money(line["Amount"])
    quantity, price = Decimal(str(detail.get("Qty") or 0)), Decimal(str(detail.get("UnitPrice") or 0))
    # Clients that fill in every property send zeros here, and the service takes those for nothing.
    if quantity and price and money(quantity * price) != line["Amount"]:
        raise miscalculated(line["Amount"])


def check_custom_fields(entry: Entry) -> None:
    """A form has three custom fields, each of 31 characters at most."""
    for field in entry.get("CustomField") or []:
        if field.get("DefinitionId") not in {"1", "2", "3"}:
            raise Refusal(2030, "Invalid ID", "A form has custom fields 1 to 3.", element="DefinitionId")
        check_lengths(field, {"StringValue": 31})


def move(books: Books, kind: str, ref: Entry, amount: Decimal) -> None:
    """Move the balance of a customer or vendor. That is no change of the entry: its SyncToken stays."""
    party = books.find(kind, ref["value"]) if amount else None
    if party is not None:
        party["Balance"] = money(Decimal(str(party.get("Balance", 0))) + amount)
        if kind == "Customer":
            party["BalanceWithJobs"] = party["Balance"]
        books.put(kind, party)


def account_of(books: Books, detail: str) -> Entry:
    """Return the company's own account of a detail kind: its receivables, its payables, its sales tax."""
    return next(one for one in books.all("Account") if one["AccountSubType"] == detail)
