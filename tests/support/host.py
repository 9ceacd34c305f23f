"""A host for tests: one organization, one user, order 1042."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.access import Actor
from hub.host import (
    Company,
    CompanyQuery,
    Delivered,
    Order,
    OrderLine,
    OrderPayment,
    Organization,
    Page,
    Permission,
    SourceField,
    Team,
    User,
)

ACME = Organization(id="acme", name="Acme")


ADA = User(id="ada", name="Ada Admin", email="ada@acme.test", teams=frozenset({"sales"}))


ADA_AT_ACME = Actor(ADA, ACME)


ABC = Company(id="12", name="ABC Company", email="ap@abc.test")


def order_1042() -> Order:
    line = OrderLine(
        name="Almond - 11 oz/Stoneware", quantity=Decimal(100), price=Decimal("2.30"), amount=Decimal("230.00"),
        fields={"number": "A7102", "name": "Almond - 11 oz/Stoneware"},
    )  # fmt: skip
    paid = OrderPayment(id="7", date=dt.date(2026, 11, 14), amount=Decimal("100.00"), method="Check")
    return Order(
        id="1042", number="1042", date=dt.date(2026, 11, 12), currency="USD", company=ABC, lines=(line,),
        total=Decimal("218.50"), discount=Decimal("11.50"), payments=(paid,),
    )  # fmt: skip


class Desk:
    """A host that holds its orders in a dict."""

    def __init__(self) -> None:
        self.orders = {"1042": order_1042()}
        self.others: list[Company] = []
        self.told: list[Delivered] = []
        self.signed_in: User | None = ADA
        self.working_for: Organization | None = ACME
        self.permissions = set(Permission)

    def user(self) -> User | None:
        return self.signed_in

    def organization(self) -> Organization | None:
        return self.working_for

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        return permission in self.permissions

    def order(self, organization_id: str, order_id: str) -> Order | None:
        return self.orders.get(order_id) if organization_id == "acme" else None

    def some_orders(self, organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        return [self.orders[one] for one in order_ids if organization_id == "acme" and one in self.orders]

    def company(self, organization_id: str, company_id: str) -> Company | None:
        return next((one for one in self._companies() if one.id == company_id and organization_id == "acme"), None)

    def companies(self, organization_id: str, query: CompanyQuery) -> Page[Company]:
        text = query.text.casefold()
        found = [
            one for one in self._companies()
            if organization_id == "acme" and text in f"{one.name} {one.email} {one.phone}".casefold()
        ]  # fmt: skip
        found.sort(key=lambda one: (one.name, one.id))
        first = [one.id for one in found].index(query.after) + 1 if query.after else 0
        last = first + query.limit
        return Page(rows=tuple(found[first:last]), more=last < len(found), total=len(found))

    def _companies(self) -> list[Company]:
        mentioned = [order.company for order in self.orders.values()]
        return list({one.id: one for one in [*mentioned, *self.others]}.values())

    def teams(self, organization_id: str) -> Sequence[Team]:
        return [Team(id="sales", name="Sales")]

    def users(self, organization_id: str) -> Sequence[User]:
        return [ADA]

    def source_fields(self) -> Sequence[SourceField]:
        return [SourceField(key="number", label="Product number"), SourceField(key="name", label="Product name")]

    def order_address(self, order_id: str) -> str:
        return f"/orders/{order_id}"

    def login_address(self, next_address: str) -> str:
        return f"/login?next={next_address}"

    def delivered(self, event: Delivered) -> None:
        self.told.append(event)

    def copy_order(self, number: str, **changes: Any) -> Order:
        """Another order like 1042."""
        payments = tuple(replace(one, id=f"{number}-{one.id}") for one in order_1042().payments)
        order = replace(order_1042(), **({"id": number, "number": number, "payments": payments} | changes))
        self.orders[number] = order
        return order


def turned(order: Order) -> Order:
    """The order that takes all of an order back."""
    lines = tuple(replace(line, quantity=-line.quantity, amount=-line.amount) for line in order.lines)
    return replace(
        order, lines=lines, discount=-order.discount, tax=-order.tax, total=-order.total, payments=()
    )
