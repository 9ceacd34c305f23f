"""Build the elements of Xero's API from the hub's documents and records.

Every amount is a `Decimal`; field names and lengths are those of Xero's API reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from hub.plugin import (
    CENT,
    Address,
    Bill,
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
    Sale,
    drop_empty,
    in_cents,
    plain_decimal,
)
from xero_books.marks import BETWEEN

REFERENCE_LENGTH = 80
"""The most characters of a payment's reference before its mark. Xero does not document a limit; with the mark it stays
within a hundred."""

ITEM_NAME_LENGTH = 50
ADDRESS_LINES = 4
AUTHORISED = "AUTHORISED"
UNTAXED = "NONE"
IDENTIFIER_LENGTH = 36


def document(posted: Document) -> tuple[str, Payload]:
    """Return the Xero kind of a document ("Invoices") and its element."""
    match posted:
        case Invoice():
            return "Invoices", invoice(posted)
        case CreditMemo():
            return "CreditNotes", credit_note(posted)
        case Payment():
            return "Payments", payment(posted)
        case PurchaseOrder():
            return "PurchaseOrders", purchase_order(posted)
        case Bill():
            return "Invoices", bill(posted)


def invoice(posted: Invoice) -> Payload:
    """Return a sales invoice, approved, so that it can be paid."""
    return drop_empty(
        **_sale_fields(posted, "ACCREC"),
        InvoiceNumber=posted.number,
        DueDate=(posted.due or posted.date).isoformat(),
    )


def credit_note(posted: CreditMemo) -> Payload:
    """Return a credit note for a customer, approved. Credit notes have no discounts, so each line is sent as one piece
    at its discounted amount."""
    element = _sale_fields(posted, "ACCRECCREDIT")
    for line in element["LineItems"]:
        if less := line.pop("DiscountAmount", None):
            whole = in_cents(line["Quantity"] * line["UnitAmount"])
            text = f"{line['Description']} ({whole} less {less})"
            line |= {"Quantity": Decimal(1), "UnitAmount": whole - less, "Description": text}
    return drop_empty(**element, CreditNoteNumber=posted.number)


def _sale_fields(posted: Sale, kind: str) -> Payload:
    """Return the fields that an invoice and a credit note share. Discount and tax are distributed over the lines."""
    discounts = share(posted.discount, [max(line.amount, Decimal(0)) for line in posted.lines])
    nets = [line.amount - less for line, less in zip(posted.lines, discounts, strict=True)]
    code = posted.tax.code.id if posted.tax.code else ""
    taxable = [net if line.taxable else Decimal(0) for line, net in zip(posted.lines, nets, strict=True)]
    taxes = share(posted.tax.amount, taxable)
    lines = []
    for line, less, tax in zip(posted.lines, discounts, taxes, strict=True):
        element = _line_fields(line, most_decimals=4)
        element["TaxType"] = code if posted.is_taxed and line.taxable else UNTAXED
        if less:
            element["DiscountAmount"] = less
        if code and posted.tax.amount and line.taxable:
            element["TaxAmount"] = tax
        lines.append(drop_empty(**element))
    return drop_empty(
        Type=kind,
        Status=AUTHORISED,
        Contact={"ContactID": posted.customer.id},
        Date=posted.date.isoformat(),
        CurrencyCode=posted.currency,
        Reference=posted.po_number,
        LineAmountTypes="Exclusive" if posted.is_taxed else "NoTax",
        LineItems=[*lines, *([{"Description": posted.memo}] if posted.memo else [])],
    )


def payment(received: Payment) -> Payload:
    """Return a payment for an invoice. Its reference has the payer's own reference and the payment method."""
    assert received.invoice is not None  # We declare no deposits, so the hub sends none.
    return drop_empty(
        Invoice={"InvoiceID": received.invoice.id},
        Account=_account_pointer(received.deposit_to),
        Date=received.date.isoformat(),
        Amount=plain_decimal(received.amount),
        Reference=BETWEEN.join(filter(None, (received.number, received.method)))[:REFERENCE_LENGTH],
    )


def purchase_order(order: PurchaseOrder) -> Payload:
    """Return a purchase order, approved. Xero stores its prices with two decimals."""
    return drop_empty(
        PurchaseOrderNumber=order.number,
        Status=AUTHORISED,
        Contact={"ContactID": order.vendor.id},
        Date=order.date.isoformat(),
        DeliveryDate=order.expected.isoformat() if order.expected else "",
        CurrencyCode=order.currency,
        LineAmountTypes="NoTax",
        DeliveryAddress=_address_text(order.ship_to),
        DeliveryInstructions=order.memo[:500],
        LineItems=[drop_empty(**_line_fields(line, most_decimals=2), TaxType=UNTAXED) for line in order.lines],
    )


