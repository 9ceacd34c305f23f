"""Two believable companies that sell promotional products."""

from __future__ import annotations

from decimal import Decimal

from sandbox.online.rules import RULES
from sandbox.online.storage import Books, Entry, Session

REALMS = {
    "4620816365000000001": "Sandbox Company_US_1",
    "4620816365000000002": "Northwind Promotions Inc.",
}

_ACCOUNTS = (
    ("1000", "Checking", "Bank", "Checking"),
    ("1010", "Savings", "Bank", "Savings"),
    ("1100", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("1200", "Inventory Asset", "Other Current Asset", "Inventory"),
    ("1499", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("1500", "Furniture and Equipment", "Fixed Asset", "FurnitureAndFixtures"),
    ("2000", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("2100", "Company Credit Card", "Credit Card", "CreditCard"),
    ("2200", "Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("2300", "Customer Deposits", "Other Current Liability", "OtherCurrentLiabilities"),
    ("3000", "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("3900", "Retained Earnings", "Equity", "RetainedEarnings"),
    ("4000", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("4100", "Setup and Artwork", "Income", "ServiceFeeIncome"),
    ("4200", "Shipping Income", "Income", "OtherPrimaryIncome"),
    ("4900", "Discounts given", "Income", "DiscountsRefundsGiven"),
    ("5000", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("5100", "Freight In", "Cost of Goods Sold", "ShippingFreightDeliveryCos"),
    ("6000", "Advertising", "Expense", "AdvertisingPromotional"),
    ("6100", "Bank Charges", "Expense", "BankCharges"),
    ("6200", "Office Supplies", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("6300", "Rent", "Expense", "RentOrLeaseOfBuildings"),
    ("6400", "Travel", "Expense", "Travel"),
)

_CUSTOMERS = (
    "Harbor Coffee Roasters",
    "Lakeside Dental",
    "Northfield Credit Union",
    "Tri-County Realty",
    "Bluebird Bakery",
    "City of Fairview",
    "Kline & Sons Plumbing",
    "O'Brien Landscaping",
    "Vista Robotics",
    "Cedar Animal Hospital",
    "Amy's Bird Sanctuary",
    "Cool Cars",
    "Diego Rodriguez",
    "Freeman Sporting Goods",
    "Gevelber Photography",
    "Jeff's Jalopies",
    "Kookies by Kathy",
    "Mark Cho",
    "Paulsen Medical Supplies",
    "Rago Travel Agency",
    "Red Rock Diner",
    "Rondonuwu Fruit and Vegi",
    "Shara Barnett",
    "Sonnenschein Family Store",
    "Sushi by Katsuyuki",
    "Travis Waldron",
    "Video Games by Dan",
    "Weiskopf Consulting",
    "Wedding Planning by Whitney",
    "Zenith Yoga",
)

_VENDORS = (
    "Hit Promotional",
    "Sanmar Apparel",
    "Koozie Group",
    "Gemline",
    "Books by Bessie",
    "Brosnahan Insurance Agency",
    "Cal Telephone",
    "Chin's Gas and Oil",
    "Computers by Jenni",
    "Ellis Equipment Rental",
    "Hicks Hardware",
    "National Eye Care",
    "Norton Lumber",
    "PG&E",
    "United States Treasury",
)

_ITEMS = (
    ("Screen Charge", "Service", "45"),
    ("Rush Fee", "Service", "75"),
    ("Artwork", "Service", "60"),
    ("Shipping", "Service", "0"),
    ("Sales Tax", "Service", "0"),
    ("Services", "Service", "0"),
    ("T2040", "NonInventory", "7.85"),
    ("B3301", "NonInventory", "11.40"),
    ("C0909", "NonInventory", "3.95"),
    ("N5512", "NonInventory", "4.25"),
    ("H7781", "NonInventory", "8.10"),
    ("L1003", "NonInventory", "1.15"),
    ("U4420", "NonInventory", "9.60"),
    ("K2218", "NonInventory", "0.98"),
    ("J9004", "NonInventory", "34.75"),
)

_TERMS = (("Due on receipt", 0), ("Net 10", 10), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
_RATES = (("California", "8"), ("Tucson City", "2.6"), ("Arizona State", "5.6"), ("Oregon", "0"))


def seed(session: Session) -> None:
    """Enter the companies, if there are none."""
    if session.realms():
        return
    for realm, name in REALMS.items():
        books = session.books(realm)
        _company(books, name)
        _lists(books)


def _enter(books: Books, kind: str, entry: Entry) -> Entry:
    RULES[kind].check(books, entry)
    return books.add(kind, entry)


def _company(books: Books, name: str) -> None:
    address = {"Line1": "123 Sierra Way", "City": "San Pablo", "CountrySubDivisionCode": "CA", "PostalCode": "87999"}
    books.add(
        "CompanyInfo",
        {
            "CompanyName": name,
            "LegalName": name,
            "Country": "US",
            "CompanyAddr": address,
            "Email": {"Address": "noreply@quickbooks.test"},
            "FiscalYearStartMonth": "January",
            "NameValue": [
                {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
                {"Name": "SubscriptionStatus", "Value": "PAID"},
            ],
        },
    )
    books.add(
        "Preferences",
        {
            "AccountingInfoPrefs": {
                "UseAccountNumbers": True,
                "TaxYearMonth": "January",
                "BookCloseDate": None,
                "ClassTrackingPerTxn": False,
                "ClassTrackingPerTxnLine": True,
                "TrackDepartments": True,
            },
            "SalesFormsPrefs": {
                "CustomTxnNumbers": True,
                "AllowDiscount": True,
                "AllowDeposit": True,
                "AllowShipping": True,
                "DefaultTerms": {"value": ""},
            },
            "VendorAndPurchasesPrefs": {"BillableExpenseTracking": True, "TrackingByCustomer": True},
            "TaxPrefs": {
                "UsingSalesTax": True,
                "PartnerTaxEnabled": True,
                "AllowPartnerTaxOverride": True,
                "AutomatedRate": Decimal(8),
            },
            "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
            "OtherPrefs": {
                "NameValue": [
                    {"Name": "VendorAndPurchasesPrefs.UseCustomTxnNumbers", "Value": "true"},
                    {"Name": "WarnDuplicateBillNumber", "Value": "true"},
                ]
            },
        },
    )


def _lists(books: Books) -> None:
    accounts = {
        number: _enter(
            books, "Account", {"AcctNum": number, "Name": name, "AccountType": kind, "AccountSubType": detail}
        )
        for number, name, kind, detail in _ACCOUNTS
    }
    for name, days in _TERMS:
        _enter(books, "Term", {"Name": name, "Type": "STANDARD", "DueDays": days})
    for name in ("Apparel", "Drinkware", "Office"):
        _enter(books, "Class", {"Name": name})
    for name in ("Main office", "Showroom"):
        _enter(books, "Department", {"Name": name})
    for name in _CUSTOMERS:
        plain = "".join(letter for letter in name.lower() if letter.isalnum())
        _enter(
            books,
            "Customer",
            {"DisplayName": name, "CompanyName": name, "PrimaryEmailAddr": {"Address": f"accounts@{plain}.test"}},
        )
    for name in _VENDORS:
        _enter(books, "Vendor", {"DisplayName": name, "CompanyName": name})
    _enter(books, "Employee", {"DisplayName": "Emily Platt", "GivenName": "Emily", "FamilyName": "Platt"})
    income, cost = ({"value": accounts[number]["Id"]} for number in ("4000", "5000"))
    for name, kind, price in _ITEMS:
        _enter(
            books,
            "Item",
            {
                "Name": name,
                "Type": kind,
                "UnitPrice": Decimal(price),
                "IncomeAccountRef": dict(income),
                "ExpenseAccountRef": dict(cost),
                "Taxable": kind != "Service",
            },
        )
    rates = {
        name: books.add("TaxRate", {"Name": name, "RateValue": Decimal(rate), "Active": True}) for name, rate in _RATES
    }
    for name in ("TAX", "NON"):
        books.add(
            "TaxCode",
            {
                "Name": name,
                "Taxable": name == "TAX",
                "TaxGroup": False,
                "Active": True,
                "SalesTaxRateList": {"TaxRateDetail": []},
            },
        )
    for name, parts in (
        ("California", ("California",)),
        ("Tucson", ("Tucson City", "Arizona State")),
        ("Oregon", ("Oregon",)),
    ):
        details = [
            {"TaxRateRef": {"value": rates[part]["Id"], "name": part}, "TaxTypeApplicable": "TaxOnAmount"}
            for part in parts
        ]
        books.add(
            "TaxCode",
            {
                "Name": name,
                "Taxable": True,
                "TaxGroup": True,
                "Active": True,
                "SalesTaxRateList": {"TaxRateDetail": details},
            },
        )
