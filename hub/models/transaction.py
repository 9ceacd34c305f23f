"""The transactions of the books, as last fetched or posted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base, Json, Moment, Money, enum_column, now
from hub.plugin import Ref, Transaction, TransactionKind


class TransactionRow(Base):
    """A transaction in the books. Deleted ones are kept, so that pages can say that they were deleted."""

    __tablename__ = "hub_transaction"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    kind: Mapped[TransactionKind] = mapped_column(enum_column(TransactionKind))
    transaction_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(100), default="")
    date: Mapped[dt.date] = mapped_column()
    due: Mapped[dt.date | None] = mapped_column()
    customer_id: Mapped[str] = mapped_column(String(64))
    total: Mapped[Decimal] = mapped_column(Money)
    balance: Mapped[Decimal] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3), default="")
    invoices: Mapped[list[Any]] = mapped_column(Json, default=list)
    voided: Mapped[bool] = mapped_column(default=False)
    deleted: Mapped[bool] = mapped_column(default=False)
    version: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)

    __table_args__ = (
        UniqueConstraint("installation_id", "kind", "transaction_id"),
        Index("ix_hub_transaction_customer", "installation_id", "customer_id", "date"),
    )

    def copy_from(self, found: Transaction) -> None:
        """Copy the fields of a fetched transaction."""
        self.number, self.date, self.due = found.number[:100], found.date, found.due
        self.customer_id, self.total, self.balance = found.customer.id, found.total, found.balance
        self.currency, self.invoices = found.currency[:3], list(found.invoices)
        self.voided, self.deleted, self.version = found.voided, False, found.version
        self.seen_at = now()

    @property
    def transaction(self) -> Transaction:
        return Transaction(
            kind=self.kind, id=self.transaction_id, number=self.number, date=self.date, due=self.due,
            customer=Ref(id=self.customer_id), total=self.total, balance=self.balance, currency=self.currency,
            invoices=tuple(self.invoices), voided=self.voided, version=self.version,
        )  # fmt: skip

    @property
    def is_unapplied(self) -> bool:
        """True if nothing of it is paid or applied, and it is neither voided nor deleted."""
        return not self.deleted and not self.voided and self.balance == self.total

    def is_overdue(self, today: dt.date) -> bool:
        """Return True if it is an unpaid invoice that was due before `today`."""
        return self.kind is TransactionKind.INVOICE and self.balance > 0 and (self.due or self.date) < today
