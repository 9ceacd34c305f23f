"""The hub with the QuickBooks Online plugin, and the sandbox over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.models import Installation
from sandbox.online import Running, start
from tests.support import databases
from tests.support.online import configure, connect


@pytest.fixture(scope="session")
def kept_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of books to copy: `seeded`, and for each kind of database those that a test has connected."""
    folder = tmp_path_factory.mktemp("kept")
    start(folder / "seeded").close()
    return folder


@pytest.fixture
def books(request: pytest.FixtureRequest, kept_books: Path, database_kind: str, tmp_path: Path) -> Iterator[Running]:
    """Run the sandbox with books of the test's own; connected already where the test asks for `online`."""
    connected = kept_books / database_kind
    is_kept = "online" in request.fixturenames and connected.exists()
    shutil.copytree(connected if is_kept else kept_books / "seeded", tmp_path / "books")
    with start(tmp_path / "books") as running:
        yield running


@pytest.fixture
def online(app: Flask, books: Running, kept_books: Path, database_kind: str, tmp_path: Path) -> Installation:
    """Return QuickBooks Online, connected through the sandbox's consent. The first test connects, the others copy."""
    configure(app, books)

    def prepare() -> None:
        connect(books)
        shutil.copytree(tmp_path / "books", kept_books / database_kind)

    databases.once("online", app, prepare)
    return session().scalars(select(Installation)).one()
