"""Build the elements of each QuickBooks Desktop request from the hub's documents and records.

Amounts are `Decimal`. Records are named by their ListID, so that colons in names and renamed records do no harm. Every
line has its amount beside quantity and rate, because without it QuickBooks rounds by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from hub.plugin import (
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
    Revision,
    Sale,
)
from quickbooks_desktop.names import CUSTOMER_LENGTH, ITEM_LENGTH, fit_name
from quickbooks_desktop.options import BOOKS_TAX, NONTAXABLE_CODE, TAXABLE_CODE
from quickbooks_desktop.qbxml import CLEAR, printable
from quickbooks_desktop.tables import ADDRESS, ADDRESS_LINES

PHONE_LENGTH = 21
_LINE = 41
CITY_LENGTHS = {"City": 31, "State": 21, "PostalCode": 13, "Country": 31}
_HOME = {"us", "usa", "united states", "united states of america"}
NEW_LINE = "-1"
KINDS = {
    Invoice.kind: "Invoice", CreditMemo.kind: "CreditMemo", Payment.kind: "ReceivePayment",
    PurchaseOrder.kind: "PurchaseOrder", Bill.kind: "Bill",
}  # fmt: skip
"""QuickBooks' names for the kinds of document."""
_ELEMENTS = {
    "tracking_class": "ClassRef", "number": "RefNumber", "billing": "BillAddress", "shipping": "ShipAddress",
    "ship_to": "ShipAddress", "po_number": "PONumber", "terms": "TermsRef", "due": "DueDate",
    "expected": "ExpectedDate", "memo": "Memo", "note": "Memo",
}  # fmt: skip
"""The element of each document field that can be cleared."""
_ADDRESSES = {"BillAddress", "ShipAddress"}


def entered(document: Document, options: Mapping[str, str], discount_item: str) -> Payload:
    """Return the elements of a new document. `discount_item` is the ListID of the item for its discount."""
    match document:
        case Invoice() | CreditMemo():
            return sale(document, options, discount_item)
        case Payment():
            return payment(document)
        case PurchaseOrder():
            return purchase_order(document)
        case Bill():
            return bill(document)


def revised(document: Document, options: Mapping[str, str], discount_item: str, standing: Payload) -> Payload:
    """Return the elements that change the posting that a document revises; `standing` is the posting as it is in
    QuickBooks, for a sale and a payment its EditSequence alone."""
    revises = document.revises
    assert revises is not None
    match document:
        case Invoice() | CreditMemo():
            return revised_sale(document, revises, options, discount_item, standing["EditSequence"])
        case Payment():
            return applied(document, revises, standing["EditSequence"])
        case PurchaseOrder():
            return revised_order(document, revises, standing)
        case Bill():
            return revised_bill(document, revises, standing)


def sale(posted: Invoice | CreditMemo, options: Mapping[str, str], discount_item: str) -> Payload:
    """Return the elements of an invoice or a credit memo. Both have positive amounts. `discount_item` is the ListID of
    the item for discounts.

    If an order has no tax, or sends it as a line of its own, every line is marked as not taxable, unless the admin
    lets QuickBooks add the tax: otherwise QuickBooks would add tax by the customer's own code.
    """
    return {**_sale_head(posted), f"{KINDS[posted.kind]}LineAdd": _sale_lines(posted, options, discount_item)}


def revised_sale(
    posted: Invoice | CreditMemo, revises: Revision, options: Mapping[str, str], discount_item: str, version: str
) -> Payload:
    """Return the elements that change an invoice or a credit memo. All lines are sent as new ones; QuickBooks deletes
    the old ones, because the change does not name them."""
    lines, before = _sale_lines(posted, options, discount_item), revises.posted
    head = _change_head(revises, version, _sale_head(posted), _sale_head(before) if before else None)
    if before and _sale_lines(before, options, discount_item) == lines:
        return head
    return {**head, f"{KINDS[posted.kind]}LineMod": [{"TxnLineID": NEW_LINE, **line} for line in lines]}


def _change_head(revises: Revision, version: str, head: Payload, before: Payload | None) -> Payload:
    """Return the head of a change. Elements that the document had before and has no more are sent empty, and so are the
    unused lines of an address. Elements that it never had are not sent: QuickBooks or a bookkeeper filled them in. Nor
    are those that are as `before`, the head as it was posted: a bookkeeper may have changed them since.
    """
    if before is not None:
        head = {name: value for name, value in head.items() if value != before.get(name)}
    cleared = {_ELEMENTS[name] for name in revises.cleared if name in _ELEMENTS}
    named = {name: _every_line(value) if name in _ADDRESSES else value for name, value in head.items()}
    gone = {name: CLEAR for name, value in named.items() if name in cleared and not value}
    return {"TxnID": revises.id, "EditSequence": version, **named, **gone}


