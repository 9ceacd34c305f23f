"""What an order buys: for each of its vendors a purchase order, and the bill that answers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, count

from hub.host import Company, Order, OrderLine
from hub.models import Installation
from hub.planning.choices import PURCHASES, Choices
from hub.planning.context import NEW, Gathered
from hub.plugin import (
    Bill,
    Line,
    NewVendor,
    Problem,
    PurchaseOrder,
    PurchaseOrderRef,
    RecordKind,
    Ref,
    Role,
    in_cents,
    say,
)

ROLES = (Role.PAYABLE, Role.COST)
"""What can be chosen for each vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is bought from one vendor. `new_vendor` is set if the books do not know the vendor."""

    vendor: Company
    new_vendor: NewVendor | None
    order: PurchaseOrder | None
    bill: Bill | None


def accounts_of(vendor_id: str, refs: Mapping[str, Ref]) -> dict[str, Ref]:
    """Return what is chosen by role, with what is chosen for this vendor in its place."""
    return {**refs, **{str(role): refs[key] for role in ROLES if (key := f"{role}/{vendor_id}") in refs}}


def build_purchases(
    installation: Installation, order: Order, choices: Choices, *, known: Gathered, customer: Ref,
    items: Sequence[Ref], refs: Mapping[str, Ref], problems: list[Problem],
) -> tuple[Purchase, ...]:  # fmt: skip
    """Return the purchases of an order, as far as `choices` ask for them."""
    asked, vendors = PURCHASES & choices.kinds, vendors_of(order)
    if asked and not vendors:
        problems.append(Problem(
            code="vendor-missing",
            what=say("No line of this order has a vendor."), why=say("There is nobody to order from."),
            cure=say("Enter the vendors on the order, or do not send purchase orders and bills."), field="lines",
        ))  # fmt: skip
    found = []
    lines_of = _by_vendor(zip(order.lines, items, strict=True))
    numbers = {kind: numbers_of(order, known, kind) for kind in PURCHASES}
    for vendor_id, vendor in vendors.items() if asked else ():
        if not any(is_wanted(choices, kind, vendor_id) for kind in PURCHASES):
            continue
        own = accounts_of(vendor_id, refs)
        lines = _lines(installation, lines_of[vendor_id], customer, own.get(Role.COST), problems)
        ref = _vendor(known, choices, vendor, problems)
        ordered = billed = None
        if is_wanted(choices, PurchaseOrder.kind, vendor_id):
            number = numbers[PurchaseOrder.kind][vendor_id]
            ordered = _order(order, number, ref, lines, own)
        if is_wanted(choices, Bill.kind, vendor_id):
            theirs = order.bill_numbers.get(vendor_id, numbers[Bill.kind][vendor_id])
            source = f"order/{order.id}/vendor/{vendor_id}"
            is_there = (source, PurchaseOrder.kind) in known.settled.get(order.id, ())
            billed = _bill(order, theirs, ref, lines, own, answers=ordered is not None or is_there)
        found.append(Purchase(
            vendor=vendor, new_vendor=None if ref.id else _new(vendor, order.currency), order=ordered,
            bill=billed,
        ))  # fmt: skip
    return tuple(found)


def is_wanted(choices: Choices, kind: str, vendor_id: str) -> bool:
    """Return True if a purchase of a kind is to be sent for a vendor."""
    return kind in choices.documents or f"{kind}/{vendor_id}" in choices.documents


def all_have(role: str, order: Order, choices: Choices) -> bool:
    """Return True if each vendor of whom something is to be sent has an account of its own in a role."""
    wanted = [one for one in vendors_of(order) if any(is_wanted(choices, kind, one) for kind in PURCHASES)]
    return role in ROLES and bool(wanted) and all(choices.accounts.get(f"{role}/{one}") for one in wanted)


def numbers_of(order: Order, known: Gathered, kind: str) -> dict[str, str]:
    """Our number for what is bought from each vendor: the order's, with a place if there are several. What has been
    sent keeps its number, whoever joins or leaves the order since, and nobody else gets that; a bill that has none of
    ours yet has that of its purchase order, and the other way round."""
    sent, vendors = known.numbers.get(order.id, {}), vendors_of(order)
    taken, found = set(sent.values()), dict[str, str]()
    for place, vendor_id in enumerate(vendors, start=1):
        own = (sent.get((one, vendor_id)) for one in (kind, *sorted(PURCHASES)))
        alone = [order.number] if len(vendors) == 1 else []
        free = (one for one in chain(alone, (f"{order.number}-{n}" for n in count(place))) if one not in taken)
        found[vendor_id] = next(filter(None, own), None) or next(free)
        taken.add(found[vendor_id])
    return found


def vendors_of(order: Order) -> dict[str, Company]:
    """From whom an order buys, by id, in the order of its lines."""
    return {line.vendor.id: line.vendor for line in order.lines if line.vendor is not None and is_bought(line)}


def vendor_of(known: Gathered, vendor: Company) -> str:
    """Return the id of the vendor that a vendor is: who is linked, else who has exactly this name; else empty."""
    row = known.named(RecordKind.VENDOR, vendor.name)
    link = known.links.get((RecordKind.VENDOR, vendor.id))
    return link.id if link is not None else row.record_id if row is not None else ""


def _vendor(known: Gathered, choices: Choices, vendor: Company, problems: list[Problem]) -> Ref:
    chosen = choices.vendors.get(vendor.id, "") or vendor_of(known, vendor)
    row = known.entries.get((RecordKind.VENDOR, chosen))
    if row is not None and row.active:
        return row.ref
    if chosen and chosen != NEW:
        problems.append(Problem(
            code="vendor-inactive",
            what=say("The vendor chosen for %(vendor)s is not (or no longer) active.", vendor=vendor.name),
            cure=say("Choose another vendor, or create a new one."), field="vendor", about=f"vendor/{vendor.id}",
        ))  # fmt: skip
    return Ref(id="", name=vendor.name)


def is_bought(line: OrderLine) -> bool:
    """Return True if a line is bought from a vendor for its order. What a customer gives back is not."""
    return line.vendor is not None and line.quantity > 0


def _by_vendor(pairs: Iterable[tuple[OrderLine, Ref]]) -> dict[str, list[tuple[OrderLine, Ref]]]:
    found: dict[str, list[tuple[OrderLine, Ref]]] = {}
    for line, item in pairs:
        if line.vendor is not None and is_bought(line):
            found.setdefault(line.vendor.id, []).append((line, item))
    return found


def _new(vendor: Company, currency: str) -> NewVendor:
    return NewVendor(
        name=vendor.name, email=vendor.email, phone=vendor.phone, address=vendor.billing, currency=currency
    )


def _lines(
    installation: Installation, bought: Sequence[tuple[OrderLine, Ref]], customer: Ref, account: Ref | None,
    problems: list[Problem],
) -> tuple[Line, ...]:
    lines = []
    for line, item in bought:
        if line.cost is None:
            problems.append(Problem(
                code="cost-missing", what=say("The line “%(line)s” has no cost.", line=line.name or line.description),
                why=say("A purchase order and a bill say what the vendor charges."),
                cure=say("Enter the cost on the order, or do not send its purchase orders and bills."), field="lines",
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
        payable=refs.get(Role.PAYABLE), tracking_class=refs.get(Role.CLASS), location=refs.get(Role.LOCATION),
        ship_to=order.shipping or order.company.shipping, note=f"Order {order.number}",
    )  # fmt: skip


def _bill(
    order: Order, number: str, vendor: Ref, lines: tuple[Line, ...], refs: Mapping[str, Ref], *, answers: bool
) -> Bill:
    return Bill(
        number=number, date=order.date, currency=order.currency, vendor=vendor, lines=lines, total=_total(lines),
        payable=refs.get(Role.PAYABLE), tracking_class=refs.get(Role.CLASS), location=refs.get(Role.LOCATION),
        ordered=PurchaseOrderRef(id="") if answers else None, note=f"Order {order.number}",
    )  # fmt: skip
