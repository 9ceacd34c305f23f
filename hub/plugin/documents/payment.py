"""The payment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents.kinds import DocumentKind, Per
from hub.plugin.documents.parts import DoesNotAddUp, Revision, in_cents
from hub.plugin.documents.prerequisites import Prerequisites
from hub.plugin.documents.sale import YOUR_CUSTOMER
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received from a customer for an invoice that is in the books. Without `invoice` it is a deposit, which the
    books hold as customer credit; when there is an invoice, it comes again with `revises` and `invoice`, to be applied
    to it. `amount` is positive.

    `number` is the payer's reference (a check's number), `method` the host's word for how it was paid. Raises
    `DoesNotAddUp` if the amount is not positive.
    """

    kind: ClassVar[str] = "payment"

    number: str
    date: dt.date
    currency: str
    customer: Ref
    invoice: Ref | None
    amount: Decimal
    method: str = ""
    deposit_to: Ref | None = None
    receivable: Ref | None = None
    note: str = ""
    revises: Revision | None = None

    def __post_init__(self) -> None:
        if self.amount <= 0 or in_cents(self.amount) != self.amount:
            raise DoesNotAddUp(say("A payment of %(amount)s cannot be received.", amount=self.amount))

    @property
    def total(self) -> Decimal:
        return self.amount


def _describe(payment: Payment) -> Sentence:
    return say(
        "the payment of %(amount)s %(currency)s by %(party)s", amount=payment.amount, currency=payment.currency,
        party=payment.customer.name or YOUR_CUSTOMER,
    )  # fmt: skip


def _bind(payment: Payment, prerequisites: Prerequisites) -> Payment:
    return replace(
        payment, customer=prerequisites.bound(payment.customer, RecordKind.CUSTOMER),
        invoice=payment.invoice and prerequisites.bound(payment.invoice, "invoice"),
    )  # fmt: skip


PAYMENT = DocumentKind(
    key=Payment.kind, document=Payment, noun=say("payment"), plural=say("Payments"), title=say("Payment"),
    numbered_title=say("Payment %(number)s"), describe=_describe, party=RecordKind.CUSTOMER, per=Per.PAYMENT,
    sent_with="invoice", after=("invoice",), bind=_bind,
)  # fmt: skip
