"""The face that the hub shows to integrations: everything that a plugin may import, and nothing that it may not.

An integration speaks for one accounting product. It is stateless: the hub keeps what there is to keep and hands it in.
What a plugin writes are *conversations*: generators that yield a `Request`, receive its `Response` and return::

    def post(self, document, options):
        reply = yield Request(name="create invoice", payload=invoice(document), writes=True)
        if problems := problems_in(reply):
            raise Rejected(*problems)
        return Posting(id=reply.payload["Invoice"]["Id"], ...)

The hub writes every request down before it is asked and every response when it comes, packs the requests of many
conversations into one envelope, and continues after a crash by replaying the recorded responses into a fresh generator.
Three rules follow:

* A conversation is deterministic between two yields: no clock, no randomness, no database, no network.
* Whatever the ledger said is a `Response`, refusals included. Only a failure to converse is an exception.
* A conversation that ends in `Rejected` is begun anew when a person retries it, so the write that matters is its last:
  whatever it wrote before must be harmless when it is written once more.

This module imports the standard library only.
"""

from __future__ import annotations

import datetime as dt
import enum
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, TypeAlias, TypeVar

API_VERSION = 1
"""Counts the breaks of this interface. An integration names the one it was written for; another is not loaded."""

T = TypeVar("T")

Payload: TypeAlias = dict[str, Any]
"""A JSON object. Numbers in it are `int` or `Decimal`, never `float`: an amount survives storing to the cent."""

CENT = Decimal("0.01")


# ── What goes over the line ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to the ledger, as a conversation asks it.

    `name` says in a bookkeeper's words what it does ("create invoice"); it heads the exchange in the audit trail.
    `payload` is what the carrier needs to ask it; it never holds a credential, because it is stored and shown.
    `writes` is true if answering it changes the books.
    """

    name: str
    payload: Payload
    writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the ledger said to one request, a refusal included, as the plugin wants to see it again on replay."""

    payload: Payload


