"""What an order sells: its invoice, and the payments received for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hub.host import Order, OrderPayment
from hub.models import Installation
from hub.plugin import Invoice, Line, Payment, Problem, Ref, Role, Tax

TAX_AS_ITEM = "item"
"""The choice "Add total tax as an item"; the others are "" (the books decide) and "code:<id>"."""


def invoice(
    order: Order, customer: Ref, items: list[Ref], refs: Mapping[str, Ref], *, tax: str, problems: list[Problem]
) -> Invoice:
    """The invoice of an order, taxed as chosen."""
    as_item = tax == TAX_AS_ITEM and bool(order.tax)  # Then nothing else is left for the books to tax.
    lines = [
        Line(
            item=item, description=line.description or line.name, quantity=line.quantity, price=line.price,
            amount=line.amount, taxable=line.taxable and not as_item, account=refs.get(Role.INCOME),
        )
        for line, item in zip(order.lines, items, strict=True)
    ]  # fmt: skip
    taxed = Tax(amount=order.tax)
    if as_item:
        taxed = Tax()
        if Role.SALES_TAX_ITEM not in refs:
            problems.append(Problem(
                what="No item is chosen for the sales tax.", field=Role.SALES_TAX_ITEM,
                cure="Choose a sales-tax item on the Accounts tab, or let QuickBooks tax the invoice.",
            ))  # fmt: skip
        item = refs.get(Role.SALES_TAX_ITEM, Ref(id="", name="Sales tax"))
        lines.append(Line(
            item=item, description="Sales tax", quantity=Decimal(1), price=order.tax, amount=order.tax, taxable=False
        ))  # fmt: skip
    elif tax.startswith("code:"):
        taxed = Tax(amount=order.tax, code=Ref(id=tax.removeprefix("code:")))
    return Invoice(
        number=order.number, date=order.date, currency=order.currency, customer=customer, lines=tuple(lines),
        total=order.total, discount=order.discount, discount_account=refs.get(Role.DISCOUNT),
        receivable=refs.get(Role.RECEIVABLE), tax=taxed, due=order.due, email=order.company.email,
        billing=order.company.billing, shipping=order.shipping, po_number=order.po_number, memo=order.memo,
        note=f"Order {order.number}",
    )  # fmt: skip


def payment(order: Order, customer: Ref, refs: Mapping[str, Ref], received: OrderPayment) -> Payment:
    """A payment received for an order's invoice."""
    return Payment(
        number=received.reference, date=received.date, currency=order.currency, customer=customer, invoice=Ref(id=""),
        amount=received.amount, method=received.method, deposit_to=refs.get(Role.DEPOSIT),
        receivable=refs.get(Role.RECEIVABLE), note=f"Order {order.number}",
    )  # fmt: skip


def money_problems(installation: Installation, order: Order) -> list[Problem]:
    """What is wrong with the figures of an order beyond what a document says of itself."""
    problems = []
    paid = sum((payment.amount for payment in order.payments), Decimal("0.00"))
    if paid > order.total:
        problems.append(Problem(
            what=f"The payments of {paid} are more than the order's total of {order.total}.",
            cure="Correct the payments on the order, then send it.", field="lines",
        ))  # fmt: skip
    if installation.books_currency and order.currency != installation.books_currency:
        problems.append(Problem(
            what=f"The order is in {order.currency}, the books are kept in {installation.books_currency}.",
            cure="Orders in another currency cannot be sent.", field="lines",
        ))  # fmt: skip
    return problems
