"""What is sent: documents, and the new records that they need.

A document whose number is in the books already comes, if a person says so, with `repeats_number`: it is posted all the
same; or with `same_as`: it is the one that is there, nothing is posted, and the posting of that one is given.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar, TypeAlias

from hub.plugin.books import RecordKind, Ref
from hub.plugin.nouns import title_of
from hub.plugin.sentences import Sentence, say

CENT = Decimal("0.01")


class DoesNotAddUp(ValueError):
    """The figures of a document contradict each other; such a document cannot be constructed."""


class DocumentKind(enum.StrEnum):
    """What can be sent. What a ledger takes of these, its `Capabilities` say."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
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

    `account` is the income account of a sale or the cost account of a purchase, for a ledger that takes one a line.
    On a purchase, `customer` is for whom it is bought, and `billable` says that this customer is to be charged for it.
    Raises `DoesNotAddUp` if the amount is another one.
    """

    item: Ref
    description: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    taxable: bool = True
    account: Ref | None = None
    customer: Ref | None = None
    billable: bool = False

    def __post_init__(self) -> None:
        if in_cents(self.quantity * self.price) != self.amount:
            raise DoesNotAddUp(say(
                "%(quantity)s × %(price)s is %(amount)s, but the line “%(line)s” says %(said)s.",
                quantity=self.quantity, price=self.price, amount=in_cents(self.quantity * self.price),
                line=self.description or self.item.name, said=self.amount,
            ))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Sales tax on a document: `amount` as the host has it, and the tax code that the person chose.

    Without a code the books decide how to tax; the amount is then what we expect, and a difference is shown.
    (Tax that is to stand as a line of its own reaches the plugin as that line, with an amount of zero here.)
    """

    amount: Decimal = Decimal("0.00")
    code: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The posting that a document replaces: its `id`, the `version` of it that we know of, and the ids of its lines
    where the posting gave them.

    `totals` is what it may come to there, as far as anybody here knows: with this change, which may have been made
    already; as it was posted, as the history has it, as a person was told. Where it comes to something else, somebody
    has changed it, and a plugin that sees this says so before it puts the order's figures in its place
    (`Answer.OVERWRITES`). Of a record there are none.
    `cleared` are the fields of the document, by name, that it had when it was posted last and does not have any more.

    With `voids` it is to be brought to nothing instead, and to stay in the books as that: the document is then the one
    that was posted, for its number and party. Only kinds in `Capabilities.voids` come so.
    """

    id: str
    version: str = ""
    lines: tuple[str, ...] = ()
    totals: tuple[Decimal, ...] = ()
    cleared: tuple[str, ...] = ()
    voids: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What an invoice and a credit memo have in common. All amounts are in `currency` (ISO 4217) with two decimals.

    `discount` is what is taken off the sum of the lines, as a positive amount. `tracking_class` and `location` are set
    only where the books track them (`Books.class_tracking` says whether a class stands on lines). `memo` is printed for
    the customer; `note` is not. `revises` is set when the order was sent before and has changed, or is cancelled.
    Raises `DoesNotAddUp` unless lines − discount + tax = total, 0 ≤ discount ≤ lines and 0 ≤ total. Single lines may be
    negative: what is taken back on an invoice, what is charged on a credit memo.
    """

    kind: ClassVar[DocumentKind]

    number: str
    date: dt.date
    currency: str
    customer: Ref
    lines: tuple[Line, ...]
    total: Decimal
    discount: Decimal = Decimal("0.00")
    discount_account: Ref | None = None
    receivable: Ref | None = None
    tracking_class: Ref | None = None
    location: Ref | None = None
    tax: Tax = field(default_factory=Tax)
    email: str = ""
    billing: Address | None = None
    shipping: Address | None = None
    po_number: str = ""
    memo: str = ""
    note: str = ""
    revises: Revision | None = None
    repeats_number: bool = False
    same_as: Ref | None = None

    def __post_init__(self) -> None:
        if not self.lines:
            raise DoesNotAddUp(say("%(document)s has no lines.", document=self.title))
        if not 0 <= self.discount <= max(self.subtotal, Decimal(0)):
            raise DoesNotAddUp(say(
                "A discount of %(discount)s cannot be taken off the lines' %(amount)s.",
                discount=self.discount, amount=self.subtotal,
            ))  # fmt: skip
        if (total := self.subtotal - self.discount + self.tax.amount) != self.total:
            raise DoesNotAddUp(say(
                "Lines %(lines)s − discount %(discount)s + tax %(tax)s is %(amount)s, but the total says %(total)s.",
                lines=self.subtotal, discount=self.discount, tax=self.tax.amount, amount=total, total=self.total,
            ))  # fmt: skip
        if self.total < 0:
            raise DoesNotAddUp(say(
                "%(document)s comes to %(total)s, which is less than nothing.", document=self.title, total=self.total
            ))  # fmt: skip

    @property
    def title(self) -> Sentence:
        """What a person calls it: "Credit memo 1077"."""
        return title_of(self.kind, self.number)

    @property
    def subtotal(self) -> Decimal:
        """The sum of the lines, before discount and tax."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Sale):
    """What a customer owes for an order."""

    kind: ClassVar[DocumentKind] = DocumentKind.INVOICE

    due: dt.date | None = None
    terms: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditMemo(Sale):
    """What a customer gets back for an order whose total is negative: an invoice the other way round. Its amounts are
    those of the order with the sign turned, so what the customer gets is positive, and so is the total.
    """

    kind: ClassVar[DocumentKind] = DocumentKind.CREDIT_MEMO


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received from a customer for one invoice that is in the books; or, without `invoice`, before there is one:
    it then stands to the customer's credit, and comes once more with `revises` and `invoice` when there is one, to be
    applied to it. `amount` is positive.

    `number` is the payer's reference (a cheque's number), `method` the host's word for how it was paid.
    Raises `DoesNotAddUp` if the amount is not positive.
    """

    kind: ClassVar[DocumentKind] = DocumentKind.PAYMENT

    number: str
    date: dt.date
    currency: str
    customer: Ref
    invoice: Ref | None
    amount: Decimal
    method: str = ""
    deposit_to: Ref | None = None
    receivable: Ref | None = None
    note: str = ""
    revises: Revision | None = None

    def __post_init__(self) -> None:
        if self.amount <= 0 or in_cents(self.amount) != self.amount:
            raise DoesNotAddUp(say("A payment of %(amount)s cannot be received.", amount=self.amount))

    @property
    def total(self) -> Decimal:
        return self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder:
    """What is ordered from a vendor. `number` is ours; `ship_to` is where the vendor delivers, if not to us. It posts
    nothing; `payable` is the account that its bill will post to, for a ledger that asks for it already here.

    Raises `DoesNotAddUp` unless the lines come to the total.
    """

    kind: ClassVar[DocumentKind] = DocumentKind.PURCHASE_ORDER

    number: str
    date: dt.date
    currency: str
    vendor: Ref
    lines: tuple[Line, ...]
    total: Decimal
    payable: Ref | None = None
    tracking_class: Ref | None = None
    location: Ref | None = None
    ship_to: Address | None = None
    expected: dt.date | None = None
    terms: Ref | None = None
    memo: str = ""
    note: str = ""
    revises: Revision | None = None
    repeats_number: bool = False
    same_as: Ref | None = None

    def __post_init__(self) -> None:
        _adds_up(title_of(self.kind, self.number), self.lines, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRef:
    """The purchase order in the books that a bill answers: its `id`, and the ids of its lines in their order."""

    id: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a vendor charges us. `number` is the vendor's own, on the paper that we got; it may be empty.

    With `ordered`, each line answers the line of the purchase order at the same place.
    Raises `DoesNotAddUp` unless the lines come to the total.
    """

    kind: ClassVar[DocumentKind] = DocumentKind.BILL

    number: str
    date: dt.date
    currency: str
    vendor: Ref
    lines: tuple[Line, ...]
    total: Decimal
    payable: Ref | None = None
    tracking_class: Ref | None = None
    location: Ref | None = None
    due: dt.date | None = None
    terms: Ref | None = None
    ordered: PurchaseOrderRef | None = None
    memo: str = ""
    note: str = ""
    revises: Revision | None = None
    repeats_number: bool = False
    same_as: Ref | None = None

    def __post_init__(self) -> None:
        _adds_up(title_of(self.kind, self.number), self.lines, self.total)


def _adds_up(describe: Sentence, lines: tuple[Line, ...], total: Decimal) -> None:
    if not lines:
        raise DoesNotAddUp(say("%(document)s has no lines.", document=describe))
    if (amount := sum((line.amount for line in lines), Decimal("0.00"))) != total:
        raise DoesNotAddUp(say(
            "%(document)s: the lines come to %(amount)s, but the total says %(total)s.",
            document=describe, amount=amount, total=total,
        ))  # fmt: skip


Document: TypeAlias = Invoice | CreditMemo | Payment | PurchaseOrder | Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A customer to be entered in the books, under `name`; or, with `revises`, to be changed there.

    What is empty is left as the books have it.
    """

    kind: ClassVar[RecordKind] = RecordKind.CUSTOMER

    name: str
    email: str = ""
    phone: str = ""
    billing: Address | None = None
    shipping: Address | None = None
    currency: str = ""
    revises: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVendor:
    """A supplier to be entered in the books, under `name`."""

    kind: ClassVar[RecordKind] = RecordKind.VENDOR

    name: str
    email: str = ""
    phone: str = ""
    address: Address | None = None
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


NewRecord: TypeAlias = NewCustomer | NewVendor | NewItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A document as it stands in the books after delivery: their `id`, and the `number` and `total` that they echo.

    The hub compares `number`, `total` and `tax` with what was sent and shows a difference with both figures; `tax` is
    None where the books do not tell it.
    `version` is what a later update must quote (QuickBooks' SyncToken or EditSequence), if anything. `lines` are the
    ids of its lines in their order, where another document may refer to them.
    """

    id: str
    number: str
    total: Decimal
    tax: Decimal | None = None
    version: str = ""
    lines: tuple[str, ...] = ()
