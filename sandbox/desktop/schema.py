"""What the company file reads: the elements of each request in their order, hand-written from Intuit's qbXML 13.0.

It knows more elements than anybody here sends, so that what stands in a wrong place is noticed. A line is an element:
its name, then what it holds. `!` is required, `*` may repeat, a number is the longest text, indentation is a group.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.desktop.shapes import Element, read

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

_PERSON = """
Salutation 15
FirstName 25
MiddleName 5
LastName 25
JobTitle 41
"""

_PHONES = """
Phone 21
AltPhone 21
Fax 21
Email 1023
Cc 1023
Contact 41
AltContact 41
"""

_INVOICE_HEAD = f"""
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

_INVOICE_LINE = """
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


def _sale_mod(kind: str) -> str:
    head = _INVOICE_HEAD.replace("CustomerRef!", "CustomerRef")
    return f"TxnID! id\nEditSequence! 16\n{head}\n{kind}LineMod*\n    TxnLineID! id\n{_INVOICE_LINE}\n"


_ORDER_HEAD = f"""
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

_ORDER_LINE = """
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

_BILL_HEAD = f"""
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

_EXPENSE_LINE = """
    AccountRef ref
    Amount amount
    Memo 4095
    CustomerRef ref 209
    ClassRef ref
    BillableStatus Billable NotBillable HasBeenBilled
"""

_ITEM_LINE = """
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

_PRODUCT = """
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

_WRITES = {
    "CustomerAdd": f"""
Name! 41
IsActive bool
ParentRef ref 209
CompanyName 41
{_PERSON}
BillAddress
{ADDRESS}
ShipAddress
{ADDRESS}
{_PHONES}
TermsRef ref 31
SalesTaxCodeRef ref 3
ItemSalesTaxRef ref 31
AccountNumber 99
Notes 4095
ExternalGUID guid
""",
    "CustomerMod": f"""
ListID! id
EditSequence! 16
Name 41
IsActive bool
CompanyName 41
{_PERSON}
BillAddress
{ADDRESS}
ShipAddress
{ADDRESS}
{_PHONES}
TermsRef ref 31
""",
    "VendorAdd": f"""
Name! 41
IsActive bool
CompanyName 41
{_PERSON}
VendorAddress
{ADDRESS}
{_PHONES}
NameOnCheck 41
AccountNumber 99
Notes 4095
TermsRef ref 31
ExternalGUID guid
""",
    "EmployeeAdd": """
FirstName! 25
LastName 25
""",
    "ItemServiceAdd": _PRODUCT,
    "ItemNonInventoryAdd": _PRODUCT,
    "ItemOtherChargeAdd": _PRODUCT,
    "ItemDiscountAdd": """
Name! 31
IsActive bool
ParentRef ref
ItemDesc 4095
SalesTaxCodeRef ref 3
DiscountRate price
DiscountRatePercent price
AccountRef! ref
ExternalGUID guid
""",
    "InvoiceAdd": f"""
{_INVOICE_HEAD}
ExternalGUID guid
LinkToTxnID* id
InvoiceLineAdd*
{_INVOICE_LINE}
""",
    "InvoiceMod": _sale_mod("Invoice"),
    "CreditMemoAdd": f"""
{_INVOICE_HEAD}
ExternalGUID guid
CreditMemoLineAdd*
{_INVOICE_LINE}
""",
    "CreditMemoMod": _sale_mod("CreditMemo"),
    "ReceivePaymentAdd": """
CustomerRef! ref 209
ARAccountRef ref
TxnDate date
RefNumber 20
TotalAmount amount
ExchangeRate price
PaymentMethodRef ref 31
Memo 4095
DepositToAccountRef ref
ExternalGUID guid
IsAutoApply bool
AppliedToTxnAdd*
    TxnID! id
    PaymentAmount amount
    DiscountAmount amount
    DiscountAccountRef ref
""",
    "ReceivePaymentMod": """
TxnID! id
EditSequence! 16
CustomerRef ref 209
ARAccountRef ref
TxnDate date
RefNumber 20
TotalAmount amount
ExchangeRate price
PaymentMethodRef ref 31
Memo 4095
DepositToAccountRef ref
AppliedToTxnMod*
    TxnID! id
    PaymentAmount amount
    DiscountAmount amount
    DiscountAccountRef ref
""",
    "PurchaseOrderAdd": f"""
{_ORDER_HEAD}
IsToBePrinted bool
IsToBeEmailed bool
Other1 25
Other2 29
ExchangeRate price
ExternalGUID guid
PurchaseOrderLineAdd*
{_ORDER_LINE}
    OverrideItemAccountRef ref
""",
    "PurchaseOrderMod": f"""
TxnID! id
EditSequence! 16
{_ORDER_HEAD.replace("Memo 4095", "IsManuallyClosed bool" + chr(10) + "Memo 4095")}
IsToBePrinted bool
IsToBeEmailed bool
Other1 25
Other2 29
ExchangeRate price
PurchaseOrderLineMod*
    TxnLineID! id
{_ORDER_LINE}
    IsManuallyClosed bool
    OverrideItemAccountRef ref
    Other1 29
    Other2 29
""",
    "BillAdd": f"""
VendorRef! ref
{_BILL_HEAD}
ExternalGUID guid
LinkToTxnID* id
ExpenseLineAdd*
{_EXPENSE_LINE}
ItemLineAdd*
{_ITEM_LINE}
    LinkToTxn
        TxnID! id
        TxnLineID! id
""",
    "BillMod": f"""
TxnID! id
EditSequence! 16
VendorRef ref
{_BILL_HEAD}
ClearExpenseLines bool
ExpenseLineMod*
    TxnLineID! id
{_EXPENSE_LINE}
ClearItemLines bool
ItemLineMod*
    TxnLineID! id
{_ITEM_LINE}
""",
    "BillPaymentCheckAdd": """
PayeeEntityRef! ref 209
APAccountRef ref
TxnDate date
BankAccountRef! ref
IsToBePrinted bool
RefNumber 11
Memo 4095
ExchangeRate price
ExternalGUID guid
AppliedToTxnAdd*
    TxnID! id
    PaymentAmount amount
    DiscountAmount amount
    DiscountAccountRef ref
""",
}

