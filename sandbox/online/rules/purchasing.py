"""Purchase orders, and the bills that follow them."""

from __future__ import annotations

from decimal import Decimal

from sandbox.online.refusals import Refusal, missing, wrong_account
from sandbox.online.rules.transactions import check_date, check_number, post
from sandbox.online.storage import Books, Entry, money


def check_order(books: Books, entry: Entry) -> None:
    if books.prefers("OtherPrefs", "Plan") == "Essentials":
        raise Refusal(
            5020,
            "Permission Denied Error",
            "Permission Denied Error : Purchase orders are not part of this company's plan.",
        )
    if (entry.get("APAccountRef") or {}).get("value") in {None, ""}:
        raise missing("APAccountRef")
    _check_purchase(books, "PurchaseOrder", entry)
    entry.setdefault("POStatus", "Open")


def check_bill(books: Books, entry: Entry) -> None:
    _check_purchase(books, "Bill", entry)
    entry.setdefault("DueDate", entry["TxnDate"])
    entry["Balance"] = entry["TotalAmt"]
    for line in entry["Line"]:
        for link in line.get("LinkedTxn") or []:
            if link.get("TxnType") == "PurchaseOrder":
                _check_link(books, link)


def apply_bill(books: Books, entry: Entry) -> None:
    """What is owed grows, and a purchase order whose lines are all billed is closed."""
    post(books, "Vendor", entry["VendorRef"], entry["Balance"])
    for order_id in _orders(entry):
        order = books.find("PurchaseOrder", order_id)
        if order is not None:
            billed = {
                link["TxnLineId"]
                for bill in [*books.all("Bill"), entry]
                for line in bill["Line"]
                for link in line.get("LinkedTxn") or []
                if link["TxnId"] == order_id
            }
            order["POStatus"] = "Closed" if {line["Id"] for line in order["Line"]} <= billed else "Open"
            links = [link for link in order.get("LinkedTxn", []) if link["TxnId"] != entry["Id"]]
            order["LinkedTxn"] = [*links, {"TxnId": entry["Id"], "TxnType": "Bill"}]
            books.change("PurchaseOrder", order)


def undo_bill(books: Books, entry: Entry) -> None:
    post(books, "Vendor", entry["VendorRef"], -entry["Balance"])
    for order_id in _orders(entry):
        order = books.find("PurchaseOrder", order_id)
        if order is not None:
            order["POStatus"] = "Open"
            order["LinkedTxn"] = [link for link in order.get("LinkedTxn", []) if link["TxnId"] != entry["Id"]]
            books.change("PurchaseOrder", order)


def _check_purchase(books: Books, kind: str, entry: Entry) -> None:
    if books.referred(entry, "VendorRef", "Vendor") is None:
        raise missing("VendorRef")
    payable = books.referred(entry, "APAccountRef", "Account")
    if payable is not None and payable["AccountType"] != "Accounts Payable":
        raise wrong_account("APAccountRef")
    check_date(books, entry)
    check_number(books, kind, entry, custom=True)
    if not entry.get("Line"):
        raise missing("Line")
    for number, line in enumerate(entry["Line"], start=1):
        _check_line(books, line)
        line["Id"] = str(number)
        line["LineNum"] = number
    entry["TotalAmt"] = sum((line["Amount"] for line in entry["Line"]), Decimal("0.00"))


def _check_line(books: Books, line: Entry) -> None:
    if line.get("Amount") in {None, ""}:
        raise missing("Amount")
    line["Amount"] = money(line["Amount"])
    if line["Amount"] < 0:
        raise Refusal(2290, "Negative amount", "A line of a purchase cannot be negative.", element="Amount")
    name = line.get("DetailType")
    if name not in {"ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"}:
        raise Refusal(
            2010, "Request has invalid or unsupported property", f"{name} is not supported", element="DetailType"
        )
    detail = line.setdefault(name, {})
    if name == "ItemBasedExpenseLineDetail":
        if books.referred(detail, "ItemRef", "Item") is None:
            raise missing("ItemRef")
        quantity, price = detail.get("Qty"), detail.get("UnitPrice")
        if quantity and price and money(Decimal(str(quantity)) * Decimal(str(price))) != line["Amount"]:
            raise Refusal(6070, "Amount is not equal to UnitPrice * Qty", element="Amount")
    elif books.referred(detail, "AccountRef", "Account") is None:
        raise missing("AccountRef")
    books.referred(detail, "CustomerRef", "Customer")


def _check_link(books: Books, link: Entry) -> None:
    order = books.find("PurchaseOrder", link.get("TxnId", ""))
    if not link.get("TxnLineId"):
        raise missing("TxnLineId")
    if order is None or str(link["TxnLineId"]) not in {line["Id"] for line in order["Line"]}:
        raise Refusal(620, "Transaction can't be linked", f"The purchase order {link.get('TxnId')} cannot be linked.")
    link["TxnId"], link["TxnLineId"] = str(link["TxnId"]), str(link["TxnLineId"])


def _orders(entry: Entry) -> list[str]:
    return sorted(
        {
            link["TxnId"]
            for line in entry["Line"]
            for link in line.get("LinkedTxn") or []
            if link.get("TxnType") == "PurchaseOrder"
        }
    )
