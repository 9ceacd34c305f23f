"""Build the items of QuickBooks Online's `/batch` call from the hub's documents and records.

Every amount is a `Decimal` and every id a string. Field names and lengths are those of Intuit's API reference at minor
version 75. `review.py` checks the lengths first, so only texts for our own use are cut here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.plugin import (
    Address,
    Bill,
    Books,
    ClassTracking,
    CreditMemo,
    Document,
    Invoice,
    Line,
    NewCustomer,
    NewItem,
    NewVendor,
    Payload,
    Payment,
    PurchaseOrder,
    Ref,
    Revision,
    Sale,
    TaxSystem,
    drop_empty,
    plain_decimal,
)
from quickbooks_online.marks import NOTE, NOTE_LENGTH, without_mark
from quickbooks_online.options import BOOKS_TAX, ITEM_KIND, MEMO, PO_NUMBER

_READ_ONLY = frozenset({
    "MetaData", "domain", "sparse", "status", "TotalAmt", "Balance", "HomeBalance", "HomeTotalAmt", "UnappliedAmt",
    "RemainingCredit", "BalanceWithJobs", "FullyQualifiedName", "TxnTaxDetail", "CustomField",
})  # fmt: skip
"""Elements that QuickBooks sets itself, and those that are sent as they are meant to be or not at all."""

_SALE = {
    "tracking_class": "ClassRef", "location": "DepartmentRef", "note": NOTE, "memo": "CustomerMemo",
    "po_number": "CustomerMemo", "email": "BillEmail", "billing": "BillAddr", "shipping": "ShipAddr", "due": "DueDate",
    "terms": "SalesTermRef",
}  # fmt: skip
_CLEARED: Mapping[str, Mapping[str, str]] = {
    "Invoice": _SALE,
    "CreditMemo": _SALE,
    "Payment": {"number": "PaymentRefNum", "note": NOTE, "method": NOTE, "deposit_to": "DepositToAccountRef"},
    "PurchaseOrder": {
        "location": "DepartmentRef", "ship_to": "ShipAddr", "expected": "Memo", "terms": "SalesTermRef",
        "memo": "Memo", "note": NOTE,
    },
    "Bill": {"location": "DepartmentRef", "due": "DueDate", "terms": "SalesTermRef", "note": NOTE, "memo": NOTE},
    "Customer": {
        "email": "PrimaryEmailAddr", "phone": "PrimaryPhone", "billing": "BillAddr", "shipping": "ShipAddr",
    },
}  # fmt: skip
"""The element of each field that can be taken off, by QuickBooks' kind."""

VOID = "void"
"""The option of an update that voids."""

ADDRESS_LINES = 5
COMPANY_NAME_LENGTH = 100
PURCHASE_DESCRIPTION_LENGTH = 1000


def create(kind: str, fields: Payload, include: str = "") -> Payload:
    """Return the batch item that creates a `kind` ("Invoice", "Customer") with these `fields`. `include` is the URL
    parameter of that name of a single call; a batch item has the bare word in its `optionsData` (batch reference;
    Intuit's .NET SDK, issue 175)."""
    return {"operation": "create", kind: fields, **_options(include)}


def _options(*words: str) -> Payload:
    """Return the options of a batch item: bare words, with commas between them (Intuit's .NET SDK, issue 175)."""
    return drop_empty(optionsData=",".join(word for word in words if word))


def update(kind: str, fields: Payload, revises: Revision, version: str, include: str = "") -> Payload:
    """Return the batch item that changes a `kind`. It is sparse: fields that are not sent stay as they are, but lines
    are replaced. For `include` see `create`."""
    named = {**fields, "Id": revises.id, "SyncToken": version, "sparse": True}
    return {"operation": "update", kind: named, **_options(include)}


def replace(
    kind: str, fields: Payload, revises: Revision, row: Mapping[str, Any], options: Mapping[str, str],
    *, include: str = "",
) -> Payload:  # fmt: skip
    """Return the batch item that changes all of a `kind`, as it is in `row`: what the document does not have any more
    is removed, and what only QuickBooks or a bookkeeper has filled in stays.

    A sparse update cannot always remove a reference; a full one removes what it does not send (Intuit's .NET SDK,
    issue 113). For `include` see `create`.
    """
    gone = cleared_elements(kind, revises)
    kept = {name: value for name, value in row.items() if name not in _READ_ONLY and name not in gone}
    if note := kept.get(NOTE):
        kept[NOTE] = without_mark(note)
    if customs := _custom_fields(row, fields, "po_number" in revises.cleared, PO_NUMBER.value_in(options)):
        fields = {**fields, "CustomField": customs}
    named = {**kept, **fields, "Id": revises.id, "SyncToken": str(row["SyncToken"]), "sparse": False}
    return {"operation": "update", kind: named, **_options(include)}


