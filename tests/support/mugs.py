"""A host that sells mugs: any order of it is made when it is asked for, so that it has any number and keeps none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from hub.host import (
    Company,
    Delivered,
    Host,
    Order,
    OrderLine,
    OrderPayment,
    Organization,
    Permission,
    SourceField,
    User,
)

ORDERS, CUSTOMERS, ITEMS = 300, 50, 30
"""Orders of a series, and how many customers and items these are of: a part of a series has as much less of them."""

_VENDOR = Company(id="mugs", name="Mug Makers")
_SERIES = 100_000


def orders(first: int, count: int = ORDERS) -> list[Order]:
    """So many orders from the first of a series on."""
    return [order(number, ORDERS // count) for number in range(first, first + count)]


def order(number: int, part: int = 1) -> Order:
    """Return the order of a number: of a new customer for a new item, with a payment."""
    series, place = divmod(number, _SERIES)
    customer = f"Customer {series}-{place % (CUSTOMERS // part)}"
    item = f"Item {series}-{place % (ITEMS // part)}"
    day = dt.date(2026, 11, 12)
    line = OrderLine(
        name=item, quantity=Decimal(100), price=Decimal("2.30"), amount=Decimal("230.00"), taxable=False,
        fields={"number": item, "name": item}, cost=Decimal("1.10"), vendor=_VENDOR,
    )  # fmt: skip
    paid = OrderPayment(id="1", date=day, amount=Decimal("100.00"), method="Check")
    return Order(
        id=str(number), number=str(number), date=day, currency="USD", lines=(line,),
        company=Company(id=customer, name=customer), total=Decimal("230.00"), payments=(paid,),
    )  # fmt: skip


class Mugs(Host):
    """What a worker asks of its host, and no more."""

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        return True

    def users(self, organization_id: str) -> Sequence[User]:
        return []

    def some_orders(self, organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        return [order(int(one)) for one in order_ids]

    def source_fields(self) -> Sequence[SourceField]:
        return [SourceField(key="number", label="Product number")]

    def delivered(self, event: Delivered) -> None:
        """Let it be."""
