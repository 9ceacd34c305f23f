"""The elements of each qbXML request that we write, in schema order, with their kinds and lengths.

QuickBooks refuses a whole message set (0x80040400) if one element is out of order. Order, lengths and kinds are those
of Intuit's schema qbXML 13.0 (`qbxmlops130.xsd`); `since` is the version that added an element, if that is later than
the oldest version that we write.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Kind(enum.Enum):
    """The type of an element's value."""

    TEXT = "text"
    ID = "id"  # A ListID or TxnID, up to 36 characters.
    GUID = "guid"  # In braces.
    AMOUNT = "amount"  # Up to 13 digits, exactly two decimals.
    PRICE = "price"  # Up to 10 digits, up to five decimals; a quantity is written in the same way.
    DATE = "date"
    MOMENT = "moment"  # Local to QuickBooks' machine, without zone.
    SWITCH = "switch"
    NUMBER = "number"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element of a request. `many` means that it may repeat."""

    name: str
    kind: Kind
    length: int = 0
    choices: tuple[str, ...] = ()
    since: float = 0
    many: bool = False
    fields: tuple[Element, ...] = ()


def _text(name: str, length: int = 0, *, many: bool = False) -> Element:
    return Element(name=name, kind=Kind.TEXT, length=length, many=many)


def _choice(name: str, *choices: str) -> Element:
    return Element(name=name, kind=Kind.TEXT, choices=choices)


def _of(kind: Kind, *names: str) -> tuple[Element, ...]:
    return tuple(Element(name=name, kind=kind) for name in names)


def _group(name: str, *fields: Element, many: bool = False) -> Element:
    return Element(name=name, kind=Kind.GROUP, fields=fields, many=many)


def _ref(name: str, length: int = 159) -> Element:
    return _group(name, *_of(Kind.ID, "ListID"), _text("FullName", length))


def _id(name: str, *, many: bool = False) -> Element:
    return Element(name=name, kind=Kind.ID, many=many)


def _amount(name: str) -> Element:
    return Element(name=name, kind=Kind.AMOUNT)


def _price(name: str) -> Element:
    return Element(name=name, kind=Kind.PRICE)


def _date(name: str) -> Element:
    return Element(name=name, kind=Kind.DATE)


def _switch(name: str) -> Element:
    return Element(name=name, kind=Kind.SWITCH)


ADDRESS_LINES = ("Addr1", "Addr2", "Addr3", "Addr4", "Addr5")
ADDRESS = (
    *(_text(name, 41) for name in ADDRESS_LINES),
    _text("City", 31),
    _text("State", 21),
    _text("PostalCode", 13),
    _text("Country", 31),
)
_GUID = Element(name="ExternalGUID", kind=Kind.GUID, since=9.0)
_CUSTOMER = _ref("CustomerRef", 209)
_CLASS = _ref("ClassRef")
_SALES_TAX_CODE = _ref("SalesTaxCodeRef", 3)
_BILLABLE = _choice("BillableStatus", "Billable", "NotBillable")
_LINK = _group("LinkToTxn", _id("TxnID"), _id("TxnLineID"))


def _sale_line(*first: Element) -> tuple[Element, ...]:
    return (
        *first,
        _ref("ItemRef"),
        _text("Desc", 4095),
        _price("Quantity"),
        _price("Rate"),
        _amount("Amount"),
        _SALES_TAX_CODE,
    )


_SALE_HEAD = (
    _CUSTOMER,
    _CLASS,
    _ref("ARAccountRef"),
    _date("TxnDate"),
    _text("RefNumber", 11),
    _group("BillAddress", *ADDRESS),
    _group("ShipAddress", *ADDRESS),
    _text("PONumber", 25),
    _ref("TermsRef", 31),
    _date("DueDate"),
    _ref("ItemSalesTaxRef", 31),
    _text("Memo", 4095),
)

_ORDER_HEAD = (
    _ref("VendorRef"),
    _CLASS,
    _date("TxnDate"),
    _text("RefNumber", 11),
    _group("ShipAddress", *ADDRESS),
    _ref("TermsRef", 31),
    _date("ExpectedDate"),
    _text("Memo", 4095),
    _text("VendorMsg", 99),
)


def _order_line(*first: Element) -> tuple[Element, ...]:
    return (
        *first,
        _ref("ItemRef"),
        _text("Desc", 4095),
        _price("Quantity"),
        _price("Rate"),
        _amount("Amount"),
        _CUSTOMER,
    )


_BILL_HEAD = (
    _ref("VendorRef"),
    _ref("APAccountRef"),
    _date("TxnDate"),
    _date("DueDate"),
    _text("RefNumber", 20),
    _ref("TermsRef", 31),
    _text("Memo", 4095),
)


def _item_line(*first: Element) -> tuple[Element, ...]:
    return (
        *first,
        _ref("ItemRef"),
        _text("Desc", 4095),
        _price("Quantity"),
        _price("Cost"),
        _amount("Amount"),
        _CUSTOMER,
        _CLASS,
        _BILLABLE,
    )


_PAYMENT_HEAD = (
    _CUSTOMER,
    _ref("ARAccountRef"),
    _date("TxnDate"),
    _text("RefNumber", 20),
    _amount("TotalAmount"),
    _ref("PaymentMethodRef", 31),
    _text("Memo", 4095),
    _ref("DepositToAccountRef"),
)
_APPLIED = (_id("TxnID"), _amount("PaymentAmount"))

_PARTY = (_text("Phone", 21), _text("Email", 1023))

_LIST_FILTER = (
    Element(name="MaxReturned", kind=Kind.NUMBER),
    _choice("ActiveStatus", "ActiveOnly", "InactiveOnly", "All"),
    Element(name="FromModifiedDate", kind=Kind.MOMENT),
)
_RETURNED = _text("IncludeRetElement", 50, many=True)
_OWNER = Element(name="OwnerID", kind=Kind.TEXT, many=True)
_LIST_QUERY = (_id("ListID", many=True), _text("FullName", many=True), *_LIST_FILTER, _RETURNED)
_TXN_QUERY = (
    _id("TxnID", many=True),
    _text("RefNumber", many=True),
    Element(name="MaxReturned", kind=Kind.NUMBER),
    _group("ModifiedDateRangeFilter", Element(name="FromModifiedDate", kind=Kind.MOMENT)),
    _group("EntityFilter", _id("ListID", many=True)),
    _switch("IncludeLineItems"),
    _RETURNED,
)
_DELETED = _group("DeletedDateRangeFilter", Element(name="FromDeletedDate", kind=Kind.MOMENT))


_CUSTOMER_HEAD = (
    _text("Name", 41),
    _text("CompanyName", 41),
    _group("BillAddress", *ADDRESS),
    _group("ShipAddress", *ADDRESS),
    *_PARTY,
)


def _product(name: str) -> Element:
    """Return the element of a service or a non-inventory item, which is only sold, or sold and bought."""
    return _group(
        name,
        _text("Name", 31),
        _ref("SalesTaxCodeRef", 3),
        _group("SalesOrPurchase", _text("Desc", 4095), _price("Price"), _ref("AccountRef")),
        _group(
            "SalesAndPurchase",
            _text("SalesDesc", 4095),
            _price("SalesPrice"),
            _ref("IncomeAccountRef"),
            _text("PurchaseDesc", 4095),
            _price("PurchaseCost"),
            _ref("ExpenseAccountRef"),
        ),
        _GUID,
    )


_WRITES = (
    _group("CustomerAdd", *_CUSTOMER_HEAD, _GUID),
    _group("CustomerMod", _id("ListID"), _text("EditSequence", 16), *_CUSTOMER_HEAD),
    _group("VendorAdd", _text("Name", 41), _text("CompanyName", 41), _group("VendorAddress", *ADDRESS), *_PARTY, _GUID),
    _product("ItemServiceAdd"),
    _product("ItemNonInventoryAdd"),
    _group("ItemDiscountAdd", _text("Name", 31), _SALES_TAX_CODE, _ref("AccountRef"), _GUID),
    _group("InvoiceAdd", *_SALE_HEAD, _GUID, _group("InvoiceLineAdd", *_sale_line(), many=True)),
    _group(
        "InvoiceMod",
        _id("TxnID"),
        _text("EditSequence", 16),
        *_SALE_HEAD,
        _group("InvoiceLineMod", *_sale_line(_id("TxnLineID")), many=True),
    ),
    _group("CreditMemoAdd", *_SALE_HEAD, _GUID, _group("CreditMemoLineAdd", *_sale_line(), many=True)),
    _group(
        "CreditMemoMod",
        _id("TxnID"),
        _text("EditSequence", 16),
        *_SALE_HEAD,
        _group("CreditMemoLineMod", *_sale_line(_id("TxnLineID")), many=True),
    ),
    _group(
        "ReceivePaymentAdd",
        *_PAYMENT_HEAD,
        _GUID,
        _switch("IsAutoApply"),
        _group("AppliedToTxnAdd", *_APPLIED, many=True),
    ),
    _group(
        "ReceivePaymentMod",
        _id("TxnID"),
        _text("EditSequence", 16),
        *_PAYMENT_HEAD,
        _group("AppliedToTxnMod", *_APPLIED, many=True),
    ),
    _group("PurchaseOrderAdd", *_ORDER_HEAD, _GUID, _group("PurchaseOrderLineAdd", *_order_line(), many=True)),
    _group(
        "PurchaseOrderMod",
        _id("TxnID"),
        _text("EditSequence", 16),
        *_ORDER_HEAD,
        _group("PurchaseOrderLineMod", *_order_line(_id("TxnLineID")), many=True),
    ),
    _group("BillAdd", *_BILL_HEAD, _GUID, _group("ItemLineAdd", *_item_line(), _LINK, many=True)),
    _group(
        "BillMod",
        _id("TxnID"),
        _text("EditSequence", 16),
        *_BILL_HEAD,
        _switch("ClearExpenseLines"),
        _group("ItemLineMod", *_item_line(_id("TxnLineID")), many=True),
    ),
)

_QUERIES: Mapping[str, tuple[Element, ...]] = {
    "HostQuery": (_RETURNED,),
    "CompanyQuery": (_RETURNED, _OWNER),
    "PreferencesQuery": (_RETURNED,),
    "AccountQuery": (
        _id("ListID", many=True),
        _text("FullName", many=True),
        *_LIST_FILTER,
        _RETURNED,
    ),
    "CustomerQuery": _LIST_QUERY,
    "VendorQuery": _LIST_QUERY,
    "EntityQuery": _LIST_QUERY,
    "ItemQuery": _LIST_QUERY,
    "ItemDiscountQuery": _LIST_QUERY,
    "ItemSalesTaxQuery": _LIST_QUERY,
    "ItemSalesTaxGroupQuery": _LIST_QUERY,
    "TermsQuery": _LIST_QUERY,
    "ClassQuery": _LIST_QUERY,
    "InvoiceQuery": _TXN_QUERY,
    "ReceivePaymentQuery": _TXN_QUERY,
    "PurchaseOrderQuery": _TXN_QUERY,
    "BillQuery": _TXN_QUERY,
    "CreditMemoQuery": _TXN_QUERY,
    "TxnDeletedQuery": (_text("TxnDelType", many=True), _DELETED),
    "ListDeletedQuery": (_text("ListDelType", many=True), _DELETED),
}

_VOID = (_choice("TxnVoidType", "Invoice", "CreditMemo"), _id("TxnID"))

REQUESTS: Mapping[str, tuple[Element, ...]] = {
    **{add.name: (add, _RETURNED) for add in _WRITES},
    "TxnVoid": _VOID,
    **_QUERIES,
}
"""The elements within `<NameRq>`: for a write the element of the same name, then the elements to return."""

ATTRIBUTES = ("metaData", "iterator", "iteratorID")
"""The attributes that a query may have beside its `requestID`."""
