"""The bill."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents.kinds import DocumentKind, Per, title_of
from hub.plugin.documents.parts import Line, Revision, check_sum
from hub.plugin.documents.prerequisites import Prerequisites
from hub.plugin.documents.purchase_order import YOUR_VENDOR, PurchaseOrderRef
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a vendor charges us. `number` is the vendor's own, on the paper that we got; it may be empty.

    With `ordered`, each line answers the line of the purchase order at the same place.
    Raises `DoesNotAddUp` unless the lines come to the total.
    """

    kind: ClassVar[str] = "bill"

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
        check_sum(title_of(self.kind, self.number), self.lines, self.total)


def _describe(bill: Bill) -> Sentence:
    party = bill.vendor.name or YOUR_VENDOR
    if not bill.number:
        return say("the bill from %(party)s", party=party)
    return say("bill %(number)s from %(party)s", number=bill.number, party=party)


def _bind(bill: Bill, prerequisites: Prerequisites) -> Bill:
    ordered = bill.ordered
    if ordered is not None and (found := prerequisites.get("purchase_order")) is not None:
        ordered = PurchaseOrderRef(id=found.ref.id, lines=found.lines)
    return replace(
        bill, vendor=prerequisites.bound(bill.vendor, RecordKind.VENDOR), lines=prerequisites.bound_lines(bill.lines),
        ordered=ordered,
    )  # fmt: skip


BILL = DocumentKind(
    key=Bill.kind, document=Bill, noun=say("bill"), plural=say("Bills"), title=say("Bill"),
    numbered_title=say("Bill %(number)s"), describe=_describe, party=RecordKind.VENDOR, per=Per.VENDOR,
    after=("purchase_order",), bind=_bind,
)  # fmt: skip
