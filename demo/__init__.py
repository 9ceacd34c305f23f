"""A small order-management application with the hub mounted in it: a working example of a host."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from demo import auth, cli, errors, outbox, pages
from demo.configuration import configuration
from demo.host import OrderDesk
from demo.models import db, prepare
from hub import Hub


def create_app(changes: Mapping[str, object] | None = None) -> Flask:
    """Return the app. The hub needs only the two statements at the end and the `HUB_` settings of `configuration`.

    `changes` to the configuration are for tests.
    """
    app = Flask(__name__)
    app.config.update(configuration())
    app.config.update(changes or {})
    db.init_app(app)
    prepare(app)
    auth.init_app(app)
    errors.init_app(app)
    app.register_blueprint(pages.blueprint)
    app.cli.add_command(cli.demo)

    hub = Hub(OrderDesk(), post=None if app.config.get("HUB_SMTP_URL") else outbox.show)
    hub.init_app(app)
    return app
