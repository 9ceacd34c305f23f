"""The invoice of an order that sells."""

from __future__ import annotations

from collections.abc import Iterator

from hub.host import Order
from hub.planning.kinds.builders import Built
from hub.planning.kinds.sale import build_sale, is_given_back
from hub.planning.parts import Parts
from hub.plugin import Invoice, Role


class InvoiceBuilder:
    """One invoice for the order."""

    kind = Invoice.kind

    def applies_to(self, order: Order) -> bool:
        return not is_given_back(order)

    def build(self, parts: Parts) -> Iterator[Built]:
        order = parts.order
        yield build_sale(parts, lambda lines, fields: Invoice(
            lines=tuple(lines), discount=order.discount, total=order.total, due=order.due,
            terms=parts.refs.get(Role.TERMS), **fields,
        ))  # fmt: skip
