"""An app with the hub and the pretend ledger."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any, TypeAlias

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event, select
from werkzeug.routing import Rule
from werkzeug.security import generate_password_hash

from hub import Hub, migrating
from hub.database import session
from hub.dispatch import endpoints, pump
from hub.installations.install import claim_attempt, finish_authorization, install_integration, start_authorization
from hub.integrations import registry
from hub.models import Installation, Mapping
from tests.support import databases
from tests.support.host import ADA_AT_ACME, Desk
from tests.support.pages import Browser
from tests.support.pretend import Ledger, Pretend


def pytest_collection_finish() -> None:
    """Look for garbage less often, and never among what was imported: a tenth of the time of a test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def app(
    request: pytest.FixtureRequest, database_url: str, desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    # Nobody guesses the passwords of a test, and a Web Connector shows its own in every session.
    fast = partial(generate_password_hash, method="pbkdf2:sha256:1")
    monkeypatch.setattr(endpoints, "generate_password_hash", fast)
    app = Flask("host")
    app.url_rule_class = _CompiledOnce
    app.jinja_options = {"bytecode_cache": _TEMPLATES}
    app.config.update(
        SECRET_KEY="test", SQLALCHEMY_DATABASE_URI=database_url, HUB_REDIS_URL="redis://127.0.0.1:9/0",
        HUB_SECRET_KEYS=_SECRET_KEY, HUB_LEASE_SECONDS=60, HUB_POLLING_PATIENCE_SECONDS=0,
        HUB_ATTENDED_SECONDS=0, WTF_CSRF_ENABLED=True,  # Nobody sits before the dialog that a test has asked for.
    )  # fmt: skip
    SQLAlchemy(app)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "entry_points", lambda group: ())
        Hub(desk).init_app(app)
    app.extensions["hub"].integrations = {"pretend": Pretend(ledger)}
    with app.app_context():
        _hurry(app)
        if "installation" not in request.fixturenames:  # It brings a database of its own.
            databases.once("empty", app, migrating.upgrade)
        yield app
        session().rollback()
        session().remove()
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


_DIALECTS: dict[str, Any] = {}
_COMPILED: dict[Any, Any] = {}
_SECRET_KEY = Fernet.generate_key().decode()
"""One key for all tests of a process: a copied database is read with the key that it was written with."""


def _hurry(app: Flask) -> None:
    """Skip what protects against a power cut, and keep what SQLAlchemy compiled for the next test."""
    engine = app.extensions["sqlalchemy"].engine
    engine.dialect = _DIALECTS.setdefault(engine.dialect.name, engine.dialect)  # A part of the key of what is compiled.
    engine.update_execution_options(compiled_cache=_COMPILED)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


_Builder: TypeAlias = Callable[..., tuple[str, str]]
_BUILDERS: dict[tuple[object, ...], _Builder] = {}


class _CompiledOnce(Rule):
    """A URL rule that keeps what Werkzeug compiles for `url_for`: most of the time that an app takes to start."""

    def _compile_builder(self, append_unknown: bool = True) -> _Builder:
        key = (self.rule, str(self.defaults), tuple(self._trace), append_unknown)
        if key not in _BUILDERS:
            _BUILDERS[key] = super()._compile_builder(append_unknown)
        return _BUILDERS[key]


class _Remembered(BytecodeCache):
    """What Jinja made of the templates for the app of one test is good for that of the next."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _Remembered()


@pytest.fixture
def installation(app: Flask, ledger: Ledger) -> Installation:
    """Return the pretend ledger's installation: authorized, its lists loaded, its income account chosen."""
    answers = databases.once("pretend", app, partial(_connect_pretend, app, ledger))
    ledger.answers.update(deepcopy(answers))
    return session().scalars(select(Installation)).one()


def _connect_pretend(app: Flask, ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    databases.once("empty", app, migrating.upgrade)
    found = install_integration(ADA_AT_ACME, "pretend")
    connect(found)
    pump.deliver(found.id)
    session().add(Mapping(installation_id=found.id, role="income_account", record_id="4000", name="4000 Sales"))
    session().commit()
    ledger.trips.clear()
    return deepcopy(ledger.answers)


@pytest.fixture
def browser(app: Flask) -> Iterator[Browser]:
    """A client that fills in the forms that it is shown."""
    yield Browser(app)
    session().expire_all()


def connect(installation: Installation, books: str = "books-1") -> None:
    """Authorize as a browser would: there and back."""
    address = start_authorization(ADA_AT_ACME, installation.id, "http://host/back")
    state = address.rpartition("state=")[2]
    claimed = claim_attempt(ADA_AT_ACME, "pretend", state)
    finish_authorization(ADA_AT_ACME, claimed, "http://host/back", {"books": books, "state": state})
