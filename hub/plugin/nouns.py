"""What things are called in sentences for people."""

from __future__ import annotations

from hub.plugin.sentences import Sentence, say

_NOUNS = {
    "invoice": say("invoice"), "credit_memo": say("credit memo"), "payment": say("payment"), "bill": say("bill"),
    "purchase_order": say("purchase order"), "account": say("account"), "customer": say("customer"),
    "vendor": say("vendor"), "item": say("item"), "tax_code": say("tax code"), "term": say("term"),
    "class": say("class"), "location": say("location"), "accounts_receivable": say("accounts receivable"),
    "accounts_payable": say("accounts payable"), "bank": say("bank"),
    "other_current_asset": say("other current asset"), "other_current_liability": say("other current liability"),
    "income": say("income"), "cost_of_goods_sold": say("cost of goods sold"), "expense": say("expense"),
    "other": say("other"),
}  # fmt: skip

_TITLES = {
    "invoice": (say("Invoice"), say("Invoice %(number)s")),
    "credit_memo": (say("Credit memo"), say("Credit memo %(number)s")),
    "payment": (say("Payment"), say("Payment %(number)s")), "bill": (say("Bill"), say("Bill %(number)s")),
    "purchase_order": (say("Purchase order"), say("Purchase order %(number)s")),
}  # fmt: skip


def noun(kind: str) -> Sentence:
    """A `DocumentKind`, `RecordKind` or `AccountKind` within a sentence: "purchase order"."""
    return _NOUNS[kind]


def title_of(kind: str, number: str = "") -> Sentence:
    """What a document is called: "Purchase order 1042"; without a number, what those of its `DocumentKind` are."""
    plain, numbered = _TITLES[kind]
    return say(numbered.message, number=number) if number else plain
