"""Purchase orders and bills."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.online.refusals import (
    Refusal,
    business,
    cannot_link,
    missing,
    not_in_plan,
    unknown_value,
    unreadable,
    wrong_account,
)
from sandbox.online.rules.draft import Draft, check_lengths
from sandbox.online.rules.lists import ADDRESSES, check_currency
from sandbox.online.rules.transactions import (
    account_of,
    check_amount,
    check_custom_fields,
    check_date,
    check_number,
    complete_due_date,
    move,
    number_lines,
)
from sandbox.online.storage import Books, Entry

_BY_ITEM, _BY_ACCOUNT = "ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"


def check_order(draft: Draft) -> None:
    entry, books = draft.entry, draft.books
    if "Plus" not in books.company("OfferingSku") and "Advanced" not in books.company("OfferingSku"):
        raise not_in_plan("Purchase orders")
    if entry.get("APAccountRef") is None:
        raise missing("APAccountRef")
    _check_purchase(draft)
    check_number(draft, custom=bool(books.prefers("OtherPrefs", "VendorAndPurchasesPrefs.UseCustomTxnNumbers")))
    check_lengths(entry, {"Memo": 4000})
    draft.ref("ShipTo", "Customer")
    if entry.setdefault("POStatus", "Open") not in {"Open", "Closed"}:
        raise unknown_value("POStatus", entry["POStatus"])


def check_bill(draft: Draft) -> None:
    entry, books, before = draft.entry, draft.books, draft.before
    vendor = _check_purchase(draft)
    warns = bool(books.prefers("OtherPrefs", "WarnDuplicateBillNumber"))
    check_number(draft, custom=True, warns=warns, among={"VendorRef": entry["VendorRef"]})
    complete_due_date(draft, "TermRef", vendor)
    paid = before["TotalAmt"] - before["Balance"] if before else 0
    entry["Balance"] = entry["TotalAmt"] - paid
    for line in entry["Line"]:
        for link in line.get("LinkedTxn") or []:
            _check_link(draft, link)


def apply_bill(books: Books, entry: Entry) -> None:
    """Add a bill to the vendor's balance and to the accounts, and close purchase orders whose lines are all billed."""
    move(books, "Vendor", entry["VendorRef"], entry["TotalAmt"])
    books.post("Bill", entry["Id"], _postings(books, entry))
    _follow(books, entry)


def undo_bill(books: Books, entry: Entry) -> None:
    move(books, "Vendor", entry["VendorRef"], -entry["TotalAmt"])
    books.unpost("Bill", entry["Id"])
    _follow(books, entry, without=entry["Id"])


def _postings(books: Books, entry: Entry) -> Iterator[tuple[str, Decimal]]:
    yield (
        (entry.get("APAccountRef") or {}).get("value") or account_of(books, "AccountsPayable")["Id"],
        -entry["TotalAmt"],
    )
    for line in entry["Line"]:
        if line["DetailType"] == _BY_ACCOUNT:
            yield line[_BY_ACCOUNT]["AccountRef"]["value"], line["Amount"]
        else:
            item = books.find("Item", line[_BY_ITEM]["ItemRef"]["value"]) or {}
            yield item["ExpenseAccountRef"]["value"], line["Amount"]


def _follow(books: Books, bill: Entry, *, without: str = "") -> None:
    """Update the purchase orders of a bill: their links to bills, and their status Open or Closed."""
    for order_id in sorted({link["TxnId"] for link in _links(bill)}):
        order = books.find("PurchaseOrder", order_id)
        if order is None:
            continue
        bills = {one["Id"]: one for one in [*_billing(books, order), bill] if one["Id"] != without}
        billed = {link["TxnLineId"] for one in bills.values() for link in _links(one) if link["TxnId"] == order_id}
        order["POStatus"] = "Closed" if {line["Id"] for line in order["Line"]} <= billed else "Open"
        order["LinkedTxn"] = [{"TxnId": one, "TxnType": "Bill"} for one in bills]
        books.change("PurchaseOrder", order)


