"""Orders by the dozen, with all their documents, and what a company file must hold of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hub.host import Company, Order
from hub.services.drafting.choices import Choices
from hub.services.sending import sending
from tests.support.desktop import Ledger, Office
from tests.support.host import ADA, order_1042

EVERYTHING = Choices(documents=("invoice", "purchase_order", "bill"))
MUGS = Company(id="s1", name="Mug Makers")


def order(number: int, customer: str = "ABC Company") -> Order:
    """Order 1042 under another number, for a customer of its own if wanted, with a supplier for its line."""
    plain = order_1042()
    line = replace(plain.lines[0], cost=Decimal("1.105"), supplier=MUGS)
    company = replace(plain.company, id=customer, name=customer)
    return replace(plain, id=str(number), number=str(number), lines=(line,), company=company)


def send(office: Office, numbers: range, customers: int = 1) -> None:
    """Send orders with all their documents: an invoice, its payment, a purchase order and a bill each."""
    for number in numbers:
        sending.send(office.installation.id, order(number, _customer(number, customers)), EVERYTHING, ADA)


def ledger(numbers: range, customers: int = 1) -> Ledger:
    """What a company file holds when each of those documents is in it exactly once."""
    names = {number: _customer(number, customers) for number in numbers}
    amounts = (Decimal("230.00"), Decimal("-11.50"))
    return {
        "customers": sorted({(name,) for name in names.values()}),
        "items": [("A7102",), ("Order discount",)],
        "invoices": [
            (str(number), name, amounts, Decimal("218.50"), Decimal("118.50")) for number, name in names.items()
        ],
        "payments": sorted((name, Decimal("100.00"), Decimal("0.00")) for name in names.values()),
        "purchase orders": [(str(number), Decimal("110.50"), "true") for number in numbers],
        "bills": [(str(number), Decimal("110.50")) for number in numbers],
    }


def _customer(number: int, customers: int) -> str:
    """Whose order it is, among so many customers of its thousand."""
    return f"Customer {number // 1000}-{number % customers}"
