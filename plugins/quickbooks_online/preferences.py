"""Read how a company uses QuickBooks Online from its `CompanyInfo` and its `Preferences`.

Names are Intuit's, at minor version 75. A missing preference gets the product's default, so that nothing is blocked
without a reason; if that is wrong, QuickBooks refuses and a person reads why.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from hub.plugin import Books, ClassTracking, CreditMemo, Invoice, PurchaseOrder, TaxSystem
from quickbooks_online.asking import Row

HOME = ("US", "")
"""Countries in which one code gives the sales tax of a whole invoice."""

WITHOUT_ORDERS = ("Simple Start", "Essentials", "Self-Employed", "Solopreneur")
"""Plans that have no purchase orders (5020). With an unknown plan we send them, and QuickBooks decides."""


def books(realm: str, company: Row, preferences: Row) -> Books:
    """Return the books of a realm."""
    accounting, sales = preferences.get("AccountingInfoPrefs", {}), preferences.get("SalesFormsPrefs", {})
    buying, currency = preferences.get("VendorAndPurchasesPrefs", {}), preferences.get("CurrencyPrefs", {})
    closed = accounting.get("BookCloseDate")
    return Books(
        id=realm,
        name=company.get("CompanyName", ""),
        country=company.get("Country", ""),
        currency=currency.get("HomeCurrency", {}).get("value", ""),
        closed_until=dt.date.fromisoformat(closed) if closed else None,
        assigns_numbers_to=_find_numbered_kinds(sales, preferences),
        unsupported=_find_missing_kinds(company),
        tax_system=_find_tax_system(company.get("Country", ""), preferences.get("TaxPrefs", {})),
        discounts=_is_true(sales.get("AllowDiscount", True)),
        billable=_is_true(buying.get("BillableExpenseTracking", True)),
        class_tracking=_find_class_tracking(accounting),
        locations=_is_true(accounting.get("TrackDepartments", False)),
        several_currencies=_is_true(currency.get("MultiCurrencyEnabled", False)),
    )


def _find_numbered_kinds(sales: Row, preferences: Row) -> frozenset[str]:
    """Return the kinds that the company numbers itself. Bills always have the vendor's number."""
    invoices = "CustomTxnNumbers" in sales and not _is_true(sales["CustomTxnNumbers"])
    orders = _read_other(preferences, "VendorAndPurchasesPrefs.UseCustomTxnNumbers") == "false"
    kinds = (
        (Invoice.kind, invoices),
        (CreditMemo.kind, invoices),
        (PurchaseOrder.kind, orders),
    )
    return frozenset(kind for kind, itself in kinds if itself)


def _find_missing_kinds(company: Row) -> frozenset[str]:
    pairs = {pair.get("Name"): str(pair.get("Value", "")) for pair in company.get("NameValue", ())}
    plan = pairs.get("OfferingSku", "")
    without = any(name in plan for name in WITHOUT_ORDERS)
    return frozenset({PurchaseOrder.kind}) if without else frozenset()


def _find_tax_system(country: str, taxes: Row) -> TaxSystem:
    """Return the company's tax system. `PartnerTaxEnabled` is true if automated sales tax is set up, false if its setup
    is pending, and absent if a US company sets tax by hand."""
    if not _is_true(taxes.get("UsingSalesTax", True)):
        return TaxSystem.NONE
    if country not in HOME:
        return TaxSystem.BY_LINE
    if "UsingSalesTax" not in taxes:
        return TaxSystem.UNKNOWN
    return TaxSystem.BY_CODE if taxes.get("PartnerTaxEnabled") is None else TaxSystem.AUTOMATED


def _find_class_tracking(accounting: Row) -> ClassTracking:
    if _is_true(accounting.get("ClassTrackingPerTxnLine", False)):
        return ClassTracking.LINE
    return ClassTracking.DOCUMENT if _is_true(accounting.get("ClassTrackingPerTxn", False)) else ClassTracking.NONE


def _read_other(preferences: Row, name: str) -> str:
    """Return one of `OtherPrefs`, which are pairs of texts. Names are compared without spaces, because Intuit's own
    sample has spaces in them."""
    pairs = preferences.get("OtherPrefs", {}).get("NameValue", ())
    return next((str(pair["Value"]).lower() for pair in pairs if pair["Name"].replace(" ", "") == name), "")


def _is_true(value: Any) -> bool:
    return value is True or value == "true"