def _every_line(place: Payload) -> Payload:
    return {line.name: place.get(line.name) or CLEAR for line in ADDRESS} if place else place


def _sale_head(posted: Invoice | CreditMemo) -> Payload:
    head: Payload = {
        "CustomerRef": ref(posted.customer),
        "ClassRef": ref(posted.tracking_class),
        "ARAccountRef": ref(posted.receivable),
        "TxnDate": posted.date.isoformat(),
        "RefNumber": posted.number,
        "BillAddress": address(posted.billing, posted.customer.name),
        "ShipAddress": address(posted.shipping, posted.customer.name),
        "PONumber": posted.po_number,
        "ItemSalesTaxRef": ref(posted.tax.code),
        "Memo": memo(posted.note, posted.memo),
    }
    if isinstance(posted, Invoice):
        head["TermsRef"] = ref(posted.terms)
        head["DueDate"] = posted.due.isoformat() if posted.due else ""
    return head


def _sale_lines(posted: Sale, options: Mapping[str, str], discount_item: str) -> list[Payload]:
    taxed = posted.is_taxed or bool(BOOKS_TAX.value_in(options))
    lines: list[Payload] = [
        {
            "ItemRef": ref(line.item),
            "Desc": printable(line.description),
            "Quantity": line.quantity,
            "Rate": line.price,
            "Amount": line.amount,
            "SalesTaxCodeRef": _tax_code(options, taxed=taxed and line.taxable),
        }
        for line in posted.lines
    ]
    if posted.discount:
        # QuickBooks spreads a discount amount over all lines above it, and over their tax. The line has no quantity.
        lines.append({
            "ItemRef": {"ListID": discount_item},
            "Amount": -posted.discount,
            "SalesTaxCodeRef": _tax_code(options, taxed=taxed),
        })  # fmt: skip
    return lines


def payment(received: Payment) -> Payload:
    """Return the elements of a payment that is applied to one invoice, or left as the customer's credit."""
    paid = received.invoice
    how: Payload = {"AppliedToTxnAdd": _applied_to(received)} if paid else {"IsAutoApply": False}
    return _payment_head(received) | how


def applied(received: Payment, revises: Revision, version: str) -> Payload:
    """Return the elements that change a payment so that it is applied to its invoice."""
    before = _payment_head(revises.posted) if revises.posted else None
    head = _change_head(revises, version, _payment_head(received), before)
    return head | {"AppliedToTxnMod": _applied_to(received)}


def _applied_to(received: Payment) -> list[Payload]:
    return [{"TxnID": received.invoice.id, "PaymentAmount": received.amount}] if received.invoice else []


def _payment_head(received: Payment) -> Payload:
    return {
        "CustomerRef": ref(received.customer),
        "ARAccountRef": ref(received.receivable),
        "TxnDate": received.date.isoformat(),
        "RefNumber": received.number,
        "TotalAmount": received.amount,
        "Memo": memo(received.note, received.method),
        "DepositToAccountRef": ref(received.deposit_to),
    }


def purchase_order(order: PurchaseOrder) -> Payload:
    """Return the elements of a purchase order, with the address that the vendor ships to."""
    return {**_order_head(order), "PurchaseOrderLineAdd": [_order_line(line) for line in order.lines]}


def revised_order(order: PurchaseOrder, revises: Revision, standing: Payload) -> Payload:
    """Return the elements that change a purchase order; `standing` is the order as it is in QuickBooks. Lines keep
    their ids, because bills refer to them. QuickBooks deletes the lines that the change does not name."""
    before = revises.posted
    head = _change_head(revises, standing["EditSequence"], _order_head(order), _order_head(before) if before else None)
    if before and before.lines == order.lines:
        return head
    lines = _kept_lines([(line, _order_line(line)) for line in order.lines], standing.get("PurchaseOrderLineRet", ()))
    return {**head, "PurchaseOrderLineMod": lines}


def _order_head(order: PurchaseOrder) -> Payload:
    return {
        "VendorRef": ref(order.vendor),
        "ClassRef": ref(order.tracking_class),
        "TxnDate": order.date.isoformat(),
        "RefNumber": order.number,
        "ShipAddress": address(order.ship_to),
        "TermsRef": ref(order.terms),
        "ExpectedDate": order.expected.isoformat() if order.expected else "",
        "Memo": memo(order.note, order.memo),
    }


def _order_line(line: Line) -> Payload:
    return {**_purchase_line(line, "Rate"), "ItemRef": ref(line.item), "CustomerRef": ref(line.customer)}


