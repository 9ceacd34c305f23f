"""Transactions of the books."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hub.books import history
from hub.database import now, session
from hub.models import Installation, Listing
from hub.plugin import Ref, Transaction, TransactionKind

TODAY = now().date()
INVOICE, PAYMENT = TransactionKind.INVOICE, TransactionKind.PAYMENT


def entry(kind: TransactionKind, number: str, total: str, balance: str, days: int = 0, **more: object) -> Transaction:
    """A transaction of customer c1, due so many days ago."""
    return Transaction(**({  # type: ignore[arg-type]  # Its fields.
        "kind": kind, "id": number, "number": number, "date": TODAY - dt.timedelta(days=days + 30),
        "due": TODAY - dt.timedelta(days=days), "customer": Ref(id="c1"), "total": Decimal(total),
        "balance": Decimal(balance), "currency": "USD",
    } | more))  # fmt: skip


def enter(installation: Installation, *found: Transaction) -> None:
    for one in found:
        history.store_transactions(installation.id, one.kind, [one])
    session().add(Listing(installation_id=installation.id, kind=str(INVOICE), loading=False, due_at=now(),
                          refreshed_at=now() - dt.timedelta(minutes=2)))  # fmt: skip
    session().commit()
