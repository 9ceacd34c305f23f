"""Fetch the organisation's details and its lists from Xero."""

from __future__ import annotations

import datetime as dt

from hub.plugin import (
    AccountKind,
    Bill,
    Books,
    Conversation,
    CreditMemo,
    Invoice,
    Page,
    Payment,
    PurchaseOrder,
    Record,
    RecordKind,
    TaxSystem,
    UnexpectedAnswer,
    say,
)
from xero_books.posting import Row, send_read
from xero_books.reading import day, read_page
from xero_books.transport import build_read

ACCOUNT_KINDS = {
    "BANK": AccountKind.BANK,
    "CURRENT": AccountKind.OTHER_CURRENT_ASSET,
    "CURRLIAB": AccountKind.OTHER_CURRENT_LIABILITY,
    "DIRECTCOSTS": AccountKind.COST_OF_GOODS_SOLD,
    "EXPENSE": AccountKind.EXPENSE,
    "OVERHEADS": AccountKind.EXPENSE,
    "REVENUE": AccountKind.INCOME,
    "SALES": AccountKind.INCOME,
    "OTHERINCOME": AccountKind.INCOME,
}
CONTROLS = {"DEBTORS": AccountKind.ACCOUNTS_RECEIVABLE, "CREDITORS": AccountKind.ACCOUNTS_PAYABLE}
"""System accounts that only Xero itself posts to; lines must not name them."""

NEEDED = {
    Invoice.kind: "CreateApprovedInvoice",
    CreditMemo.kind: "CreateApprovedInvoice",
    Bill.kind: "CreateApprovedBill",
    PurchaseOrder.kind: "CreateApprovedPurchaseOrder",
    Payment.kind: "CreateInvoicePayment",
}
"""Xero's name of the action that a document needs. The organisation's plan and the rights of the person who connected
it decide if it is allowed."""

PARTIES = {RecordKind.CUSTOMER: say("list customers"), RecordKind.VENDOR: say("list vendors")}


def describe_books() -> Conversation[Books]:
    """Fetch the organisation and its allowed actions. The id of the books is the tenant that `transport` adds."""
    answer = yield from send_read(say("look at the organisation"), build_read("Organisation"))
    actions = yield from send_read(say("look at what is allowed"), build_read("Organisation/Actions"))
    if not answer["rows"]:
        raise UnexpectedAnswer("Xero did not say which organisation this is.")
    found: Row = answer["rows"][0]
    refused = {one["Name"] for one in actions["rows"] if one["Status"] != "ALLOWED"}
    return Books(
        id=answer["tenant"],
        name=found["Name"],
        country=found.get("CountryCode", ""),
        currency=found.get("BaseCurrency", ""),
        closed_until=_find_lock_date(found),
        unsupported=frozenset(kind for kind, action in NEEDED.items() if action in refused),
        tax_system=TaxSystem.BY_LINE,
        billable=False,
        handle=found.get("ShortCode", ""),
    )


def _find_lock_date(organisation: Row) -> dt.date | None:
    dates = [day(organisation[name]) for name in ("PeriodLockDate", "EndOfYearLockDate") if organisation.get(name)]
    return max(dates, default=None)


def fetch(kind: RecordKind, since: str) -> Conversation[Page]:
    """Fetch a page of a list. Accounts, tax rates and items are returned as a whole, in one answer."""
    if kind in PARTIES:
        return (yield from _fetch_contacts(kind, since))
    if kind is RecordKind.ACCOUNT:
        answer = yield from send_read(say("list accounts"), build_read("Accounts"))
        found = [_read_account(row) for row in answer["rows"]]
    elif kind is RecordKind.ITEM:
        answer = yield from send_read(say("list items"), build_read("Items", {"unitdp": 4}))
        found = [_read_item(row) for row in answer["rows"]]
    else:
        answer = yield from send_read(say("list tax rates"), build_read("TaxRates"))
        found = [_read_rate(row) for row in answer["rows"] if _is_usable(row)]
    return Page(records=tuple(found), cursor="", total=len(found), is_snapshot=True)


def _fetch_contacts(kind: RecordKind, since: str) -> Conversation[Page]:
    """Fetch a page of contacts. Xero has one list for both, and a contact becomes a customer when it gets an invoice,
    so all contacts are in both lists. Requested together, the two lists cost one call."""
    page = yield from read_page(PARTIES[kind], "Contacts", since, includeArchived="true")
    return Page(
        records=tuple(_read_contact(kind, row) for row in page.rows),
        merged=tuple((row["ContactID"], row["MergedToContactID"]) for row in page.rows if row.get("MergedToContactID")),
        cursor=page.following,
        more=page.more,
    )


def _read_contact(kind: RecordKind, row: Row) -> Record:
    phones = [one.get("PhoneNumber", "") for one in row.get("Phones", ()) if one and one.get("PhoneNumber")]
    return Record(
        kind=kind,
        id=row["ContactID"],
        name=row["Name"],
        email=row.get("EmailAddress", ""),
        phone=phones[0] if phones else "",
        active=row.get("ContactStatus", "ACTIVE") == "ACTIVE",
    )


def _read_account(row: Row) -> Record:
    """Return an account. Its id is its code, which lines use; without a code, as with many bank accounts, it is the
    AccountID."""
    kind = ACCOUNT_KINDS.get(row["Type"], AccountKind.OTHER)
    if row.get("EnablePaymentsToAccount"):
        kind = AccountKind.BANK  # Payments may go there, as to a bank account.
    return Record(
        kind=RecordKind.ACCOUNT,
        id=row.get("Code") or row["AccountID"],
        name=row["Name"],
        number=row.get("Code", ""),
        account=CONTROLS.get(row.get("SystemAccount") or "", kind),
        detail=row["Type"],
        active=row.get("Status", "ACTIVE") == "ACTIVE",
    )


def _read_item(row: Row) -> Record:
    """Return an item. Its id is its code, which lines use."""
    return Record(kind=RecordKind.ITEM, id=row["Code"], name=row["Code"], detail=row.get("Name", ""))


def _is_usable(row: Row) -> bool:
    """Return True if an invoice may have the rate. Xero's own look-up of US rates does not work through the API (its
    page on tax rates), and a sale needs a rate that applies to revenue."""
    from_outside = row["TaxType"] != "AVALARA" and row.get("ReportTaxType") != "USSALESTAX"
    return from_outside and row.get("Status", "ACTIVE") == "ACTIVE" and bool(row.get("CanApplyToRevenue"))


def _read_rate(row: Row) -> Record:
    return Record(kind=RecordKind.TAX_CODE, id=row["TaxType"], name=row["Name"])
