"""The public interface for hosts: the protocol that a host implements, and the data classes that it uses.

A host hands an implementation of `Host` to `hub.Hub`. Every question that concerns rows names the organization, and an
answer must never reach outside it: `order("acme", "17")` of an order that belongs to someone else is None. Methods are
called in web requests and, except for `user` and `organization`, in workers too, always inside the app's context.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from hub.plugin import Address

__all__ = [
    "Address", "Company", "CompanyQuery", "Delivered", "Host", "Order", "OrderLine", "OrderPayment", "OrderState",
    "Organization", "Page", "Permission", "SourceField", "Team", "User",
]  # fmt: skip

T = TypeVar("T")


class Permission(enum.StrEnum):
    """A permission to use the hub. The host decides who has it; "Visible to" in an installation's settings narrows
    SEND."""

    MANAGE = "manage"
    SEND = "send"
    VIEW = "view"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The business that uses the host. Ids are the host's own, as strings of at most 64 characters."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`locale` is the language in which mails are written to them ("de"); if empty, the application's own."""

    id: str
    name: str
    email: str = ""
    teams: frozenset[str] = frozenset()
    locale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A customer or vendor of the organization, as the host knows it."""

    id: str
    name: str
    email: str = ""
    phone: str = ""
    billing: Address | None = None
    shipping: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A part of a long list, and whether there is more of it; `total` counts all of it, if that costs no effort."""

    rows: tuple[T, ...]
    more: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyQuery:
    """A query for a page of companies, in the order of their names: those that `text` finds by name, email or phone
    (all if it is empty), from the one that follows the id `after`, and `limit` at most.

    With `vendors` it asks for companies that the organization buys from, else for those that it sells to. A host that
    does not tell them apart answers with all.
    """

    text: str = ""
    vendors: bool = False
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceField:
    """A field of the host's order lines that can name an item in the books: "number", "Product number"."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line of an order, in the order's currency. `fields` holds a value for each of `Host.source_fields`."""

    name: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    fields: Mapping[str, str]
    description: str = ""
    cost: Decimal | None = None
    vendor: Company | None = None
    taxable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPayment:
    """Money that the organization received for an order. `reference` is the payer's, such as a cheque's number."""

    id: str
    date: dt.date
    amount: Decimal
    method: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order with all that its documents need. `discount` is positive; `total` = lines − discount + tax.

    An order that gives the customer money back has a negative total, from negative quantities or prices; its discount
    and its tax are then negative, too, and it becomes a credit memo. The hub uses the figures as the host gives them;
    if they do not add up, it says so and sends nothing. `terms`, `tracking_class` and `location` are names as in the
    books ("Net 30"); names that the books do not have are ignored. Nothing is sent for an order that is `cancelled`;
    its documents in the books can be voided. `bill_numbers` are the numbers on the vendors' own invoices, by the
    vendor's id, where they are known.
    """

    id: str
    number: str
    date: dt.date
    currency: str
    company: Company
    lines: tuple[OrderLine, ...]
    total: Decimal
    discount: Decimal = Decimal("0.00")
    tax: Decimal = Decimal("0.00")
    payments: tuple[OrderPayment, ...] = ()
    due: dt.date | None = None
    shipping: Address | None = None
    po_number: str = ""
    memo: str = ""
    terms: str = ""
    tracking_class: str = ""
    location: str = ""
    bill_numbers: Mapping[str, str] = field(default_factory=dict)
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """An event: a document of an order has arrived in the books, under `number`; or, with `voided`, was voided there.
    """

    organization_id: str
    order_id: str
    integration: str
    document: str
    number: str
    voided: bool = False


class OrderState(enum.StrEnum):
    """The state of an order as a whole, by which hosts filter a list of orders."""

    UNSENT = "unsent"
    MOVING = "moving"
    ATTENTION = "attention"
    POSTED = "posted"


class Host(Protocol):
    """The methods that the hub calls of the application that mounts it."""

    def user(self) -> User | None:
        """Return who is signed in, in a web request."""

    def organization(self) -> Organization | None:
        """Return the organization for which the signed-in user works now."""

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        """Return True if the host lets this user do this. Asked on every request."""

    def order(self, organization_id: str, order_id: str) -> Order | None:
        """Return an order, or None if this organization has none with that id."""

    def some_orders(self, organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        """Return at most 200 orders, in any order, without those that this organization does not have.

        Use a constant number of queries, so that sending many orders is fast.
        """

    def company(self, organization_id: str, company_id: str) -> Company | None:
        """Return a customer or vendor, or None if this organization has none with that id."""

    def companies(self, organization_id: str, query: CompanyQuery) -> Page[Company]:
        """Return a page of an organization's customers or vendors, to be linked with those of the books. It must be
        fast on a list of any length: use an index and compare with the last row instead of skipping rows."""

    def teams(self, organization_id: str) -> Sequence[Team]:
        """Return the teams that access can be given to."""

    def users(self, organization_id: str) -> Sequence[User]:
        """Return the users that access can be given to."""

    def source_fields(self) -> Sequence[SourceField]:
        """Return the fields of an order line that can name an item; the first is the default."""

    def order_address(self, order_id: str) -> str:
        """Return the host's page of an order, to link to. The hub does not check that the order exists."""

    def login_address(self, next_address: str) -> str:
        """Return where a visitor signs in, to come back to `next_address`."""

    def delivered(self, event: Delivered) -> None:
        """Receive an event after the commit that recorded it, in a worker, possibly more than once. Return quickly:
        every company that the worker drives waits meanwhile. What this raises is logged, and nothing else."""
