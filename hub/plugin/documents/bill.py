"""The bill."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import ClassVar

from hub.plugin.books import RecordKind
from hub.plugin.documents.kinds import DocumentKind, Per
from hub.plugin.documents.prerequisites import Prerequisites
from hub.plugin.documents.purchase import YOUR_VENDOR, VendorDocument, bind_purchase
from hub.plugin.documents.purchase_order import PurchaseOrderRef
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill(VendorDocument):
    """A bill from a vendor. `number` is the vendor's own, from the paper bill; it may be empty. With `ordered`, each
    line answers the line of the purchase order at the same place."""

    kind: ClassVar[str] = "bill"

    due: dt.date | None = None
    ordered: PurchaseOrderRef | None = None


def _describe(bill: Bill) -> Sentence:
    party = bill.vendor.name or YOUR_VENDOR
    if not bill.number:
        return say("the bill from %(party)s", party=party)
    return say("bill %(number)s from %(party)s", number=bill.number, party=party)


def _bind(bill: Bill, prerequisites: Prerequisites) -> Bill:
    bound, found = bind_purchase(bill, prerequisites), prerequisites.get("purchase_order")
    if bill.ordered is None or found is None:
        return bound
    return replace(bound, ordered=PurchaseOrderRef(id=found.ref.id, lines=found.lines))


BILL = DocumentKind(
    key=Bill.kind, document=Bill, noun=say("bill"), plural=say("Bills"), title=say("Bill"),
    numbered_title=say("Bill %(number)s"), describe=_describe, party=RecordKind.VENDOR, per=Per.VENDOR,
    after=("purchase_order",), bind=_bind,
)  # fmt: skip
