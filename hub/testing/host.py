"""The host of the kit, which holds its orders in a dict, and the one app that it is in."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

from cryptography.fernet import Fernet
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool
from werkzeug.security import generate_password_hash
from werkzeug.serving import make_server

from hub import Hub
from hub.access import Actor
from hub.database import Base, session
from hub.host import (
    Company,
    CompanyQuery,
    Delivered,
    Order,
    Organization,
    Page,
    Permission,
    SourceField,
    Team,
    User,
)
from hub.plugin import Integration, PullIntegration

BUSINESS = Organization(id="kit", name="Kit")
ADMIN = User(id="ada", name="Ada Admin", email="ada@kit.test")
ACTOR = Actor(ADMIN, BUSINESS)


class OrderDesk:
    """A host (`hub.host.Host`) that holds its orders in a dict."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.told: list[Delivered] = []

    def user(self) -> User | None:
        return ADMIN

    def organization(self) -> Organization | None:
        return BUSINESS

    def allows(self, user: User, permission: Permission, organization: Organization) -> bool:
        return True

    def order(self, organization_id: str, order_id: str) -> Order | None:
        return self.orders.get(order_id)

    def company(self, organization_id: str, company_id: str) -> Company | None:
        return next((one.company for one in self.orders.values() if one.company.id == company_id), None)

    def some_orders(self, organization_id: str, order_ids: Sequence[str]) -> Sequence[Order]:
        return [self.orders[one] for one in order_ids if one in self.orders]

    def companies(self, organization_id: str, query: CompanyQuery) -> Page[Company]:
        return Page(rows=tuple(one.company for one in self.orders.values()))

    def teams(self, organization_id: str) -> Sequence[Team]:
        return []

    def users(self, organization_id: str) -> Sequence[User]:
        return [ADMIN]

    def source_fields(self) -> Sequence[SourceField]:
        return [SourceField(key="number", label="Product number")]

    def order_address(self, order_id: str) -> str:
        return f"/orders/{order_id}"

    def login_address(self, next_address: str) -> str:
        return f"/login?next={next_address}"

    def delivered(self, event: Delivered) -> None:
        self.told.append(event)


@contextmanager
def mounted(host: OrderDesk, integration: Integration, settings: Mapping[str, str]) -> Iterator[str]:
    """Yield the address of a new hub with one integration, if a ledger has to call it."""
    app = _app()
    ours = {f"HUB_{integration.key.upper()}_{name}": value for name, value in settings.items()}
    app.config.update(ours)
    app.extensions["hub"].host, app.extensions["hub"].integrations = host, {integration.key: integration}
    with app.app_context(), _hashing_fast():
        restore_database(_tables())
        try:
            yield _address() if isinstance(integration, PullIntegration) else ""
        finally:
            _closed_database()
            for name in ours:
                del app.config[name]


def save_database() -> bytes:
    """Return a copy of the mounted hub's whole database. What is not committed is rolled back."""
    return _closed_database().read_bytes()


def restore_database(saved: bytes) -> None:
    """Replace the mounted hub's whole database."""
    _closed_database().write_bytes(saved)


def _closed_database() -> Path:
    """Roll back, close every connection to the database, and return its file."""
    engine = current_app.extensions["sqlalchemy"].engine
    session().rollback()
    session().remove()
    engine.dispose()
    return Path(engine.url.database)


@cache
def _app() -> Flask:
    """Return the one app of this process: what SQLAlchemy has learnt for one test is good for the next."""
    folder = Path(tempfile.mkdtemp(prefix="kit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    app = Flask("kit")
    app.config.update(
        SECRET_KEY="kit", SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/hub.db", HUB_REDIS_URL="redis://127.0.0.1:9/0",
        HUB_SECRET_KEYS=Fernet.generate_key().decode(), HUB_PACE="off", HUB_CONFIRM_SECONDS=0,
        HUB_POLLING_PATIENCE_SECONDS=0,
    )  # fmt: skip
    SQLAlchemy(app)
    Hub(OrderDesk()).init_app(app)
    with app.app_context():
        event.listen(app.extensions["sqlalchemy"].engine, "connect", _hurry)
    return app


@cache
def _tables() -> bytes:
    """Return an SQLite database with the hub's tables, and nothing in them."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        whole: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]  # It is sqlite3's.
    engine.dispose()
    return whole


@contextmanager
def _hashing_fast() -> Iterator[None]:
    """Hash passwords fast, because tests need no protection, and a ledger that polls sends its password with every
    call."""
    fast = partial(generate_password_hash, method="pbkdf2:sha256:1")
    with patch("hub.dispatch.endpoints.generate_password_hash", fast):
        yield


def _hurry(connection: sqlite3.Connection, _: object) -> None:
    """Skip syncing to disk."""
    connection.execute("PRAGMA synchronous=OFF")


@cache
def _address() -> str:
    """Serve the app from a thread, until the process ends, and return its URL."""
    server = make_server("127.0.0.1", 0, _app(), threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    atexit.register(server.server_close)
    atexit.register(server.shutdown)  # The last one that is registered is called first.
    return f"http://127.0.0.1:{server.server_port}"