def _billing(books: Books, order: Entry) -> list[Entry]:
    found = (books.find("Bill", link["TxnId"]) for link in order.get("LinkedTxn") or [])
    return [bill for bill in found if bill is not None]


def _links(bill: Entry) -> list[Entry]:
    return [link for line in bill["Line"] for link in line.get("LinkedTxn") or []]


def _check_purchase(draft: Draft) -> Entry:
    """Check and complete what purchase orders and bills share. Return the vendor."""
    entry = draft.entry
    vendor = draft.ref("VendorRef", "Vendor")
    if vendor is None:
        raise missing("VendorRef")
    payable = draft.ref("APAccountRef", "Account")
    if payable is not None and payable["AccountType"] != "Accounts Payable":
        raise wrong_account("APAccountRef")
    check_date(draft)
    check_lengths(entry, {"PrivateNote": 4000, "POEmail.Address": 100, **ADDRESSES})
    check_custom_fields(entry)
    check_currency(draft.books, entry)
    draft.ref("ClassRef", "Class")
    draft.ref("DepartmentRef", "Department")
    if not entry.get("Line"):
        raise missing("Line")
    for line in entry["Line"]:
        _check_line(draft, line)
    number_lines(draft, entry["Line"])
    entry["TotalAmt"] = sum((line["Amount"] for line in entry["Line"]), Decimal("0.00"))
    return vendor


def _check_line(draft: Draft, line: Entry) -> None:
    if line.get("Amount") is None:
        raise missing("Amount")
    if line["Amount"] < 0:
        raise Refusal(2290, "Negative amount", "A line of a purchase cannot be negative.", element="Amount")
    check_lengths(line, {"Description": 4000})
    name = line.get("DetailType")
    if name not in {_BY_ITEM, _BY_ACCOUNT}:
        raise unreadable("DetailType")
    detail = line.setdefault(name, {})
    check_amount(line, detail)
    if name == _BY_ITEM:
        item = draft.books.referred(detail, "ItemRef", "Item")
        if item is None:
            raise missing("ItemRef")
        if not item.get("ExpenseAccountRef"):
            raise business(f"{item['Name']} has no expense account, so it cannot be bought.")
    elif draft.books.referred(detail, "AccountRef", "Account") is None:
        raise missing("AccountRef")
    _check_billable(draft, detail)


def _check_billable(draft: Draft, detail: Entry) -> None:
    customer = draft.books.referred(detail, "CustomerRef", "Customer")
    draft.books.referred(detail, "ClassRef", "Class")
    status = detail.setdefault("BillableStatus", "NotBillable")
    if status not in {"Billable", "NotBillable"}:  # Only the service itself sets HasBeenBilled.
        raise unknown_value("BillableStatus", status)
    if status == "Billable" and customer is None:
        raise missing("CustomerRef")
    if status == "Billable" and not draft.books.prefers("VendorAndPurchasesPrefs", "BillableExpenseTracking"):
        raise business("Tracking of billable expenses is turned off in this company.")


def _check_link(draft: Draft, link: Entry) -> None:
    """Check the link of a bill line: to one line of a purchase order of the same vendor that is not billed yet."""
    for element in ("TxnId", "TxnType", "TxnLineId"):
        if not link.get(element):
            raise missing(element)
    order = draft.books.find("PurchaseOrder", link["TxnId"]) if link["TxnType"] == "PurchaseOrder" else None
    if order is None or link["TxnLineId"] not in {line["Id"] for line in order["Line"]}:
        raise cannot_link(f"{link['TxnType']} {link['TxnId']} has no line {link['TxnLineId']}.")
    if order["VendorRef"]["value"] != draft.entry["VendorRef"]["value"]:
        raise cannot_link("the purchase order is another vendor's.")
    others = (link for bill in _billing(draft.books, order) if bill["Id"] != draft.id for link in _links(bill))
    if (link["TxnId"], link["TxnLineId"]) in {(one["TxnId"], one["TxnLineId"]) for one in others}:
        raise cannot_link("this line of the purchase order is billed already.")
