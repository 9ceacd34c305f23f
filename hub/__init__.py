"""Bookpost's hub: mounts in a Flask app and puts its orders into the books.

::

    hub = Hub(MyHost())
    hub.init_app(app)
"""

from __future__ import annotations

from flask import Flask

from hub.extension import Extension
from hub.host import Host

__all__ = ["Hub"]


class Hub:
    """The extension. It registers one blueprint and one extension key, and changes nothing else of the app."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def init_app(self, app: Flask) -> None:
        """Mount the hub. Call it after the app's own Flask-SQLAlchemy (and Flask-Migrate) are initialized.

        Reads `HUB_*` from the app's configuration; where the app has no Flask-SQLAlchemy, the hub brings one for the
        database at `HUB_DATABASE_URL`.
        """
        from hub import migrating, web  # noqa: PLC0415 – Importing `hub.plugin` must not import Flask's world.
        from hub.services import registry  # noqa: PLC0415

        if "sqlalchemy" not in app.extensions:
            _bring_database(app)
        integrations, broken = registry.load()
        app.extensions["hub"] = Extension(host=self.host, integrations=integrations, broken=broken)
        migrating.guard_host(app)
        web.mount(app)


def _bring_database(app: Flask) -> None:
    from flask_sqlalchemy import SQLAlchemy  # noqa: PLC0415 – Only for a host that has none.

    app.config.setdefault("SQLALCHEMY_DATABASE_URI", app.config["HUB_DATABASE_URL"])
    SQLAlchemy(app)
