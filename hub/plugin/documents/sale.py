"""The base of invoices and credit memos."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import ClassVar, TypeVar

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents.kinds import title_of
from hub.plugin.documents.parts import Address, DoesNotAddUp, Line, Revision, Tax
from hub.plugin.documents.prerequisites import Prerequisites
from hub.plugin.sentences import Sentence, say

YOUR_CUSTOMER = say("your customer")
"""The words for a customer without a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """The base of invoices and credit memos. All amounts are in `currency` (ISO 4217) with two decimals.

    `discount` is subtracted from the sum of the lines; it is positive. `tracking_class` and `location` are set only
    where the books track them (`Books.class_tracking` says whether classes are on lines). `memo` is printed for the
    customer; `note` is not. `revises` is set when the order was sent before and has changed, or is cancelled. Raises
    `DoesNotAddUp` unless lines − discount + tax = total, 0 ≤ discount ≤ lines and 0 ≤ total. Single lines may be
    negative, such as a returned item on an invoice.
    """

    kind: ClassVar[str]

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
        """The title: "Credit memo 1077"."""
        return title_of(self.kind, self.number)

    @property
    def is_taxed(self) -> bool:
        """True if it has sales tax, or a tax code by which the books work it out."""
        return bool(self.tax.amount or self.tax.code)

    @property
    def subtotal(self) -> Decimal:
        """The sum of the lines, before discount and tax."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))


S = TypeVar("S", bound=Sale)


def bind_sale(sale: S, prerequisites: Prerequisites) -> S:
    """Put the ids of a new customer and of new items into a sale."""
    return replace(
        sale, customer=prerequisites.bound(sale.customer, RecordKind.CUSTOMER),
        lines=prerequisites.bound_lines(sale.lines),
    )  # fmt: skip
