"""A worker or a scheduler in a process of its own: `python -m benchmarks.served worker DATABASE KEY REDIS SETTINGS`.

The settings are further configuration, as JSON.
"""

from __future__ import annotations

import json
import sys

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from hub import Hub, worker
from hub.host import Delivered, Host


class Quiet(Host):
    """A host of which a worker needs nothing. Its memory is the hub's alone."""

    def delivered(self, event: Delivered) -> None:
        """Let it be."""


def create_app(host: Host, database: str, key: str, redis: str, settings: str) -> Flask:
    """An app that does nothing but hold the hub."""
    app = Flask("host")
    app.config.update(
        SECRET_KEY="benchmark", SQLALCHEMY_DATABASE_URI=database, HUB_SECRET_KEYS=key, HUB_REDIS_URL=redis,
        **json.loads(settings),
    )  # fmt: skip
    SQLAlchemy(app)
    Hub(host).init_app(app)
    return app


if __name__ == "__main__":
    kind, *where = sys.argv[1:]
    with create_app(Quiet(), *where).app_context():  # type: ignore[abstract]  # Nobody asks it for an order.
        worker.work() if kind == "worker" else worker.schedule()
