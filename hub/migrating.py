"""The hub's own migrations: an Alembic environment and version table beside the host's, never mixed with them."""

from __future__ import annotations

from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import Connection, Engine, text

from hub.places import find_folder

VERSION_TABLE = "hub_alembic_version"
_LOCK = 4728001  # An arbitrary number for pg_advisory_lock, the same in every process.
_SQLITE_WAIT = 60  # Seconds.


def upgrade() -> None:
    """Migrate to the newest version. Concurrent calls wait for each other, and the later ones find nothing to do."""
    engine = cast(Engine, current_app.extensions["sqlalchemy"].engine)
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
        elif connection.dialect.name == "sqlite":  # One transaction for all; a failure leaves nothing behind.
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * _SQLITE_WAIT}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            command.upgrade(config(connection), "head")
            connection.commit()
        finally:
            if connection.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
                connection.commit()


def is_current() -> bool:
    """Return True if the tables have this version."""
    engine = cast(Engine, current_app.extensions["sqlalchemy"].engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return set(context.get_current_heads()) == set(ScriptDirectory.from_config(config(connection)).get_heads())


def config(connection: Connection) -> Config:
    """Return Alembic's configuration for an open connection."""
    settings = Config()
    settings.set_main_option("script_location", str(find_folder("migrations")).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def is_ours(name: str | None, kind: str) -> bool:
    """Return True if a table belongs to the hub. Indexes and constraints belong to their table."""
    return kind != "table" or ((name or "").startswith("hub_") and name != VERSION_TABLE)


def guard_host(app: Flask) -> None:
    """Keep the host's `flask db migrate` from proposing to drop our tables, where it uses Flask-Migrate."""
    migrate = app.extensions.get("migrate")
    if migrate is None:
        return
    arguments: dict[str, Any] = migrate.configure_args
    before = arguments.get("include_name")

    def include_name(name: str | None, kind: str, parents: dict[str, Any]) -> bool:
        if kind == "table" and (name or "").startswith("hub_"):
            return False
        return before is None or bool(before(name, kind, parents))

    arguments["include_name"] = include_name
