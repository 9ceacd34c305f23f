"""The elements that several requests to the company file share, in the notation of `sandbox.desktop.schema`."""

from __future__ import annotations

ADDRESS = """
    Addr1 41
    Addr2 41
    Addr3 41
    Addr4 41
    Addr5 41
    City 31
    State 21
    PostalCode 13
    Country 31
    Note 41
"""

PERSON = """
Salutation 15
FirstName 25
MiddleName 5
LastName 25
JobTitle 41
"""

PHONES = """
Phone 21
AltPhone 21
Fax 21
Email 1023
Cc 1023
Contact 41
AltContact 41
"""

INVOICE_HEAD = f"""
CustomerRef! ref 209
ClassRef ref
ARAccountRef ref
TemplateRef ref
TxnDate date
RefNumber 11
BillAddress
{ADDRESS}
ShipAddress
{ADDRESS}
IsPending bool
PONumber 25
TermsRef ref 31
DueDate date
SalesRepRef ref 5
FOB 13
ShipDate date
ShipMethodRef ref 15
ItemSalesTaxRef ref 31
Memo 4095
CustomerMsgRef ref 101
IsToBePrinted bool
IsToBeEmailed bool
CustomerSalesTaxCodeRef ref 3
Other 29
ExchangeRate price
"""

INVOICE_LINE = """
    ItemRef ref
    Desc 4095
    Quantity price
    UnitOfMeasure 31
    Rate price
    RatePercent price
    ClassRef ref
    Amount amount
    ServiceDate date
    SalesTaxCodeRef ref 3
    OverrideItemAccountRef ref
    Other1 29
    Other2 29
"""


def sale_mod(kind: str) -> str:
    """Return the elements that change an invoice or a credit memo: its customer is optional, and lines have their ids.
    """
    head = INVOICE_HEAD.replace("CustomerRef!", "CustomerRef")
    return f"TxnID! id\nEditSequence! 16\n{head}\n{kind}LineMod*\n    TxnLineID! id\n{INVOICE_LINE}\n"


ORDER_HEAD = f"""
VendorRef ref
ClassRef ref
ShipToEntityRef ref 209
TemplateRef ref
TxnDate date
RefNumber 11
VendorAddress
{ADDRESS}
ShipAddress
{ADDRESS}
TermsRef ref 31
DueDate date
ExpectedDate date
ShipMethodRef ref 15
FOB 13
Memo 4095
VendorMsg 99
"""

ORDER_LINE = """
    ItemRef ref
    ManufacturerPartNumber 31
    Desc 4095
    Quantity price
    UnitOfMeasure 31
    Rate price
    ClassRef ref
    Amount amount
    CustomerRef ref 209
    ServiceDate date
"""

BILL_HEAD = f"""
VendorAddress
{ADDRESS}
APAccountRef ref
TxnDate date
DueDate date
RefNumber 20
TermsRef ref 31
Memo 4095
ExchangeRate price
"""

EXPENSE_LINE = """
    AccountRef ref
    Amount amount
    Memo 4095
    CustomerRef ref 209
    ClassRef ref
    BillableStatus Billable NotBillable HasBeenBilled
"""

ITEM_LINE = """
    ItemRef ref
    Desc 4095
    Quantity price
    UnitOfMeasure 31
    Cost price
    Amount amount
    CustomerRef ref 209
    ClassRef ref
    BillableStatus Billable NotBillable HasBeenBilled
    OverrideItemAccountRef ref
"""

PRODUCT = """
Name! 31
IsActive bool
ParentRef ref
ManufacturerPartNumber 31
SalesTaxCodeRef ref 3
SalesOrPurchase
    Desc 4095
    Price price
    AccountRef ref
SalesAndPurchase
    SalesDesc 4095
    SalesPrice price
    IncomeAccountRef ref
    PurchaseDesc 4095
    PurchaseCost price
    ExpenseAccountRef ref
    PrefVendorRef ref
ExternalGUID guid
"""
