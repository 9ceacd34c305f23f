"""The demo's implementation of the host interface. Every method returns data of the given organization only."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, url_for
from flask_login import current_user
from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import selectinload

from demo import models
from demo.models import db
from hub.host import (
    Address,
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

_MOST_DIGITS = 9  # Of an id: longer ones do not exist, and are too large for the database.


class OrderDesk:
    """Implements `hub.host.Host`. Admins manage and send, reps send; both see only their own organization."""

    def user(self) -> User | None:
        return _user(current_user) if current_user.is_authenticated else None

    def organization(self) -> Organization | None:
        if not current_user.is_authenticated:
            return None
        return Organization(id=str(current_user.organization_id), name=current_user.organization.name)

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        row = db.session.get(models.User, as_id(user.id) or 0)
        if row is None or str(row.organization_id) != organization.id:
            return False
        return row.is_admin or permission in {Permission.SEND, Permission.VIEW}

    def order(self, organization_id: str, order_id: str) -> Order | None:
        row = find_order(organization_id, order_id)
        return _order(row) if row else None

    def some_orders(self, organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        return [_order(row) for row in find_orders(organization_id, order_ids)]

    def company(self, organization_id: str, company_id: str) -> Company | None:
        row = find_company(organization_id, company_id)
        return _company(row) if row else None

    def companies(self, organization_id: str, query: CompanyQuery) -> Page[Company]:
        row = models.Company
        found = select(row).where(
            row.organization_id == as_id(organization_id), row.is_vendor.is_(query.vendors)
        )
        if query.text:
            columns = (row.name, row.email, row.phone)
            found = found.where(or_(*(column.icontains(query.text, autoescape=True) for column in columns)))
        if query.after:
            last = select(row.name, row.id).where(row.id == as_id(query.after)).scalar_subquery()
            found = found.where(tuple_(row.name, row.id) > last)
        rows = db.session.scalars(found.order_by(row.name, row.id).limit(query.limit + 1)).all()
        return Page(rows=tuple(_company(one) for one in rows[: query.limit]), more=len(rows) > query.limit)

    def teams(self, organization_id: str) -> Sequence[Team]:
        query = select(models.Team).where(models.Team.organization_id == as_id(organization_id))
        return [Team(id=str(row.id), name=row.name) for row in db.session.scalars(query.order_by(models.Team.name))]

    def users(self, organization_id: str) -> Sequence[User]:
        query = select(models.User).where(models.User.organization_id == as_id(organization_id))
        return [_user(row) for row in db.session.scalars(query.order_by(models.User.name))]

    def source_fields(self) -> Sequence[SourceField]:
        return [SourceField(key="number", label="Product number"), SourceField(key="name", label="Product name")]

    def order_address(self, order_id: str) -> str:
        return url_for("pages.order", order_id=order_id)

    def login_address(self, next_address: str) -> str:
        return url_for("auth.login", next=next_address)

    def delivered(self, event: Delivered) -> None:
        current_app.logger.info("Order %s: %s is in the books as %s", event.order_id, event.document, event.number)


def as_id(text: str) -> int | None:
    """Return an id as a number, because the hub's ids are strings; None if it cannot be one of ours."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def find_order(organization_id: str, order_id: str) -> models.Order | None:
    """Return an order of this organization, with its company, lines and payments."""
    return next(iter(find_orders(organization_id, [order_id])), None)


def find_orders(organization_id: str, order_ids: Sequence[str]) -> Sequence[models.Order]:
    """Return orders of this organization with company, lines and payments, in a fixed number of queries."""
    query = (
        select(models.Order)
        .where(
            models.Order.id.in_([number for one in order_ids if (number := as_id(one)) is not None]),
            models.Order.organization_id == as_id(organization_id),
        )
        .options(
            selectinload(models.Order.company),
            selectinload(models.Order.lines).selectinload(models.OrderLine.vendor),
            selectinload(models.Order.payments),
        )
    )
    return db.session.scalars(query).all()


def find_company(organization_id: str, company_id: str) -> models.Company | None:
    """Return a customer or vendor of this organization."""
    return db.session.scalar(
        select(models.Company).where(
            models.Company.id == as_id(company_id), models.Company.organization_id == as_id(organization_id)
        )
    )


def _user(row: models.User) -> User:
    teams = frozenset({str(row.team_id)} if row.team_id else ())
    return User(id=str(row.id), name=row.name, email=row.email, teams=teams)


def _address(row: models.Place) -> Address | None:
    if not row.address:
        return None
    return Address(
        lines=(row.street,) if row.street else (), city=row.city, region=row.region, postal_code=row.postal_code,
        country="US",
    )  # fmt: skip


def _company(row: models.Company) -> Company:
    address = _address(row)
    return Company(id=str(row.id), name=row.name, email=row.email, phone=row.phone, billing=address, shipping=address)


def _order(row: models.Order) -> Order:
    return Order(
        id=str(row.id), number=str(row.id), date=row.date, due=row.due, currency="USD", company=_company(row.company),
        lines=tuple(_line(line) for line in row.lines), total=row.total, discount=row.discount, tax=row.tax,
        payments=tuple(_payment(payment) for payment in row.payments), shipping=_address(row),
        po_number=row.po_number, memo=row.memo, cancelled=row.cancelled,
    )  # fmt: skip


def _line(row: models.OrderLine) -> OrderLine:
    return OrderLine(
        name=row.name, quantity=row.quantity, price=row.price, amount=row.amount, cost=row.cost, taxable=row.taxable,
        fields={"number": row.number, "name": row.name}, vendor=_company(row.vendor) if row.vendor else None,
    )  # fmt: skip


def _payment(row: models.Payment) -> OrderPayment:
    return OrderPayment(
        id=str(row.id), date=row.date, amount=row.amount, method=row.method, reference=row.reference
    )  # fmt: skip