def cleared_elements(kind: str, revises: Revision) -> set[str]:
    """Return the elements of a `kind` that a change may have to remove."""
    elements = _CLEARED[kind]
    return {elements[name] for name in revises.cleared if name in elements}


def removes(kind: str, fields: Payload, revises: Revision) -> bool:
    """Return True if a change with these `fields` has to remove an element."""
    return "po_number" in revises.cleared or not cleared_elements(kind, revises) <= fields.keys()


def _custom_fields(row: Mapping[str, Any], fields: Payload, is_cleared: bool, place: str) -> list[Payload]:
    """Return the custom fields of a changed document: ours, and those of others, which would be removed otherwise."""
    ours = fields.get("CustomField", [])
    changed = {one["DefinitionId"] for one in ours} | ({place} if is_cleared else set())
    return [*(one for one in row.get("CustomField", ()) if one["DefinitionId"] not in changed), *ours]


def void(kind: str, revises: Revision, version: str, include: str = "") -> Payload:
    """Return the batch item that voids a `kind`: it stays in QuickBooks with its number, with amounts of zero. An
    operation `void` is not documented for a batch (batch reference; node-quickbooks, issue 150)."""
    fields = {"Id": revises.id, "SyncToken": version, "sparse": True}
    return {"operation": "update", kind: fields, **_options(VOID, include)}


def document(posted: Document, options: Mapping[str, str], books: Books) -> tuple[str, Payload]:
    """Return the QuickBooks Online kind of a document ("Invoice") and its fields."""
    match posted:
        case Invoice():
            due = posted.due.isoformat() if posted.due else ""
            fields = sale(posted, options, books)
            return "Invoice", fields | drop_empty(DueDate=due, SalesTermRef=_ref(posted.terms))
        case CreditMemo():
            return "CreditMemo", sale(posted, options, books)
        case Payment():
            return "Payment", payment(posted)
        case PurchaseOrder():
            return "PurchaseOrder", purchase_order(posted, books)
        case Bill():
            return "Bill", bill(posted, books)


def sale(posted: Sale, options: Mapping[str, str], books: Books) -> Payload:
    """Return the fields that an invoice and a credit memo share. QuickBooks itself sets total, balance and receivable
    account. Amounts of a credit memo are positive, too."""
    fields: Payload = {
        "DocNumber": number(posted, books),
        "TxnDate": posted.date.isoformat(),
        "CurrencyRef": {"value": posted.currency},
        "CustomerRef": {"value": posted.customer.id},
        "ClassRef": _ref(posted.tracking_class) if books.class_tracking is ClassTracking.DOCUMENT else {},
        "DepartmentRef": _ref(posted.location),
        "Line": [
            _sale_line(line, tax_code(posted, line, options, books), line_class(posted, books)) for line in posted.lines
        ],
        "PrivateNote": posted.note[:NOTE_LENGTH],
        "CustomerMemo": drop_empty(value=memo(posted, options)),
        "BillEmail": drop_empty(Address=posted.email),
        "BillAddr": address(posted.billing),
        "ShipAddr": address(posted.shipping),
        "TxnTaxDetail": {} if books.tax_system is TaxSystem.BY_LINE else _tax_detail(posted),
        "GlobalTaxCalculation": calculation(books, taxed=taxed(posted, options)),
    }
    if posted.discount:
        fields["Line"].append(_discount_line(posted))
        if books.tax_system is not TaxSystem.BY_LINE:  # Elsewhere it is not documented (Intuit, Invoice).
            # Sales tax is due on what the customer pays. Without this, QuickBooks taxes the discount, too.
            fields["ApplyTaxAfterDiscount"] = True
    if posted.po_number and (place := PO_NUMBER.value_in(options)) != MEMO:
        fields["CustomField"] = [{"DefinitionId": place, "Type": "StringType", "StringValue": posted.po_number}]
    return drop_empty(**fields)


def number(posted: Sale | PurchaseOrder, books: Books) -> str:
    """Return our number, or an empty string if the company numbers such documents itself: QuickBooks would replace
    ours, and warn of duplicates that are none (Intuit, Preferences: SalesFormsPrefs.CustomTxnNumbers)."""
    return "" if posted.kind in books.assigns_numbers_to else posted.number


def calculation(books: Books, *, taxed: bool) -> str:
    """Return the `GlobalTaxCalculation`: tax is added to the amounts, or there is none. It is empty except for
    companies outside the US; those refuse documents without it, or without a code on each line (6000)."""
    if books.tax_system is not TaxSystem.BY_LINE:
        return ""
    return "TaxExcluded" if taxed else "NotApplicable"


