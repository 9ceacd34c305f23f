"""An app with the hub in it, a host of a few lines, and the pretend ledger; on SQLite, and on PostgreSQL if asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event
from werkzeug.security import generate_password_hash

from hub import Hub, migrating
from hub.database import session
from hub.host import (
    Company,
    CompanyQuery,
    Delivered,
    Order,
    OrderLine,
    OrderPayment,
    Organization,
    Page,
    Permission,
    SourceField,
    Team,
    User,
)
from hub.models import Installation, Mapping
from hub.services.carrying import carrying, doorway
from hub.services.installing import installing
from tests.hub.browsing import Browser
from tests.hub.ledger import Ledger, Pretend

ACME = Organization(id="acme", name="Acme")
ADA = User(id="ada", name="Ada Admin", email="ada@acme.test", teams=frozenset({"sales"}))
ABC = Company(id="12", name="ABC Company", email="ap@abc.test")


def order_1042() -> Order:
    line = OrderLine(
        name="Almond - 11 oz/Stoneware", quantity=Decimal(100), price=Decimal("2.30"), amount=Decimal("230.00"),
        fields={"number": "A7102", "name": "Almond - 11 oz/Stoneware"},
    )  # fmt: skip
    paid = OrderPayment(id="7", date=dt.date(2026, 11, 14), amount=Decimal("100.00"), method="Check")
    return Order(
        id="1042", number="1042", date=dt.date(2026, 11, 12), currency="USD", company=ABC, lines=(line,),
        total=Decimal("218.50"), discount=Decimal("11.50"), payments=(paid,),
    )  # fmt: skip


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = app.extensions["sqlalchemy"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


class Desk:
    """A host that holds its orders in a dict."""

    def __init__(self) -> None:
        self.orders = {"1042": order_1042()}
        self.others: list[Company] = []
        self.told: list[Delivered] = []
        self.signed_in: User | None = ADA
        self.working_for: Organization | None = ACME
        self.permissions = set(Permission)

    def user(self) -> User | None:
        return self.signed_in

    def organization(self) -> Organization | None:
        return self.working_for

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        return permission in self.permissions

    def order(self, organization_id: str, order_id: str) -> Order | None:
        return self.orders.get(order_id) if organization_id == "acme" else None

    def some_orders(self, organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        return [self.orders[one] for one in order_ids if organization_id == "acme" and one in self.orders]

    def company(self, organization_id: str, company_id: str) -> Company | None:
        return next((one for one in self._companies() if one.id == company_id and organization_id == "acme"), None)

    def companies(self, organization_id: str, query: CompanyQuery) -> Page[Company]:
        text = query.text.casefold()
        found = [
            one for one in self._companies()
            if organization_id == "acme" and text in f"{one.name} {one.email} {one.phone}".casefold()
        ]  # fmt: skip
        found.sort(key=lambda one: (one.name, one.id))
        first = [one.id for one in found].index(query.after) + 1 if query.after else 0
        last = first + query.limit
        return Page(rows=tuple(found[first:last]), more=last < len(found), total=len(found))

    def _companies(self) -> list[Company]:
        mentioned = [order.company for order in self.orders.values()]
        return list({one.id: one for one in [*mentioned, *self.others]}.values())

    def teams(self, organization_id: str) -> Sequence[Team]:
        return [Team(id="sales", name="Sales")]

    def users(self, organization_id: str) -> Sequence[User]:
        return [ADA]

    def source_fields(self) -> Sequence[SourceField]:
        return [SourceField(key="number", label="Product number"), SourceField(key="name", label="Product name")]

    def order_address(self, order_id: str) -> str:
        return f"/orders/{order_id}"

    def login_address(self, next_address: str) -> str:
        return f"/login?next={next_address}"

    def delivered(self, event: Delivered) -> None:
        self.told.append(event)

    def copy_order(self, number: str, **changes: Any) -> Order:
        """Another order like 1042."""
        payments = tuple(replace(one, id=f"{number}-{one.id}") for one in order_1042().payments)
        order = replace(order_1042(), **({"id": number, "number": number, "payments": payments} | changes))
        self.orders[number] = order
        return order


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/hub.db"


@pytest.fixture
def app(database_url: str, desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    # Nobody guesses the passwords of a test, and a Web Connector shows its own in every session.
    fast = partial(generate_password_hash, method="pbkdf2:sha256:1")
    monkeypatch.setattr(doorway, "generate_password_hash", fast)
    app = Flask("host")
    app.jinja_options = {"bytecode_cache": _TEMPLATES}
    app.config.update(
        SECRET_KEY="test", SQLALCHEMY_DATABASE_URI=database_url, HUB_REDIS_URL="redis://127.0.0.1:9/0",
        HUB_SECRET_KEYS=Fernet.generate_key().decode(), HUB_LEASE_SECONDS=60, HUB_DESK_PATIENCE_SECONDS=0,
        HUB_ATTENDED_SECONDS=0, WTF_CSRF_ENABLED=True,  # Nobody sits before the dialog that a test has asked for.
    )  # fmt: skip
    SQLAlchemy(app)
    Hub(desk).init_app(app)
    app.extensions["hub"].integrations = {"pretend": Pretend(ledger)}
    with app.app_context():
        _hurry(app)
        _migrate(app)
        yield app
        session().rollback()
        session().remove()
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


_DIALECTS: dict[str, Any] = {}
_COMPILED: dict[Any, Any] = {}


def _hurry(app: Flask) -> None:
    """Nothing that a test writes must survive the loss of power, and what SQLAlchemy has compiled for the database of
    one test is good for that of the next."""
    engine = app.extensions["sqlalchemy"].engine
    engine.dialect = _DIALECTS.setdefault(engine.dialect.name, engine.dialect)  # A part of the key of what is compiled.
    engine.update_execution_options(compiled_cache=_COMPILED)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


def _migrate(app: Flask) -> None:
    """Give an app its tables. The migration makes those on SQLite once in a process; they are copied from then on."""
    engine = app.extensions["sqlalchemy"].engine
    if engine.dialect.name != "sqlite":
        migrating.upgrade()
    elif _TABLES:
        Path(engine.url.database).write_bytes(_TABLES[0])
    else:
        migrating.upgrade()
        engine.dispose()  # Then all of it is in the one file.
        _TABLES.append(Path(engine.url.database).read_bytes())


class _Remembered(BytecodeCache):
    """What Jinja made of the templates for the app of one test is good for that of the next."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


_TABLES: list[bytes] = []
_TEMPLATES = _Remembered()


@pytest.fixture
def installation(app: Flask, ledger: Ledger) -> Installation:
    """Installed, authorized, its lists loaded, its income account chosen."""
    found = installing.install(ACME, ADA, "pretend")
    connect(found)
    carrying.carry(found.id)
    session().add(Mapping(installation_id=found.id, role="income_account", record_id="4000", name="4000 Sales"))
    session().commit()
    ledger.trips.clear()
    return found


def connect(installation: Installation, books: str = "books-1") -> None:
    """Authorize as a browser would: there and back."""
    address = installing.authorize(installation, ADA, "http://host/back")
    state = address.rpartition("state=")[2]
    claimed = installing.claim(ACME, ADA, "pretend", state)
    installing.finish(claimed, ADA, "http://host/back", {"books": books, "state": state})


@pytest.fixture
def browser(app: Flask) -> Iterator[Browser]:
    yield Browser(app)
    session().expire_all()
