"""Words for kinds within sentences for people."""

from __future__ import annotations

from hub.plugin.documents.kinds import document_kinds
from hub.plugin.sentences import Sentence, say

_NOUNS = {
    "account": say("account"), "customer": say("customer"), "vendor": say("vendor"), "item": say("item"),
    "tax_code": say("tax code"), "term": say("term"), "class": say("class"), "location": say("location"),
    "accounts_receivable": say("accounts receivable"), "accounts_payable": say("accounts payable"),
    "bank": say("bank"), "other_current_asset": say("other current asset"),
    "other_current_liability": say("other current liability"), "income": say("income"),
    "cost_of_goods_sold": say("cost of goods sold"), "expense": say("expense"), "other": say("other"),
}  # fmt: skip


def noun(kind: str) -> Sentence:
    """Return the word for a kind of document, `RecordKind` or `AccountKind` within a sentence: "purchase order"."""
    declared = document_kinds().get(kind)
    return declared.noun if declared is not None else _NOUNS[kind]
