"""The elements of each request that the company file reads, in order, hand-written from Intuit's qbXML 13.0.

It has more elements than our plugin sends, so that misplaced ones are noticed. Each line is an element: its name, then
its type. `!` is required, `*` may repeat, a number is the longest text, indentation is a group.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.desktop.fields import (
    ADDRESS,
    BILL_HEAD,
    EXPENSE_LINE,
    INVOICE_HEAD,
    INVOICE_LINE,
    ITEM_LINE,
    ORDER_HEAD,
    ORDER_LINE,
    PERSON,
    PHONES,
    PRODUCT,
    sale_mod,
)
from sandbox.desktop.shapes import Element, read

_WRITES = {
    "CustomerAdd": f"""
Name! 41
IsActive bool
ParentRef ref 209
CompanyName 41
{PERSON}
BillAddress
{ADDRESS}
ShipAddress
{ADDRESS}
{PHONES}
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
{PERSON}
BillAddress
{ADDRESS}
ShipAddress
{ADDRESS}
{PHONES}
TermsRef ref 31
""",
    "VendorAdd": f"""
Name! 41
IsActive bool
CompanyName 41
{PERSON}
VendorAddress
{ADDRESS}
{PHONES}
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
    "ItemServiceAdd": PRODUCT,
    "ItemNonInventoryAdd": PRODUCT,
    "ItemOtherChargeAdd": PRODUCT,
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
{INVOICE_HEAD}
ExternalGUID guid
LinkToTxnID* id
InvoiceLineAdd*
{INVOICE_LINE}
""",
    "InvoiceMod": sale_mod("Invoice"),
    "CreditMemoAdd": f"""
{INVOICE_HEAD}
ExternalGUID guid
CreditMemoLineAdd*
{INVOICE_LINE}
""",
    "CreditMemoMod": sale_mod("CreditMemo"),
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
{ORDER_HEAD}
IsToBePrinted bool
IsToBeEmailed bool
Other1 25
Other2 29
ExchangeRate price
ExternalGUID guid
PurchaseOrderLineAdd*
{ORDER_LINE}
    OverrideItemAccountRef ref
""",
    "PurchaseOrderMod": f"""
TxnID! id
EditSequence! 16
{ORDER_HEAD.replace("Memo 4095", "IsManuallyClosed bool" + chr(10) + "Memo 4095")}
IsToBePrinted bool
IsToBeEmailed bool
Other1 25
Other2 29
ExchangeRate price
PurchaseOrderLineMod*
    TxnLineID! id
{ORDER_LINE}
    IsManuallyClosed bool
    OverrideItemAccountRef ref
    Other1 29
    Other2 29
""",
    "BillAdd": f"""
VendorRef! ref
{BILL_HEAD}
ExternalGUID guid
LinkToTxnID* id
ExpenseLineAdd*
{EXPENSE_LINE}
ItemLineAdd*
{ITEM_LINE}
    LinkToTxn
        TxnID! id
        TxnLineID! id
""",
    "BillMod": f"""
TxnID! id
EditSequence! 16
VendorRef ref
{BILL_HEAD}
ClearExpenseLines bool
ExpenseLineMod*
    TxnLineID! id
{EXPENSE_LINE}
ClearItemLines bool
ItemLineMod*
    TxnLineID! id
{ITEM_LINE}
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
    "ItemSalesTaxQuery", "ItemSalesTaxGroupQuery", "TermsQuery", "ClassQuery", "SalesTaxCodeQuery",
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
