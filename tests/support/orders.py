"""Orders by the dozen, with all their documents, and what a company file must hold of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hub.books import history
from hub.database import session
from hub.host import Company, Order
from hub.models import TransactionRow
from hub.orders.deliveries import deliveries_of_order
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.states import DeliveryState
from tests.support.desktop import Ledger, Office
from tests.support.host import ACME, ADA_AT_ACME, order_1042

EVERYTHING = Choices(documents=("invoice", "purchase_order", "bill"))
MUGS = Company(id="s1", name="Mug Makers")


def order(number: int, customer: str = "ABC Company") -> Order:
    """Order 1042 under another number, for a customer of its own if wanted, with a vendor for its line."""
    plain = order_1042()
    line = replace(plain.lines[0], cost=Decimal("1.105"), vendor=MUGS)
    company = replace(plain.company, id=customer, name=customer)
    return replace(plain, id=str(number), number=str(number), lines=(line,), company=company)


def send(office: Office, numbers: range, customers: int = 1) -> None:
    """Send orders with all their documents: an invoice, its payment, a purchase order and a bill each."""
    for number in numbers:
        send_order(ADA_AT_ACME, office.installation.id, order(number, _customer(number, customers)), EVERYTHING)


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


def outcomes(order_id: str = "1042") -> list[tuple[str, DeliveryState, str]]:
    """Return the kind and state of each document of an order, and what became of it in QuickBooks.

    The last is "voided", "deleted" or empty.
    """
    session().expire_all()
    found = deliveries_of_order(ACME.id, order_id)
    standing = history.find_transactions(found)
    return [(one.kind, one.state, _became(standing.get(one.id))) for one in found]


def _became(row: TransactionRow | None) -> str:
    if row is None:
        return ""
    return "deleted" if row.deleted else "voided" if row.voided else ""


def _customer(number: int, customers: int) -> str:
    """Whose order it is, among so many customers of its thousand."""
    return f"Customer {number // 1000}-{number % customers}"
