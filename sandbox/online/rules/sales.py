"""Invoices and credit memos: lines, discount, tax, number and balance."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.online.refusals import Refusal, business, missing, unreadable, wrong_account
from sandbox.online.rules import tax
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
from sandbox.online.storage import Books, Entry, money

ZERO = Decimal("0.00")

def check_invoice(draft: Draft) -> None:
    entry, before = draft.entry, draft.before
    customer = _check_sale(draft)
    complete_due_date(draft, "SalesTermRef", customer)
    deposit = _check_deposit(draft)
    paid = _owed(before) - before["Balance"] if before else ZERO
    if paid and before and before["CustomerRef"]["value"] != entry["CustomerRef"]["value"]:
        raise business("A payment is linked to this invoice, so its customer cannot be changed.")
    entry["Balance"] = entry["TotalAmt"] - deposit - paid
    if entry["Balance"] < 0 and (paid or deposit):
        raise business("The payments and the deposit are more than the total of the invoice.")
    entry.setdefault("LinkedTxn", [])
    entry.setdefault("EmailStatus", "NotSet")
    entry.setdefault("PrintStatus", "NeedToPrint")
    if entry["EmailStatus"] == "NeedToSend" and not (entry.get("BillEmail") or {}).get("Address"):
        raise missing("BillEmail")


def check_credit_memo(draft: Draft) -> None:
    _check_sale(draft)
    entry, before = draft.entry, draft.before
    used = before["TotalAmt"] - before["Balance"] if before else ZERO
    entry["Balance"] = entry["RemainingCredit"] = entry["TotalAmt"] - used
    if entry["Balance"] < 0:
        raise business("More of this credit is used than would be left of it.")
    entry.setdefault("LinkedTxn", [])


def apply_invoice(books: Books, entry: Entry) -> None:
    """Add an invoice to the customer's balance, and post it: receivable and deposit against income and sales tax."""
    move(books, "Customer", entry["CustomerRef"], _owed(entry))
    books.post("Invoice", entry["Id"], _postings(books, entry))


def undo_invoice(books: Books, entry: Entry) -> None:
    move(books, "Customer", entry["CustomerRef"], -_owed(entry))
    books.unpost("Invoice", entry["Id"])


def apply_credit_memo(books: Books, entry: Entry) -> None:
    """Make the effects of a credit memo: those of an invoice with opposite signs."""
    move(books, "Customer", entry["CustomerRef"], -entry["TotalAmt"])
    books.post("CreditMemo", entry["Id"], ((account, -amount) for account, amount in _postings(books, entry)))


def undo_credit_memo(books: Books, entry: Entry) -> None:
    move(books, "Customer", entry["CustomerRef"], entry["TotalAmt"])
    books.unpost("CreditMemo", entry["Id"])


def _owed(entry: Entry) -> Decimal:
    """Return the total less the deposit. Payments are not subtracted: they reduce the customer's balance themselves."""
    owed: Decimal = entry["TotalAmt"] - money(entry.get("Deposit") or 0)
    return owed


def _postings(books: Books, entry: Entry) -> Iterator[tuple[str, Decimal]]:
    yield account_of(books, "AccountsReceivable")["Id"], _owed(entry)
    if entry.get("Deposit"):
        yield entry["DepositToAccountRef"]["value"], money(entry["Deposit"])
    for line in entry["Line"]:
        if line["DetailType"] == "SalesItemLineDetail":
            yield line["SalesItemLineDetail"]["ItemAccountRef"]["value"], -line["Amount"]
        elif line["DetailType"] == "DiscountLineDetail":
            yield line["DiscountLineDetail"]["DiscountAccountRef"]["value"], line["Amount"]
    due = (entry.get("TxnTaxDetail") or {}).get("TotalTax", ZERO)
    if due:
        yield account_of(books, "GlobalTaxPayable")["Id"], -due


def _check_sale(draft: Draft) -> Entry:
    """Check and complete what invoices and credit memos share. Return the customer."""
    books, entry = draft.books, draft.entry
    customer = draft.ref("CustomerRef", "Customer")
    if customer is None:
        raise missing("CustomerRef")
    check_date(draft)
    check_number(draft, custom=bool(books.prefers("SalesFormsPrefs", "CustomTxnNumbers")))
    check_custom_fields(entry)
    for element, kind in (("SalesTermRef", "Term"), ("ClassRef", "Class"), ("DepartmentRef", "Department")):
        draft.ref(element, kind)
    check_currency(books, entry)
    _check_lines(draft)
    subtotal, discount, taxable = _add_up(entry)
    due = tax.settle(books, entry, customer, taxable)
    entry["TotalAmt"] = subtotal - discount + due
    if entry["TotalAmt"] < 0:
        raise business("The transaction amount must be 0 or greater.")
    return customer


