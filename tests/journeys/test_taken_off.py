"""What was taken off an order is taken off its documents, and what a bookkeeper added to them stays.

Sources: Intuit's .NET SDK, issue 113 (a sparse update cannot always remove a reference); Intuit, "Sparse update".
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from hub.database import session
from hub.dispatch import pump
from hub.host import Order
from hub.models import Installation
from hub.orders.send import send_order
from hub.plugin import Address
from sandbox.online import Running
from tests.support.differences import find_differences
from tests.support.host import ADA_AT_ACME
from tests.support.online import posted
from tests.support.orders import EVERYTHING
from tests.support.orders import order as bought

PLACE = Address(lines=("1 Main St",), city="Oakland", region="CA", postal_code="94601", country="US")


def full() -> Order:
    """Order 1042 with everything that an order may say and need not."""
    return replace(
        bought(1042), due=dt.date(2026, 12, 12), shipping=PLACE, po_number="PO-77", memo="Thank you!", terms="net 15",
        tracking_class="Drinkware", location="Showroom",
    )  # fmt: skip


def plain() -> Order:
    """The same order with all of that taken off, and its discount too."""
    return replace(bought(1042), discount=Decimal("0.00"), total=Decimal("230.00"))


def elements(books: Running) -> dict[str, set[str]]:
    """Return what of that the documents in the books have."""
    found = books.books()
    wanted = ("CustomerMemo", "Memo", "ShipAddr", "DueDate", "SalesTermRef", "DepartmentRef", "ClassRef")
    return {
        kind: {name for name in wanted if found[kind][0].get(name)}
        for kind in ("Invoice", "PurchaseOrder", "Bill")
    }  # fmt: skip


def update_all(installation: Installation, order: Order) -> None:
    session().expire_all()
    steps = find_differences(installation, order, EVERYTHING)
    assert {step.about.partition("/")[0] for step in steps} == {"invoice", "bill", "purchase_order"}
    send_order(ADA_AT_ACME, installation.id, order, replace(EVERYTHING, updates=tuple(step.about for step in steps)))
    pump.deliver(installation.id)
    session().expire_all()


def test_what_is_taken_off_an_order_is_taken_off_its_documents(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, full(), EVERYTHING)
    pump.deliver(online.id)
    assert posted()
    before = elements(books)
    assert {"ShipAddr", "DueDate", "SalesTermRef", "DepartmentRef", "CustomerMemo"} <= before["Invoice"]
    update_all(online, plain())
    assert posted()
    assert elements(books)["Invoice"] <= {"DueDate"}, "QuickBooks works out a day by itself."
    assert {name: found - {"DueDate"} for name, found in elements(books).items()} == {
        "Invoice": set(), "PurchaseOrder": set(), "Bill": set()
    }  # fmt: skip
    (invoice,), (payment,) = books.books()["Invoice"], books.books()["Payment"]
    assert (invoice["TotalAmt"], invoice["Balance"], payment["TotalAmt"]) == (230, 130, 100)
    assert not [line for line in invoice["Line"] if line["DetailType"] == "DiscountLineDetail"]
    assert invoice["PrivateNote"].count("Ref. ") == 1
    assert find_differences(online, plain(), EVERYTHING) == []
