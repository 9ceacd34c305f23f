"""The hub with this plugin in it, a host of a few lines, and the sandbox Xero at the other end, over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import mappings
from hub.database import session
from hub.dispatch import pump
from hub.installations.install import install_integration
from hub.integrations import registry
from hub.models import Installation
from hub.queue import commit
from tests.support import databases
from tests.support.host import ADA_AT_ACME
from tests.support.xero import consent
from xero_sandbox import TENANT, Running, start


@pytest.fixture(scope="session")
def kept_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of books to copy: `seeded`, and `connected` once a test has connected."""
    folder = tmp_path_factory.mktemp("kept")
    start(folder / "seeded").close()
    return folder


@pytest.fixture
def books(request: pytest.FixtureRequest, kept_books: Path, tmp_path: Path) -> Iterator[Running]:
    """Run the sandbox with books of the test's own, which are connected where the test asks for `xero`."""
    kept = kept_books / "seeded"
    if "xero" in request.fixturenames:
        kept = kept_books / "connected"
        _connect_once(request.getfixturevalue("app"), kept_books / "seeded", kept)
    shutil.copytree(kept, tmp_path / "xero")
    with start(tmp_path / "xero") as running:
        yield running


@pytest.fixture
def configured(app: Flask, books: Running) -> Flask:
    """Return an app whose operator has set Xero up."""
    _configure(app, books)
    return app


@pytest.fixture
def xero(configured: Flask) -> Installation:
    """Return Xero, connected, its lists loaded, its accounts chosen. It is done once in a process, and copied."""
    return session().scalars(select(Installation)).one()


def _configure(app: Flask, books: Running) -> None:
    app.extensions["hub"].integrations, _ = registry.load_integrations()
    app.config.update({f"HUB_XERO_{name}": value for name, value in books.settings().items()})
    app.config["HUB_XERO_TIMEOUT"] = "5"


def _connect_once(app: Flask, seeded: Path, kept: Path) -> None:
    """Copy the connected database. The first time, connect it to a sandbox of its own, whose books are kept."""

    def prepare() -> None:
        shutil.copytree(seeded, kept)
        with start(kept) as running:
            _configure(app, running)
            _connect()

    databases.once("xero", app, prepare)


def _connect() -> None:
    installation = install_integration(ADA_AT_ACME, "xero")
    consent(installation, TENANT)
    pump.deliver(installation.id)
    integration = registry.find_integration("xero")
    wanted = {one.field.key: one.chosen.id for one in mappings.list_choices(installation, integration) if one.chosen}
    mappings.save_mappings(installation, integration, wanted | {"income_account": "200", "deposit_account": "090"})
    commit()
