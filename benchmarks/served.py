"""A worker or a scheduler in a process of its own: `python -m benchmarks.served worker DATABASE KEY REDIS SETTINGS`.

The settings are further configuration, as JSON.
"""

from __future__ import annotations

import json
import sys

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from hub import Hub, worker
from hub.host import Host
from tests.support.mugs import Mugs


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
    with create_app(Mugs(), *where).app_context():  # type: ignore[abstract]  # Nobody asks it for more.
        worker.work() if kind == "worker" else worker.schedule()
