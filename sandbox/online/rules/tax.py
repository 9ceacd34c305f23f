"""Sales tax: in the US automated, by hand, or none; elsewhere by the code of each line."""

from __future__ import annotations

from decimal import Decimal

from sandbox.online.refusals import Refusal, business, unknown_reference
from sandbox.online.storage import Books, Entry, money

ZERO = Decimal("0.00")


_UNTAXED = "NotApplicable"


def is_abroad(books: Books) -> bool:
    """Return True if the company is not in the US."""
    return bool(books.all("CompanyInfo")[0].get("Country", "US") != "US")


def check_line_code(books: Books, entry: Entry, detail: Entry) -> None:
    """Check and complete the tax code of a line. In US companies it is TAX or NON, by default NON. Elsewhere each line
    needs the id of a tax code, unless `GlobalTaxCalculation` is NotApplicable."""
    if is_abroad(books):
        if entry.get("GlobalTaxCalculation", "TaxExcluded") == _UNTAXED:
            detail.pop("TaxCodeRef", None)
        elif books.find("TaxCode", (detail.get("TaxCodeRef") or {}).get("value")) is None:
            raise business("Make sure all your transactions have a GST/HST/VAT rate before you save.")
        return
    code = (detail.get("TaxCodeRef") or {}).get("value", "NON")
    if code == "CustomSalesTax":
        raise Refusal(6160, "Invalid tax code", "CustomSalesTax cannot be used here.", element="TaxCodeRef")
    if code not in {"TAX", "NON"}:
        raise Refusal(
            6100, "Invalid tax code", "The line's tax code must be TAX or NON in US companies.", element="TaxCodeRef"
        )
    detail["TaxCodeRef"] = {"value": code}


def settle(books: Books, entry: Entry, customer: Entry, base: Decimal) -> Decimal:
    """Return the tax on a base by the company's preferences, and store it in `TxnTaxDetail`.

    `PartnerTaxEnabled` is true if automated sales tax is on, false if it was never set up, and absent if the company
    taxes by hand, with tax codes. If the company does not use sales tax, there is no `TxnTaxDetail`.
    """
    sent = entry.pop("TxnTaxDetail", {})
    if is_abroad(books):
        return _by_line(books, entry)
    if not books.prefers("TaxPrefs", "UsingSalesTax"):
        return ZERO
    code = (sent.get("TxnTaxCodeRef") or {}).get("value")
    automated = books.prefers("TaxPrefs", "PartnerTaxEnabled")
    if automated:
        detail = _automated(books, sent, code, base if customer.get("Taxable", True) else ZERO)
    elif automated is None and code:
        detail = _by_hand(books, code, base)
    elif code:
        raise Refusal(6470, "Tax setup", "Sales tax is not set up in this company.", element="TxnTaxCodeRef")
    else:
        detail = {"TotalTax": ZERO}
    entry["TxnTaxDetail"] = detail
    total: Decimal = detail["TotalTax"]
    return total


def _automated(books: Books, sent: Entry, code: str | None, base: Decimal) -> Entry:
    """Return the tax that the service computes, which replaces the sent one. The sent tax is used only if the company
    allows overrides, a code and an amount were sent, and `UseAutomatedSalesTax` was not."""
    allowed = books.prefers("TaxPrefs", "AllowPartnerTaxOverride") and not sent.get("UseAutomatedSalesTax")
    if allowed and code and sent.get("TotalTax") is not None:
        return {"TxnTaxCodeRef": {"value": code}, "TotalTax": money(sent["TotalTax"]), "TaxLine": []}
    percent = Decimal(str(books.prefers("TaxPrefs", "AutomatedRate") or 0))
    tax = money(base * percent / 100)
    line = {"Amount": tax, "DetailType": "TaxLineDetail", "TaxLineDetail": _line_detail(percent, base)}
    return {"TotalTax": tax, "TaxLine": [line] if tax else []}


def _by_line(books: Books, entry: Entry) -> Decimal:
    """Return the sum of the taxes by each line's code; on the discounted amounts."""
    if entry.setdefault("GlobalTaxCalculation", "TaxExcluded") == _UNTAXED:
        return ZERO
    sales = [line for line in entry["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    subtotal = sum((line["Amount"] for line in sales), ZERO)
    taken = sum((line["Amount"] for line in entry["Line"] if line["DetailType"] == "DiscountLineDetail"), ZERO)
    bases: dict[str, Decimal] = {}
    for line in sales:
        code = line["SalesItemLineDetail"]["TaxCodeRef"]["value"]
        bases[code] = bases.get(code, ZERO) + line["Amount"]
    lines: list[Entry] = []
    for code, base in bases.items():
        share = money(taken * base / subtotal) if subtotal else ZERO  # Tax is due on what is paid.
        lines += _by_hand(books, code, base - share)["TaxLine"]
    total = sum((line["Amount"] for line in lines), ZERO)
    entry["TxnTaxDetail"] = {"TotalTax": total, "TaxLine": lines}
    return total


def _by_hand(books: Books, code: str, base: Decimal) -> Entry:
    found = books.find("TaxCode", code)
    if found is None or not found.get("TaxGroup"):
        raise unknown_reference("TxnTaxCodeRef", "TaxCode", code)
    lines: list[Entry] = []
    for part in found["SalesTaxRateList"]["TaxRateDetail"]:
        rate = books.find("TaxRate", part["TaxRateRef"]["value"]) or {}
        percent = Decimal(str(rate.get("RateValue", 0)))
        detail = {"TaxRateRef": {"value": part["TaxRateRef"]["value"]}, **_line_detail(percent, base)}
        amount = money(base * percent / 100)
        lines.append({"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail})
    total = sum((line["Amount"] for line in lines), ZERO)
    return {"TxnTaxCodeRef": {"value": code}, "TotalTax": total, "TaxLine": lines}


def _line_detail(percent: Decimal, base: Decimal) -> Entry:
    return {"PercentBased": True, "TaxPercent": percent, "NetAmountTaxable": base}
