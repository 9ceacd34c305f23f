"""The sweep over 20,000 installations with 500,000 deliveries, on PostgreSQL and on SQLite."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import CTE, String, Table, cast, delete, insert, literal, select, text, update

from benchmarks.online import database
from hub import jobs, migrating
from hub.database import Base, now, session
from hub.dispatch.due import find_due_installations
from hub.models import (
    BatchRow,
    ConversationRow,
    Credential,
    Delivery,
    Endpoint,
    Installation,
    Listing,
    Notice,
    Purpose,
)
from hub.plugin import RecordKind
from hub.states import BatchState, ConversationState, DeliveryState, InstallationState, StopReason
from tests.support import redis
from tests.support.served import create_app

INSTALLATIONS, DELIVERIES, DUE, ROUNDS = 20_000, 500_000, 100, 5
LIMIT = 1.0
"""Seconds that a sweep may take."""

FEW = 5
"""How many installations the pump asks about at a time, when they are woken."""

POLLED = 10
"""Every so many installations is one of QuickBooks Desktop."""

_DAY = dt.timedelta(days=1)
_LINE = {"item": {"id": "i0", "name": "A0"}, "description": "Mug", "quantity": 1200, "price": "2.30"}
_SUBJECT = {"kind": "invoice", "customer": {"id": "1", "name": "Atlas Bakery"}, "lines": [_LINE] * 4}


def fill() -> None:
    """Write installations with nothing to do: all that was sent is in the books, all lists are read."""
    moment = now()
    each, later, one = _numbers(INSTALLATIONS), moment + _DAY, _numbers(DELIVERIES)
    key = cast(each.c.n, String)
    owner = one.c.n % INSTALLATIONS + 1
    _write(Installation, each, {
        "id": each.c.n + 1, "organization_id": key, "integration": "quickbooks_online",
        "state": InstallationState.CONNECTED, "installed_by": "Ada", "books_id": key, "books_name": "Books",
        "check_due_at": later, "checked_at": moment, "authorized_at": moment, "answered_at": moment,
        "visible_to": {"who": "everyone", "ids": []},
    })  # fmt: skip
    polled = Installation.id % POLLED == 0
    session().execute(update(Installation).where(polled).values(integration="quickbooks_desktop"))
    chosen = select(Installation.id).where(polled).cte("polled")
    address = cast(chosen.c.id, String)
    _write(Endpoint, chosen, {
        "installation_id": chosen.c.id, "address": address, "login": address, "called_at": moment,
    })  # fmt: skip
    chosen = select(Installation.id).where(~polled).cte("called")
    _write(Credential, chosen, {
        "installation_id": chosen.c.id, "secret": "x" * 600, "expires_at": moment + 90 * _DAY, "keep_at": later,
    })  # fmt: skip
    for kind in RecordKind:
        _write(Listing, each, {
            "installation_id": each.c.n + 1, "kind": str(kind), "loading": False, "refreshed_at": moment,
            "due_at": later,
        })  # fmt: skip
    _write(Delivery, one, {
        "id": one.c.n + 1, "installation_id": owner, "organization_id": cast(owner - 1, String),
        "source": literal("order/").concat(cast(one.c.n, String)), "kind": "invoice",
        "order_id": cast(one.c.n, String), "title": "Invoice", "subject": _SUBJECT, "state": DeliveryState.POSTED,
        "sent_by": "Ada Admin", "posting_id": cast(one.c.n, String), "posting_number": cast(one.c.n, String),
        "search_key": literal("invoice ").concat(cast(one.c.n, String)),
    })  # fmt: skip
    _write(ConversationRow, one, {
        "id": one.c.n + 1, "installation_id": owner, "purpose": Purpose.POST, "delivery_id": one.c.n + 1,
        "argument": {"kind": "invoice"}, "state": ConversationState.DONE,
    })  # fmt: skip
    trips = _numbers(DELIVERIES // 5)
    _write(BatchRow, trips, {
        "installation_id": trips.c.n % INSTALLATIONS + 1, "idempotency_key": cast(trips.c.n, String),
        "body": "x" * 2000, "received": "", "state": BatchState.ANSWERED, "size": 5,
    })  # fmt: skip
    session().commit()
    _analyze()


def _numbers(count: int) -> CTE:
    """Return the numbers from 0 on, as a table."""
    numbers = select(literal(0).label("n")).cte("numbers", recursive=True)
    return numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n + 1 < count))


def _write(model: type[Base], source: CTE, values: Mapping[str, Any]) -> None:
    """Write one row for each of a source, with the model's own defaults where nothing is given."""
    table: Any = model.__table__
    assert isinstance(table, Table)
    given = {**_defaults(table), **values}
    columns = [
        value if hasattr(value, "label") and not isinstance(value, str) else literal(value, table.c[name].type)
        for name, value in given.items()
    ]
    session().execute(insert(table).from_select(list(given), select(*columns).select_from(source)))


