"""What an order buys: for each of its suppliers a purchase order, and the bill that answers it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hub.host import Company, Order, OrderLine
from hub.models import Installation
from hub.plugin import (
    Bill,
    DocumentKind,
    Line,
    NewVendor,
    Ordered,
    Problem,
    PurchaseOrder,
    RecordKind,
    Ref,
    Role,
    in_cents,
)
from hub.services.gathering import Gathered

KINDS = frozenset({DocumentKind.PURCHASE_ORDER, DocumentKind.BILL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is bought from one supplier. `new_vendor` is set if the books do not know the supplier."""

    supplier: Company
    new_vendor: NewVendor | None
    order: PurchaseOrder | None
    bill: Bill | None


def purchases(
    installation: Installation, order: Order, documents: Collection[str], *, known: Gathered, customer: Ref,
    items: Sequence[Ref], refs: Mapping[str, Ref], problems: list[Problem],
) -> tuple[Purchase, ...]:  # fmt: skip
    """The purchases of an order, as far as `documents` asks for them."""
    suppliers = _suppliers(order) if KINDS & set(documents) else {}
    if KINDS & set(documents) and not suppliers:
        problems.append(Problem(
            what="No line of this order has a supplier.", why="There is nobody to order from.",
            cure="Enter the suppliers on the order, or do not send purchase orders and bills.", field="lines",
        ))  # fmt: skip
    found = []
    for place, (supplier_id, supplier) in enumerate(suppliers.items(), start=1):
        bought = [
            (line, item)
            for line, item in zip(order.lines, items, strict=True)
            if is_bought(line) and _from(line) == supplier_id
        ]
        lines = _lines(installation, bought, customer, refs.get(Role.COST), problems)
        row = known.named(RecordKind.VENDOR, supplier.name)
        by_name = row.ref if row else Ref(id="", name=supplier.name)
        vendor = known.links.get((RecordKind.VENDOR, supplier_id)) or by_name
        number = order.number if len(suppliers) == 1 else f"{order.number}-{place}"
        ordered = billed = None
        if DocumentKind.PURCHASE_ORDER in documents:
            ordered = _order(order, number, vendor, lines, refs)
        if DocumentKind.BILL in documents:
            theirs = order.bill_numbers.get(supplier_id, number)
            billed = _bill(order, theirs, vendor, lines, refs, answers=ordered is not None)
        found.append(Purchase(
            supplier=supplier, new_vendor=None if vendor.id else _new(supplier, order.currency), order=ordered,
            bill=billed,
        ))  # fmt: skip
    return tuple(found)


def is_bought(line: OrderLine) -> bool:
    """Whether a line is bought from a supplier for its order. What a customer gives back is not."""
    return line.supplier is not None and line.quantity > 0


def _suppliers(order: Order) -> dict[str, Company]:
    return {line.supplier.id: line.supplier for line in order.lines if line.supplier is not None and is_bought(line)}


def _from(line: OrderLine) -> str:
    return line.supplier.id if line.supplier is not None else ""


def _new(supplier: Company, currency: str) -> NewVendor:
    return NewVendor(
        name=supplier.name, email=supplier.email, phone=supplier.phone, address=supplier.billing, currency=currency
    )


def _lines(
    installation: Installation, bought: Sequence[tuple[OrderLine, Ref]], customer: Ref, account: Ref | None,
    problems: list[Problem],
) -> tuple[Line, ...]:
    lines = []
    for line, item in bought:
        if line.cost is None:
            problems.append(Problem(
                what=f"The line “{line.name or line.description}” has no cost.",
                why="A purchase order and a bill say what the supplier charges.",
                cure="Enter the cost on the order, or do not send its purchase orders and bills.", field="lines",
            ))  # fmt: skip
        cost = line.cost or Decimal("0.00")
        lines.append(Line(
            item=item, description=line.description or line.name, quantity=line.quantity, price=cost,
            amount=in_cents(line.quantity * cost), account=account,
            customer=customer if installation.billable else None, billable=installation.billable,
        ))  # fmt: skip
    return tuple(lines)


def _total(lines: Sequence[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))


def _order(
    order: Order, number: str, vendor: Ref, lines: tuple[Line, ...], refs: Mapping[str, Ref]
) -> PurchaseOrder:
    return PurchaseOrder(
        number=number, date=order.date, currency=order.currency, vendor=vendor, lines=lines, total=_total(lines),
        payable=refs.get(Role.PAYABLE), ship_to=order.shipping or order.company.shipping, note=f"Order {order.number}",
    )  # fmt: skip


def _bill(
    order: Order, number: str, vendor: Ref, lines: tuple[Line, ...], refs: Mapping[str, Ref], *, answers: bool
) -> Bill:
    return Bill(
        number=number, date=order.date, currency=order.currency, vendor=vendor, lines=lines, total=_total(lines),
        payable=refs.get(Role.PAYABLE), ordered=Ordered(id="") if answers else None, note=f"Order {order.number}",
    )  # fmt: skip
