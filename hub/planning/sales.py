"""What an order sells: its invoice and the payments received for it, or its credit memo."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.host import Order, OrderPayment
from hub.models import Installation
from hub.planning.choices import SALES
from hub.plugin import (
    AT_ONCE,
    DEPOSITS,
    CreditMemo,
    Integration,
    Invoice,
    Line,
    Payment,
    Problem,
    Ref,
    Role,
    Tax,
    document_kinds,
    noun,
    say,
)

TAX_AS_ITEM = "item"
"""The choice "Add total tax as an item"; the others are "" (the books decide) and "code:<id>"."""


def kind_of(order: Order) -> str:
    """Return what an order becomes: an invoice; or a credit memo, if it gives the customer money back."""
    return CreditMemo.kind if order.total < 0 else Invoice.kind


def sale(
    order: Order, customer: Ref, items: list[Ref], refs: Mapping[str, Ref], *, tax: str, problems: list[Problem]
) -> Invoice | CreditMemo:
    """Return the invoice or the credit memo of an order, taxed as chosen. Raises `DoesNotAddUp`."""
    gives_back = kind_of(order) == CreditMemo.kind
    as_item = tax == TAX_AS_ITEM and bool(order.tax)  # Then nothing else is left for the books to tax.
    lines = [
        Line(
            item=item, description=line.description or line.name, quantity=line.quantity, price=line.price,
            amount=line.amount, taxable=line.taxable and not as_item, account=refs.get(Role.INCOME),
        )
        for line, item in zip(order.lines, items, strict=True)
    ]  # fmt: skip
    if as_item:
        lines.append(_tax_line(order, refs, problems))
    code = Ref(id=tax.removeprefix("code:")) if tax.startswith("code:") else None
    owed = Tax() if as_item else Tax(amount=-order.tax if gives_back else order.tax, code=code)
    common: dict[str, Any] = {
        "number": order.number, "date": order.date, "currency": order.currency, "customer": customer,
        "discount_account": refs.get(Role.DISCOUNT), "receivable": refs.get(Role.RECEIVABLE), "tax": owed,
        "tracking_class": refs.get(Role.CLASS), "location": refs.get(Role.LOCATION),
        "email": order.company.email, "billing": order.company.billing, "shipping": order.shipping,
        "po_number": order.po_number, "memo": order.memo, "note": f"Order {order.number}",
    }  # fmt: skip
    if gives_back:
        return CreditMemo(lines=tuple(map(_turned, lines)), discount=-order.discount, total=-order.total, **common)
    return Invoice(
        lines=tuple(lines), discount=order.discount, total=order.total, due=order.due, terms=refs.get(Role.TERMS),
        **common,
    )  # fmt: skip


def _tax_line(order: Order, refs: Mapping[str, Ref], problems: list[Problem]) -> Line:
    if Role.SALES_TAX_ITEM not in refs:
        problems.append(Problem(
            code="tax-item-missing", what=say("No item is chosen for the sales tax."), field=Role.SALES_TAX_ITEM,
            cure=say("Choose a sales-tax item on the Accounts tab, or let the books tax the invoice."),
        ))  # fmt: skip
    item = refs.get(Role.SALES_TAX_ITEM, Ref(id="", name="Sales tax"))
    return Line(
        item=item, description="Sales tax", quantity=Decimal(1), price=order.tax, amount=order.tax, taxable=False
    )


def _turned(line: Line) -> Line:
    """Return a line of an order as it stands on a credit memo: what is given back is positive there."""
    if line.price < 0:
        return replace(line, price=-line.price, amount=-line.amount)
    return replace(line, quantity=-line.quantity, amount=-line.amount)


def payments(order: Order, customer: Ref, refs: Mapping[str, Ref], *, applied: bool) -> dict[str, Payment]:
    """Return the payments received for an order, by the host's id of each, to be applied to its invoice if there is one
    by then. A refund is none: what was paid back for a credit memo is entered in the books by hand, where the money
    left. Raises `DoesNotAddUp`."""
    invoice = Ref(id="", name=f"Invoice {order.number}") if applied else None
    if kind_of(order) == CreditMemo.kind:
        return {}
    return {received.id: _payment(order, customer, refs, received, invoice) for received in order.payments}


def _payment(
    order: Order, customer: Ref, refs: Mapping[str, Ref], received: OrderPayment, invoice: Ref | None
) -> Payment:
    return Payment(
        number=received.reference, date=received.date, currency=order.currency, customer=customer, invoice=invoice,
        amount=received.amount, method=received.method, deposit_to=refs.get(Role.DEPOSIT),
        receivable=refs.get(Role.RECEIVABLE), note=f"Order {order.number}",
    )  # fmt: skip


def contradictions(
    installation: Installation, integration: Integration, order: Order, standing: Collection[str]
) -> list[Problem]:
    """Return what keeps an order from being sent as what it is. `standing` are the kinds of its documents in the books.
    """
    kind = kind_of(order)
    if kind not in integration.capabilities.documents:
        return [Problem(
            code="kind-not-supported", what=say(
                "The order comes to %(total)s %(currency)s, and %(product)s takes no credit memos.",
                total=order.total, currency=order.currency, product=integration.label,
            ),
            cure=say("Enter in the books by hand what the customer gets back."), field="documents",
        )]  # fmt: skip
    if kind not in installation.documents:
        return [Problem(
            code="kind-not-allowed",
            what=say("The order is a %(kind)s, and the settings do not allow to send those.", kind=noun(kind)),
            cure=say("Ask an admin to allow it on the Details tab of the settings."), field="documents",
        )]  # fmt: skip
    return [
        Problem(
            code="other-kind-posted", what=say(
                "The %(other)s of this order is in the books or on its way, and by now the order is a %(kind)s.",
                other=noun(other), kind=noun(kind),
            ),
            why=say("Both together would make the customer's balance wrong."),
            cure=say("Tick that the %(other)s is to be voided, or cancel it if it has not left.", other=noun(other))
            if other in integration.capabilities.voids
            else say(
                "Cancel the %(other)s, or void or delete it in the books, then send the %(kind)s.",
                other=noun(other), kind=noun(kind),
            ),
            field="documents",
        )
        for other in sorted(document_kinds()[kind].excludes & set(standing))
    ]  # fmt: skip


def deposit_problems(options: Mapping[str, str]) -> list[Problem]:
    """Return what keeps payments from being sent before their invoice."""
    if options.get(DEPOSITS.key) == AT_ONCE:
        return []
    return [Problem(
        code="payments-need-invoice", what=say("Payments are sent with the invoice."), why=say("The settings say so."),
        cure=say("Tick the invoice, too, or have an admin change it on the Details tab."), field="documents",
    )]  # fmt: skip


def cancelled(integration: Integration, order: Order, standing: Collection[str]) -> Problem:
    """Why nothing of an order is sent that is cancelled. `standing` are the kinds of its documents in the books."""
    by_hand = [noun(kind) for kind in sorted(SALES - integration.capabilities.voids) if kind in standing]
    return Problem(
        code="order-cancelled", what=say("Order %(number)s is cancelled.", number=order.number),
        why=say("Nothing of a cancelled order is sent."), field="documents",
        cure=say("Its %(document)s is in the books; void or delete it there.", document=by_hand[0]) if by_hand
        else say("What of it is in the books can be voided, where that is offered."),
    )  # fmt: skip


def money_problems(installation: Installation, order: Order) -> list[Problem]:
    """Return what is wrong with the figures of an order beyond what a document says of itself."""
    problems = []
    paid = sum((payment.amount for payment in order.payments), Decimal("0.00"))
    if paid > max(order.total, Decimal(0)):
        problems.append(Problem(
            code="overpaid", what=say(
                "The payments of %(paid)s are more than the order's total of %(total)s.", paid=paid, total=order.total
            ),
            cure=say("Correct the payments on the order, then send it."), field="lines",
        ))  # fmt: skip
    if installation.books_currency and order.currency != installation.books_currency:
        problems.append(Problem(
            code="currency-differs", what=say(
                "The order is in %(currency)s, the books are kept in %(books_currency)s.",
                currency=order.currency, books_currency=installation.books_currency,
            ),
            cure=say("Orders in another currency cannot be sent."), field="lines",
        ))  # fmt: skip
    return problems
