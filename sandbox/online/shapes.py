"""Convert the properties that clients send into the types in which the books store them.

Real clients send numbers as strings, empty strings for unknown values, refs with an empty `name` and `type` beside the
value, and properties that only the service sets. The real service accepts all that; a value that it cannot read is
refused with 2010.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.online.refusals import Refusal, unreadable
from sandbox.online.storage import Entry

_NUMBERS = """
    Amount Qty UnitPrice TotalAmt DiscountPercent TotalTax Deposit TaxPercent NetAmountTaxable PurchaseCost QtyOnHand
    DueDays DiscountDays ExchangeRate OpenBalance CreditLimit RateValue
"""
_FLAGS = """
    Active Taxable Job BillWithParent PercentBased ApplyTaxAfterDiscount sparse TrackQtyOnHand Vendor1099 SubItem
    SubAccount SubClass SubDepartment CustomTxnNumbers AllowDiscount UsingSalesTax PartnerTaxEnabled
"""
_DATES = "TxnDate DueDate ShipDate ServiceDate InvStartDate"
_LISTS = "Line LinkedTxn TaxLine CustomField NameValue"
_GROUPS = """
    BillAddr ShipAddr OtherAddr VendorAddr CompanyAddr LegalAddr PrimaryEmailAddr PrimaryPhone AlternatePhone Mobile
    Fax WebAddr BillEmail BillEmailCc BillEmailBcc POEmail CustomerMemo TxnTaxDetail SalesItemLineDetail
    DiscountLineDetail SubTotalLineDetail DescriptionLineDetail ItemBasedExpenseLineDetail
    AccountBasedExpenseLineDetail TaxLineDetail
"""
_TEXTS = """
    Id SyncToken DisplayName Name GivenName MiddleName FamilyName Title Suffix CompanyName PrintOnCheckName Notes
    AcctNum AccountType AccountSubType Type Sku Description PurchaseDesc DocNumber PrivateNote PaymentRefNum Memo
    DetailType TxnId TxnType TxnLineId BillableStatus POStatus value name StringValue DefinitionId Address
    FreeFormNumber URI Line1 Line2 Line3 Line4 Line5 City Country CountrySubDivisionCode PostalCode ResaleNum
    TaxIdentifier TrackingNum EmailStatus PrintStatus FullyQualifiedName
"""

_MOST = Decimal(99_999_999_999)
"""An amount has at most eleven digits before the decimal point."""

_DECIMALS = 20


def meant(sent: Entry) -> Entry:
    """Return what was sent, without empty values, and with known properties in their types. Raises the refusal 2010."""
    found: Entry = {}
    for name, value in sent.items():
        shaped = _shaped(name, value)
        if shaped not in (None, "", {}):
            found[name] = shaped
    return found


def emptied(sent: Entry) -> set[str]:
    """Return the names of the properties that a sparse change clears."""
    return {name for name, value in sent.items() if value in ("", None)}


def _shaped(name: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if name in _SHAPES:
        return _SHAPES[name](name, value)
    if name.endswith("Ref"):
        return _ref(name, value)
    return meant(value) if isinstance(value, dict) else value


def _number(name: str, value: Any) -> Decimal | int:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise unreadable(name)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise unreadable(name) from None
    if not number.is_finite():
        raise unreadable(name)
    if abs(number) > _MOST or int(number.as_tuple().exponent) < -_DECIMALS:
        raise Refusal(2050, "Number is out of range", f"{name} is out of range", element=name)
    return value if isinstance(value, int) else Decimal(f"{number:f}")


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "false"}:
        return str(value).lower() == "true"
    raise unreadable(name)


def _date(name: str, value: Any) -> str:
    try:
        return dt.date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise unreadable(name) from None


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict | list):
        raise unreadable(name)
    return str(value)


def _list(name: str, value: Any) -> list[Entry]:
    if not isinstance(value, list) or not all(one is None or isinstance(one, dict) for one in value):
        raise unreadable(name)
    return [shaped for one in value if one and (shaped := meant(one))]


def _ref(name: str, value: Any) -> Entry | None:
    if not isinstance(value, dict):
        raise unreadable(name)
    shaped = meant(value)
    return {"value": shaped["value"], "name": shaped.get("name", "")} if shaped.get("value") else None


def _group(name: str, value: Any) -> Entry:
    if not isinstance(value, dict):
        raise unreadable(name)
    return meant(value)


_SHAPES: dict[str, Callable[[str, Any], Any]] = {
    name: shape
    for names, shape in (
        (_NUMBERS, _number),
        (_FLAGS, _flag),
        (_DATES, _date),
        (_LISTS, _list),
        (_GROUPS, _group),
        (_TEXTS, _text),
    )
    for name in names.split()
}
