"""The payments received for an order. One that came before the invoice is a deposit."""

from __future__ import annotations

from collections.abc import Iterator

from hub.host import Order, OrderPayment
from hub.planning.context import PlanningContext
from hub.planning.kinds.builders import Built, built_or_problem
from hub.planning.kinds.sale import is_given_back
from hub.planning.parts import Parts
from hub.plugin import AT_ONCE, DEPOSITS, Invoice, Payment, Problem, Ref, Role, say


class PaymentBuilder:
    """One payment for each that the order received, applied to its invoice if there is one by then.

    A payment of nothing is none. A refund is none either: what was paid back is entered in the books by hand, where the
    money left.
    """

    kind = Payment.kind

    def applies_to(self, order: Order) -> bool:
        return not is_given_back(order)

    def build(self, parts: Parts) -> Iterator[Built]:
        for received in parts.order.payments:
            if received.amount:
                yield _build(parts, received)


def is_invoiced(parts: Parts) -> bool:
    """Return True if the order's invoice is in the books, on its way, or sent together with its payments."""
    return parts.will_stand((f"order/{parts.order.id}", Invoice.kind))


def takes_deposits(order: Order, context: PlanningContext) -> bool:
    """Return True if payments of an order can be sent before its invoice, and this is not there."""
    invoiced = Invoice.kind in context.kinds_of(order)
    return DEPOSITS.value_in(context.options) == AT_ONCE and not invoiced and not is_given_back(order)


def _build(parts: Parts, received: OrderPayment) -> Built:
    order, refs, source = parts.order, parts.refs, f"order/{parts.order.id}/payment/{received.id}"
    is_applied = is_invoiced(parts)
    if received.amount < 0:
        return Built(source=source, part=received.id, document=None, problems=(_refund(received),))
    document, problems = built_or_problem(lambda: Payment(
        number=received.reference, date=received.date, currency=order.currency, customer=parts.customer.ref,
        invoice=Ref(id="", name=f"Invoice {order.number}") if is_applied else None, amount=received.amount,
        method=received.method, deposit_to=refs.get(Role.DEPOSIT), receivable=refs.get(Role.RECEIVABLE),
        note=f"Order {order.number}",
    ))  # fmt: skip
    return Built(
        source=source, part=received.id, document=document, uses=(parts.customer,),
        waits_for=((f"order/{order.id}", Invoice.kind),) if is_applied else (),
        title=lambda payment: say("Payment %(amount)s for %(order)s", amount=payment.amount, order=order.number),
        problems=(*problems, *(() if is_applied else _without_invoice(parts, source))),
    )  # fmt: skip


def _refund(received: OrderPayment) -> Problem:
    return Problem(
        code="refund", what=say("The payment of %(amount)s is a refund.", amount=received.amount),
        why=say("Refunds are not sent: only you know from which account the money left."),
        cure=say("Enter the refund in the books, take it off the payments of this order, and send the order."),
        field="documents",
    )  # fmt: skip


def _without_invoice(parts: Parts, source: str) -> tuple[Problem, ...]:
    """Return what keeps a payment from being sent without its invoice. One that was to be applied to an invoice becomes
    a deposit only if a person says so."""
    existing = parts.context.existing.get((source, Payment.kind))
    was_applied = existing is not None and getattr(existing.current, "invoice", None) is not None
    if parts.choices.sells or (was_applied and Payment.kind not in parts.choices.documents):
        return (Problem(
            code="invoice-gone", what=say("The invoice of this order was deleted or voided in the books."),
            why=say("A payment cannot be applied to it."), field="documents",
            cure=say("Tick that the invoice is entered again, or send the payment as a deposit."),
        ),)  # fmt: skip
    if DEPOSITS.value_in(parts.context.options) == AT_ONCE:
        return ()
    return (Problem(
        code="payments-need-invoice", what=say("Payments are sent with the invoice."), why=say("The settings say so."),
        cure=say("Tick the invoice, too, or have an admin change it on the Details tab."), field="documents",
    ),)  # fmt: skip
