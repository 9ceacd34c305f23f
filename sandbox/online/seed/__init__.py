"""Create the seeded companies, through the same rules as all other entries."""

from __future__ import annotations

from decimal import Decimal

from sandbox.online.rules import RULES
from sandbox.online.rules.draft import Draft
from sandbox.online.seed import companies
from sandbox.online.seed.lived_in import live_in
from sandbox.online.storage import Books, Entry, Session


def seed(session: Session, *, lived_in: bool = False, copies: int = 0) -> None:
    """Create the companies, if there are none; with `lived_in`, the first one with a year of transactions.

    `copies` is how many more companies there are, with accounts and terms and no other lists.
    """
    if session.realms():
        return
    for company in companies.COMPANIES:
        books = session.books(company.realm)
        _company(books, company)
        accounts = _accounts(books)
        terms = _small_lists(books)
        _people(books, terms)
        _items(books, accounts)
        _taxes(books)
    for company in companies.copies(copies):
        books = session.books(company.realm)
        _company(books, company)
        _accounts(books)
        _small_lists(books)
    if lived_in:
        live_in(session.books(companies.COMPANIES[0].realm))


def _enter(books: Books, kind: str, entry: Entry) -> Entry:
    draft = Draft(books=books, kind=kind, entry=entry)
    RULES[kind].check(draft)
    return books.add(kind, draft.entry)


def _company(books: Books, company: companies.Company) -> None:
    pairs = {
        "OfferingSku": "QuickBooks Online Plus",
        "SubscriptionStatus": "PAID",
        "IndustryType": "Promotional products",
    }
    books.add(
        "CompanyInfo",
        {
            "CompanyName": company.name,
            "LegalName": company.name,
            "Country": "US",
            "CompanyAddr": company.address,
            "LegalAddr": company.address,
            "Email": {"Address": "noreply@quickbooks.test"},
            "CompanyStartDate": "2019-03-01",
            "FiscalYearStartMonth": "January",
            "SupportedLanguages": "en",
            "NameValue": [{"Name": name, "Value": value} for name, value in pairs.items()],
        },
    )
    books.add("Preferences", company.preferences())


def _accounts(books: Books) -> dict[str, Entry]:
    names = ("AcctNum", "Name", "AccountType", "AccountSubType")
    entered = (_enter(books, "Account", dict(zip(names, row, strict=True))) for row in companies.ACCOUNTS)
    return {entry["AcctNum"]: entry for entry in entered}


def _small_lists(books: Books) -> dict[str, Entry]:
    for name in companies.CLASSES:
        _enter(books, "Class", {"Name": name})
    for name in companies.DEPARTMENTS:
        _enter(books, "Department", {"Name": name})
    return {name: _enter(books, "Term", {"Name": name, "DueDays": days}) for name, days in companies.TERMS}


def _people(books: Books, terms: dict[str, Entry]) -> None:
    for number, (name, street, city, postal_code) in enumerate(companies.CUSTOMERS):
        address = {"Line1": street, "City": city, "CountrySubDivisionCode": "CA", "PostalCode": postal_code}
        term = terms[companies.TERMS[number % len(companies.TERMS)][0]]
        _enter(
            books,
            "Customer",
            {
                "DisplayName": name,
                "CompanyName": name,
                "PrimaryEmailAddr": {"Address": f"accounts@{_plain(name)}.test"},
                "PrimaryPhone": {"FreeFormNumber": f"(555) 555-01{number:02}"},
                "BillAddr": address,
                "ShipAddr": dict(address),
                "SalesTermRef": {"value": term["Id"], "name": term["Name"]},
            },
        )
    for name in companies.VENDORS:
        _enter(
            books,
            "Vendor",
            {
                "DisplayName": name,
                "CompanyName": name,
                "PrimaryEmailAddr": {"Address": f"orders@{_plain(name)}.test"},
                "TermRef": {"value": terms["Net 30"]["Id"], "name": "Net 30"},
            },
        )
    _enter(books, "Employee", {"DisplayName": "Emily Platt", "GivenName": "Emily", "FamilyName": "Platt"})


def _items(books: Books, accounts: dict[str, Entry]) -> None:
    for name, description, kind, price, cost, income in companies.ITEMS:
        _enter(
            books,
            "Item",
            {
                "Name": name,
                "Sku": name if kind == "NonInventory" else "",
                "Description": description,
                "PurchaseDesc": description,
                "Type": kind,
                "UnitPrice": Decimal(price),
                "PurchaseCost": Decimal(cost),
                "IncomeAccountRef": {"value": accounts[income]["Id"]},
                "ExpenseAccountRef": {"value": accounts["5000"]["Id"]},
                "Taxable": kind != "Service",
            },
        )


def _taxes(books: Books) -> None:
    rates = {
        name: books.add("TaxRate", {"Name": name, "Description": name, "RateValue": Decimal(rate), "Active": True})
        for name, rate in companies.RATES
    }
    for name in ("TAX", "NON"):
        code = {"Id": name, "Name": name, "Description": name, "Taxable": name == "TAX", "TaxGroup": False}
        books.put("TaxCode", books.stamp({**code, "Active": True}))
    for name, parts in companies.TAX_CODES:
        details = [
            {
                "TaxRateRef": {"value": rates[part]["Id"], "name": part},
                "TaxTypeApplicable": "TaxOnAmount",
                "TaxOrder": 0,
            }
            for part in parts
        ]
        books.add(
            "TaxCode",
            {
                "Name": name,
                "Description": name,
                "Taxable": True,
                "TaxGroup": True,
                "Active": True,
                "SalesTaxRateList": {"TaxRateDetail": details},
                "PurchaseTaxRateList": {"TaxRateDetail": []},
            },
        )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
