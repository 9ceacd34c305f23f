"""The purchase order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents.kinds import DocumentKind, Per, title_of
from hub.plugin.documents.parts import Address, Line, Revision, check_sum
from hub.plugin.documents.prerequisites import Prerequisites
from hub.plugin.sentences import Sentence, say

YOUR_VENDOR = say("your vendor")
"""Stands for a vendor without a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder:
    """What is ordered from a vendor. `number` is ours; `ship_to` is where the vendor delivers, if not to us. It posts
    nothing; `payable` is the account that its bill will post to, for a ledger that asks for it already here.

    Raises `DoesNotAddUp` unless the lines come to the total.
    """

    kind: ClassVar[str] = "purchase_order"

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
        check_sum(title_of(self.kind, self.number), self.lines, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRef:
    """The purchase order in the books that a bill answers: its `id`, and the ids of its lines in their order."""

    id: str
    lines: tuple[str, ...] = ()


def _describe(order: PurchaseOrder) -> Sentence:
    return say("purchase order %(number)s to %(party)s", number=order.number, party=order.vendor.name or YOUR_VENDOR)


def _bind(order: PurchaseOrder, prerequisites: Prerequisites) -> PurchaseOrder:
    return replace(
        order, vendor=prerequisites.bound(order.vendor, RecordKind.VENDOR),
        lines=prerequisites.bound_lines(order.lines),
    )  # fmt: skip


PURCHASE_ORDER = DocumentKind(
    key=PurchaseOrder.kind, document=PurchaseOrder, noun=say("purchase order"), plural=say("Purchase orders"),
    title=say("Purchase order"), numbered_title=say("Purchase order %(number)s"), describe=_describe,
    party=RecordKind.VENDOR, per=Per.VENDOR, bind=_bind, has_our_number=True,
)  # fmt: skip
