"""Fetch the company's details and its lists from QuickBooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hub.plugin import (
    AccountKind,
    Books,
    Conversation,
    Page,
    Payload,
    Problem,
    Record,
    RecordKind,
    Rejected,
    Sentence,
    say,
)
from quickbooks_desktop import company
from quickbooks_desktop.asking import query_rows
from quickbooks_desktop.paging import Cursor, read_deleted, read_page

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

NO_LINES = {
    "ItemGroupRet", "ItemDiscountRet", "ItemPaymentRet", "ItemSubtotalRet", "ItemSalesTaxGroupRet", "ItemFixedAssetRet",
}  # fmt: skip
"""Items that are not products: they apply to lines above them, or to the whole form, or stand for several lines."""


def describe_books() -> Conversation[Books]:
    """Fetch the company and its preferences."""
    owner, subject = {"OwnerID": [company.OWNER_ID]}, say("your company")
    rows = yield from query_rows(say("look at the company"), "CompanyQuery", owner, subject)
    preferences = yield from query_rows(say("look at the preferences"), "PreferencesQuery", {}, subject)
    host = yield from query_rows(say("look which QuickBooks it is"), "HostQuery", {}, subject)
    try:
        return company.books([*rows, *preferences, *host])
    except company.NotSupported as error:
        raise Rejected(Problem(what=str(error), code="not-supported")) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list of QuickBooks: the name of its query, the elements to return, and a function that reads a record.

    A short list is read whole each time, with those of the queries `beside`: so is known what was deleted, which
    QuickBooks is not asked about by every kind.
    """

    query: str
    plural: Sentence
    returned: tuple[str, ...]
    record: Callable[[dict[str, Any], str], dict[str, Any]]
    is_short: bool = False
    beside: tuple[str, ...] = ()
    wanted: Callable[[str], bool] = lambda _: True


def _read_account(row: dict[str, Any], _: str) -> dict[str, Any]:
    return {
        "name": row["FullName"],
        "number": row.get("AccountNumber", ""),
        "account": ACCOUNT_KINDS.get(row.get("AccountType", ""), AccountKind.OTHER),
        "detail": row.get("AccountType", ""),
    }


def _read_party(row: dict[str, Any], _: str) -> dict[str, Any]:
    name = row.get("FullName") or row["Name"]  # A vendor has no levels, and so no full name.
    return {"name": name, "email": row.get("Email", ""), "phone": row.get("Phone", "")}


def _read_item(row: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "name": row.get("FullName") or row["Name"],
        "number": row.get("ManufacturerPartNumber", ""),
        "detail": NO_TAX if _is_without_tax(row, kind) else kind.removeprefix("Item").removesuffix("Ret"),
    }


NO_TAX = "SalesTaxOfNothing"
"""The kind of a sales-tax item of 0 %, such as "Out of State": no order's tax is meant to be booked on it."""


def _is_without_tax(row: dict[str, Any], kind: str) -> bool:
    return kind == "ItemSalesTaxRet" and Decimal(row.get("TaxRate") or 0) == 0


def _read_name(row: dict[str, Any], _: str) -> dict[str, Any]:
    return {"name": row["Name"]}


def _read_full_name(row: dict[str, Any], _: str) -> dict[str, Any]:
    return {"name": row.get("FullName") or row["Name"]}


_COMMON = ("ListID", "TimeModified", "Name", "FullName", "IsActive")

LISTS = {
    RecordKind.ACCOUNT: List(
        query="AccountQuery", plural=say("accounts"), returned=(*_COMMON, "AccountType", "AccountNumber"),
        record=_read_account,
        is_short=True,
    ),
    RecordKind.CUSTOMER: List(
        query="CustomerQuery", plural=say("customers"), returned=(*_COMMON, "Email", "Phone"), record=_read_party
    ),
    RecordKind.VENDOR: List(
        query="VendorQuery", plural=say("vendors"), returned=(*_COMMON, "Email", "Phone"), record=_read_party
    ),
    RecordKind.ITEM: List(
        query="ItemQuery", plural=say("items"), returned=(*_COMMON, "ManufacturerPartNumber", "TaxRate"),
        record=_read_item,
        wanted=lambda kind: kind not in NO_LINES,
    ),
    RecordKind.TAX_CODE: List(
        query="ItemSalesTaxQuery", plural=say("sales taxes"), returned=_COMMON, record=_read_name, is_short=True,
        beside=("ItemSalesTaxGroupQuery",),
    ),
    RecordKind.TERM: List(query="TermsQuery", plural=say("terms"), returned=_COMMON, record=_read_name, is_short=True),
    RecordKind.CLASS: List(
        query="ClassQuery", plural=say("classes"), returned=_COMMON, record=_read_full_name, is_short=True
    ),
}  # fmt: skip


DELETED = {
    RecordKind.CUSTOMER: ["Customer"],
    RecordKind.VENDOR: ["Vendor"],
    RecordKind.ITEM: [
        "ItemInventory", "ItemInventoryAssembly", "ItemNonInventory", "ItemOtherCharge", "ItemService",
    ],
}  # fmt: skip
"""The names of a list's records in a query for deleted ones (`ListDelType`)."""


def fetch(kind: RecordKind, since: str) -> Conversation[Page]:
    """Fetch a page of a list. The last page of a pass also has the ids of what was deleted since, unless the pass began
    with an empty cursor and has only this page."""
    wanted, cursor = LISTS[kind], Cursor.read(since)
    if wanted.is_short:
        return (yield from _fetch_whole(kind, wanted))
    filters: Payload = {"ActiveStatus": "All", "FromModifiedDate": cursor.since}
    fields = {**filters, "IncludeRetElement": list(wanted.returned)}
    read = yield from read_page(wanted.query, wanted.plural, fields, cursor)
    deleted: tuple[str, ...] = ()
    if not read.left and since and kind in DELETED:
        deleted = yield from read_deleted("ListDeletedQuery", "ListDelType", DELETED[kind], cursor.since)
    return Page(
        records=tuple(_build_record(kind, wanted, row) for row in read.rows if wanted.wanted(row["kind"])),
        deleted=deleted,
        cursor=str(read.following),
        more=read.left > 0,
        total=read.total,
    )


def _fetch_whole(kind: RecordKind, wanted: List) -> Conversation[Page]:
    fields: Payload = {"ActiveStatus": "All", "IncludeRetElement": list(wanted.returned)}
    records: list[Record] = []
    for query in (wanted.query, *wanted.beside):
        read = yield from read_page(query, wanted.plural, fields, Cursor(), iterated=False)
        records += [_build_record(kind, wanted, row) for row in read.rows]
    return Page(records=tuple(records), cursor="", more=False, total=len(records), is_snapshot=True)


def _build_record(kind: RecordKind, wanted: List, row: dict[str, Any]) -> Record:
    fields = row["fields"]
    return Record(
        kind=kind,
        id=fields["ListID"],
        active=fields.get("IsActive", "true") == "true",
        **wanted.record(fields, row["kind"]),
    )
