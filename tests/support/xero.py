"""Orders in the sandbox Xero."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.host import Company, Order
from hub.installations import install
from hub.installations.install import claim_attempt, finish_authorization, start_authorization
from hub.models import BatchRow, Delivery, Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.states import DeliveryState
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, order_1042
from xero_sandbox import Running

BACK = "http://localhost:8000/hub/authorized/xero"
MUGS = Company(id="s1", name="Mug Makers")
EVERYTHING = Choices(documents=("invoice", "purchase_order", "bill"))


def whole_ledger(books: Running) -> dict[str, list[tuple[object, ...]]]:
    """What matters to the accountant, of everything that is in the books beyond what they began with."""
    found = books.books()
    return {
        "contacts": sorted((one["Name"],) for one in found["Contacts"][2:]),
        "items": [(one["Code"],) for one in found["Items"][1:]],
        "invoices": sorted(_document(one) for one in found["Invoices"] if one["Type"] == "ACCREC"),
        "bills": sorted(_document(one) for one in found["Invoices"] if one["Type"] == "ACCPAY"),
        "payments": sorted((one["Invoice"]["InvoiceNumber"], one["Amount"]) for one in found["Payments"]),
        "orders": sorted(
            (one["PurchaseOrderNumber"], one["Contact"]["Name"], one["Total"]) for one in found["PurchaseOrders"]
        ),
    }


def order(number: int) -> Order:
    """Order 1042 under another number, with a vendor for its line."""
    plain = order_1042()
    line = replace(plain.lines[0], cost=Decimal("1.105"), vendor=MUGS)
    return replace(plain, id=str(number), number=str(number), lines=(line,))


def expected(*numbers: int) -> dict[str, list[tuple[object, ...]]]:
    due, paid, cost = Decimal("118.50"), Decimal("100.00"), Decimal("110.50")
    return {
        "contacts": [("ABC Company",), ("Mug Makers",)],
        "items": [("A7102",)],
        "invoices": [(str(one), "ABC Company", Decimal("218.50"), due) for one in numbers],
        "bills": [(str(one), "Mug Makers", cost, cost) for one in numbers],
        "payments": [(str(one), paid) for one in numbers],
        "orders": [(str(one), "Mug Makers", cost) for one in numbers],
    }


def send(xero: Installation, *numbers: int) -> None:
    for number in numbers:
        send_order(ADA_AT_ACME, xero.id, order(number), EVERYTHING)


def carry(xero: Installation, rounds: int = 6) -> None:
    for _ in range(rounds):
        pump.deliver(xero.id)
        pass_time(xero)


def posted() -> bool:
    session().expire_all()
    states = {one.state for one in session().scalars(select(Delivery))}
    unfinished = session().scalars(select(BatchRow.id).where(BatchRow.state.in_(("open", "doubted", "parked")))).all()
    return states == {DeliveryState.POSTED} and not unfinished



def _document(one: dict[str, Any]) -> tuple[object, ...]:
    return one["InvoiceNumber"], one["Contact"]["Name"], one["Total"], one["AmountDue"]


def consent(installation: Installation, *tenants: str, decision: str = "allow") -> install.Question | None:
    """What an admin does in the browser: sign in, tick organisations, press a button; and be sent back."""
    address = start_authorization(ADA_AT_ACME, installation.id, BACK)
    form = {"tenant": list(tenants), "decision": decision}
    left = requests.post(address, data=form, allow_redirects=False, timeout=10)
    brought = dict(parse_qsl(urlsplit(left.headers["Location"]).query))
    return finish_authorization(ADA_AT_ACME, claim_attempt(ADA_AT_ACME, "xero", brought["state"]), BACK, brought)
