"""Two organisations, one in the US and one in the UK, with some of the accounts and rates that Xero begins with."""

from __future__ import annotations

import uuid
from decimal import Decimal

from xero_sandbox.storage import Session

TENANT = "6f0c3b5e-1f27-4a3c-9a51-2f6d0f1c7a01"
OTHER_TENANT = "6f0c3b5e-1f27-4a3c-9a51-2f6d0f1c7a02"

_ORGANISATIONS = (
    (TENANT, "Demo Company (US)", "US", "USD", "!sbxUS"),
    (OTHER_TENANT, "Demo Company (UK)", "GB", "GBP", "!sbxUK"),
)

# Code, name, type, class, default tax, payments allowed, system account.
_ACCOUNTS = (
    ("090", "Checking Account", "BANK", "ASSET", "NONE", False, ""),
    ("", "Savings Account", "BANK", "ASSET", "NONE", False, ""),
    ("120", "Accounts Receivable", "CURRENT", "ASSET", "NONE", False, "DEBTORS"),
    ("200", "Sales", "REVENUE", "REVENUE", "OUTPUT", False, ""),
    ("260", "Other Revenue", "REVENUE", "REVENUE", "OUTPUT", False, ""),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "INPUT", False, ""),
    ("400", "Advertising", "EXPENSE", "EXPENSE", "INPUT", False, ""),
    ("615", "Card Clearing", "CURRENT", "ASSET", "NONE", True, ""),
    ("800", "Accounts Payable", "CURRLIAB", "LIABILITY", "NONE", False, "CREDITORS"),
    ("820", "Sales Tax", "CURRLIAB", "LIABILITY", "NONE", False, "GST"),
)

# Type, name, percent, for revenue, for expenses, its type in reports.
_RATES = {
    "US": (
        ("NONE", "Tax Exempt", "0", True, True, ""),
        ("OUTPUT", "Tax on Consulting", "8.25", True, False, ""),
        ("INPUT", "Tax on Purchases", "0", False, True, ""),
        ("TAX001", "Tax on Goods", "8.75", True, False, ""),
        ("TAX002", "State look-up", "8.75", True, False, "USSALESTAX"),
        ("AVALARA", "Auto Look Up (DO NOT USE)", "0", True, True, ""),
    ),
    "GB": (
        ("NONE", "No VAT", "0", True, True, ""),
        ("OUTPUT2", "20% (VAT on Income)", "20", True, False, "OUTPUT"),
        ("OUTPUT", "17.5% (VAT on Income)", "17.5", True, False, "OUTPUT"),
        ("INPUT", "17.5% (VAT on Expenses)", "17.5", False, True, "INPUT"),
        ("ZERORATEDOUTPUT", "Zero Rated Income", "0", True, False, "OUTPUT"),
    ),
}


def seed(session: Session) -> None:
    """Fill the books with organisations, accounts and rates, if they are new."""
    if session.fact("seeded"):
        return
    session.set_fact("seeded", True)
    for tenant, name, country, currency, handle in _ORGANISATIONS:
        session.put(tenant, "Organisation", {
            "OrganisationID": tenant, "Name": name, "LegalName": name, "CountryCode": country, "Version": country,
            "BaseCurrency": currency, "PaysTax": True, "IsDemoCompany": True, "OrganisationStatus": "ACTIVE",
            "Class": "DEMO", "ShortCode": handle, "Refused": [],
        })  # fmt: skip
        for code, called, kind, family, rate, pays, system in _ACCOUNTS:
            account = {
                "AccountID": str(uuid.uuid5(uuid.UUID(tenant), called)), "Name": called, "Type": kind, "Class": family,
                "Status": "ACTIVE", "TaxType": rate, "EnablePaymentsToAccount": pays, "SystemAccount": system,
            }  # fmt: skip
            session.put(tenant, "Accounts", account | ({"Code": code} if code else {}))
        for code, called, percent, revenue, expenses, report in _RATES[country]:
            session.put(tenant, "TaxRates", {
                "TaxType": code, "Name": called, "EffectiveRate": Decimal(percent), "DisplayTaxRate": Decimal(percent),
                "Status": "ACTIVE", "CanApplyToRevenue": revenue, "CanApplyToExpenses": expenses,
                "CanApplyToAssets": True, "CanApplyToLiabilities": True, "CanApplyToEquity": True,
                **({"ReportTaxType": report} if report else {}),
            })  # fmt: skip
        for called, email in (("Boom FM", "accounts@boomfm.example"), ("SMART Agency", "")):
            contact = {"Name": called, "ContactStatus": "ACTIVE", "IsCustomer": False, "IsVendor": False}
            session.put(tenant, "Contacts", contact | ({"EmailAddress": email} if email else {}))
        session.put(tenant, "Items", {
            "Code": "GB1-White", "Name": "Golf balls - white", "Description": "Golf balls - white single",
            "IsSold": True, "IsPurchased": True, "IsTrackedAsInventory": False,
            "SalesDetails": {"UnitPrice": Decimal("5.60"), "AccountCode": "200"},
            "PurchaseDetails": {"AccountCode": "310"},
        })  # fmt: skip
