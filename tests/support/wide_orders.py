"""Orders that are sent to a ledger that takes everything, and what has become of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.host import Company, Order
from hub.models import Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.states import DeliveryState
from tests.support.host import ADA_AT_ACME, Desk, order_1042

MUGS = Company(id="s1", name="Mug Makers")
PENS = Company(id="s2", name="Pen People")
INVOICE, CUSTOMER, ITEM = ("order/1042", "invoice"), ("company/12", "customer"), ("item/a7102", "item")


def unpaid(**changes: object) -> Order:
    """Order 1042 without its payment."""
    return replace(order_1042(), payments=(), **changes)  # type: ignore[arg-type]  # Fields of an order.


def bought(*vendors: Company) -> Order:
    """Order 1042 with its line once for each vendor."""
    line = replace(order_1042().lines[0], quantity=Decimal(10), amount=Decimal("23.00"), cost=Decimal("1.00"))
    lines = tuple(replace(line, vendor=vendor) for vendor in vendors)
    return unpaid(lines=lines, discount=Decimal(0), total=23 * Decimal(len(lines)))


def rows() -> dict[tuple[str, str], Delivery]:
    """Return the live deliveries by source and kind."""
    session().expire_all()
    found = session().scalars(select(Delivery).where(Delivery.state != DeliveryState.CANCELLED))
    return {(one.source, one.kind): one for one in found}


def send(wide: Installation, desk: Desk, order: Order, choices: Choices | None = None, *, carries: bool = True) -> None:
    """Send an order and, unless it is to wait, let it travel."""
    desk.orders[order.id] = order
    send_order(ADA_AT_ACME, wide.id, order, choices or Choices())
    if carries:
        carry(wide)


def carry(wide: Installation) -> None:
    """Let everything travel that can."""
    for _ in range(4):
        pump.deliver(wide.id)
    session().expire_all()


def retry(wide: Installation, key: tuple[str, str], **given: str) -> None:
    """Retry a delivery with some fixes, and let it travel."""
    retry_delivery(ADA_AT_ACME, rows()[key].id, given)
    carry(wide)
