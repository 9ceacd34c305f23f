"""What a sentence calls a document, so that everybody knows which one is meant."""

from __future__ import annotations

from hub.plugin.documents import Bill, CreditMemo, Document, Payment, PurchaseOrder, Sale
from hub.plugin.sentences import Sentence, say


def describe(document: Document | Sale) -> Sentence:
    """ "invoice 1042 for ABC Company", as it stands within a sentence."""
    match document:
        case CreditMemo(number=number, customer=customer):
            return say("credit memo %(number)s for %(party)s", number=number, party=customer.name or _CUSTOMER)
        case Sale(number=number, customer=customer):
            return say("invoice %(number)s for %(party)s", number=number, party=customer.name or _CUSTOMER)
        case Payment(amount=amount, currency=currency, customer=customer):
            return say(
                "the payment of %(amount)s %(currency)s by %(party)s", amount=amount, currency=currency,
                party=customer.name or _CUSTOMER,
            )  # fmt: skip
        case PurchaseOrder(number=number, vendor=vendor):
            return say("purchase order %(number)s to %(party)s", number=number, party=vendor.name or _SUPPLIER)
        case Bill(number="", vendor=vendor):
            return say("the bill from %(party)s", party=vendor.name or _SUPPLIER)
        case Bill(number=number, vendor=vendor):
            return say("bill %(number)s from %(party)s", number=number, party=vendor.name or _SUPPLIER)


_CUSTOMER, _SUPPLIER = say("your customer"), say("your supplier")