def bill(charged: Bill) -> Payload:
    """Return the elements of a bill. A line that is linked to a purchase order line gets its item from that line."""
    answered = charged.ordered.lines if charged.ordered else ()
    lines = [_bill_line(charged, line) for line in charged.lines]
    for line, ordered in zip(lines, answered, strict=False):
        del line["ItemRef"]
        line["LinkToTxn"] = {"TxnID": charged.ordered.id if charged.ordered else "", "TxnLineID": ordered}
    return {**_bill_head(charged), "ItemLineAdd": lines}


def revised_bill(charged: Bill, revises: Revision, standing: Payload) -> Payload:
    """Return the elements that change a bill; `standing` is the bill as it is in QuickBooks. Lines keep their ids, and
    so their link to a purchase order, because a change cannot link lines. Expense lines that a bookkeeper added are
    deleted: they are not part of the order."""
    before = revises.posted
    head = _change_head(revises, standing["EditSequence"], _bill_head(charged), _bill_head(before) if before else None)
    if before and (before.lines, before.tracking_class) == (charged.lines, charged.tracking_class):
        return head
    lines = _kept_lines([(line, _bill_line(charged, line)) for line in charged.lines], standing.get("ItemLineRet", ()))
    if "tracking_class" in revises.cleared:
        lines = [{**line, "ClassRef": CLEAR} for line in lines]
    return {
        **head,
        "ClearExpenseLines": True if standing.get("ExpenseLineRet") else None,
        "ItemLineMod": lines,
    }


def _bill_head(charged: Bill) -> Payload:
    return {
        "VendorRef": ref(charged.vendor),
        "APAccountRef": ref(charged.payable),
        "TxnDate": charged.date.isoformat(),
        "DueDate": charged.due.isoformat() if charged.due else "",
        "RefNumber": charged.number,
        "TermsRef": ref(charged.terms),
        "Memo": memo(charged.note, charged.memo),
    }


def _bill_line(charged: Bill, line: Line) -> Payload:
    fields = _purchase_line(line, "Cost") | {"ItemRef": ref(line.item), "ClassRef": ref(charged.tracking_class)}
    if line.customer is not None:
        fields["CustomerRef"] = ref(line.customer)
        fields["BillableStatus"] = "Billable" if line.billable else "NotBillable"
    return fields


def _kept_lines(lines: Sequence[tuple[Line, Payload]], standing: Sequence[Payload]) -> list[Payload]:
    """Return the lines of a change. A line that is in QuickBooks already has its id, and no item, which stays; any
    other is a new line."""
    ids = placed([line for line, _ in lines], standing)
    return [
        {"TxnLineID": line_id, **fields, "ItemRef": fields["ItemRef"] if line_id == NEW_LINE else {}}
        for line_id, (_, fields) in zip(ids, lines, strict=True)
    ]


def placed(lines: Sequence[Line], standing: Sequence[Payload]) -> list[str]:
    """Return for each line the id of the most similar line in QuickBooks with the same item, or `NEW_LINE`."""
    left, found = {row["TxnLineID"]: row for row in standing}, dict[int, str]()
    for alike in (_is_equal, _is_described_so, _is_of_item):
        for place, line in enumerate(lines):
            if place not in found:
                line_id = next((one for one, row in left.items() if alike(line, row)), NEW_LINE)
                if left.pop(line_id, None):
                    found[place] = line_id
    return [found.get(place, NEW_LINE) for place in range(len(lines))]


def _is_equal(line: Line, row: Payload) -> bool:
    figures = Decimal(row.get("Quantity") or 1), Decimal(row.get("Amount") or 0)
    return _is_described_so(line, row) and figures == (line.quantity, line.amount)


def _is_described_so(line: Line, row: Payload) -> bool:
    return _is_of_item(line, row) and row.get("Desc", "") == printable(line.description)


def _is_of_item(line: Line, row: Payload) -> bool:
    return bool(row.get("ItemRef", {}).get("ListID") == line.item.id)


def _purchase_line(line: Line, price: str) -> Payload:
    return {
        "Desc": printable(line.description),
        "Quantity": line.quantity,
        price: line.price,
        "Amount": line.amount,
    }


def customer(new: NewCustomer) -> Payload:
    """Return the elements of a customer."""
    return {
        **_party_head(new.name, new.email, new.phone),
        "BillAddress": address(new.billing, new.name),
        "ShipAddress": address(new.shipping, new.name),
    }


