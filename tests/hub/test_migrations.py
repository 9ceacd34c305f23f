"""The hub's tables come by its own migrations, and a host's migrations never touch them."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import inspect, text

from hub import Hub, migrating
from hub.database import Base
from tests.support.host import Desk


def test_upgrading_twice_gives_exactly_the_tables_of_the_models(app: Flask) -> None:
    migrating.upgrade()
    engine = app.extensions["sqlalchemy"].engine
    assert {*Base.metadata.tables, migrating.VERSION_TABLE} == set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        command.check(migrating.config(connection))


@pytest.mark.databases("sqlite", "postgresql")
def test_the_tables_can_go_and_come_back(app: Flask) -> None:
    engine = app.extensions["sqlalchemy"].engine
    for _ in range(2):
        with engine.connect() as connection:
            command.downgrade(migrating.config(connection), "base")
            connection.commit()
        assert [name for name in inspect(engine).get_table_names() if name != migrating.VERSION_TABLE] == []
        migrating.upgrade()
        assert migrating.is_current()
        assert {*Base.metadata.tables, migrating.VERSION_TABLE} == set(inspect(engine).get_table_names())


@pytest.mark.databases("sqlite", "postgresql")
def test_three_processes_that_migrate_at_once_all_succeed(app: Flask, database_url: str) -> None:
    engine = app.extensions["sqlalchemy"].engine
    with engine.connect() as connection:
        command.downgrade(migrating.config(connection), "base")
        connection.execute(text(f"DROP TABLE {migrating.VERSION_TABLE}"))
        connection.commit()
    engine.dispose()
    program = (
        "import sys; from flask import Flask; from flask_sqlalchemy import SQLAlchemy; from hub import migrating;"
        "app = Flask('x'); app.config['SQLALCHEMY_DATABASE_URI'] = sys.argv[1]; SQLAlchemy(app);"
        "context = app.app_context(); context.push(); migrating.upgrade()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, database_url], stderr=subprocess.PIPE) for _ in range(3)
    ]
    told = [one.communicate(timeout=60)[1].decode()[-500:] for one in started]
    assert [one.returncode for one in started] == [0, 0, 0], told
    assert migrating.is_current()


@pytest.fixture
def loggers() -> Iterator[None]:
    """Alembic's own configuration of logging switches off every logger that is there, for all tests that follow."""
    yield
    for one in logging.root.manager.loggerDict.values():
        if isinstance(one, logging.Logger):
            one.disabled = False


@pytest.mark.usefixtures("loggers")
@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated:DeprecationWarning")  # Of Flask-Migrate's own env.py.
def test_a_hosts_migrations_do_not_see_the_hubs_tables(tmp_path: Path) -> None:
    host = Flask("host")
    host.config.update(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/host.db", HUB_REDIS_URL="redis://127.0.0.1:9")
    database = SQLAlchemy(host)
    Migrate(host, database, directory=str(tmp_path / "migrations"))
    Hub(Desk()).init_app(host)
    runner = host.test_cli_runner()
    with host.app_context():
        migrating.upgrade()
    assert runner.invoke(args=["db", "init"]).exit_code == 0
    made = runner.invoke(args=["db", "migrate"])
    assert made.exit_code == 0, (made.output, made.exception)
    with host.app_context():
        database.engine.dispose()
    written = [path.read_text() for path in (tmp_path / "migrations" / "versions").glob("*.py")]
    assert not [text for text in written if "hub_" in text]
