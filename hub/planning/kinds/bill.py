"""The bill of each vendor of an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from hub.host import Order
from hub.planning.kinds.builders import Built
from hub.planning.kinds.purchase import build_purchases, source_of
from hub.planning.parts import Parts, vendors_of
from hub.plugin import Bill, PurchaseOrder, PurchaseOrderRef, say


class BillBuilder:
    """One bill for each vendor, under the vendor's own number as far as that has come. It answers the vendor's purchase
    order, if that is in the books or sent together with it."""

    kind = Bill.kind

    def applies_to(self, order: Order) -> bool:
        return bool(vendors_of(order))

    def build(self, parts: Parts) -> Iterator[Built]:
        names = vendors_of(parts.order)
        for built in build_purchases(parts, self.kind, lambda vendor_id, fields: _bill(parts, vendor_id, fields)):
            answers = isinstance(built.document, Bill) and built.document.ordered is not None
            waits_for = ((built.source, PurchaseOrder.kind),) if answers else ()
            yield replace(built, waits_for=waits_for, title=partial(_title, names[built.part].name))


def _title(vendor: str, bill: Bill) -> str:
    return say("Bill %(number)s from %(vendor)s", number=bill.number, vendor=vendor)


def _bill(parts: Parts, vendor_id: str, fields: dict[str, object]) -> Bill:
    number = parts.order.bill_numbers.get(vendor_id, fields["number"])
    ordered = PurchaseOrderRef(id="") if _is_ordered(parts, vendor_id) else None
    return Bill(**{**fields, "number": number, "ordered": ordered})  # type: ignore[arg-type]  # The fields of a purchase.


def _is_ordered(parts: Parts, vendor_id: str) -> bool:
    key = (source_of(parts.order, vendor_id), PurchaseOrder.kind)
    ordered, billed = parts.context.existing.get(key), parts.context.existing.get((key[0], Bill.kind))
    waits = billed is not None and key in billed.needs
    asked = parts.choices.asks_for(PurchaseOrder.kind, vendor_id)
    return parts.will_stand(key, vendor_id) and (asked or (ordered is not None and (ordered.is_posted or waits)))
