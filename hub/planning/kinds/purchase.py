"""Code shared by the builders of purchase orders and bills."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import chain, count
from typing import Any

from hub.host import Order
from hub.planning.context import PlanningContext
from hub.planning.kinds.builders import Built, built_or_problem
from hub.planning.parts import Part, Parts, is_bought, vendors_of
from hub.plugin import Bill, Document, Line, Problem, PurchaseOrder, Ref, Role, in_cents, say

KINDS = (Bill.kind, PurchaseOrder.kind)

Make = Callable[[str, dict[str, Any]], Document]
"""Makes the document of a vendor, given the vendor's id and the fields that both kinds have."""


def source_of(order: Order, vendor_id: str) -> str:
    """Return the source of what an order buys from a vendor."""
    return f"order/{order.id}/vendor/{vendor_id}"


def build_purchases(parts: Parts, kind: str, make: Make) -> Iterator[Built]:
    """Return the documents of a kind, one for each vendor."""
    numbers = numbers_of(parts.order, parts.context, kind)
    for vendor_id, vendor in parts.vendors.items():
        refs, items, problems = parts.refs_of(vendor_id), list[Part](), list[Problem]()
        lines = tuple(_lines(parts, vendor_id, refs, items, problems))
        fields = {**_fields(parts, vendor, refs, lines), "number": numbers[vendor_id]}
        document, wrong = built_or_problem(lambda vendor_id=vendor_id, fields=fields: make(vendor_id, fields))  # type: ignore[misc]
        yield Built(
            source=source_of(parts.order, vendor_id), part=vendor_id, document=document,
            uses=(vendor, *items, *_customers(parts)), problems=(*wrong, *problems),
        )  # fmt: skip


def _customers(parts: Parts) -> tuple[Part, ...]:
    """Return the customer, whom the lines name if they are billable."""
    return (parts.customer,) if parts.context.billable else ()


def numbers_of(order: Order, context: PlanningContext, kind: str) -> dict[str, str]:
    """Return our number for the purchase from each vendor: the order's number, with a suffix if there are several
    vendors.

    A document that was sent keeps its number when vendors are added or removed, and no other vendor gets that number. A
    bill without a number of ours has that of its purchase order, and vice versa.
    """
    sent, vendors = _sent_numbers(order, context), vendors_of(order)
    taken, found = set(sent.values()), dict[str, str]()
    for place, vendor_id in enumerate(vendors, start=1):
        own = (sent.get((one, vendor_id)) for one in (kind, *KINDS))
        alone = [order.number] if len(vendors) == 1 else []
        free = (one for one in chain(alone, (f"{order.number}-{n}" for n in count(place))) if one not in taken)
        found[vendor_id] = next(filter(None, own), None) or next(free)
        taken.add(found[vendor_id])
    return found


def _sent_numbers(order: Order, context: PlanningContext) -> dict[tuple[str, str], str]:
    """Return our numbers of what was bought, by kind and vendor. A bill may bear its vendor's own."""
    found = {}
    for one in context.of_order(order):
        if one.kind not in KINDS:
            continue
        number = str(getattr(one.current, "number", ""))
        if one.kind == PurchaseOrder.kind or number == order.number or number.startswith(f"{order.number}-"):
            found[one.kind, one.about.partition("/")[2]] = number
    return found


def _lines(
    parts: Parts, vendor_id: str, refs: Mapping[str, Ref], items: list[Part], problems: list[Problem]
) -> Iterator[Line]:
    billable = parts.context.billable
    for line, item in zip(parts.order.lines, parts.items, strict=True):
        if line.vendor is None or line.vendor.id != vendor_id or not is_bought(line):
            continue
        if line.cost is None:
            problems.append(Problem(
                code="cost-missing", what=say("The line “%(line)s” has no cost.", line=line.name or line.description),
                why=say("A purchase order and a bill say what the vendor charges."),
                cure=say("Enter the cost on the order, or do not send its purchase orders and bills."), field="lines",
            ))  # fmt: skip
        items.append(item)
        cost = line.cost or Decimal("0.00")
        yield Line(
            item=item.ref, description=line.description or line.name, quantity=line.quantity, price=cost,
            amount=in_cents(line.quantity * cost), account=refs.get(Role.COST),
            customer=parts.customer.ref if billable else None, billable=billable,
        )  # fmt: skip


def _fields(parts: Parts, vendor: Part, refs: Mapping[str, Ref], lines: tuple[Line, ...]) -> dict[str, Any]:
    order = parts.order
    return {
        "date": order.date, "currency": order.currency, "vendor": vendor.ref, "lines": lines,
        "total": sum((line.amount for line in lines), Decimal("0.00")), "payable": refs.get(Role.PAYABLE),
        "tracking_class": refs.get(Role.CLASS), "location": refs.get(Role.LOCATION), "note": f"Order {order.number}",
    }  # fmt: skip
