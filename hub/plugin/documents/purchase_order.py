"""The purchase order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from hub.plugin.books import RecordKind
from hub.plugin.documents.kinds import DocumentKind, Per
from hub.plugin.documents.parts import Address
from hub.plugin.documents.purchase import YOUR_VENDOR, VendorDocument, bind_purchase
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder(VendorDocument):
    """A purchase order to a vendor. `number` is ours; `ship_to` is where the vendor delivers, if not to us.

    It posts no amounts; `payable` is the account of its future bill, for a ledger that asks for it already.
    """

    kind: ClassVar[str] = "purchase_order"

    ship_to: Address | None = None
    expected: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRef:
    """The purchase order in the books that a bill answers: its `id`, and the ids of its lines in their order."""

    id: str
    lines: tuple[str, ...] = ()


def _describe(order: PurchaseOrder) -> Sentence:
    return say("purchase order %(number)s to %(party)s", number=order.number, party=order.vendor.name or YOUR_VENDOR)


PURCHASE_ORDER = DocumentKind(
    key=PurchaseOrder.kind, document=PurchaseOrder, noun=say("purchase order"), plural=say("Purchase orders"),
    title=say("Purchase order"), numbered_title=say("Purchase order %(number)s"), describe=_describe,
    party=RecordKind.VENDOR, per=Per.VENDOR, bind=bind_purchase, has_our_number=True,
)  # fmt: skip
