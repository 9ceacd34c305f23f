"""A web process of its own that serves the hub: `python -m tests.journeys.served DATABASE PORT KEY`."""

from __future__ import annotations

import sys

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from hub import Hub
from tests.hub.conftest import Desk


def create_app(database: str, key: str) -> Flask:
    app = Flask("host")
    app.config.update(
        SECRET_KEY="test", SQLALCHEMY_DATABASE_URI=database, HUB_REDIS_URL="redis://127.0.0.1:9/0",
        HUB_SECRET_KEYS=key, HUB_DESK_SECONDS=0.5, HUB_DESK_WORK_SECONDS=0.5,
    )  # fmt: skip
    SQLAlchemy(app)
    Hub(Desk()).init_app(app)
    return app


if __name__ == "__main__":
    database, port, key = sys.argv[1:]
    make_server("127.0.0.1", int(port), create_app(database, key), threaded=True).serve_forever()
