"""The estimate: what an order would cost a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.plugin import DocumentKind, Per, RecordKind, Sale, Sentence, say
from hub.plugin.documents.sale import bind_sale


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(Sale):
    """What an order would cost a customer."""

    kind: ClassVar[str] = "estimate"


def _describe(estimate: Estimate) -> Sentence:
    return say("estimate %(number)s for %(party)s", number=estimate.number, party=estimate.customer.name)


ESTIMATE = DocumentKind(
    key=Estimate.kind, document=Estimate, noun=say("estimate"), plural=say("Estimates"), title=say("Estimate"),
    numbered_title=say("Estimate %(number)s"), void_title=say("Void estimate %(number)s"), describe=_describe,
    party=RecordKind.CUSTOMER, per=Per.ORDER, bind=bind_sale, has_our_number=True,
)  # fmt: skip