Conversation: TypeAlias = Generator[Request, Response, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One trip to the ledger. The hub stores it with its `body` before it leaves and repeats it under the same `key`.

    `key` has 24 characters of `[0-9a-f]`, which fits QuickBooks Online's `requestid` (36 for a batch) and qbXML's
    `newMessageSetID` (24). `body` is what `Integration.seal` made of the requests, byte for byte as it was first sent.
    """

    key: str
    requests: tuple[Request, ...]
    body: str


# ── What can go wrong ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a person must put right, in that person's words.

    `what` is the sentence that is always shown; `why` and `cure` follow where there is room. `field` names the field of
    the send dialog or of the settings that cures it (a mapping's or an option's key, "customer", "number", "lines",
    "item"), and is empty if none does. `code` is the ledger's own, for support; it is never needed to understand.
    """

    what: str
    why: str = ""
    cure: str = ""
    field: str = ""
    code: str = ""


class IntegrationError(Exception):
    """The three families of failure that a plugin may raise. Anything else that it raises is a bug of the plugin."""


class Unavailable(IntegrationError):
    """The ledger could not be reached or asked us to come later; the hub tries again by itself.

    `retry_after` is the number of seconds the ledger asked for, if it did. What may have been carried out all the same
    (a connection that broke after the question left) is raised as this too: the envelope goes again under its key.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AuthorizationExpired(IntegrationError):
    """The credentials are not accepted. The hub renews them once and asks again; then an admin must authorize."""


class Rejected(IntegrationError):
    """A person must act. Raised by a conversation for its document; by `perform` for an envelope refused as a whole.

    A carrier raises it only when *nothing* of the envelope was carried out, as after a parse error: the hub opens the
    envelope into smaller ones, so that the guilty request stands alone.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems


class DoesNotAddUp(ValueError):
    """The figures of a document contradict each other; such a document cannot be constructed."""


# ── The books: their lists ──────────────────────────────────────────────────────────────────────────────────────────


class RecordKind(enum.StrEnum):
    """The lists of the books that the hub knows."""

    ACCOUNT = "account"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    ITEM = "item"
    TAX_CODE = "tax_code"
    TERM = "term"


class AccountKind(enum.StrEnum):
    """What an account is for, in the trade's terms; the plugin translates the ledger's own kinds into these."""

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
    """A pointer to an entry or a transaction in the books: the ledger's `id`, and the `name` to show.

    The refs of a document that reaches a plugin always have an id. Inside the hub an empty one stands for what has yet
    to be created.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A stretch of a list. `cursor` is handed to the next `fetch` of this list; `more` asks for that at once.

    `total` is how many entries the whole list has, where the ledger tells, for a progress bar.
    """

    records: tuple[Record, ...]
    cursor: str
    more: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The company file, realm or organisation at the other end. `currency` is its home currency (ISO 4217)."""

    id: str
    name: str
    country: str = ""
    currency: str = ""


# ── Documents: what is sent ─────────────────────────────────────────────────────────────────────────────────────────


class DocumentKind(enum.StrEnum):
    """What can be sent. What a ledger takes of these, its `Capabilities` say."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    BILL = "bill"
    PURCHASE_ORDER = "purchase_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address. `lines` stand above the city; `country` is a name or an ISO 3166 code, as the host has it."""

    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


def in_cents(amount: Decimal) -> Decimal:
    """Round an amount to cents, half up, as the ledgers do with quantity times price."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a document. `amount` is quantity times price, rounded half up to cents.

    `account` is the income account of a sale, for a ledger that takes one a line or puts it on a new item.
    Raises `DoesNotAddUp` if the amount is another one.
    """

    item: Ref
    description: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    taxable: bool = True
    account: Ref | None = None

    def __post_init__(self) -> None:
        if in_cents(self.quantity * self.price) != self.amount:
            raise DoesNotAddUp(
                f"{self.quantity} × {self.price} is {in_cents(self.quantity * self.price)}, "
                f"but the line “{self.description or self.item.name}” says {self.amount}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Sales tax on a document: `amount` as the host has it, and the tax code that the person chose.

    Without a code the books decide how to tax; the amount is then what we expect, and a difference is shown.
    (Tax that is to stand as a line of its own reaches the plugin as that line, with an amount of zero here.)
    """

    amount: Decimal = Decimal("0.00")
    code: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A customer invoice. All amounts are in `currency` (ISO 4217) with two decimals.

    `discount` is what is taken off the sum of the lines, as a positive amount. `memo` is printed for the customer;
    `note` is not. Raises `DoesNotAddUp` unless lines − discount + tax = total and 0 ≤ discount ≤ lines.
    """

    kind: ClassVar[DocumentKind] = DocumentKind.INVOICE

    number: str
    date: dt.date
    currency: str
    customer: Ref
    lines: tuple[Line, ...]
    total: Decimal
    discount: Decimal = Decimal("0.00")
    discount_account: Ref | None = None
    receivable: Ref | None = None
    tax: Tax = field(default_factory=Tax)
    due: dt.date | None = None
    terms: Ref | None = None
    email: str = ""
    billing: Address | None = None
    shipping: Address | None = None
    po_number: str = ""
    memo: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.lines:
            raise DoesNotAddUp(f"Invoice {self.number} has no lines.")
        if not 0 <= self.discount <= max(self.subtotal, Decimal(0)):
            raise DoesNotAddUp(f"The discount of {self.discount} is more than the lines' {self.subtotal}.")
        if (total := self.subtotal - self.discount + self.tax.amount) != self.total:
            raise DoesNotAddUp(
                f"Lines {self.subtotal} − discount {self.discount} + tax {self.tax.amount} is {total}, "
                f"but the total says {self.total}."
            )

    @property
    def subtotal(self) -> Decimal:
        """The sum of the lines, before discount and tax."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received from a customer for one invoice that is in the books. `amount` is positive.

    `number` is the payer's reference (a cheque's number), `method` the host's word for how it was paid.
    Raises `DoesNotAddUp` if the amount is not positive.
    """

    kind: ClassVar[DocumentKind] = DocumentKind.PAYMENT

    number: str
    date: dt.date
    currency: str
    customer: Ref
    invoice: Ref
    amount: Decimal
    method: str = ""
    deposit_to: Ref | None = None
    receivable: Ref | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.amount <= 0 or in_cents(self.amount) != self.amount:
            raise DoesNotAddUp(f"A payment of {self.amount} cannot be received.")

    @property
    def total(self) -> Decimal:
        return self.amount


Document: TypeAlias = Invoice | Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A customer to be entered in the books, under `name`."""

    kind: ClassVar[RecordKind] = RecordKind.CUSTOMER

    name: str
    email: str = ""
    phone: str = ""
    billing: Address | None = None
    shipping: Address | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A product or service to be entered in the books, sold into `income` and, where it is bought too, from `cost`."""

    kind: ClassVar[RecordKind] = RecordKind.ITEM

    name: str
    description: str = ""
    price: Decimal | None = None
    taxable: bool = True
    income: Ref
    cost: Ref | None = None


NewRecord: TypeAlias = NewCustomer | NewItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A document as it stands in the books after delivery: their `id`, and the `number` and `total` that they echo.

    The hub compares `number` and `total` with what was sent and shows a difference with both figures.
    `version` is what a later update must quote (QuickBooks' SyncToken or EditSequence), if anything.
    """

    id: str
    number: str
    total: Decimal
    version: str = ""


# ── What an integration declares ────────────────────────────────────────────────────────────────────────────────────


class FieldKind(enum.StrEnum):
    CHOICE = "choice"
    SWITCH = "switch"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An option of an installation, rendered on its Details tab. The value is a string; a switch is "yes" or ""."""

    key: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingField:
    """A dropdown of the Accounts tab: which record of the books fills the role `key`.

    `accepts` are the kinds of account that the books take here (empty: any, or the record is no account); `prefers`
    are the values of `Record.detail` that are suggested first. `needed_for` are the documents that cannot be sent
    without it. The roles that the hub itself puts on documents are the constants below.
    """

    key: str
    label: str
    kind: RecordKind = RecordKind.ACCOUNT
    accepts: tuple[AccountKind, ...] = ()
    prefers: tuple[str, ...] = ()
    needed_for: frozenset[DocumentKind] = frozenset()
    help: str = ""


class Role(enum.StrEnum):
    """The roles whose mapping the hub resolves into the refs of a document."""

    RECEIVABLE = "accounts_receivable"
    INCOME = "income_account"
    COST = "cost_of_goods_sold"
    PAYABLE = "accounts_payable"
    DISCOUNT = "discount_account"
    DEPOSIT = "deposit_account"
    SALES_TAX_ITEM = "sales_tax_item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the operator configures once for all installations, as `HUB_<INTEGRATION KEY>_<NAME>`.

    A setting without a default is required; the integration cannot be installed before it is there.
    """

    name: str
    default: str | None = None
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the ledger can do.

    `documents` can be posted, `lists` fetched (in this order), `creates` created. `requests_per_envelope` is how many
    requests travel at once; 1 for a ledger without batches. `tax_by_code` offers the books' tax codes in the dialog.
    """

    documents: frozenset[DocumentKind]
    lists: tuple[RecordKind, ...]
    creates: frozenset[RecordKind] = frozenset()
    requests_per_envelope: int = 1
    tax_by_code: bool = False


# ── Authorizing ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of an admin to connect an installation, at each of its steps.

    First `answer` is None. After a `Redirect` it holds the query parameters with which the browser came back to
    `return_url`; the hub has then already checked that `state` is its own, unused, and of the same admin.
    `books_id` is set when these books were connected before, so that the sign-in can be asked for the same ones.
    """

    settings: Mapping[str, str]
    return_url: str
    state: str
    answer: Mapping[str, str] | None = None
    books_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Send the admin's browser to `url`; it returns to `Attempt.return_url` with `state` among its parameters."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """The books are open to us. `credentials` are encrypted at rest and handed to carriers only.

    `renew_at` is when they should be renewed before use, `expires_at` when an admin must have authorized again; both
    with a time zone, None if never.
    """

    books_id: str
    credentials: Mapping[str, str] = field(repr=False)
    renew_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a carrier is handed: the books, the credentials, the operator's settings."""

    books_id: str
    credentials: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)


# ── The integration ─────────────────────────────────────────────────────────────────────────────────────────────────


class Integration(ABC):
    """An accounting product, as the hub knows it. Derive from `PushIntegration`.

    The class is registered under the entry-point group `hub.integrations` with its `key` as the name, and is created
    once, without arguments. It keeps no state.
    """

    api_version: ClassVar[int] = API_VERSION
    key: ClassVar[str]
    label: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[Sequence[Setting]] = ()
    options: ClassVar[Sequence[Field]] = ()
    mappings: ClassVar[Sequence[MappingField]] = ()

    @abstractmethod
    def authorize(self, attempt: Attempt) -> Redirect | Authorized:
        """Take the next step of connecting. Called in a web request; may use the network, with a short timeout.

        Raises `Rejected` if the admin declined or the ledger refused, `Unavailable` if it could not be asked.
        """

    @abstractmethod
    def check(self) -> Conversation[Books]:
        """Ask who is at the other end: after connecting, and when an admin presses "Test connection"."""

    @abstractmethod
    def fetch(self, kind: RecordKind, since: str) -> Conversation[Page]:
        """Fetch a page of a list. `since` is empty at first and then the `cursor` of the page before.

        After the last page (`more` is false) the cursor is kept, and the next refresh asks for what changed since.
        """

    @abstractmethod
    def create(self, record: NewRecord, options: Mapping[str, str]) -> Conversation[Ref]:
        """Enter a new customer or item, whichever `Capabilities.creates` names. Raises `Rejected`."""

    @abstractmethod
    def post(self, document: Document, options: Mapping[str, str]) -> Conversation[Posting]:
        """Post a document. Raises `Rejected` if the books refuse it."""

    @abstractmethod
    def seal(self, key: str, requests: Sequence[Request]) -> str:
        """Write the requests of an envelope as the bytes that will leave, before they leave. Pure, and never repeated:
        what it returns is stored and sent, also on every later try."""

    def review(self, subject: Document | NewRecord, options: Mapping[str, str]) -> Sequence[Problem]:
        """Name what these books would refuse, before anything is sent: too long a number, a colon in a name. Pure."""
        return ()

    def address(self, kind: DocumentKind, posting_id: str, books_id: str, settings: Mapping[str, str]) -> str | None:
        """The page of the accounting product that shows this posting to a person, if it has one. Pure."""
        return None


class PushIntegration(Integration):
    """A ledger that we call."""

    @abstractmethod
    def perform(self, envelope: Envelope, connection: Connection) -> Sequence[Response]:
        """Take an envelope to the ledger and bring back one response for each of its requests, in their order.

        May be called again with the same envelope, by another process, after any interruption and even while an
        earlier call still runs; it must send `body` under `key` so that the ledger carries it out only once.
        Must return or raise within a minute. Raises `Unavailable`, `AuthorizationExpired`, or `Rejected` (see there).
        """

    @abstractmethod
    def renew(self, connection: Connection) -> Authorized:
        """Exchange the credentials for fresh ones. The hub calls it once at a time for an installation.

        Raises `AuthorizationExpired` if they cannot be renewed any more, `Unavailable` if it could not be asked.
        """

    @abstractmethod
    def revoke(self, connection: Connection) -> None:
        """Give the authorization back, when an admin uninstalls. Raises `Unavailable`; the hub wipes either way."""
