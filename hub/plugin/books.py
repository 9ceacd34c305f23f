"""The books: who they are, and the entries of their lists."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass


class RecordKind(enum.StrEnum):
    """The lists of the books that the hub knows."""

    ACCOUNT = "account"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    ITEM = "item"
    TAX_CODE = "tax_code"
    TERM = "term"
    CLASS = "class"
    """The parts of a business that the books tell apart: departments, product lines. Not every company uses them."""
    LOCATION = "location"
    """The places of a business (QuickBooks' department)."""


class AccountKind(enum.StrEnum):
    """The kinds of account, in accounting terms. Plugins translate the ledger's own kinds into these."""

    ACCOUNTS_RECEIVABLE = "accounts_receivable"
    ACCOUNTS_PAYABLE = "accounts_payable"
    BANK = "bank"
    OTHER_CURRENT_ASSET = "other_current_asset"
    OTHER_CURRENT_LIABILITY = "other_current_liability"
    INCOME = "income"
    COST_OF_GOODS_SOLD = "cost_of_goods_sold"
    EXPENSE = "expense"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A pointer to a record or a transaction in the books: the ledger's `id`, and the `name` to show.

    The refs of a document that reaches a plugin always have an id. Inside the hub, an empty id means that the record
    has yet to be created.
    """

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An entry of a list in the books, as `fetch` brings it.

    `number` is an account's number or an item's stock-keeping unit; `account` the kind of an account; `detail` the
    ledger's own finer kind, which `MappingField.prefers` may name. An inactive entry is brought too: its name is taken.
    """

    kind: RecordKind
    id: str
    name: str
    number: str = ""
    account: AccountKind | None = None
    detail: str = ""
    email: str = ""
    phone: str = ""
    active: bool = True

    @property
    def ref(self) -> Ref:
        return Ref(id=self.id, name=self.name)


def name_key(name: str) -> str:
    """Return the form in which names are compared and searched: ledgers ignore case and outer blanks. 200 characters
    at most."""
    return " ".join(name.split()).casefold()[:200]


class TaxSystem(enum.StrEnum):
    """The way in which the books calculate the sales tax of an invoice."""

    UNKNOWN = ""
    NONE = "none"
    """The company does not use sales tax; what is sent of it is not kept."""
    AUTOMATED = "automated"
    """The books work it out from the addresses, whatever is sent."""
    BY_CODE = "by_code"
    """One tax code for the whole document names the rate."""
    BY_LINE = "by_line"
    """Every line has a tax code of its own, as outside the US."""


class ClassTracking(enum.StrEnum):
    """The place in a document where the books track its class."""

    NONE = ""
    DOCUMENT = "document"
    LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The company file, realm or organisation at the other end, and how it works. `currency` is its home currency
    (ISO 4217).

    `describe_books` reads it: after connecting, once a day, and after a refusal that it may explain. A ledger that does
    not tell one of these leaves its default, with which nothing is held back.
    """

    id: str
    name: str
    country: str = ""
    currency: str = ""
    closed_until: dt.date | None = None
    """The closing date: nothing dated on it or before it is taken."""
    assigns_numbers_to: frozenset[str] = frozenset()
    """The keys of kinds of document that the books number themselves; our number is not kept there."""
    unsupported: frozenset[str] = frozenset()
    """The kinds of document that the company's plan does not have."""
    tax_system: TaxSystem = TaxSystem.UNKNOWN
    discounts: bool = True
    """True if a document may have a discount."""
    billable: bool = True
    """True if purchases may be marked as billable to a customer."""
    class_tracking: ClassTracking = ClassTracking.NONE
    locations: bool = False
    """True if a document may name a location (QuickBooks' department)."""
    several_currencies: bool = False
    place: str = ""
    """Where the books are kept, if the ledger says so at each session: the path of a company file. Other books may be a
    copy of these, with the same `id`."""
    handle: str = ""
    """The id of these books in the addresses of the product's own pages, if that is not the `id`."""

    def tracks(self, kind: str) -> bool:
        """Return True if the company uses a list at all: classes and locations are switched on by those who want them.
        """
        return {"class": bool(self.class_tracking), "location": self.locations}.get(kind, True)

    @property
    def first_open_day(self) -> dt.date | None:
        """The first day on which something may be posted, if the books have been closed at all."""
        return self.closed_until + dt.timedelta(days=1) if self.closed_until else None
