"""The demo's own tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask import Flask
from flask_login import UserMixin
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Dialect, ForeignKey, Index, MetaData, String, Text, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
migrate = Migrate()


class Exact(TypeDecorator[Decimal]):
    """A decimal number that is stored as text, because SQLite's numbers are floats. Sums are computed in Python."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 – SQLAlchemy's signature.
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 – SQLAlchemy's signature.
        return None if value is None else Decimal(value)


class Place:
    """The columns of a postal address."""

    street: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    region: Mapped[str] = mapped_column(String(100), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")

    @property
    def address(self) -> str:
        """Return the address in one line, or an empty string."""
        return ", ".join(part for part in (self.street, self.city, f"{self.region} {self.postal_code}".strip()) if part)


class Organization(Base):
    __tablename__ = "desk_organization"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))


class Team(Base):
    __tablename__ = "desk_team"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("desk_organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))


class User(UserMixin, Base):  # type: ignore[misc]  # Flask-Login has no types.
    __tablename__ = "desk_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("desk_organization.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("desk_team.id"))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str] = mapped_column(String(300))
    is_admin: Mapped[bool] = mapped_column(default=False)
    organization: Mapped[Organization] = relationship()
    team: Mapped[Team | None] = relationship()


class Company(Place, Base):
    """A customer or a vendor."""

    __tablename__ = "desk_company"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("desk_organization.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    is_vendor: Mapped[bool] = mapped_column(default=False)
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(50), default="")

    __table_args__ = (Index("ix_desk_company_name", "organization_id", "is_vendor", "name", "id"),)


class Order(Place, Base):
    """An order. Its number is its id; the address is the shipping address. `note` is for colleagues, `memo` is printed.
    """

    __tablename__ = "desk_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("desk_organization.id"), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("desk_company.id"), index=True)
    date: Mapped[dt.date]
    due: Mapped[dt.date | None]
    discount: Mapped[Decimal] = mapped_column(Exact, default=Decimal("0.00"))
    tax: Mapped[Decimal] = mapped_column(Exact, default=Decimal("0.00"))
    total: Mapped[Decimal] = mapped_column(Exact)
    po_number: Mapped[str] = mapped_column(String(50), default="")
    memo: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    cancelled: Mapped[bool] = mapped_column(default=False)
    company: Mapped[Company] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.id")
    payments: Mapped[list[Payment]] = relationship(order_by="Payment.date, Payment.id")

    @property
    def subtotal(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def adds_up(self) -> bool:
        return self.total == self.subtotal - self.discount + self.tax

    @property
    def paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), Decimal("0.00"))

    @property
    def balance(self) -> Decimal:
        return self.total - self.paid


class OrderLine(Base):
    __tablename__ = "desk_order_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("desk_order.id"), index=True)
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("desk_company.id"))
    number: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal] = mapped_column(Exact)
    price: Mapped[Decimal] = mapped_column(Exact)
    amount: Mapped[Decimal] = mapped_column(Exact)
    cost: Mapped[Decimal | None] = mapped_column(Exact)
    taxable: Mapped[bool] = mapped_column(default=True)
    vendor: Mapped[Company | None] = relationship()


class Payment(Base):
    """Money received for an order."""

    __tablename__ = "desk_payment"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("desk_order.id"), index=True)
    date: Mapped[dt.date]
    amount: Mapped[Decimal] = mapped_column(Exact)
    method: Mapped[str] = mapped_column(String(50), default="Check")
    reference: Mapped[str] = mapped_column(String(50), default="")


def prepare(app: Flask) -> None:
    """Set up migrations of the demo's tables, and SQLite's write-ahead log, so that readers and one writer do not wait.
    """
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations")
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _use_write_ahead_log)


def _use_write_ahead_log(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.close()
