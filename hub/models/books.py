"""Tables of our copy of the books: records, listings, mappings and links."""

from __future__ import annotations

import datetime as dt
import re
from unicodedata import combining, normalize

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base, Json, Key, Moment, Said, enum_column, now
from hub.plugin import AccountKind, Listed, Record, RecordKind, Ref, TransactionKind, name_key


def email_key(text: str) -> str:
    """Return the form in which email addresses are compared: the first address, without regard to case; empty if there
    is none."""
    first = text.replace(";", ",").partition(",")[0].strip().casefold()
    return first[:200] if "@" in first else ""


def phone_key(text: str) -> str:
    """Return the form in which phone numbers are compared: the last ten digits, without the extension and the country
    code. Empty for fewer than seven digits."""
    number = keep_digits(_EXTENSION.split(text, maxsplit=1)[0])
    return number[-10:] if len(number) >= _SHORTEST_PHONE else ""


def keep_digits(text: str) -> str:
    """Return the digits of a text."""
    return "".join(sign for sign in text if sign.isascii() and sign.isdigit())


_EXTENSION = re.compile(r"ext|x|#", re.IGNORECASE)
_SHORTEST_PHONE = 7


def listed_kind(kind: str) -> Listed:
    """Return the kind of a listing."""
    return TransactionKind(kind) if kind in set(TransactionKind) else RecordKind(kind)


class RecordRow(Base):
    """A record in the books, as last fetched or created, with the keys by which it is matched and searched."""

    __tablename__ = "hub_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    kind: Mapped[RecordKind] = mapped_column(enum_column(RecordKind))
    record_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Key(200))
    number: Mapped[str] = mapped_column(String(100), default="")
    account: Mapped[AccountKind | None] = mapped_column(enum_column(AccountKind))
    detail: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    email_key: Mapped[str] = mapped_column(Key(200), default="")
    phone: Mapped[str] = mapped_column(String(100), default="")
    phone_key: Mapped[str] = mapped_column(Key(10), default="")
    active: Mapped[bool] = mapped_column(default=True)
    seen_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    merged_into: Mapped[str] = mapped_column(String(64), default="")
    """The id of the entry that it has become part of."""

    __table_args__ = (
        UniqueConstraint("installation_id", "kind", "record_id"),
        Index("ix_hub_record_name", "installation_id", "kind", "name_key"),
        Index("ix_hub_record_email", "installation_id", "kind", "email_key", "active"),
        Index("ix_hub_record_phone", "installation_id", "kind", "phone_key", "active"),
    )

    @property
    def ref(self) -> Ref:
        return Ref(id=self.record_id, name=self.name)

    @property
    def label(self) -> str:
        """The label in a dropdown: "1100 Accounts Receivable"."""
        return f"{self.number} {self.name}" if self.kind is RecordKind.ACCOUNT and self.number else self.name

    def copy_from(self, record: Record) -> None:
        """Copy the fields of a fetched record."""
        self.name, self.name_key = record.name, name_key(record.name)
        self.number, self.account, self.detail = record.number[:100], record.account, record.detail[:100]
        self.email, self.email_key = record.email[:200], email_key(record.email)
        self.phone, self.phone_key = record.phone[:100], phone_key(record.phone)
        self.active, self.seen_at = record.active, now()

    @property
    def words(self) -> set[str]:
        """The words by which it is found, besides its email and phone: those of its name and number."""
        return set(split_words(f"{self.name_key} {self.number}"))


def split_words(text: str) -> list[str]:
    """Return the words of a text as they are searched: without case, accents and punctuation, cut to 40 characters."""
    plain = "".join(sign for sign in normalize("NFKD", text.casefold()) if not combining(sign))
    return [word[:_WORD] for word in _WORDS.findall(plain)]


_WORD = 40
_WORDS = re.compile(r"[^\W_]+")


class Word(Base):
    """A word by which a record is found. An index finds the words that begin with what was typed, however long the list
    is; searching within the names would read all of them."""

    __tablename__ = "hub_word"

    record_id: Mapped[int] = mapped_column(ForeignKey("hub_record.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Key(_WORD), primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    kind: Mapped[RecordKind] = mapped_column(enum_column(RecordKind))

    __table_args__ = (Index("ix_hub_word_word", "installation_id", "kind", "word", "record_id"),)


class Listing(Base):
    """The progress of fetching a list or a history: `loaded` of `total` entries in the current run."""

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
    """The changes that the ledger has reported since the fetch began: when an entry changed, by its id."""
    problem: Mapped[str] = mapped_column(Said, default="")

    @property
    def percent(self) -> int:
        """The value of the progress bar; 100 only at the end."""
        if not self.loading:
            return 100
        return min(99, 100 * self.loaded // self.total) if self.total else 0


class Mapping(Base):
    """The record that fills a role: accounts receivable → 1100 Accounts Receivable."""

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
    """The link between a company of the host and a customer or vendor in the books."""

    __tablename__ = "hub_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    kind: Mapped[RecordKind] = mapped_column(enum_column(RecordKind))
    company_id: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    linked_by: Mapped[str] = mapped_column(String(200))
    linked_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    note: Mapped[str] = mapped_column(Said, default="")
    """A note for the user about the record: that it was merged, or deleted."""

    __table_args__ = (
        UniqueConstraint("installation_id", "kind", "company_id"),
        Index("ix_hub_link_record", "installation_id", "kind", "record_id"),
    )

    @property
    def ref(self) -> Ref:
        return Ref(id=self.record_id, name=self.name)


class LinkChange(Base):
    """A change of a company's link, with who made it and when. An empty id means no link."""

    __tablename__ = "hub_link_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    kind: Mapped[RecordKind] = mapped_column(enum_column(RecordKind))
    company_id: Mapped[str] = mapped_column(String(64))
    from_id: Mapped[str] = mapped_column(String(64), default="")
    from_name: Mapped[str] = mapped_column(Text, default="")
    to_id: Mapped[str] = mapped_column(String(64), default="")
    to_name: Mapped[str] = mapped_column(Text, default="")
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)

    __table_args__ = (Index("ix_hub_link_change_company", "installation_id", "kind", "company_id", "id"),)