def _defaults(table: Table) -> dict[str, Any]:
    found = {column.name: column.default for column in table.c if column.default is not None}
    return {name: one.arg(None) if callable(one.arg) else one.arg for name, one in found.items()}  # type: ignore[attr-defined]  # Each is a scalar or a function.


def _analyze() -> None:
    """Let the database count, as its own service does in the background (SQLite's is for the operator to call)."""
    session().execute(text("ANALYZE"))
    session().commit()


def queue_one_each(count: int) -> None:
    """Queue one delivery of each of so many installations, spread over all."""
    step = INSTALLATIONS // count
    chosen = Delivery.id <= INSTALLATIONS, Delivery.installation_id % step == 0
    session().execute(update(Delivery).where(*chosen).values(state=DeliveryState.QUEUED))
    session().commit()


def stop_all() -> None:
    """Let every authorization be lost, and one delivery of each installation be stopped."""
    values = {"state": DeliveryState.STOPPED, "reason": StopReason.REJECTED}
    session().execute(update(Delivery).where(Delivery.id <= INSTALLATIONS).values(**values))
    session().execute(update(Installation).values(state=InstallationState.EXPIRED))
    session().commit()


def measure(where: str) -> None:
    session().execute(delete(Notice))
    session().commit()
    tell(where, "nothing is due")
    queue_one_each(DUE)
    tell(where, f"{DUE} are due")
    queue_one_each(INSTALLATIONS)
    tell(where, "all are due")
    stop_all()
    tell(where, "all have lost their authorization, and something stopped")


def tell(where: str, what: str) -> None:
    _analyze()
    took, first, asked = [], 0.0, []
    for turn in range(ROUNDS + 1):
        begun = time.perf_counter()
        jobs.sweep()
        if turn:
            took.append(time.perf_counter() - begun)
        else:
            first = time.perf_counter() - begun
        begun = time.perf_counter()
        find_due_installations([(turn * 997 + place) % INSTALLATIONS + 1 for place in range(FEW)])
        asked.append(time.perf_counter() - begun)
        session().rollback()
    print(f"| {where}: {what} | {first:.2f} s | {median(took):.2f} s | {1000 * median(asked):.1f} ms |", flush=True)


def host(address: str, line: str) -> Flask:
    app = create_app(address, Fernet.generate_key().decode(), line)
    app.config.update(HUB_DIGEST_HOUR=0)
    return app


def main() -> None:
    print(f"The sweep over {INSTALLATIONS:,} installations with {DELIVERIES:,} deliveries (at most {LIMIT:g} s).")
    print(f"| | the first | the next ones | the pump asks about {FEW} |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        line = stack.enter_context(redis.running(folder))
        postgres = stack.enter_context(database(folder / "postgres"))
        for where, address in (("PostgreSQL", postgres), ("SQLite", f"sqlite:///{folder}/hub.db")):
            app = host(address, line)
            with app.app_context():
                migrating.upgrade()
                fill()
                measure(where)
                session().remove()
                app.extensions["sqlalchemy"].engine.dispose()


if __name__ == "__main__":
    main()
