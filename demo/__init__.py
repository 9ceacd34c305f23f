"""A small order desk with the hub mounted in it: a host, as documentation that runs."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from demo import auth, cli, pages
from demo.configuration import configuration
from demo.host import OrderDesk
from demo.models import db, prepare
from hub import Hub


def create_app() -> Flask:
    """The order desk. The hub needs the two lines below and what `configuration` sets under `HUB_`."""
    app = Flask(__name__)
    app.config.update(configuration())
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=1024 * 1024,
    )  # fmt: skip
    db.init_app(app)
    prepare(app)
    auth.init_app(app)
    app.register_blueprint(pages.blueprint)
    app.cli.add_command(cli.demo)

    hub = Hub(OrderDesk())
    hub.init_app(app)
    return app
