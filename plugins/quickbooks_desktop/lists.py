"""Reading the books: who they are, and their lists, a stretch of an iterator at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hub.plugin import AccountKind, Books, Conversation, Page, Payload, Record, RecordKind, Request
from quickbooks_desktop import company, statuses
from quickbooks_desktop.asking import look
from quickbooks_desktop.qbxml import asked

PAGE_SIZE = 500

OVERLAP = dt.timedelta(minutes=65)
"""How far before the last change that we saw the next look begins. QuickBooks reads the moment in its machine's local
time and gets it wrong by an hour in summer; and while a list is read, an entry that was read already may change."""

ACCOUNT_KINDS = {
    "AccountsReceivable": AccountKind.ACCOUNTS_RECEIVABLE,
    "AccountsPayable": AccountKind.ACCOUNTS_PAYABLE,
    "Bank": AccountKind.BANK,
    "OtherCurrentAsset": AccountKind.OTHER_CURRENT_ASSET,
    "OtherCurrentLiability": AccountKind.OTHER_CURRENT_LIABILITY,
    "Income": AccountKind.INCOME,
    "OtherIncome": AccountKind.INCOME,
    "CostOfGoodsSold": AccountKind.COST_OF_GOODS_SOLD,
    "Expense": AccountKind.EXPENSE,
    "OtherExpense": AccountKind.EXPENSE,
}

NO_LINES = {"ItemDiscountRet", "ItemPaymentRet", "ItemSubtotalRet", "ItemSalesTaxGroupRet", "ItemFixedAssetRet"}
"""Items that are no product: they do something to the lines above them, or to the whole form."""


def check() -> Conversation[Books]:
    """Ask who is at the other end."""
    rows = yield from look("look at the company", "CompanyQuery", {"OwnerID": [company.OWNER_ID]}, "your company")
    preferences = yield from look("look at the preferences", "PreferencesQuery", {}, "your company's preferences")
    return company.books([*rows, *preferences])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a list has been read, written as `since|iterator|seen`.

    `since` is the change that this pass begins with, empty for all; `iterator` names the pass while it goes on; `seen`
    is the latest change of all that was read in it.
    """

    since: str = ""
    iterator: str = ""
    seen: str = ""

    @classmethod
    def read(cls, text: str) -> Cursor:
        since, iterator, seen = text.split("|") if text else ("", "", "")
        return cls(since=since, iterator=iterator, seen=seen)

    def __str__(self) -> str:
        return f"{self.since}|{self.iterator}|{self.seen}"

    def following(self, rows: list[dict[str, Any]], iterator: str) -> Cursor:
        """The cursor after `rows`; `iterator` is empty after the last of the pass."""
        seen = max([self.seen, *(_local(row["fields"].get("TimeModified", "")) for row in rows)])
        if iterator:
            return replace(self, iterator=iterator, seen=seen)
        return Cursor(since=_before(seen) or self.since)


def _local(time: str) -> str:
    """A moment as the clock on QuickBooks' machine showed it: `2026-11-23T17:05:00`."""
    return time[:19]


def _before(seen: str) -> str:
    try:
        return (dt.datetime.fromisoformat(seen) - OVERLAP).isoformat(timespec="seconds")
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list of the books: how it is asked for, which elements are wanted of it, and how an entry is read."""

    query: str
    plural: str
    returned: tuple[str, ...]
    record: Callable[[dict[str, Any], str], dict[str, Any]]
    iterated: bool = True
    wanted: Callable[[str], bool] = lambda _: True


def _account(row: dict[str, Any], _: str) -> dict[str, Any]:
    return {
        "name": row["FullName"],
        "number": row.get("AccountNumber", ""),
        "account": ACCOUNT_KINDS.get(row.get("AccountType", ""), AccountKind.OTHER),
        "detail": row.get("AccountType", ""),
    }


def _party(row: dict[str, Any], _: str) -> dict[str, Any]:
    name = row.get("FullName") or row["Name"]  # A vendor has no levels, and so no full name.
    return {"name": name, "email": row.get("Email", ""), "phone": row.get("Phone", "")}


def _item(row: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "name": row.get("FullName") or row["Name"],
        "number": row.get("ManufacturerPartNumber", ""),
        "detail": kind.removeprefix("Item").removesuffix("Ret"),
    }


def _named(row: dict[str, Any], _: str) -> dict[str, Any]:
    return {"name": row["Name"]}


_COMMON = ("ListID", "TimeModified", "Name", "FullName", "IsActive")

LISTS = {
    RecordKind.ACCOUNT: List(
        query="AccountQuery", plural="accounts", returned=(*_COMMON, "AccountType", "AccountNumber"), record=_account,
        iterated=False,
    ),
    RecordKind.CUSTOMER: List(
        query="CustomerQuery", plural="customers", returned=(*_COMMON, "Email", "Phone"), record=_party
    ),
    RecordKind.VENDOR: List(
        query="VendorQuery", plural="vendors", returned=(*_COMMON, "Email", "Phone"), record=_party
    ),
    RecordKind.ITEM: List(
        query="ItemQuery", plural="items", returned=(*_COMMON, "ManufacturerPartNumber"), record=_item,
        wanted=lambda kind: kind not in NO_LINES,
    ),
    RecordKind.TAX_CODE: List(query="ItemSalesTaxQuery", plural="sales taxes", returned=_COMMON, record=_named),
    RecordKind.TERM: List(query="TermsQuery", plural="terms", returned=_COMMON, record=_named, iterated=False),
}  # fmt: skip


def fetch(kind: RecordKind, since: str) -> Conversation[Page]:
    """Fetch a page of a list. An iterator lives in one session only; after that the pass begins anew."""
    wanted, cursor = LISTS[kind], Cursor.read(since)
    reply = yield _page(wanted, cursor)
    if cursor.iterator and reply.payload["status"] not in statuses.FINE:
        cursor = Cursor(since=cursor.since)
        reply = yield _page(wanted, cursor)
    if failure := statuses.failure(reply.payload, f"the list of {wanted.plural}"):
        raise failure
    rows = reply.payload["rows"]
    left = int(reply.payload.get("iteratorRemainingCount") or 0)
    following = cursor.following(rows, reply.payload.get("iteratorID", "") if left else "")
    return Page(
        records=tuple(_record(kind, wanted, row) for row in rows if wanted.wanted(row["kind"])),
        cursor=str(following),
        more=left > 0,
        total=None if cursor.iterator else len(rows) + left,
    )


def _page(wanted: List, cursor: Cursor) -> Request:
    fields: Payload = {
        "ActiveStatus": "All",
        "FromModifiedDate": cursor.since,
        "IncludeRetElement": list(wanted.returned),
    }
    attributes: dict[str, str] = {}
    if wanted.iterated:
        fields["MaxReturned"] = PAGE_SIZE
        attributes = {"iterator": "Start"}
        if cursor.iterator:
            attributes = {"iterator": "Continue", "iteratorID": cursor.iterator}
    return Request(name=f"list {wanted.plural}", payload=asked(wanted.query, fields, **attributes), writes=False)


def _record(kind: RecordKind, wanted: List, row: dict[str, Any]) -> Record:
    fields = row["fields"]
    return Record(
        kind=kind,
        id=fields["ListID"],
        active=fields.get("IsActive", "true") == "true",
        **wanted.record(fields, row["kind"]),
    )
