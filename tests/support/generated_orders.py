"""Generated orders that add up, for Hypothesis."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from hub.host import Order, OrderLine, OrderPayment
from hub.plugin import in_cents
from tests.support.host import order_1042

cents = st.decimals(min_value=0, max_value=Decimal("99999.99"), places=2)


quantities = st.integers(1, 5000).map(Decimal) | st.decimals(min_value=Decimal("0.01"), max_value=500, places=3)


prices = st.decimals(min_value=0, max_value=Decimal("9999.9999"), places=4)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order that adds up."""
    lines = []
    for number in range(draw(st.integers(1, 6))):
        quantity, price = draw(quantities), draw(prices)
        lines.append(OrderLine(
            name=f"Product {number}", quantity=quantity, price=price, amount=in_cents(quantity * price),
            fields={"number": draw(st.sampled_from(["A1", "b 2", "C-3"])), "name": f"Product {number}"},
            taxable=draw(st.booleans()),
        ))  # fmt: skip
    subtotal = sum((line.amount for line in lines), Decimal("0.00"))
    discount = in_cents(subtotal * draw(st.integers(0, 100)) / 100)
    tax = draw(cents)
    total = subtotal - discount + tax
    paid = in_cents(total * draw(st.integers(0, 100)) / 100)
    payment = OrderPayment(id="1", date=dt.date(2026, 11, 14), amount=paid)
    return replace(
        order_1042(), lines=tuple(lines), discount=discount, tax=tax, total=total, payments=(payment,) if paid else ()
    )
