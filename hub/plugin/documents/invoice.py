"""The invoice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents.kinds import DocumentKind, Per
from hub.plugin.documents.sale import YOUR_CUSTOMER, Sale, bind_sale
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Sale):
    """An invoice to a customer for an order."""

    kind: ClassVar[str] = "invoice"

    due: dt.date | None = None
    terms: Ref | None = None


def _describe(invoice: Invoice) -> Sentence:
    return say(
        "invoice %(number)s for %(party)s", number=invoice.number, party=invoice.customer.name or YOUR_CUSTOMER
    )


INVOICE = DocumentKind(
    key=Invoice.kind, document=Invoice, noun=say("invoice"), plural=say("Invoices"), title=say("Invoice"),
    numbered_title=say("Invoice %(number)s"), void_title=say("Void invoice %(number)s"), describe=_describe,
    party=RecordKind.CUSTOMER, per=Per.ORDER, excludes=frozenset({"credit_memo"}), bind=bind_sale, has_our_number=True,
)  # fmt: skip
