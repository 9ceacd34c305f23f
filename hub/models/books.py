"""What we know of the books: their lists and history, what we map to entries, and whom we link to whom."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base, Json, Moment, choice, now
from hub.plugin import AccountKind, Listed, Record, RecordKind, Ref, TransactionKind


def name_key(name: str) -> str:
    """The form in which names are compared and searched: the ledgers take no notice of case or outer blanks."""
    return " ".join(name.split()).casefold()[:200]


def listed(kind: str) -> Listed:
    """What a listing is of."""
    return TransactionKind(kind) if kind in set(TransactionKind) else RecordKind(kind)


class RecordRow(Base):
    """An entry of a list in the books, as last fetched or created. `name_key` is what is searched."""

    __tablename__ = "hub_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    kind: Mapped[RecordKind] = mapped_column(choice(RecordKind))
    record_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(100), default="")
    account: Mapped[AccountKind | None] = mapped_column(choice(AccountKind))
    detail: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(100), default="")
    active: Mapped[bool] = mapped_column(default=True)
    seen_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    merged_into: Mapped[str] = mapped_column(String(64), default="")
    """The id of the entry that it has become part of."""

    __table_args__ = (
        UniqueConstraint("installation_id", "kind", "record_id"),
        Index("ix_hub_record_name", "installation_id", "kind", "name_key"),
    )

    @property
    def ref(self) -> Ref:
        return Ref(id=self.record_id, name=self.name)

    @property
    def label(self) -> str:
        """As a person picks it: "1100 Accounts Receivable"."""
        return f"{self.number} {self.name}" if self.kind is RecordKind.ACCOUNT and self.number else self.name

    def take(self, record: Record) -> None:
        """Become what the books say."""
        self.name, self.name_key = record.name, name_key(record.name)
        self.number, self.account, self.detail = record.number[:100], record.account, record.detail[:100]
        self.email, self.phone, self.active = record.email[:200], record.phone[:100], record.active
        self.seen_at = now()


class Listing(Base):
    """How far a list of the books, or the history of a kind, is fetched: `loaded` of `total` in the run going on."""

    __tablename__ = "hub_listing"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("hub_installation.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    """A `RecordKind` or a `TransactionKind`."""
    cursor: Mapped[str] = mapped_column(Text, default="")
    loading: Mapped[bool] = mapped_column(default=True)
    loaded: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column()
    refreshed_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    due_at: Mapped[dt.datetime | None] = mapped_column(Moment, default=now)
    told: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    """What the ledger has told since reading it was begun: when an entry changed, by its id."""
    problem: Mapped[str] = mapped_column(Text, default="")

    @property
    def percent(self) -> int:
        """For the progress bar; 100 is kept for the end."""
        if not self.loading:
            return 100
        return min(99, 100 * self.loaded // self.total) if self.total else 0


class Mapping(Base):
    """Which record of the books fills a role: accounts receivable → 1100 Accounts Receivable."""

    __tablename__ = "hub_mapping"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("hub_installation.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)

    @property
    def ref(self) -> Ref:
        return Ref(id=self.record_id, name=self.name)


class Link(Base):
    """The host's company ↔ a customer (later: a vendor) in the books."""

    __tablename__ = "hub_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    kind: Mapped[RecordKind] = mapped_column(choice(RecordKind))
    company_id: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    linked_by: Mapped[str] = mapped_column(String(200))
    linked_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    note: Mapped[str] = mapped_column(Text, default="")
    """What happened to the entry in the books that a person should know: that it was merged, or deleted."""

    __table_args__ = (
        UniqueConstraint("installation_id", "kind", "company_id"),
        Index("ix_hub_link_record", "installation_id", "kind", "record_id"),
    )

    @property
    def ref(self) -> Ref:
        return Ref(id=self.record_id, name=self.name)
