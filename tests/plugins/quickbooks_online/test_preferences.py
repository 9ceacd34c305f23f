"""How a company works is read from what it says of itself; what it does not say holds nothing back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from hub.plugin import Books, ClassTracking, CreditMemo, Invoice, PurchaseOrder, TaxSystem
from hub.testing import answered
from quickbooks_online import QuickBooksOnline, preferences
from quickbooks_online.asking import Row

REALM = "4620816365000000001"
SALES = {"CustomTxnNumbers": False, "AllowDiscount": True}
INTUITS_OWN: Row = {  # Of Intuit's sample, the blanks within a name included.
    "AccountingInfoPrefs": {
        "ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": True, "TrackDepartments": True,
        "BookCloseDate": "2018-12-31",
    },
    "SalesFormsPrefs": SALES,
    "VendorAndPurchasesPrefs": {"BillableExpenseTracking": True},
    "TaxPrefs": {"UsingSalesTax": True},
    "CurrencyPrefs": {"HomeCurrency": {"value": "USD"}, "MultiCurrencyEnabled": False},
    "OtherPrefs": {"NameValue": [{"Name": "VendorAndPurchasesPrefs .UseCustomTxnNumbers", "Value": "true"}]},
}  # fmt: skip


def company(country: str = "US", plan: str = "QuickBooks Online Plus") -> Row:
    return {"CompanyName": "Larry's Bakery", "Country": country, "NameValue": [{"Name": "OfferingSku", "Value": plan}]}


def test_intuits_own_sample_is_understood() -> None:
    answers: list[dict[str, Any]] = [{"QueryResponse": {"CompanyInfo": [company()]}, "realm": REALM},
                                     {"QueryResponse": {"Preferences": [INTUITS_OWN]}}]  # fmt: skip
    found, _ = answered(QuickBooksOnline().describe_books(), *answers)
    assert found == Books(
        id=REALM, name="Larry's Bakery", country="US", currency="USD", closed_until=dt.date(2018, 12, 31),
        assigns_numbers_to=frozenset({Invoice.kind, CreditMemo.kind}), tax_system=TaxSystem.BY_CODE,
        class_tracking=ClassTracking.LINE, locations=True,
    )  # fmt: skip
    assert found.first_open_day == dt.date(2019, 1, 1)


def test_what_is_not_told_holds_nothing_back() -> None:
    assert preferences.books(REALM, {"CompanyName": "Shy"}, {}) == Books(id=REALM, name="Shy")


@pytest.mark.parametrize(
    ("country", "taxes", "expected"),
    [
        ("US", {"UsingSalesTax": False, "PartnerTaxEnabled": True}, TaxSystem.NONE),
        ("US", {"UsingSalesTax": True, "PartnerTaxEnabled": True}, TaxSystem.AUTOMATED),
        ("US", {"UsingSalesTax": True, "PartnerTaxEnabled": False}, TaxSystem.AUTOMATED),
        ("US", {"UsingSalesTax": True}, TaxSystem.BY_CODE),
        ("CA", {"UsingSalesTax": True}, TaxSystem.BY_LINE),
        ("GB", {}, TaxSystem.BY_LINE),
    ],
)
def test_how_the_books_come_to_the_tax(country: str, taxes: dict[str, Any], expected: TaxSystem) -> None:
    assert preferences.books(REALM, company(country), {"TaxPrefs": taxes}).tax_system is expected


@pytest.mark.parametrize(
    ("plan", "lacking"),
    [
        ("QuickBooks Online Essentials", {PurchaseOrder.kind}),
        ("QuickBooks Online Simple Start", {PurchaseOrder.kind}),
        ("QuickBooks Online Plus", set()),
        ("QuickBooks Online Advanced", set()),
        ("A plan of next year", set()),
    ],
)
def test_a_plan_without_purchase_orders_is_known(plan: str, lacking: set[str]) -> None:
    assert preferences.books(REALM, company(plan=plan), {}).unsupported == lacking
