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
    """Run the sandbox with books of the test's own, which are connected where the test asks for `online`."""
    kept = kept_books / "seeded"
    if "online" in request.fixturenames:
        kept = kept_books / database_kind
        _connect_once(request.getfixturevalue("app"), kept_books / "seeded", kept)
    shutil.copytree(kept, tmp_path / "books")
    with start(tmp_path / "books") as running:
        yield running


@pytest.fixture
def online(app: Flask, books: Running) -> Installation:
    """Return QuickBooks Online, connected through the sandbox's consent. It is done once in a process, and copied."""
    configure(app, books)
    return session().scalars(select(Installation)).one()


def _connect_once(app: Flask, seeded: Path, kept: Path) -> None:
    """Copy the connected database. The first time, connect it to a sandbox of its own, whose books are kept."""

    def prepare() -> None:
        shutil.copytree(seeded, kept)
        with start(kept) as running:
            configure(app, running)
            connect(running)

    databases.once("online", app, prepare)
