"""The base of purchase orders and bills."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, TypeVar

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents.kinds import title_of
from hub.plugin.documents.parts import Line, Revision, check_sum
from hub.plugin.documents.prerequisites import Prerequisites
from hub.plugin.sentences import say

YOUR_VENDOR = say("your vendor")
"""The words for a vendor without a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorDocument:
    """A document for a vendor. All amounts are in `currency` (ISO 4217) with two decimals.

    `payable` is the accounts payable account, `terms` are the vendor's. `tracking_class` and `location` are set only
    where the books track them. `memo` is printed for the vendor; `note` is not.
    Raises `DoesNotAddUp` unless the amounts of the lines are the total.
    """

    kind: ClassVar[str]

    number: str
    date: dt.date
    currency: str
    vendor: Ref
    lines: tuple[Line, ...]
    total: Decimal
    payable: Ref | None = None
    tracking_class: Ref | None = None
    location: Ref | None = None
    terms: Ref | None = None
    memo: str = ""
    note: str = ""
    revises: Revision | None = None
    repeats_number: bool = False
    same_as: Ref | None = None

    def __post_init__(self) -> None:
        check_sum(title_of(self.kind, self.number), self.lines, self.total)


P = TypeVar("P", bound=VendorDocument)


def bind_purchase(document: P, prerequisites: Prerequisites) -> P:
    """Put the ids of a new vendor, of new items and of a new customer on the lines into a document."""
    return replace(
        document, vendor=prerequisites.bound(document.vendor, RecordKind.VENDOR),
        lines=prerequisites.bound_lines(document.lines),
    )  # fmt: skip
