"""A sandbox of its own for every test, and a client that says what it means."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.online import Running, start
from sandbox.online.app import create_app
from tests.support.intuit_client import Client


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seeded books."""
    folder = tmp_path_factory.mktemp("seeded")
    create_app(folder)
    return folder


@pytest.fixture
def folder(seeded: Path, tmp_path: Path) -> Path:
    """A fresh copy of the seeded books."""
    shutil.copytree(seeded, tmp_path / "books")
    return tmp_path / "books"


@pytest.fixture
def books(folder: Path) -> Iterator[Running]:
    with start(folder) as running:
        yield running


@pytest.fixture
def client(books: Running) -> Client:
    return Client(books, books.grant()["access_token"])