def _check_deposit(draft: Draft) -> Decimal:
    entry, books = draft.entry, draft.books
    entry["Deposit"] = money(entry.get("Deposit") or 0)
    if not entry["Deposit"]:
        del entry["Deposit"]
        return ZERO
    if not books.prefers("SalesFormsPrefs", "AllowDeposit") or entry["Deposit"] < 0:
        raise business("A deposit is not possible on this form.")
    account = draft.ref("DepositToAccountRef", "Account")
    if account is None:
        account = account_of(books, "UndepositedFunds")
        entry["DepositToAccountRef"] = {"value": account["Id"], "name": account["Name"]}
    if account["AccountType"] not in {"Bank", "Other Current Asset"}:
        raise wrong_account("DepositToAccountRef")
    deposit: Decimal = entry["Deposit"]
    return deposit


def _check_lines(draft: Draft) -> None:
    entry = draft.entry
    lines = [line for line in entry.get("Line") or [] if line.get("DetailType") != "SubTotalLineDetail"]
    if not lines:
        raise missing("Line")
    if sum(line.get("DetailType") == "DiscountLineDetail" for line in lines) > 1:
        raise business("A transaction may have one discount line only.")
    for line in lines:
        match line.get("DetailType"):
            case "SalesItemLineDetail":
                _check_sale_line(draft, line)
            case "DiscountLineDetail":
                _check_discount(draft, line)
            case "DescriptionOnly":
                line.pop("Amount", None)
            case _:
                raise unreadable("DetailType")
    numbered = [line for line in lines if line["DetailType"] != "DiscountLineDetail"]
    if not numbered:
        raise missing("Line")
    number_lines(draft, numbered)
    entry["Line"] = lines


def _check_sale_line(draft: Draft, line: Entry) -> None:
    if line.get("Amount") is None:
        raise missing("Amount")
    detail = line.get("SalesItemLineDetail")
    if detail is None:
        raise missing("SalesItemLineDetail")
    item = _item(draft, detail)
    if item["Type"] in {"Category", "Group"}:
        raise business("A category or a bundle cannot stand on a line of an item.")
    check_amount(line, detail)
    detail["ItemAccountRef"] = item["IncomeAccountRef"]
    draft.books.referred(detail, "ClassRef", "Class")
    tax.check_line_code(draft.books, draft.entry, detail)


def _item(draft: Draft, detail: Entry) -> Entry:
    """Return the item of a line. An item that the form had before may have become inactive."""
    wanted = (detail.get("ItemRef") or {}).get("value")
    stood = [one.get("SalesItemLineDetail", {}) for one in (draft.before or {}).get("Line", [])]
    if wanted in {one["ItemRef"]["value"] for one in stood if one}:
        return draft.books.find("Item", wanted) or {}
    item = draft.books.referred(detail, "ItemRef", "Item")
    if item is None:
        raise Refusal(6440, "Line lacks an item", "An item is required on this line.", element="ItemRef")
    return item


def _check_discount(draft: Draft, line: Entry) -> None:
    if not draft.books.prefers("SalesFormsPrefs", "AllowDiscount"):
        raise business("Discounts are turned off in this company.")
    detail = line.setdefault("DiscountLineDetail", {})
    account = draft.books.referred(detail, "DiscountAccountRef", "Account")
    if account is None:
        account = account_of(draft.books, "DiscountsRefundsGiven")
        detail["DiscountAccountRef"] = {"value": account["Id"], "name": account["Name"]}
    if account["AccountType"] not in {"Income", "Expense", "Other Expense", "Cost of Goods Sold"}:
        raise wrong_account("DiscountAccountRef")
    if line.get("Amount") is None and not (detail.get("PercentBased") and "DiscountPercent" in detail):
        raise missing("Amount")
    if (line.get("Amount") or 0) < 0 or not 0 <= (detail.get("DiscountPercent") or 0) <= 100:
        raise business("The discount must be a positive amount, and at most the whole.")


def _add_up(entry: Entry) -> tuple[Decimal, Decimal, Decimal]:
    """Add the subtotal line. Return the subtotal, the discount and the taxable amount."""
    sales = [line for line in entry["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    subtotal = sum((line["Amount"] for line in sales), ZERO)
    taxed = (line for line in sales if line["SalesItemLineDetail"].get("TaxCodeRef", {}).get("value") == "TAX")
    taxable = sum((line["Amount"] for line in taxed), ZERO)
    entry["Line"].append({"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    discount = ZERO
    for line in (one for one in entry["Line"] if one["DetailType"] == "DiscountLineDetail"):
        detail = line["DiscountLineDetail"]
        if detail.setdefault("PercentBased", False) and "DiscountPercent" in detail:
            line["Amount"] = subtotal * Decimal(detail["DiscountPercent"]) / 100
        line["Amount"] = discount = money(line["Amount"])
    if discount > max(subtotal, ZERO):
        raise business("The discount is more than the subtotal.")
    entry.setdefault("ApplyTaxAfterDiscount", False)
    if entry["ApplyTaxAfterDiscount"] and subtotal:
        taxable -= money(discount * taxable / subtotal)
    return subtotal, discount, taxable
