"""Invoices and credit memos: their lines, their discount, their tax, their number, their balance."""

from __future__ import annotations

from decimal import Decimal

from sandbox.online.refusals import Refusal, business, missing
from sandbox.online.rules.lists import check_length
from sandbox.online.rules.transactions import check_date, check_number, post
from sandbox.online.storage import Books, Entry, money

_TAX_CODES = {"TAX", "NON", "CustomSalesTax"}


def check_invoice(books: Books, entry: Entry) -> None:
    _check_sale(books, entry, "Invoice")
    entry.setdefault("DueDate", entry["TxnDate"])
    entry["DueDate"] = entry["DueDate"] or entry["TxnDate"]
    paid = sum((money(link.get("Amount", 0)) for link in entry.pop("_paid", [])), Decimal(0))
    entry["Balance"] = entry["TotalAmt"] - money(entry.get("Deposit") or 0) - paid
    entry.setdefault("LinkedTxn", [])
    entry.setdefault("EmailStatus", "NotSet")
    entry.setdefault("PrintStatus", "NeedToPrint")


def check_credit_memo(books: Books, entry: Entry) -> None:
    _check_sale(books, entry, "CreditMemo")
    entry["Balance"] = entry["RemainingCredit"] = entry["TotalAmt"]


def apply_sale(books: Books, entry: Entry) -> None:
    post(books, "Customer", entry["CustomerRef"], entry["Balance"])


def undo_sale(books: Books, entry: Entry) -> None:
    post(books, "Customer", entry["CustomerRef"], -entry["Balance"])


def apply_credit(books: Books, entry: Entry) -> None:
    post(books, "Customer", entry["CustomerRef"], -entry["Balance"])


def undo_credit(books: Books, entry: Entry) -> None:
    post(books, "Customer", entry["CustomerRef"], entry["Balance"])


def _check_sale(books: Books, entry: Entry, kind: str) -> None:
    if books.referred(entry, "CustomerRef", "Customer") is None:
        raise missing("CustomerRef")
    check_date(books, entry)
    check_number(books, kind, entry, books.prefers("SalesFormsPrefs", "CustomTxnNumbers"))
    check_length(entry, "PrivateNote", 4000)
    check_length(entry.get("CustomerMemo") or {}, "value", 1000)
    books.referred(entry, "SalesTermRef", "Term")
    books.referred(entry, "ClassRef", "Class")
    books.referred(entry, "DepartmentRef", "Department")
    currency = (entry.get("CurrencyRef") or {}).get("value")
    home = books.prefers("CurrencyPrefs", "HomeCurrency")["value"]
    if currency and currency != home:
        raise business("Multi-currency is not turned on.")
    entry["CurrencyRef"] = {"value": home, "name": "United States Dollar"}
    _check_lines(books, entry)
    _total(books, entry)
    if entry["TotalAmt"] < 0:
        raise Refusal(6030, "Amount is less than zero", "Transaction amount must be 0 or greater.")


def _check_lines(books: Books, entry: Entry) -> None:
    sent = [line for line in entry.get("Line") or [] if line.get("DetailType") != "SubTotalLineDetail"]
    if not any(line.get("DetailType") in {"SalesItemLineDetail", "DescriptionOnly"} for line in sent):
        raise missing("Line")
    if sum(line.get("DetailType") == "DiscountLineDetail" for line in sent) > 1:
        raise business("A transaction may have one discount line only.")
    number = 0
    for line in sent:
        match line.get("DetailType"):
            case "SalesItemLineDetail":
                number += 1
                _check_sale_line(books, line)
                line["LineNum"] = number
                line["Id"] = str(number)
            case "DiscountLineDetail":
                _check_discount(books, line)
            case "DescriptionOnly":
                number += 1
                line["Id"] = str(number)
            case other:
                raise Refusal(
                    2010,
                    "Request has invalid or unsupported property",
                    f"Property Name:{other} specified is unsupported or invalid",
                    element="DetailType",
                )
    entry["Line"] = sent


def _check_sale_line(books: Books, line: Entry) -> None:
    check_length(line, "Description", 4000)
    if line.get("Amount") in {None, ""}:
        raise missing("Amount")
    line["Amount"] = money(line["Amount"])
    detail = line.get("SalesItemLineDetail")
    if detail is None:
        raise missing("SalesItemLineDetail")
    item = books.referred(detail, "ItemRef", "Item")
    if item is None:
        raise Refusal(
            6440,
            "Line lacks an item",
            "Business Validation Error: An item is required on this line.",
            element="ItemRef",
        )
    if item["Type"] == "Category":
        raise business("A category cannot stand on a line.")
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    # Clients that fill in every property send zeros here, and the service takes those for nothing.
    if Decimal(str(quantity or 0)) and Decimal(str(price or 0)):
        expected = money(Decimal(str(quantity)) * Decimal(str(price)))
        if expected != line["Amount"]:
            raise Refusal(
                6070,
                "Amount is not equal to UnitPrice * Qty",
                f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']}",
                element="Amount",
            )
    detail["ItemAccountRef"] = item.get("IncomeAccountRef")
    code = (detail.get("TaxCodeRef") or {}).get("value") or "NON"
    if code not in _TAX_CODES:
        raise Refusal(
            6100, "Invalid tax code", "The line's tax code must be TAX or NON in US companies.", element="TaxCodeRef"
        )
    detail["TaxCodeRef"] = {"value": code}


