"""The credit memo of an order that gives the customer money back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hub.host import Order
from hub.planning.kinds.builders import Built
from hub.planning.kinds.sale import build_sale, is_given_back
from hub.planning.parts import Parts
from hub.plugin import CreditMemo, Line


class CreditMemoBuilder:
    """One credit memo for the order, with the order's amounts negated."""

    kind = CreditMemo.kind

    def applies_to(self, order: Order) -> bool:
        return is_given_back(order)

    def build(self, parts: Parts) -> Iterator[Built]:
        order = parts.order
        yield build_sale(parts, lambda lines, fields: CreditMemo(
            lines=tuple(map(_turned, lines)), discount=-order.discount, total=-order.total, **fields
        ))  # fmt: skip


def _turned(line: Line) -> Line:
    """Return a line of an order as a line of a credit memo, where amounts that are given back are positive."""
    if line.price < 0:
        return replace(line, price=-line.price, amount=-line.amount)
    return replace(line, quantity=-line.quantity, amount=-line.amount)
