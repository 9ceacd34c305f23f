"""Programs of a process of its own: a web process that serves the hub, and a worker.

They are forked from a process that has imported the hub already, so that one of them starts in a tenth of a second.
"""

from __future__ import annotations

import os
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import configure_mappers
from werkzeug.serving import make_server

from hub import Hub, worker
from tests.support.host import Desk

NO_REDIS = "redis://127.0.0.1:9/0"

configure_mappers()


def forking() -> ForkServerContext:
    """Return the context in which processes of the hub are forked."""
    context = get_context("forkserver")
    context.set_forkserver_preload([
        "hub.web", "hub.jobs", "quickbooks_desktop.soap", "quickbooks_online", "psycopg",
        "sqlalchemy.dialects.postgresql.psycopg", __name__,
    ])  # fmt: skip
    return context


def create_app(database: str, key: str, redis: str = NO_REDIS, patience: float = 1) -> Flask:
    """Return a host that does nothing but hold the hub.

    A lease lasts `patience` seconds, and so long a call waits for a worker. Without Redis there is no worker.
    """
    app = Flask("host")
    app.config.update(
        SECRET_KEY="test", SQLALCHEMY_DATABASE_URI=database, HUB_REDIS_URL=redis, HUB_SECRET_KEYS=key,
        HUB_LEASE_SECONDS=patience, HUB_POLLING_PATIENCE_SECONDS=0 if redis == NO_REDIS else patience,
    )  # fmt: skip
    SQLAlchemy(app)
    Hub(Desk()).init_app(app)
    return app


def serve(port: int, *where: Any) -> None:
    """Serve the hub until the process is killed."""
    _be_silent()
    make_server("127.0.0.1", port, create_app(*where), threaded=True).serve_forever()


def work(*where: Any) -> None:
    """Run a worker until the process is killed."""
    _be_silent()
    with create_app(*where).app_context():
        worker.work()


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
