"""Code shared by the builders of invoices and credit memos."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hub.host import Order
from hub.planning.kinds.builders import Built, built_or_problem
from hub.planning.parts import Parts
from hub.plugin import CreditMemo, Document, Invoice, Line, Problem, Ref, Role, Tax, say


def is_given_back(order: Order) -> bool:
    """Return True if an order gives the customer money back."""
    return order.total < 0


def sale_kind(order: Order) -> str:
    """Return what an order becomes: an invoice; or a credit memo, if it gives the customer money back."""
    return CreditMemo.kind if is_given_back(order) else Invoice.kind


def build_sale(parts: Parts, make: Callable[[list[Line], dict[str, Any]], Document]) -> Built:
    """Return what an order sells. `make` gets its lines as the order has them, and the fields of both kinds."""
    order, tax_problems = parts.order, list[Problem]()
    document, problems = built_or_problem(lambda: make(_lines(parts, tax_problems), _fields(parts)))
    return Built(
        source=f"order/{order.id}", document=document, uses=(parts.customer, *parts.items),
        problems=(*problems, *tax_problems),
    )  # fmt: skip


def _has_tax_line(parts: Parts) -> bool:
    """Return True if the tax is a line, so that the books must not add tax."""
    return parts.tax.as_item and bool(parts.order.tax)


def _lines(parts: Parts, problems: list[Problem]) -> list[Line]:
    as_item, income = _has_tax_line(parts), parts.refs.get(Role.INCOME)
    lines = [
        Line(
            item=item.ref, description=line.description or line.name, quantity=line.quantity, price=line.price,
            amount=line.amount, taxable=line.taxable and not as_item, account=income,
        )
        for line, item in zip(parts.order.lines, parts.items, strict=True)
    ]  # fmt: skip
    if as_item:
        lines.append(_tax_line(parts, problems))
    return lines


def _tax_line(parts: Parts, problems: list[Problem]) -> Line:
    if Role.SALES_TAX_ITEM not in parts.refs:
        problems.append(Problem(
            code="tax-item-missing", what=say("No item is chosen for the sales tax."), field=Role.SALES_TAX_ITEM,
            cure=say("Choose a sales-tax item on the Accounts tab, or let the books tax the invoice."),
        ))  # fmt: skip
    item, tax = parts.refs.get(Role.SALES_TAX_ITEM, Ref(id="", name="Sales tax")), parts.order.tax
    return Line(item=item, description="Sales tax", quantity=Decimal(1), price=tax, amount=tax, taxable=False)


def _fields(parts: Parts) -> dict[str, Any]:
    order, refs = parts.order, parts.refs
    amount = -order.tax if is_given_back(order) else order.tax
    return {
        "number": order.number, "date": order.date, "currency": order.currency, "customer": parts.customer.ref,
        "discount_account": refs.get(Role.DISCOUNT), "receivable": refs.get(Role.RECEIVABLE),
        "tax": Tax() if _has_tax_line(parts) else Tax(amount=amount, code=parts.tax.code),
        "tracking_class": refs.get(Role.CLASS), "location": refs.get(Role.LOCATION), "email": order.company.email,
        "billing": order.company.billing, "shipping": order.shipping, "po_number": order.po_number, "memo": order.memo,
        "note": f"Order {order.number}",
    }  # fmt: skip
