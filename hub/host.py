"""The face that the hub shows to the application around it: what a host implements, and the words it speaks in.

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
    """What a user may do with the hub. The host says who may; an installation's own access setting narrows SEND."""

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
    """Which companies are wanted: those that `text` finds by name, e-mail or phone, all of them if it is empty; in the
    order of their names, those that come `after` the company of that id, and `limit` at most.

    With `vendors` those that are bought from are wanted, else those that are sold to. A host that does not tell them
    apart answers with all.
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
    and its tax are then negative, too, and it becomes a credit memo.
    The figures are taken as the host gives them; if they do not add up, the hub says so and sends nothing.
    `terms`, `tracking_class` and `location` are names as the books have them ("Net 30"); one that these do not have is
    as good as none. Nothing of an order that is `cancelled` is sent; what stands in the books can be voided there.
    `bill_numbers` are the numbers on the vendors' own invoices, by the vendor's id, as far as these have come.
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
    """Tells the host that a document of one of its orders has arrived in the books, under `number`; or, with `voided`,
    that it was voided there."""

    organization_id: str
    order_id: str
    integration: str
    document: str
    number: str
    voided: bool = False


class OrderState(enum.StrEnum):
    """Where an order is on its way into the books, as a whole: what a list of orders is filtered by."""

    UNSENT = "unsent"
    MOVING = "moving"
    ATTENTION = "attention"
    POSTED = "posted"


class Host(Protocol):
    """What the hub asks of the application around it."""

    def user(self) -> User | None:
        """Return who is signed in, in a web request."""

    def organization(self) -> Organization | None:
        """For which organization the signed-in user works now."""

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        """Return True if the host lets this user do this. Asked on every request."""

    def order(self, organization_id: str, order_id: str) -> Order | None:
        """One order, or None if this organization has none of that id."""

    def some_orders(self, organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        """At most 200 orders at once, in any order; what this organization has not is left out.

        As many queries as for one, or sending many is slow.
        """

    def company(self, organization_id: str, company_id: str) -> Company | None:
        """One customer or vendor, or None if this organization has none of that id."""

    def companies(self, organization_id: str, query: CompanyQuery) -> Page[Company]:
        """Return a page of an organization's customers or vendors, to be linked with those of the books. The pages must
        be quick however long the list is: an index and a comparison with the last row, not a count of rows to skip."""

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
        """Called after the commit that recorded the arrival, in a worker; possibly more than once. Must not raise."""
