"""Processes of their own that serve the hub, or work for it.

`python -m tests.journeys.served web PORT DATABASE KEY [REDIS [SETTINGS]]`, or `worker 0` or `scheduler 0` in place of
`web PORT`. The settings are further configuration, as JSON.
"""

from __future__ import annotations

import json
import sys

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from hub import Hub, worker
from tests.hub.conftest import Desk


def create_app(database: str, key: str, redis: str = "redis://127.0.0.1:9/0", settings: str = "{}") -> Flask:
    """A host that does nothing but hold the hub; its sessions are soon taken for dead."""
    app = Flask("host")
    app.config.update(
        SECRET_KEY="test", SQLALCHEMY_DATABASE_URI=database, HUB_REDIS_URL=redis, HUB_SECRET_KEYS=key,
        HUB_DESK_SECONDS=0.5, HUB_DESK_WORK_SECONDS=0.5, HUB_DESK_PATIENCE_SECONDS=1, HUB_LEASE_SECONDS=1,
    )  # fmt: skip
    app.config.update(json.loads(settings))
    SQLAlchemy(app)
    Hub(Desk()).init_app(app)
    return app


if __name__ == "__main__":
    kind, port, *where = sys.argv[1:]
    served = create_app(*where)
    if kind in {"worker", "scheduler"}:
        with served.app_context():
            worker.work() if kind == "worker" else worker.schedule()
    else:
        make_server("127.0.0.1", int(port), served, threaded=True).serve_forever()
