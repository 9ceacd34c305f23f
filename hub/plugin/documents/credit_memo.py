"""The credit memo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.plugin.books import RecordKind
from hub.plugin.documents.kinds import DocumentKind, Per
from hub.plugin.documents.sale import YOUR_CUSTOMER, Sale, bind_sale
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditMemo(Sale):
    """A credit memo for an order whose total is negative.

    Its amounts are those of the order, negated, so that the amount that the customer gets back is positive, and so is
    the total.
    """

    kind: ClassVar[str] = "credit_memo"


def _describe(memo: CreditMemo) -> Sentence:
    return say(
        "credit memo %(number)s for %(party)s", number=memo.number, party=memo.customer.name or YOUR_CUSTOMER
    )


CREDIT_MEMO = DocumentKind(
    key=CreditMemo.kind, document=CreditMemo, noun=say("credit memo"), plural=say("Credit memos"),
    title=say("Credit memo"), numbered_title=say("Credit memo %(number)s"),
    void_title=say("Void credit memo %(number)s"), describe=_describe, party=RecordKind.CUSTOMER, per=Per.ORDER,
    excludes=frozenset({"invoice"}), bind=bind_sale, has_our_number=True,
)  # fmt: skip