def tax_code(posted: Sale, line: Line, options: Mapping[str, str], books: Books) -> str:
    """Return the tax code of a line: in the US TAX or NON, because all others are refused (6100); elsewhere the chosen
    one."""
    is_taxed = taxed(posted, options)
    if books.tax_system is TaxSystem.BY_LINE:
        return posted.tax.code.id if is_taxed and posted.tax.code else ""
    return "TAX" if is_taxed and line.taxable else "NON"


def taxed(posted: Sale, options: Mapping[str, str]) -> bool:
    """Return True if the taxable lines of an invoice or a credit memo are sent as taxable.

    With automated sales tax, QuickBooks taxes every line marked TAX, whatever the order says. So an order that has no
    tax, or sends it as a line of its own, is sent untaxed, unless the admin lets QuickBooks add the tax.
    """
    return posted.is_taxed or bool(BOOKS_TAX.value_in(options))


def line_class(posted: Sale, books: Books) -> Payload:
    """Return the class of each line of a sale, if the company tracks classes by line."""
    return _ref(posted.tracking_class) if books.class_tracking is ClassTracking.LINE else {}


def memo(posted: Sale, options: Mapping[str, str]) -> str:
    """Return the message printed on the invoice, with the customer's purchase order number if that option is chosen."""
    if posted.po_number and PO_NUMBER.value_in(options) == MEMO:
        return f"P.O. number: {posted.po_number}\n{posted.memo}".rstrip()
    return posted.memo


def payment(received: Payment) -> Payload:
    """Return the fields of a payment: of one invoice, or as the customer's credit. The link has no line id, because it
    pays the invoice as a whole. QuickBooks chooses the receivable account (Intuit, Payment, has none to send)."""
    amount = plain_decimal(received.amount)
    paid = received.invoice
    return drop_empty(
        TxnDate=received.date.isoformat(),
        CurrencyRef={"value": received.currency},
        CustomerRef={"value": received.customer.id},
        TotalAmt=amount,
        Line=[{"Amount": amount, "LinkedTxn": [{"TxnId": paid.id, "TxnType": "Invoice"}]}] if paid else [],
        DepositToAccountRef=_ref(received.deposit_to),
        PaymentRefNum=received.number,
        PrivateNote="\n".join(text for text in (received.note, received.method) if text)[:NOTE_LENGTH],
    )


def purchase_order(order: PurchaseOrder, books: Books) -> Payload:
    """Return the fields of a purchase order, with the address that the vendor ships to. QuickBooks has no field for
    the day on which the goods are expected (`DueDate` is when payment is due), so the message to the vendor says it."""
    return drop_empty(
        DocNumber=number(order, books),
        TxnDate=order.date.isoformat(),
        CurrencyRef={"value": order.currency},
        VendorRef={"value": order.vendor.id},
        APAccountRef=_ref(order.payable),
        DepartmentRef=_ref(order.location),
        Line=_keep_line_ids(order, [_purchase_line(line, order, books) for line in order.lines]),
        GlobalTaxCalculation=calculation(books, taxed=False),
        ShipAddr=address(order.ship_to),
        SalesTermRef=_ref(order.terms),
        Memo=vendor_message(order)[:NOTE_LENGTH],
        PrivateNote=order.note[:NOTE_LENGTH],
    )


def vendor_message(order: PurchaseOrder) -> str:
    """Return the message on a purchase order: its memo, and the day on which the goods are expected."""
    expected = f"Expected by {order.expected.isoformat()}" if order.expected else ""
    return "\n".join(text for text in (order.memo, expected) if text)


def _keep_line_ids(order: PurchaseOrder, lines: list[Payload]) -> list[Payload]:
    """Return the lines of a purchase order; in a change, with the ids that they have, because bills refer to them.
    """
    ids = order.revises.lines if order.revises else ()
    return [{**line, "Id": ids[place]} if place < len(ids) else line for place, line in enumerate(lines)]


def bill(charged: Bill, books: Books) -> Payload:
    """Return the fields of a bill. A line for a purchase order line is linked by transaction id, type and line id; all
    three are needed. Lines of a change have no ids, because existing lines cannot be linked (Intuit, Bill)."""
    lines = [_purchase_line(line, charged, books) for line in charged.lines]
    if charged.ordered is not None:
        for line, answered in zip(lines, charged.ordered.lines, strict=False):
            line["LinkedTxn"] = [{"TxnId": charged.ordered.id, "TxnType": "PurchaseOrder", "TxnLineId": answered}]
    return drop_empty(
        DocNumber=charged.number,
        TxnDate=charged.date.isoformat(),
        CurrencyRef={"value": charged.currency},
        VendorRef={"value": charged.vendor.id},
        APAccountRef=_ref(charged.payable),
        DepartmentRef=_ref(charged.location),
        Line=lines,
        GlobalTaxCalculation=calculation(books, taxed=False),
        DueDate=charged.due.isoformat() if charged.due else "",
        SalesTermRef=_ref(charged.terms),
        PrivateNote="\n".join(text for text in (charged.note, charged.memo) if text)[:NOTE_LENGTH],
    )