def bill(charged: Bill) -> Payload:
    """Return a bill, approved. Its last line has the note and the memo, and later its mark."""
    said = BETWEEN.join(filter(None, (charged.note, charged.memo))) or "Bookpost"
    return drop_empty(
        Type="ACCPAY",
        Status=AUTHORISED,
        InvoiceNumber=charged.number,
        Contact={"ContactID": charged.vendor.id},
        Date=charged.date.isoformat(),
        DueDate=(charged.due or charged.date).isoformat(),
        CurrencyCode=charged.currency,
        LineAmountTypes="NoTax",
        LineItems=[
            *(drop_empty(**_line_fields(line, most_decimals=4), TaxType=UNTAXED) for line in charged.lines),
            {"Description": said[:3900]},
        ],
    )


def contact(new: NewCustomer | NewVendor) -> Payload:
    """Return a contact. Xero makes it a customer or a vendor when it gets its first invoice or bill."""
    mailing = new.billing if isinstance(new, NewCustomer) else new.address
    street = new.shipping if isinstance(new, NewCustomer) else None
    places = [_contact_address("POBOX", mailing), _contact_address("STREET", street)]
    return drop_empty(
        Name=name(new.name),
        EmailAddress=new.email,
        Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": new.phone}] if new.phone else [],
        Addresses=[place for place in places if place],
    )


def item(new: NewItem) -> Payload:
    """Return an item without stock tracking. The hub identifies it by its code."""
    sold = drop_empty(UnitPrice=plain_decimal(new.price) if new.price is not None else None, AccountCode=new.income.id)
    return drop_empty(
        Code=code(new),
        Name=code(new)[:ITEM_NAME_LENGTH],
        Description=new.description,
        IsSold=True,
        SalesDetails=sold,
        IsPurchased=new.cost is not None,
        PurchaseDetails={"AccountCode": new.cost.id} if new.cost else {},
    )


def code(new: NewItem) -> str:
    """Return an item's code."""
    return name(new.name)


def name(text: str) -> str:
    """Return a name as Xero accepts it: without leading, trailing or double spaces."""
    return " ".join(text.split())


def share(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Distribute an amount in proportion to the weights, to the cent; the rest goes to the largest weights. All parts
    are zero if the weights are."""
    whole = sum(weights, Decimal(0))
    if not whole:
        return [Decimal("0.00") for _ in weights]
    parts = [(amount * weight / whole).quantize(CENT, ROUND_DOWN) for weight in weights]
    left = amount - sum(parts, Decimal(0))
    for place in sorted(range(len(parts)), key=lambda place: -weights[place]):
        step = min(left, max(weights[place] - parts[place], Decimal(0))) if 0 <= left <= amount <= whole else left
        parts[place] += step
        left -= step
    return parts


def _line_fields(line: Line, *, most_decimals: int) -> Payload:
    """Return a line with all its fields, because Xero fills in missing ones from the item, the account or the contact.

    If its price has more decimals than Xero stores, or does not give the line's amount, it is sent as one piece at that
    amount, with quantity and price in the description.
    """
    quantity, price, description = line.quantity, line.price, line.description or line.item.name
    if quantity < 0:  # Xero refuses negative quantities.
        quantity, price = -quantity, -price
    kept = price.quantize(Decimal(1).scaleb(-most_decimals))
    if kept != price or in_cents(quantity * kept) != line.amount:
        description = f"{description} ({quantity:f} × {price:f})"
        quantity, price = Decimal(1), line.amount
    return {
        "ItemCode": line.item.id, "Description": description, "Quantity": plain_decimal(quantity),
        "UnitAmount": plain_decimal(price),
        **({"AccountCode": line.account.id} if line.account else {}),
    }  # fmt: skip


def _account_pointer(ref: Ref | None) -> Payload:
    """Return a pointer to an account: by its code, or by its AccountID if it has none, as many bank accounts."""
    if ref is None:
        return {}
    return {"AccountID": ref.id} if len(ref.id) == IDENTIFIER_LENGTH else {"Code": ref.id}


def _contact_address(kind: str, place: Address | None) -> Payload:
    if place is None:
        return {}
    country = place.country if all(sign.isalpha() or sign == " " for sign in place.country) else ""
    found = drop_empty(
        **{f"AddressLine{number}": line for number, line in enumerate(place.fit_lines(ADDRESS_LINES), start=1)},
        City=place.city,
        Region=place.region,
        PostalCode=place.postal_code,
        Country=country,
    )
    return {"AddressType": kind, **found} if found else {}


def _address_text(place: Address | None) -> str:
    """Return an address as one text, for a purchase order."""
    if place is None:
        return ""
    town = " ".join(filter(None, (place.city, place.region, place.postal_code)))
    return "\n".join(filter(None, (*place.lines, town, place.country)))
