"""The estimate of an order."""

from __future__ import annotations

from collections.abc import Iterator

from hub.host import Order
from hub.planning.kinds.builders import Built
from hub.planning.kinds.sale import build_sale, is_given_back
from hub.planning.parts import Parts
from tests.support.estimates.declaration import Estimate


class EstimateBuilder:
    """One estimate for the order, before its tax and discount are known to be right."""

    kind = Estimate.kind

    def applies_to(self, order: Order) -> bool:
        return not is_given_back(order)

    def build(self, parts: Parts) -> Iterator[Built]:
        order = parts.order
        yield build_sale(parts, lambda lines, fields: Estimate(  # type: ignore[arg-type,return-value]  # It is a document, too.
            lines=tuple(lines), discount=order.discount, total=order.total, **fields
        ))  # fmt: skip
