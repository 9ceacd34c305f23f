"""What the hub asks of this application. Every answer stays within the organization that is named."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from demo import models
from demo.models import db
from hub.host import (
    Address,
    Company,
    Delivered,
    Order,
    OrderLine,
    OrderPayment,
    Organization,
    Permission,
    SourceField,
    Team,
    User,
)


class OrderDesk:
    """Implements `hub.host.Host`."""

    def user(self) -> User | None:
        return _user(current_user) if current_user.is_authenticated else None

    def organization(self) -> Organization | None:
        if not current_user.is_authenticated:
            return None
        return Organization(id=str(current_user.organization_id), name=current_user.organization.name)

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        row = db.session.get(models.User, int(user.id))
        if row is None or str(row.organization_id) != organization.id:
            return False
        return row.is_admin or permission in {Permission.SEND, Permission.VIEW}

    def order(self, organization_id: str, order_id: str) -> Order | None:
        row = find_order(organization_id, order_id)
        return _order(row) if row else None

    def company(self, organization_id: str, company_id: str) -> Company | None:
        row = db.session.get(models.Company, int(company_id)) if company_id.isdecimal() else None
        return _company(row) if row and str(row.organization_id) == organization_id else None

    def teams(self, organization_id: str) -> Sequence[Team]:
        rows = db.session.scalars(select(models.Team).where(models.Team.organization_id == int(organization_id)))
        return [Team(id=str(row.id), name=row.name) for row in rows]

    def users(self, organization_id: str) -> Sequence[User]:
        rows = db.session.scalars(select(models.User).where(models.User.organization_id == int(organization_id)))
        return [_user(row) for row in rows]

    def source_fields(self) -> Sequence[SourceField]:
        return [SourceField(key="number", label="Product number"), SourceField(key="name", label="Product name")]

    def order_address(self, order_id: str) -> str:
        return url_for("pages.order", order_id=order_id)

    def login_address(self, next_address: str) -> str:
        return url_for("auth.login", next=next_address)

    def delivered(self, event: Delivered) -> None:
        current_app.logger.info("Order %s: %s is in the books as %s", event.order_id, event.document, event.number)


def find_order(organization_id: str, order_id: str) -> models.Order | None:
    """An order of this organization, with its lines and payments."""
    if not order_id.isdecimal() or len(order_id) > 9:
        return None
    return db.session.scalar(
        select(models.Order)
        .where(models.Order.id == int(order_id), models.Order.organization_id == int(organization_id))
        .options(selectinload(models.Order.lines), selectinload(models.Order.payments))
    )


def _user(row: models.User) -> User:
    teams = frozenset({str(row.team_id)} if row.team_id else ())
    return User(id=str(row.id), name=row.name, email=row.email, teams=teams)


def _company(row: models.Company) -> Company:
    address = Address(
        lines=(row.street,), city=row.city, region=row.region, postal_code=row.postal_code, country="US"
    ) if row.street else None  # fmt: skip
    return Company(id=str(row.id), name=row.name, email=row.email, phone=row.phone, billing=address, shipping=address)


def _order(row: models.Order) -> Order:
    company = _company(row.company)
    return Order(
        id=str(row.id), number=str(row.id), date=row.date, due=row.due, currency="USD", company=company,
        lines=tuple(_line(line) for line in row.lines), total=row.total, discount=row.discount, tax=row.tax,
        payments=tuple(
            OrderPayment(
                id=str(payment.id), date=payment.date, amount=payment.amount, method=payment.method,
                reference=payment.reference,
            )
            for payment in row.payments
        ),
        shipping=company.shipping, po_number=row.po_number, memo=row.memo,
    )  # fmt: skip


def _line(row: models.OrderLine) -> OrderLine:
    return OrderLine(
        name=row.name, quantity=row.quantity, price=row.price, amount=row.amount, cost=row.cost, taxable=row.taxable,
        fields={"number": row.number, "name": row.name}, supplier=_company(row.supplier) if row.supplier else None,
    )  # fmt: skip
