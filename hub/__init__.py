"""Bookpost's hub: mounts in a Flask app and puts its orders into the books.

::

    hub = Hub(MyHost())
    hub.init_app(app)
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flask import Flask

from hub.extension import Extension, Post
from hub.host import Host, OrderState

if TYPE_CHECKING:
    from sqlalchemy import Select

__all__ = ["Hub", "may_link", "may_send", "order_ids"]


def may_send() -> bool:
    """Return True if a page should offer the QB button to who is signed in: not to those whom the host's permissions or
    the installation's "Visible to" leave out. In templates it is `hub_may_send()`.

    Where nothing is connected yet it is True for who may send: the dialog then says what is missing. One query at most.
    """
    from hub.web import guard  # noqa: PLC0415 – Importing `hub.plugin` must not import Flask's world.

    return guard.may_send()


def may_link() -> bool:
    """Return the same of the button that links a company, which those have who send or manage; `hub_may_link()`."""
    from hub.web import guard  # noqa: PLC0415 – As above.

    return guard.may_link()


def order_ids(organization_id: str, state: OrderState) -> Select[str | None]:
    """Return the ids of an organization's orders in a state, as a query for the WHERE of a host's own list of orders::

    query.where(Order.number.in_(order_ids("acme", OrderState.ATTENTION)))

    For `OrderState.UNSENT` these are the orders that the hub knows, so that the host takes all others (`not_in`).
    """
    from hub.orders import send_many  # noqa: PLC0415 – Importing `hub.plugin` must not import Flask's world.

    return send_many.order_ids(organization_id, state)


class Hub:
    """The extension. It registers one blueprint and one extension key, and changes nothing else of the app."""

    def __init__(self, host: Host, *, post: Post | None = None) -> None:
        """Keep the host. `post` is the host's own way to send a mail; without it the hub uses SMTP (`HUB_SMTP_URL`)."""
        self.host, self.post = host, post

    def init_app(self, app: Flask) -> None:
        """Mount the hub. Call it after the app's own Flask-SQLAlchemy (and Flask-Migrate) are initialized.

        Reads `HUB_*` from the app's configuration; where the app has no Flask-SQLAlchemy, the hub brings one for the
        database at `HUB_DATABASE_URL`.
        """
        from hub import events, migrating, web  # noqa: PLC0415 – Importing `hub.plugin` must not import Flask's world.
        from hub.integrations import registry  # noqa: PLC0415

        if app.config.get("HUB_LOG_FORMAT"):
            events.write_log(app.config["HUB_LOG_FORMAT"])
        if "sqlalchemy" not in app.extensions:
            _bring_database(app)
        span = dt.timedelta(seconds=float(app.config.get("HUB_LOAD_SECONDS", registry.LOADS.total_seconds())))
        integrations, broken = registry.load_integrations(span)
        app.extensions["hub"] = Extension(host=self.host, post=self.post, integrations=integrations, broken=broken)
        migrating.guard_host(app)
        web.mount_blueprint(app)


def _bring_database(app: Flask) -> None:
    from flask_sqlalchemy import SQLAlchemy  # noqa: PLC0415 – Only for a host that has none.

    app.config.setdefault("SQLALCHEMY_DATABASE_URI", app.config["HUB_DATABASE_URL"])
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"pool_pre_ping": True})  # The database may have restarted.
    SQLAlchemy(app)
