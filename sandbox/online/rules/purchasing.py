"""Purchase orders and bills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from sandbox.online.refusals import (
    CANNOT_LINK,
    Refusal,
    business,
    cannot_link,
    missing,
    not_in_plan,
    unknown_value,
    unreadable,
    wrong_account,
)
from sandbox.online.rules.draft import Draft
from sandbox.online.rules.lists import check_currency
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
from sandbox.online.unsure import switch

_BY_ITEM, _BY_ACCOUNT = "ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"


def check_order(draft: Draft) -> None:
    entry, books = draft.entry, draft.books
    if "Plus" not in books.company("OfferingSku") and "Advanced" not in books.company("OfferingSku"):
        raise not_in_plan("Purchase orders")
    if entry.get("APAccountRef") is None:
        raise missing("APAccountRef")
    _check_purchase(draft)
    check_number(draft, custom=bool(books.prefers("OtherPrefs", "VendorAndPurchasesPrefs.UseCustomTxnNumbers")))
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
        _check_links(draft, line)


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
        left = (_left_of(line, order_id, bills.values()) for line in order["Line"])
        order["POStatus"] = "Closed" if all(amount <= 0 for amount in left) else "Open"
        order["LinkedTxn"] = [{"TxnId": one, "TxnType": "Bill"} for one in bills]
        books.change("PurchaseOrder", order)


def _left_of(line: Entry, order_id: str, bills: Iterable[Entry]) -> Decimal:
    """Return what is left to bill of a line of a purchase order: a quantity, or an amount if it has no quantity."""
    answers = (one for bill in bills for one in bill["Line"])
    billed = (one for one in answers if _is_linked(one, order_id, line["Id"]))
    return _measure(line) - sum((_measure(one) for one in billed), Decimal(0))


def _is_linked(line: Entry, order_id: str, line_id: str) -> bool:
    wanted = (order_id, line_id)
    return any((link["TxnId"], link["TxnLineId"]) == wanted for link in line.get("LinkedTxn") or [])


def _measure(line: Entry) -> Decimal:
    return Decimal(str(line.get(_BY_ITEM, {}).get("Qty") or line["Amount"]))


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
    if status == "HasBeenBilled":  # Only the service itself sets it.
        raise unknown_value("BillableStatus", status)
    if status == "Billable" and customer is None:
        raise missing("CustomerRef")
    if status == "Billable" and not draft.books.prefers("VendorAndPurchasesPrefs", "BillableExpenseTracking"):
        raise business("Tracking of billable expenses is turned off in this company.")


def _check_links(draft: Draft, line: Entry) -> None:
    """Check the links of a bill line. One that is not possible is dropped without a word, or refused (620)."""
    kept = []
    for link in line.get("LinkedTxn") or []:
        try:
            _check_link(draft, link)
        except Refusal as refusal:
            if refusal.code != CANNOT_LINK or not switch(draft.books.session, "drops_links"):
                raise
        else:
            kept.append(link)
    line.pop("LinkedTxn", None)
    if kept:
        line["LinkedTxn"] = kept


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
    if order["TxnDate"] > draft.entry["TxnDate"] and not switch(draft.books.session, "bill_before_order"):
        raise business("The bill is dated before the purchase order that it is linked to.")
    others = [bill for bill in _billing(draft.books, order) if bill["Id"] != draft.id]
    line = next(line for line in order["Line"] if line["Id"] == link["TxnLineId"])
    if _left_of(line, order["Id"], others) <= 0:
        raise cannot_link("this line of the purchase order is billed already.")