def _check_discount(books: Books, line: Entry) -> None:
    if not books.prefers("SalesFormsPrefs", "AllowDiscount"):
        raise business("Discounts are turned off in this company.")
    detail = line.setdefault("DiscountLineDetail", {})
    account = books.referred(detail, "DiscountAccountRef", "Account")
    if account is None:
        default = next(one for one in books.all("Account") if one["AccountSubType"] == "DiscountsRefundsGiven")
        detail["DiscountAccountRef"] = {"value": default["Id"], "name": default["Name"]}
    elif account["AccountType"] not in {"Income", "Expense", "Other Expense", "Cost of Goods Sold"}:
        raise Refusal(
            6430, "Invalid account type", "Invalid account type for a discount.", element="DiscountAccountRef"
        )
    if not detail.get("PercentBased") and line.get("Amount") in {None, ""}:
        raise missing("Amount")
    if Decimal(str(line.get("Amount") or 0)) < 0:
        raise business("The discount must be a positive amount.")


def _total(books: Books, entry: Entry) -> None:
    sales = [line for line in entry["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    subtotal = sum((line["Amount"] for line in sales), Decimal("0.00"))
    taxable = sum(
        (line["Amount"] for line in sales if line["SalesItemLineDetail"]["TaxCodeRef"]["value"] != "NON"),
        Decimal("0.00"),
    )
    entry["Line"].append({"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    discount = Decimal("0.00")
    for line in entry["Line"]:
        if line["DetailType"] == "DiscountLineDetail":
            detail = line["DiscountLineDetail"]
            if detail.get("PercentBased"):
                line["Amount"] = money(subtotal * Decimal(str(detail.get("DiscountPercent", 0))) / 100)
            line["Amount"] = discount = money(line["Amount"])
    if discount > subtotal:
        raise business("The discount is more than the subtotal.")
    after = bool(entry.get("ApplyTaxAfterDiscount"))
    entry["ApplyTaxAfterDiscount"] = after
    base = taxable - (money(discount * taxable / subtotal) if after and subtotal else 0)
    tax = _tax(books, entry, base)
    entry["TotalAmt"] = subtotal - discount + tax


def _tax(books: Books, entry: Entry, base: Decimal) -> Decimal:
    """The sales tax, in automated and in manual mode; it stands in `TxnTaxDetail` afterwards."""
    detail = entry.get("TxnTaxDetail") or {}
    if not books.prefers("TaxPrefs", "UsingSalesTax"):
        entry.pop("TxnTaxDetail", None)
        return Decimal("0.00")
    automated = books.prefers("TaxPrefs", "PartnerTaxEnabled")
    code = (detail.get("TxnTaxCodeRef") or {}).get("value")
    if automated:
        override = books.prefers("TaxPrefs", "AllowPartnerTaxOverride") and code and detail.get("TotalTax") is not None
        rate = Decimal(str(books.prefers("TaxPrefs", "AutomatedRate") or 0))
        tax = money(detail["TotalTax"]) if override else money(base * rate / 100)
        entry["TxnTaxDetail"] = {"TotalTax": tax, "TaxLine": []} | (
            {"TxnTaxCodeRef": {"value": code}} if override else {}
        )
        return tax
    if not code:
        entry["TxnTaxDetail"] = {"TotalTax": money(0)}
        return money(0)
    found = books.find("TaxCode", code)
    if found is None:
        raise Refusal(
            2500,
            "Invalid Reference Id",
            f"Invalid Reference Id : TaxCodes element id {code} not found",
            element="TxnTaxCodeRef",
        )
    lines, total = [], Decimal("0.00")
    for rate_detail in found["SalesTaxRateList"]["TaxRateDetail"]:
        rate_entry = books.find("TaxRate", rate_detail["TaxRateRef"]["value"]) or {}
        percent = Decimal(str(rate_entry.get("RateValue", 0)))
        amount = money(base * percent / 100)
        total += amount
        lines.append(
            {
                "Amount": amount,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": rate_entry.get("Id")},
                    "PercentBased": True,
                    "TaxPercent": percent,
                    "NetAmountTaxable": base,
                },
            }
        )
    entry["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}, "TotalTax": total, "TaxLine": lines}
    return total
