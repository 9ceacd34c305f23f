"""The purchase order to each vendor of an order."""

from __future__ import annotations

from collections.abc import Iterator

from hub.host import Order
from hub.planning.kinds.builders import Built
from hub.planning.kinds.purchase import build_purchases
from hub.planning.parts import Parts, vendors_of
from hub.plugin import PurchaseOrder


class PurchaseOrderBuilder:
    """One purchase order for each vendor. It goes where the order is delivered."""

    kind = PurchaseOrder.kind

    def applies_to(self, order: Order) -> bool:
        return bool(vendors_of(order))

    def build(self, parts: Parts) -> Iterator[Built]:
        ship_to = parts.order.shipping or parts.order.company.shipping
        return build_purchases(parts, self.kind, lambda _, fields: PurchaseOrder(ship_to=ship_to, **fields))