def changed(revises: Revision, version: str, new: NewCustomer) -> Payload:
    """Return the elements of a change to a customer: those that differ from the customer as we sent it last."""
    before = customer(revises.posted) if revises.posted else {}
    fields = {name: value for name, value in customer(new).items() if value != before.get(name)}
    named = {name: _every_line(value) if name in _ADDRESSES else value for name, value in fields.items()}
    return {"ListID": revises.id, "EditSequence": version, **named}


def vendor(new: NewVendor) -> Payload:
    """Return the elements of a vendor."""
    return {**_party_head(new.name, new.email, new.phone), "VendorAddress": address(new.address, new.name)}


def _party_head(name: str, email: str, phone: str) -> Payload:
    return {
        "Name": fit_name(name, CUSTOMER_LENGTH),
        "CompanyName": printable(" ".join(name.split()))[:CUSTOMER_LENGTH],
        "Phone": printable(phone).strip(),
        "Email": printable(email),
    }


def item(new: NewItem, options: Mapping[str, str]) -> Payload:
    """Return the elements of a product. With a cost account it can also be bought: on purchase orders and bills."""
    about, price = printable(new.description), new.price if new.price is not None else Decimal(0)
    fields: Payload = {
        "Name": fit_name(new.name, ITEM_LENGTH),
        "SalesTaxCodeRef": _tax_code(options, taxed=new.taxable),
    }
    if new.cost is None:
        fields["SalesOrPurchase"] = {"Desc": about, "Price": price, "AccountRef": ref(new.income)}
    else:
        fields["SalesAndPurchase"] = {
            "SalesDesc": about,
            "SalesPrice": price,
            "IncomeAccountRef": ref(new.income),
            "PurchaseDesc": about,
            "ExpenseAccountRef": ref(new.cost),
        }
    return fields


def discount(name: str, account: Ref) -> Payload:
    """Return the elements of the item for discounts. It is taxable, so that tax is due on what the customer pays."""
    return {"Name": name, "AccountRef": ref(account)}


def ref(entry: Ref | None) -> Payload:
    """Return a pointer by ListID, empty for none."""
    return {"ListID": entry.id} if entry is not None and entry.id else {}


def _tax_code(options: Mapping[str, str], *, taxed: bool) -> Payload:
    return {"FullName": (TAXABLE_CODE if taxed else NONTAXABLE_CODE).value_in(options)}


def memo(*texts: str) -> str:
    """Return the text of a memo: each of `texts` that is not empty, on a line of its own."""
    return "\n".join(printable(text) for text in texts if text)


def address(place: Address | None, addressee: str = "") -> Payload:
    """Return a postal address: the addressee, the street, and the city with state and postal code.

    QuickBooks prints five lines in all (Zed Axis a143, Crik-IT), so that `review` has refused what does not fit.
    """
    if place is None:
        return {}
    return {
        **dict(zip(ADDRESS_LINES, address_lines(place, addressee), strict=False)),
        **{name: value[: CITY_LENGTHS[name]] for name, value in city_parts(place).items()},
    }


def address_lines(place: Address, addressee: str = "") -> list[str]:
    """Return the lines above the city. A long one continues on the next; short ones share one if there are too many."""
    lines = [part for line in place.lines for part in _break_line(printable(line).strip())]
    name = printable(addressee).strip()[:_LINE]
    if lines and name and lines[0].casefold() != name.casefold():
        lines.insert(0, name)
    while len(lines) > address_room(place):
        at = next((at for at in range(1, len(lines) - 1) if len(lines[at]) + len(lines[at + 1]) < _LINE - 1), 0)
        if not at:
            break
        lines[at : at + 2] = [f"{lines[at]}, {lines[at + 1]}"]
    return lines


def address_room(place: Address) -> int:
    """Return how many lines above the city are printed."""
    parts = city_parts(place)
    city = any(value for name, value in parts.items() if name != "Country")
    return len(ADDRESS_LINES) - city - bool(parts["Country"])


def city_parts(place: Address) -> dict[str, str]:
    """Return the elements below the street. The country is left out where it is the company's own."""
    country = printable(place.country).strip()
    return {
        "City": printable(place.city).strip(), "State": printable(place.region).strip(),
        "PostalCode": printable(place.postal_code).strip(),
        "Country": "" if country.casefold() in _HOME else country,
    }  # fmt: skip


def _break_line(line: str) -> list[str]:
    """Return a line in pieces of at most 41 characters, broken at spaces where possible."""
    pieces = []
    while len(line) > _LINE:
        place = line.rfind(" ", 1, _LINE + 1)
        place = place if place > 0 else _LINE
        pieces.append(line[:place].rstrip())
        line = line[place:].strip()
    return [*pieces, line] if line else pieces
