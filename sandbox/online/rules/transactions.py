"""What all transactions share: dates, numbers, and the balances that they move."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.online.refusals import Refusal
from sandbox.online.rules.lists import check_length
from sandbox.online.storage import Books, Entry, money

NUMBER_LENGTH = 21


def check_date(books: Books, entry: Entry) -> None:
    """The date of a transaction; today's if none was sent. Refuses what is in closed books."""
    text = entry.get("TxnDate") or books.session.now().date().isoformat()
    try:
        date = dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        raise Refusal(2030, "Invalid date", f"Invalid date {text}", element="TxnDate") from None
    entry["TxnDate"] = date.isoformat()
    if (entry.get("DueDate") or "") == "":
        entry.pop("DueDate", None)
    closed = books.prefers("AccountingInfoPrefs", "BookCloseDate")
    if closed and date <= dt.date.fromisoformat(closed):
        raise Refusal(
            6210,
            "Account Period Closed",
            "The account period has closed and the account books cannot be "
            "updated through through the QBO Services API.",
            element="TxnDate",
        )


def check_number(books: Books, kind: str, entry: Entry, custom: Any) -> None:
    """The number of a document: kept if the company uses custom numbers, else given by the company."""
    check_length(entry, "DocNumber", NUMBER_LENGTH)
    if not custom:
        before = books.find(kind, entry.get("Id", ""))
        entry["DocNumber"] = before["DocNumber"] if before else _next_number(books, kind)
        return
    number = entry.get("DocNumber") or None
    entry["DocNumber"] = number
    if number is None or entry.pop("_allow_duplicate", False):
        return
    for other in books.all(kind):
        if other["Id"] != entry.get("Id") and other.get("DocNumber") == number:
            raise Refusal(
                6140,
                "Duplicate Document Number Error",
                "Duplicate Document Number Error : You must specify a different number. This number has already "
                f"been used. DocNumber={number} is assigned to TxnType={kind} with TxnId={other['Id']}",
                element="DocNumber",
            )


def post(books: Books, kind: str, ref: Entry, amount: Decimal) -> None:
    """Move the balance of a customer or vendor."""
    if not amount:
        return
    party = books.find(kind, ref["value"])
    if party is not None:
        party["Balance"] = money(Decimal(str(party.get("Balance", 0))) + amount)
        if kind == "Customer":
            party["BalanceWithJobs"] = party["Balance"]
        books.put(kind, party)


def _next_number(books: Books, kind: str) -> str:
    taken = [int(one["DocNumber"]) for one in books.all(kind) if str(one.get("DocNumber") or "").isdecimal()]
    return str(max(taken, default=1000) + 1)
