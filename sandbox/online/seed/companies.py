"""Two realistic companies that sell promotional products, and their lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sandbox.online.storage import Entry


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company of the sandbox. The first keeps the numbers that an app sends and has automated sales tax; the second
    numbers its forms itself and taxes by hand."""

    realm: str
    name: str
    street: str
    city: str
    state: str
    postal_code: str
    keeps_numbers: bool
    automated_tax: bool

    @property
    def address(self) -> Entry:
        return {
            "Line1": self.street,
            "City": self.city,
            "CountrySubDivisionCode": self.state,
            "PostalCode": self.postal_code,
            "Country": "US",
        }

    def preferences(self) -> Entry:
        """Return the company's preferences."""
        automated = {"PartnerTaxEnabled": True, "AllowPartnerTaxOverride": True, "AutomatedRate": Decimal(8)}
        return {
            "AccountingInfoPrefs": {
                "UseAccountNumbers": True,
                "FirstMonthOfFiscalYear": "January",
                "TaxYearMonth": "January",
                "BookCloseDate": None,
                "ClassTrackingPerTxn": False,
                "ClassTrackingPerTxnLine": True,
                "TrackDepartments": True,
                "DepartmentTerminology": "Location",
                "CustomerTerminology": "Customers",
            },
            "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityOnHand": True},
            "SalesFormsPrefs": {
                "CustomTxnNumbers": self.keeps_numbers,
                "AllowDiscount": True,
                "AllowDeposit": True,
                "AllowShipping": True,
                "AllowEstimates": True,
                "AutoApplyPayments": False,
                "AutoApplyCredit": True,
                "EmailCopyToCompany": False,
                "AllowServiceDate": False,
                "UsingProgressInvoicing": False,
            },
            "EmailMessagesPrefs": {
                f"{form}Message": {
                    "Subject": f"{called} from {self.name}",
                    "Message": f"Please find the {called.lower()} attached. Thank you for your business!",
                }
                for form, called in (
                    ("Invoice", "Invoice"), ("Estimate", "Estimate"), ("SalesReceipt", "Sales receipt"),
                    ("Statement", "Statement"),
                )
            },
            "TimeTrackingPrefs": {"UseServices": True, "BillCustomers": True, "WorkWeekStartDate": "Monday"},
            "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
            "VendorAndPurchasesPrefs": {"BillableExpenseTracking": True, "TrackingByCustomer": True},
            "TaxPrefs": {"UsingSalesTax": True, **(automated if self.automated_tax else {})},
            "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
            "OtherPrefs": {
                "NameValue": [
                    {"Name": "VendorAndPurchasesPrefs.UseCustomTxnNumbers", "Value": str(self.keeps_numbers).lower()},
                    {"Name": "WarnDuplicateBillNumber", "Value": "true"},
                ]
            },
        }


COMPANIES = (
    Company(
        realm="4620816365000000001",
        name="Sandbox Company_US_1",
        street="123 Sierra Way",
        city="San Pablo",
        state="CA",
        postal_code="87999",
        keeps_numbers=True,
        automated_tax=True,
    ),
    Company(
        realm="4620816365000000002",
        name="Northwind Promotions Inc.",
        street="48 Speedway Blvd",
        city="Tucson",
        state="AZ",
        postal_code="85701",
        keeps_numbers=False,
        automated_tax=False,
    ),
)


def copies(count: int) -> list[Company]:
    """Return so many more companies, each like the first under a realm and a name of its own."""
    first = COMPANIES[0]
    return [
        replace(first, realm=str(int(first.realm) + 1000 + number), name=f"Sandbox Company_US_{1000 + number}")
        for number in range(count)
    ]