_RETURNED = "IncludeRetElement* 50\nOwnerID* 50\n"
_LIST = """
ListID* id
FullName* 209
MaxReturned int
ActiveStatus ActiveOnly InactiveOnly All
FromModifiedDate date
ToModifiedDate date
NameFilter
    MatchCriterion! StartsWith Contains EndsWith
    Name! 209
"""
_TRANSACTIONS = """
TxnID* id
RefNumber* 20
RefNumberCaseSensitive* 20
MaxReturned int
ModifiedDateRangeFilter
    FromModifiedDate date
    ToModifiedDate date
TxnDateRangeFilter
    FromTxnDate date
    ToTxnDate date
EntityFilter
    ListID* id
    FullName* 209
"""

LIST_QUERIES = (
    "AccountQuery", "CustomerQuery", "VendorQuery", "EmployeeQuery", "EntityQuery", "ItemQuery", "ItemDiscountQuery",
    "ItemSalesTaxQuery", "TermsQuery", "ClassQuery", "SalesTaxCodeQuery",
)  # fmt: skip
TRANSACTION_QUERIES = (
    "InvoiceQuery", "ReceivePaymentQuery", "CreditMemoQuery", "PurchaseOrderQuery", "BillQuery",
)  # fmt: skip
_DELETED = """
DeletedDateRangeFilter
    FromDeletedDate date
    ToDeletedDate date
IncludeRetElement* 50
"""
_TRANSACTION_KINDS = "Invoice ReceivePayment CreditMemo PurchaseOrder Bill"
_LIST_KINDS = "Account Customer Vendor ItemService ItemNonInventory ItemOtherCharge ItemInventory ItemInventoryAssembly"

ABOUT = ("HostQuery", "CompanyQuery", "PreferencesQuery")


WRITES: Mapping[str, tuple[Element, ...]] = {name: read(text) for name, text in _WRITES.items()}

QUERIES: Mapping[str, tuple[Element, ...]] = {
    **{name: read(_LIST + _RETURNED) for name in LIST_QUERIES},
    **{name: read(_TRANSACTIONS + "IncludeLineItems bool\nIncludeLinkedTxns bool\n" + _RETURNED)
       for name in TRANSACTION_QUERIES},
    **{name: read(_RETURNED) for name in ABOUT},
    "TxnDeletedQuery": read(f"TxnDelType* {_TRANSACTION_KINDS}" + _DELETED),
    "ListDeletedQuery": read(f"ListDelType* {_LIST_KINDS}" + _DELETED),
}  # fmt: skip

REMOVALS: Mapping[str, tuple[Element, ...]] = {
    "TxnDel": read(f"TxnDelType! {_TRANSACTION_KINDS}\nTxnID! id"),
    "TxnVoid": read(f"TxnVoidType! {_TRANSACTION_KINDS}\nTxnID! id"),
    "ListDel": read(f"ListDelType! {_LIST_KINDS}\nListID! id"),
}
