"""Reading the books: who they are, and their lists, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.plugin import AccountKind, Books, Conversation, Page, Record, RecordKind
from quickbooks_online.asking import Row, UnexpectedAnswer, look, quoted, rows, select

PAGE_SIZE = 500
"""How many entries a page holds. QuickBooks gives up to 1,000; half of that keeps an answer near half a megabyte."""

OVERLAP = dt.timedelta(minutes=5)
"""How far before the last look the next one begins: an entry is stamped before it can be seen."""

EVERY_ENTRY = "Active in (true, false)"  # Otherwise a query leaves inactive entries out, and their names are taken too.

ACCOUNT_KINDS = {
    "Accounts Receivable": AccountKind.ACCOUNTS_RECEIVABLE,
    "Accounts Payable": AccountKind.ACCOUNTS_PAYABLE,
    "Bank": AccountKind.BANK,
    "Other Current Asset": AccountKind.OTHER_CURRENT_ASSET,
    "Other Current Liability": AccountKind.OTHER_CURRENT_LIABILITY,
    "Income": AccountKind.INCOME,
    "Cost of Goods Sold": AccountKind.COST_OF_GOODS_SOLD,
    "Expense": AccountKind.EXPENSE,
}

SELLABLE = ("Inventory", "NonInventory", "Service")
"""The types of item that can stand on a line. Categories and bundles are items to QuickBooks, too."""

LINE_TAX_CODES = ("TAX", "NON", "CustomSalesTax")
"""Tax codes of a US line; QuickBooks lists them among the codes of a whole invoice, where they mean nothing."""


def check() -> Conversation[Books]:
    """Ask who is at the other end. The company's own id is always 1; the realm is what its carrier says it spoke to."""
    answer = yield from look("look at the company", select("CompanyInfo", ""), "your company")
    companies = answer["QueryResponse"].get("CompanyInfo")
    if not companies:
        raise UnexpectedAnswer("QuickBooks did not say which company this is.")
    preferences = yield from rows("look at the currency", "Preferences", "", "your company's preferences")
    currency = preferences[0].get("CurrencyPrefs", {}).get("HomeCurrency", {}).get("value", "") if preferences else ""
    return Books(
        id=answer["realm"],
        name=companies[0].get("CompanyName", ""),
        country=companies[0].get("Country", ""),
        currency=currency,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a list has been read, written as `since|position|seen`.

    `since` is the change that this pass begins with, empty for all; `position` the next entry of the pass, counted from
    1; `seen` when the pass began by QuickBooks' clock, which is where the next pass begins.
    """

    since: str = ""
    position: int = 1
    seen: str = ""

    @classmethod
    def read(cls, text: str) -> Cursor:
        if not text:
            return cls()
        since, position, seen = text.split("|")
        return cls(since=since, position=int(position), seen=seen)

    def __str__(self) -> str:
        return f"{self.since}|{self.position}|{self.seen}"

    def after(self, count: int, time: str) -> Cursor:
        """The cursor after a page of `count` entries that was answered at `time`."""
        seen = self.seen or time
        if count < PAGE_SIZE:
            return Cursor(since=_before(seen) or self.since)
        return Cursor(since=self.since, position=self.position + count, seen=seen)


def _before(time: str) -> str:
    """Somewhat before `time`. Empty if QuickBooks told no time that can be read; the next pass then reads all."""
    try:
        seen = dt.datetime.fromisoformat(time)
    except ValueError:
        return ""
    return (seen - OVERLAP).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list of the books: what QuickBooks calls it, what a bookkeeper does, and how an entry is read."""

    called: str
    plural: str
    record: Callable[[Row], dict[str, Any]]
    where: str = f"where {EVERY_ENTRY}"
    wanted: Callable[[Row], bool] = lambda _: True


def _account(row: Row) -> dict[str, Any]:
    return {
        "name": row.get("FullyQualifiedName") or row["Name"],
        "number": row.get("AcctNum", ""),
        "account": ACCOUNT_KINDS.get(row.get("AccountType", ""), AccountKind.OTHER),
        "detail": row.get("AccountSubType", ""),
    }


def _party(row: Row) -> dict[str, Any]:
    return {
        "name": row["DisplayName"],
        "email": row.get("PrimaryEmailAddr", {}).get("Address", ""),
        "phone": row.get("PrimaryPhone", {}).get("FreeFormNumber", ""),
    }


def _item(row: Row) -> dict[str, Any]:
    return {"name": row["Name"], "number": row.get("Sku", ""), "detail": row.get("Type", "")}


def _named(row: Row) -> dict[str, Any]:
    return {"name": row["Name"]}


LISTS = {
    RecordKind.ACCOUNT: List(called="Account", plural="accounts", record=_account),
    RecordKind.CUSTOMER: List(called="Customer", plural="customers", record=_party),
    RecordKind.VENDOR: List(called="Vendor", plural="vendors", record=_party),
    RecordKind.ITEM: List(
        called="Item",
        plural="items",
        record=_item,
        where=f"where {EVERY_ENTRY} and Type in ({', '.join(map(quoted, SELLABLE))})",
    ),
    RecordKind.TAX_CODE: List(
        called="TaxCode", plural="tax codes", record=_named, wanted=lambda row: row["Name"] not in LINE_TAX_CODES
    ),
    RecordKind.TERM: List(called="Term", plural="terms", record=_named),
}


def fetch(kind: RecordKind, since: str) -> Conversation[Page]:
    """Fetch a page of a list in the order of the ids, which never changes while it is read.

    An entry that changes behind our back during a pass is brought by the next one, which begins before this one did.
    """
    wanted = LISTS[kind]
    cursor = Cursor.read(since)
    where = wanted.where
    if cursor.since:
        where += f" and MetaData.LastUpdatedTime >= {quoted(cursor.since)}"
    answer = yield from look(
        f"list {wanted.plural}",
        select(wanted.called, f"{where} orderby Id startposition {cursor.position} maxresults {PAGE_SIZE}"),
        f"the list of {wanted.plural}",
    )
    found: list[Row] = answer["QueryResponse"].get(wanted.called, [])
    records = tuple(_record(kind, wanted, row) for row in found if wanted.wanted(row))
    more = len(found) == PAGE_SIZE
    total = None
    if not since:  # A list that fits one page needs no counting, which would be a read more of those that are metered.
        total = (yield from _count(wanted, where)) if more else len(records)
    following = cursor.after(len(found), str(answer.get("time", "")))
    return Page(records=records, cursor=str(following), more=more, total=total)


def _count(wanted: List, where: str) -> Conversation[int | None]:
    answer = yield from look(
        f"count {wanted.plural}", select(wanted.called, where, "count(*)"), f"the list of {wanted.plural}"
    )
    total = answer["QueryResponse"].get("totalCount")
    return None if total is None else int(total)


def _record(kind: RecordKind, wanted: List, row: Row) -> Record:
    return Record(kind=kind, id=row["Id"], active=bool(row.get("Active", True)), **wanted.record(row))
