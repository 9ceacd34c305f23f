"""Contents of a new company file: a chart of accounts, classes, tax codes, terms, items, a vendor and an employee."""

from __future__ import annotations

from decimal import Decimal

from sandbox.desktop.lists import SHELVES, add, edit_sequence, list_id, moment
from sandbox.desktop.store import Row, Store

ACCOUNTS = (
    ("1000", "Checking", "Bank"),
    ("1100", "Accounts Receivable", "AccountsReceivable"),
    ("1200", "Undeposited Funds", "OtherCurrentAsset"),
    ("2000", "Accounts Payable", "AccountsPayable"),
    ("2200", "Sales Tax Payable", "OtherCurrentLiability"),
    ("3000", "Opening Balance Equity", "Equity"),
    ("4000", "Sales", "Income"),
    ("4100", "Shipping Income", "Income"),
    ("4900", "Discounts Given", "Income"),
    ("5000", "Cost of Goods Sold", "CostOfGoodsSold"),
    ("6000", "Office Supplies", "Expense"),
)
CLASSES = ("Promotional", "Apparel")
TERMS = ("Due on receipt", "Net 15", "Net 30")
TAX_CODES = (("Tax", "true"), ("Non", "false"))


def plant(store: Store, name: str) -> None:
    """Fill a new company file."""
    store.remember("name", name)
    store.remember("file", name)
    accounts = {title: _plain(store, "Account", title, AccountType=kind, AccountNumber=number)
                for number, title, kind in ACCOUNTS}  # fmt: skip
    for title in TERMS:
        _plain(store, "StandardTerms", title)
    for title in CLASSES:
        _plain(store, "Class", title)
    for code, taxable in TAX_CODES:
        _plain(store, "SalesTaxCode", code, IsTaxable=taxable)
    none = _plain(store, "ItemSalesTax", "No Tax", TaxRate=Decimal("0.00"))
    state = _plain(store, "ItemSalesTax", "State Tax", TaxRate=Decimal("8.00"))
    county = _plain(store, "ItemSalesTax", "County Tax", TaxRate=Decimal("1.25"))
    _plain(  # What most companies choose on a sale: the rates of all agencies together.
        store, "ItemSalesTaxGroup", "Lincoln Sales Tax", _rate=Decimal("9.25"),
        ItemSalesTaxRef=[{"ListID": one.id, "FullName": one.name} for one in (state, county)],
    )  # fmt: skip
    store.remember("sales tax item", none.id)
    _plain(store, "ItemGroup", "Gift Basket")
    add(store, "ItemOtherCharge", {
        "Name": "Sales Tax (as charged)", "SalesTaxCodeRef": {"FullName": "Non"},
        "SalesOrPurchase": {"AccountRef": {"ListID": accounts["Sales Tax Payable"].id}},
    })  # fmt: skip
    add(store, "Vendor", {"Name": "Hit Promotional Products", "Email": "orders@hit.example"})
    add(store, "Employee", {"FirstName": "Dana", "LastName": "Whitfield"})


def _plain(store: Store, kind: str, name: str, **fields: object) -> Row:
    """Store and return an entry of a kind that the sandbox has no add request for."""
    head: dict[str, object] = {
        "ListID": list_id(store), "TimeCreated": moment(), "TimeModified": moment(),
        "EditSequence": edit_sequence(store), "Name": name, "FullName": name, "IsActive": "true",
    }  # fmt: skip
    row = Row(id=str(head["ListID"]), kind=kind, shelf=SHELVES[kind], name=name, fields=head | fields,
              modified=str(head["TimeModified"]))  # fmt: skip
    store.put(row)
    return row