ACCOUNTS = (
    ("1000", "Checking", "Bank", "Checking"),
    ("1010", "Savings", "Bank", "Savings"),
    ("1100", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("1200", "Inventory Asset", "Other Current Asset", "Inventory"),
    ("1300", "Prepaid Expenses", "Other Current Asset", "PrepaidExpenses"),
    ("1499", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("1500", "Furniture and Equipment", "Fixed Asset", "FurnitureAndFixtures"),
    ("2000", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("2100", "Company Credit Card", "Credit Card", "CreditCard"),
    ("2200", "Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("2300", "Customer Deposits", "Other Current Liability", "OtherCurrentLiabilities"),
    ("2700", "Equipment Loan", "Long Term Liability", "NotesPayable"),
    ("3000", "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("3900", "Retained Earnings", "Equity", "RetainedEarnings"),
    ("4000", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("4100", "Setup and Artwork", "Income", "ServiceFeeIncome"),
    ("4200", "Shipping Income", "Income", "OtherPrimaryIncome"),
    ("4900", "Discounts given", "Income", "DiscountsRefundsGiven"),
    ("5000", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("5100", "Freight In", "Cost of Goods Sold", "ShippingFreightDeliveryCos"),
    ("5200", "Decoration and Imprint", "Cost of Goods Sold", "OtherCostsOfServiceCos"),
    ("6000", "Advertising", "Expense", "AdvertisingPromotional"),
    ("6100", "Bank Charges", "Expense", "BankCharges"),
    ("6200", "Office Supplies", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("6300", "Rent", "Expense", "RentOrLeaseOfBuildings"),
    ("6400", "Travel", "Expense", "Travel"),
    ("7000", "Interest Earned", "Other Income", "InterestEarned"),
)
"""Number, name, kind, detail kind."""

TERMS = (("Due on receipt", 0), ("Net 10", 10), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
CLASSES = ("Apparel", "Drinkware", "Office")
DEPARTMENTS = ("Main office", "Showroom")

CUSTOMERS = (
    ("Harbor Coffee Roasters", "12 Dock St", "Half Moon Bay", "94019"),
    ("Lakeside Dental", "400 Lakeside Dr", "Oakland", "94612"),
    ("Northfield Credit Union", "1 Market Plaza", "San Jose", "95110"),
    ("Tri-County Realty", "77 Ridge Rd", "Middlefield", "94303"),
    ("Bluebird Bakery", "8 Mill Ln", "Sonoma", "95476"),
    ("City of Fairview", "100 Civic Center", "Fairview", "94541"),
    ("Kline & Sons Plumbing", "2219 Bay Rd", "Redwood City", "94063"),
    ("O'Brien Landscaping", "65 Clover Ct", "Petaluma", "94952"),
    ("Vista Robotics", "900 Innovation Way", "Sunnyvale", "94085"),
    ("Cedar Animal Hospital", "31 Cedar Ave", "Napa", "94559"),
    ("Amy's Bird Sanctuary", "4581 Finch St", "Bayshore", "94326"),
    ("Cool Cars", "65 Ocean Dr", "Half Moon Bay", "94213"),
    ("Diego Rodriguez", "321 Channing", "Palo Alto", "94303"),
    ("Freeman Sporting Goods", "370 Easy St", "Middlefield", "94482"),
    ("Gevelber Photography", "1103 Main St", "Middlefield", "94482"),
    ("Jeff's Jalopies", "12 Willow Rd", "Menlo Park", "94305"),
    ("Kookies by Kathy", "789 Sugar Ln", "Middlefield", "94303"),
    ("Mark Cho", "36 Willow Rd", "Menlo Park", "94304"),
    ("Paulsen Medical Supplies", "900 Main St", "Middlefield", "94303"),
    ("Rago Travel Agency", "753 Spring St", "South Orange", "94025"),
    ("Red Rock Diner", "500 Red Rock Rd", "Bayshore", "94326"),
    ("Rondonuwu Fruit and Vegi", "847 California Ave", "San Jose", "95021"),
    ("Shara Barnett", "19 Main St", "Middlefield", "94303"),
    ("Sonnenschein Family Store", "5647 Cypress Hill Rd", "Middlefield", "94303"),
    ("Sushi by Katsuyuki", "898 Elm St", "Maplewood", "94030"),
    ("Travis Waldron", "78 First St", "Monlo Park", "94304"),
    ("Video Games by Dan", "49 Arcade Way", "Berkeley", "94704"),
    ("Weiskopf Consulting", "45612 Main St", "Bayshore", "94326"),
    ("Wedding Planning by Whitney", "135 Broadway", "Menlo Park", "94304"),
    ("Zenith Yoga", "16 Sun Salutation St", "Santa Cruz", "95060"),
)

VENDORS = (
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

ITEMS = (
    ("Screen Charge", "Set-up of a screen, per colour", "Service", "45", "20", "4100"),
    ("Rush Fee", "Out of turn, within five working days", "Service", "75", "0", "4100"),
    ("Artwork", "Drawing and redrawing, per hour", "Service", "60", "0", "4100"),
    ("Embroidery Set-up", "Digitizing of a logo, to 10,000 stitches", "Service", "55", "35", "4100"),
    ("Proof", "Printed proof before production", "Service", "15", "5", "4100"),
    ("Shipping", "Freight to the customer", "Service", "0", "0", "4200"),
    ("Sales Tax", "Sales tax, where it stands as a line", "Service", "0", "0", "4000"),
    ("Services", "Other services", "Service", "0", "0", "4000"),
    ("T2040", "Cotton T-shirt, 5.3 oz, one-colour print", "NonInventory", "7.85", "4.10", "4000"),
    ("T2055", "Ring-spun T-shirt, full-colour print", "NonInventory", "10.60", "5.95", "4000"),
    ("T3100", "Performance polo, embroidered", "NonInventory", "24.90", "14.20", "4000"),
    ("T4410", "Fleece hoodie, 9 oz", "NonInventory", "31.50", "18.75", "4000"),
    ("T5120", "Quarter-zip pullover", "NonInventory", "42.00", "25.40", "4000"),
    ("H7781", "Trucker cap, embroidered", "NonInventory", "8.10", "4.35", "4000"),
    ("H7790", "Knit beanie with patch", "NonInventory", "9.45", "5.05", "4000"),
    ("B3301", "Stainless bottle, 20 oz, engraved", "NonInventory", "11.40", "6.30", "4000"),
    ("B3320", "Tumbler, 16 oz, copper lined", "NonInventory", "14.95", "8.20", "4000"),
    ("B3350", "Glass bottle with bamboo lid", "NonInventory", "9.75", "5.15", "4000"),
    ("C0909", "Ceramic mug, 11 oz, one colour", "NonInventory", "3.95", "1.85", "4000"),
    ("C0925", "Camp mug, speckled, 12 oz", "NonInventory", "6.80", "3.55", "4000"),
    ("C0940", "Travel mug, 15 oz", "NonInventory", "8.60", "4.70", "4000"),
    ("N5512", "Spiral notebook with pen", "NonInventory", "4.25", "2.20", "4000"),
    ("N5530", "Hardcover journal, debossed", "NonInventory", "7.90", "4.15", "4000"),
    ("N5544", "Sticky notes, 3 × 3, 50 sheets", "NonInventory", "1.05", "0.48", "4000"),
    ("K2218", "Ballpoint pen, click", "NonInventory", "0.98", "0.42", "4000"),
    ("K2240", "Metal pen with stylus", "NonInventory", "2.35", "1.15", "4000"),
    ("K2275", "Highlighter, chisel tip", "NonInventory", "0.89", "0.39", "4000"),
    ("L1003", "Lanyard, 3/4 in, screen print", "NonInventory", "1.15", "0.52", "4000"),
    ("L1020", "Badge reel", "NonInventory", "1.45", "0.70", "4000"),
    ("G6001", "Cotton tote, 6 oz", "NonInventory", "3.10", "1.60", "4000"),
    ("G6040", "Drawstring backpack", "NonInventory", "3.85", "1.95", "4000"),
    ("G6075", "Laptop backpack", "NonInventory", "29.80", "17.10", "4000"),
    ("U4420", "Umbrella, 46 in, automatic", "NonInventory", "9.60", "5.25", "4000"),
    ("E8010", "USB drive, 16 GB", "NonInventory", "5.40", "3.05", "4000"),
    ("E8033", "Power bank, 5,000 mAh", "NonInventory", "12.70", "7.45", "4000"),
    ("E8050", "Bluetooth speaker", "NonInventory", "18.20", "10.90", "4000"),
    ("S1100", "Stress ball, round", "NonInventory", "1.35", "0.62", "4000"),
    ("S1145", "Keychain with bottle opener", "NonInventory", "1.25", "0.58", "4000"),
    ("A9002", "Tablecloth, 6 ft, dye sublimated", "NonInventory", "138.00", "84.00", "4000"),
    ("J9004", "Soft-shell jacket, embroidered", "NonInventory", "34.75", "20.60", "4000"),
)
"""Name, description, kind, price, cost, number of the income account."""

RATES = (("California", "8"), ("Tucson City", "2.6"), ("Arizona State", "5.6"), ("Oregon", "0"))
TAX_CODES = (
    ("California", ("California",)),
    ("Tucson", ("Tucson City", "Arizona State")),
    ("Oregon", ("Oregon",)),
)
