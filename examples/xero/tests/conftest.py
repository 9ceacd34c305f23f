"""The hub with this plugin in it, a host of a few lines, and the sandbox Xero at the other end, over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.models import Installation
from hub.queue import commit
from hub.services.books import mapping
from hub.services.carrying import carrying
from hub.services.installing import installing
from hub.services.integrations import registry
from tests.support import databases
from tests.support.host import (
    ACME,
    ADA,
)
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
    """Run the sandbox with books of the test's own; connected already where the test asks for `xero`."""
    connected = kept_books / "connected"
    is_kept = "xero" in request.fixturenames and connected.exists()
    shutil.copytree(connected if is_kept else kept_books / "seeded", tmp_path / "xero")
    with start(tmp_path / "xero") as running:
        yield running


@pytest.fixture
def configured(app: Flask, books: Running) -> Flask:
    """An app whose operator has set Xero up."""
    app.extensions["hub"].integrations, _ = registry.load()
    app.config.update({f"HUB_XERO_{name}": value for name, value in books.settings().items()})
    app.config["HUB_XERO_TIMEOUT"] = "5"
    return app


@pytest.fixture
def xero(configured: Flask, books: Running, kept_books: Path, tmp_path: Path) -> Installation:
    """Return Xero, connected and its lists loaded, accounts chosen. The first test connects, the others copy."""

    def prepare() -> None:
        _connect()
        shutil.copytree(tmp_path / "xero", kept_books / "connected")

    databases.once("xero", configured, prepare)
    return session().scalars(select(Installation)).one()


def _connect() -> None:
    installation = installing.install(ACME, ADA, "xero")
    consent(installation, TENANT)
    carrying.carry(installation.id)
    integration = registry.integration("xero")
    wanted = {one.field.key: one.chosen.id for one in mapping.choices(installation, integration) if one.chosen}
    mapping.save(installation, integration, wanted | {"income_account": "200", "deposit_account": "090"})
    commit()