def _purchase_line(line: Line, document: PurchaseOrder | Bill, books: Books) -> Payload:
    """Return a line of a purchase. It has the class even if the company tracks the class of a sale by document."""
    detail: Payload = {
        "ItemRef": {"value": line.item.id},
        "Qty": plain_decimal(line.quantity),
        "UnitPrice": plain_decimal(line.price),
    }
    if books.tax_system is not TaxSystem.BY_LINE:
        detail["TaxCodeRef"] = {"value": "NON"}
    if line.customer is not None:  # That it is billable cannot be sent: `BillableStatus` is read-only (Intuit, Bill).
        detail["CustomerRef"] = {"value": line.customer.id}
    return drop_empty(
        DetailType="ItemBasedExpenseLineDetail",
        Amount=plain_decimal(line.amount),
        Description=line.description,
        ItemBasedExpenseLineDetail=drop_empty(ClassRef=_ref(document.tracking_class), **detail),
    )


def party(new: NewCustomer | NewVendor) -> Payload:
    """Return the fields of a customer or a vendor. Its currency can never be changed, so it is only sent if it is
    known."""
    return drop_empty(
        DisplayName=new.name.strip(),
        CompanyName=new.name.strip()[:COMPANY_NAME_LENGTH],
        PrimaryEmailAddr=drop_empty(Address=new.email),
        PrimaryPhone=drop_empty(FreeFormNumber=new.phone),
        BillAddr=address(new.billing if isinstance(new, NewCustomer) else new.address),
        ShipAddr=address(new.shipping if isinstance(new, NewCustomer) else None),
        CurrencyRef=drop_empty(value=new.currency),
    )


def item(new: NewItem, options: Mapping[str, str], books: Books) -> Payload:
    """Return the fields of a product. With a cost account it can also be bought: on purchase orders and bills."""
    fields = drop_empty(
        Name=new.name.strip(),
        Type=ITEM_KIND.value_in(options),
        Description=new.description,
        IncomeAccountRef={"value": new.income.id},
        ExpenseAccountRef=_ref(new.cost),
        PurchaseDesc=new.description[:PURCHASE_DESCRIPTION_LENGTH] if new.cost else "",
    )
    if books.tax_system is not TaxSystem.BY_LINE:  # Outside the US each line has a code, and the product has none.
        fields["Taxable"] = new.taxable
    if new.price is not None:
        fields["UnitPrice"] = plain_decimal(new.price)
    return fields


def address(place: Address | None) -> Payload:
    """Return a postal address. QuickBooks has five lines above the city; further lines are joined into the fifth."""
    if place is None:
        return {}
    return drop_empty(
        **{f"Line{number}": line for number, line in enumerate(place.fit_lines(ADDRESS_LINES), start=1)},
        City=place.city,
        CountrySubDivisionCode=place.region,
        PostalCode=place.postal_code,
        Country=place.country,
    )


def _sale_line(line: Line, code: str, tracking_class: Payload) -> Payload:
    # QuickBooks refuses (6070) an amount that is not quantity times price, so both are sent with all their decimals.
    return drop_empty(
        DetailType="SalesItemLineDetail",
        Amount=plain_decimal(line.amount),
        Description=line.description,
        SalesItemLineDetail=drop_empty(
            ItemRef={"value": line.item.id},
            Qty=plain_decimal(line.quantity),
            UnitPrice=plain_decimal(line.price),
            TaxCodeRef=drop_empty(value=code),
            ClassRef=tracking_class,
        ),
    )


def _discount_line(posted: Sale) -> Payload:
    detail = drop_empty(DiscountAccountRef=_ref(posted.discount_account))
    return {
        "DetailType": "DiscountLineDetail",
        "Amount": plain_decimal(posted.discount),
        "DiscountLineDetail": {"PercentBased": False, **detail},
    }


def _tax_detail(posted: Sale) -> Payload:
    """Return the tax of a sale. Without a code, QuickBooks computes it. Code and amount together ask QuickBooks to use
    our amount, which it may ignore (Intuit's PHP SDK, issue 199): the hub compares the total that it echoes."""
    if posted.tax.code is None:
        return {}
    return {"TxnTaxCodeRef": {"value": posted.tax.code.id}, "TotalTax": plain_decimal(posted.tax.amount)}


def _ref(ref: Ref | None) -> Payload:
    return {"value": ref.id} if ref else {}
