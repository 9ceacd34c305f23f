"""Processes of their own that serve the hub, or work for it.

`python -m tests.support.served web PORT DATABASE KEY [REDIS]` and `… worker 0 DATABASE KEY REDIS`.
"""

from __future__ import annotations

import sys

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from hub import Hub, worker
from tests.support.host import Desk


def create_app(database: str, key: str, redis: str = "redis://127.0.0.1:9/0") -> Flask:
    """A host that does nothing but hold the hub; its sessions are soon taken for dead."""
    app = Flask("host")
    app.config.update(
        SECRET_KEY="test", SQLALCHEMY_DATABASE_URI=database, HUB_REDIS_URL=redis, HUB_SECRET_KEYS=key,
        HUB_DESK_SECONDS=0.5, HUB_DESK_WORK_SECONDS=0.5, HUB_DESK_PATIENCE_SECONDS=1, HUB_LEASE_SECONDS=1,
    )  # fmt: skip
    SQLAlchemy(app)
    Hub(Desk()).init_app(app)
    return app


if __name__ == "__main__":
    kind, port, *where = sys.argv[1:]
    served = create_app(*where)
    if kind == "worker":
        with served.app_context():
            worker.work()
    else:
        make_server("127.0.0.1", int(port), served, threaded=True).serve_forever()
