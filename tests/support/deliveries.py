"""Order 1042 in the pretend ledger."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import select, update

from hub.database import now, session
from hub.models import BatchRow, Delivery, Installation, Lease
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.states import DeliveryState
from tests.support.host import ADA_AT_ACME, order_1042

EXPECTED = {
    "customers": [{"id": "customers-1", "name": "ABC Company"}],
    "items": [{"id": "items-1", "name": "A7102"}],
    "invoices": [
        {
            "id": "invoices-1", "number": "1042", "customer": "customers-1", "total": Decimal("218.50"),
            "discount": Decimal("11.50"), "items": ["items-1"],
        }
    ],
    "payments": [
        {"id": "payments-1", "invoice": "invoices-1", "customer": "customers-1", "amount": Decimal("100.00")}
    ],
}  # fmt: skip


def send(installation: Installation) -> list[Delivery]:
    return send_order(ADA_AT_ACME, installation.id, order_1042(), Choices())


def pass_time(installation: Installation) -> None:
    """End every waiting time."""
    installation.resume_at = None
    for batch in session().scalars(select(BatchRow)):
        batch.due_at = now()
    for delivery in session().scalars(select(Delivery)):
        delivery.due_at = now()
    session().commit()


def let_leases_run_out() -> None:
    """Let every process that has a lease be silent for too long."""
    session().execute(update(Lease).values(until=now() - dt.timedelta(seconds=1)))
    session().commit()


def states() -> dict[str, DeliveryState]:
    """Return the states of all deliveries that are not cancelled, by their kind."""
    session().expire_all()
    return {row.kind: row.state for row in session().scalars(select(Delivery)) if row.state != "cancelled"}


def everything_posted() -> bool:
    return set(states().values()) == {DeliveryState.POSTED}
