"""Fetch the company's details and its lists from QuickBooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.plugin import AccountKind, Books, Conversation, Page, Record, RecordKind, Sentence, UnexpectedAnswer, say
from quickbooks_online import preferences
from quickbooks_online.asking import DELETED, Row, name_of, query_rows, quoted, send_query, write_query
from quickbooks_online.paging import read_page

EVERY_ENTRY = "Active in (true, false)"  # By default queries omit inactive records, but their names are taken too.

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
"""The types of item that a line can have. Categories and bundles are items in QuickBooks, too."""

LINE_TAX_CODES = ("TAX", "NON", "CustomSalesTax")
"""Tax codes of a US line. QuickBooks also lists them among the codes of a whole invoice, where they have no meaning."""


def describe_books() -> Conversation[Books]:
    """Fetch the company and its preferences. QuickBooks gives every company the id 1, so the books' id is the realm
    that `transport` adds to the answer."""
    answer = yield from send_query(say("look at the company"), write_query("CompanyInfo", ""), say("your company"))
    companies = answer["QueryResponse"].get("CompanyInfo")
    if not companies:
        raise UnexpectedAnswer("QuickBooks did not say which company this is.")
    found = yield from query_rows(say("look at the preferences"), "Preferences", "", say("your company's preferences"))
    return preferences.books(answer["realm"], companies[0], found[0] if found else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list of QuickBooks: its name in the API and in sentences, its query's condition, and how a record is read."""

    called: str
    plural: Sentence
    record: Callable[[Row], dict[str, Any]]
    where: str = EVERY_ENTRY
    wanted: Callable[[Row], bool] = lambda _: True


def _read_account(row: Row) -> dict[str, Any]:
    return {
        "name": name_of(row),
        "number": row.get("AcctNum", ""),
        "account": ACCOUNT_KINDS.get(row.get("AccountType", ""), AccountKind.OTHER),
        "detail": row.get("AccountSubType", ""),
    }


def _read_party(row: Row) -> dict[str, Any]:
    return {
        "name": name_of(row),
        "email": row.get("PrimaryEmailAddr", {}).get("Address", ""),
        "phone": row.get("PrimaryPhone", {}).get("FreeFormNumber", ""),
    }


def _read_item(row: Row) -> dict[str, Any]:
    return {"name": row["Name"].removesuffix(DELETED), "number": row.get("Sku", ""), "detail": row.get("Type", "")}


def _read_name(row: Row) -> dict[str, Any]:
    return {"name": row["Name"].removesuffix(DELETED)}


def _read_full_name(row: Row) -> dict[str, Any]:
    return {"name": name_of(row)}


LISTS = {
    RecordKind.ACCOUNT: List(called="Account", plural=say("accounts"), record=_read_account),
    RecordKind.CUSTOMER: List(called="Customer", plural=say("customers"), record=_read_party),
    RecordKind.VENDOR: List(called="Vendor", plural=say("vendors"), record=_read_party),
    RecordKind.ITEM: List(
        called="Item",
        plural=say("items"),
        record=_read_item,
        where=f"{EVERY_ENTRY} and Type in ({', '.join(map(quoted, SELLABLE))})",
        wanted=lambda row: row.get("Type", SELLABLE[0]) in SELLABLE,  # Change data capture brings all of them.
    ),
    RecordKind.TAX_CODE: List(
        called="TaxCode",
        plural=say("tax codes"),
        record=_read_name,
        wanted=lambda row: row["Name"] not in LINE_TAX_CODES,
    ),
    RecordKind.TERM: List(called="Term", plural=say("terms"), record=_read_name),
    RecordKind.CLASS: List(called="Class", plural=say("classes"), record=_read_full_name),
    RecordKind.LOCATION: List(called="Department", plural=say("locations"), record=_read_full_name),
}


def fetch(kind: RecordKind, since: str) -> Conversation[Page]:
    """Fetch a page of a list. What changed into something that is none of ours, as a product into a category, is gone
    from it."""
    wanted = LISTS[kind]
    read = yield from read_page(wanted.called, wanted.plural, wanted.where, since)
    records = tuple(_build_record(kind, wanted, row) for row in read.rows if wanted.wanted(row))
    total = len(records) if read.total == len(read.rows) else read.total
    others = tuple(row["Id"] for row in read.rows if since and not wanted.wanted(row))
    return Page(
        records=records, deleted=(*read.deleted, *others), cursor=read.following, more=read.more, total=total
    )  # fmt: skip


def _build_record(kind: RecordKind, wanted: List, row: Row) -> Record:
    return Record(kind=kind, id=row["Id"], active=bool(row.get("Active", True)), **wanted.record(row))
