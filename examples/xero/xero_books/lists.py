"""Reading the books: who they are, and their lists."""

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
    say,
)
from xero_books.carrier import UnexpectedAnswer, read
from xero_books.posting import Row, rows
from xero_books.reading import day, stretch

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
"""Accounts that Xero posts to by itself; no line may name them."""

NEEDED = {
    Invoice.kind: "CreateApprovedInvoice",
    CreditMemo.kind: "CreateApprovedInvoice",
    Bill.kind: "CreateApprovedBill",
    PurchaseOrder.kind: "CreateApprovedPurchaseOrder",
    Payment.kind: "CreateInvoicePayment",
}
"""What Xero calls what a document needs. The plan of an organisation and the rights of who connected it decide."""

PARTIES = {RecordKind.CUSTOMER: say("list customers"), RecordKind.VENDOR: say("list vendors")}


def describe_books() -> Conversation[Books]:
    """Ask who is at the other end, and what may be done there. The id is what the carrier says it spoke of."""
    answer = yield from rows(say("look at the organisation"), read("Organisation"))
    actions = yield from rows(say("look at what is allowed"), read("Organisation/Actions"))
    if not answer["rows"]:
        raise UnexpectedAnswer("Xero did not say which organisation this is.")
    found: Row = answer["rows"][0]
    refused = {one["Name"] for one in actions["rows"] if one["Status"] != "ALLOWED"}
    return Books(
        id=answer["tenant"],
        name=found["Name"],
        country=found.get("CountryCode", ""),
        currency=found.get("BaseCurrency", ""),
        closed_until=_locked(found),
        unsupported=frozenset(kind for kind, action in NEEDED.items() if action in refused),
        tax_system=TaxSystem.BY_LINE,
        billable=False,
        handle=found.get("ShortCode", ""),
    )


def _locked(organisation: Row) -> dt.date | None:
    dates = [day(organisation[name]) for name in ("PeriodLockDate", "EndOfYearLockDate") if organisation.get(name)]
    return max(dates, default=None)


def fetch(kind: RecordKind, since: str) -> Conversation[Page]:
    """Fetch a page of a list. Accounts, tax rates and items come whole, in one answer."""
    if kind in PARTIES:
        return (yield from _contacts(kind, since))
    if kind is RecordKind.ACCOUNT:
        found = [_account(row) for row in (yield from rows(say("list accounts"), read("Accounts")))["rows"]]
    elif kind is RecordKind.ITEM:
        found = [_item(row) for row in (yield from rows(say("list items"), read("Items", {"unitdp": 4})))["rows"]]
    else:
        answer = yield from rows(say("list tax rates"), read("TaxRates"))
        found = [_rate(row) for row in answer["rows"] if _is_usable(row)]
    return Page(records=tuple(found), cursor="", total=len(found), is_snapshot=True)


def _contacts(kind: RecordKind, since: str) -> Conversation[Page]:
    """Xero has one list of contacts, and whoever is invoiced becomes a customer by that, so both lists are all of them.
    Asked for together, they cost one call."""
    page = yield from stretch(PARTIES[kind], "Contacts", since, includeArchived="true")
    return Page(
        records=tuple(_contact(kind, row) for row in page.rows),
        merged=tuple((row["ContactID"], row["MergedToContactID"]) for row in page.rows if row.get("MergedToContactID")),
        cursor=page.following,
        more=page.more,
    )


def _contact(kind: RecordKind, row: Row) -> Record:
    phones = [one.get("PhoneNumber", "") for one in row.get("Phones", ()) if one and one.get("PhoneNumber")]
    return Record(
        kind=kind,
        id=row["ContactID"],
        name=row["Name"],
        email=row.get("EmailAddress", ""),
        phone=phones[0] if phones else "",
        active=row.get("ContactStatus", "ACTIVE") == "ACTIVE",
    )


def _account(row: Row) -> Record:
    """Return an account, known by its code, which is what a line names; by its id where it has none, as many bank
    accounts."""
    kind = ACCOUNT_KINDS.get(row["Type"], AccountKind.OTHER)
    if row.get("EnablePaymentsToAccount"):
        kind = AccountKind.BANK  # Money may go there, which is what this says.
    return Record(
        kind=RecordKind.ACCOUNT,
        id=row.get("Code") or row["AccountID"],
        name=row["Name"],
        number=row.get("Code", ""),
        account=CONTROLS.get(row.get("SystemAccount") or "", kind),
        detail=row["Type"],
        active=row.get("Status", "ACTIVE") == "ACTIVE",
    )


def _item(row: Row) -> Record:
    """Return an item, known by its code, which is what a line names."""
    return Record(kind=RecordKind.ITEM, id=row["Code"], name=row["Code"], detail=row.get("Name", ""))


def _is_usable(row: Row) -> bool:
    """Return True if an invoice may have the rate. Xero's own look-up of US rates does not work from outside (its page
    on tax rates), and a rate that cannot be on revenue is none of a sale."""
    from_outside = row["TaxType"] != "AVALARA" and row.get("ReportTaxType") != "USSALESTAX"
    return from_outside and row.get("Status", "ACTIVE") == "ACTIVE" and bool(row.get("CanApplyToRevenue"))


def _rate(row: Row) -> Record:
    return Record(kind=RecordKind.TAX_CODE, id=row["TaxType"], name=row["Name"])
