"""The hub's pages: one blueprint, `hub`, under `/hub`."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, send_file, url_for

from hub.places import find_folder
from hub.web import (
    activity,
    attention,
    authorizing,
    bulk,
    choosing,
    companies,
    customers,
    endpoints,
    guard,
    linking,
    notices,
    operations,
    sending,
    settings,
    webhooks,
)

_HERE = Path(__file__).parent


def mount_blueprint(app: Flask) -> None:
    """Register the blueprint. Call it once per app."""
    app.config.setdefault("HUB_LAYOUT", "hub/layout.html")
    app.config.setdefault("WTF_CSRF_METHODS", {"POST", "PUT", "PATCH", "DELETE"})
    app.config.setdefault("WTF_CSRF_FIELD_NAME", "csrf_token")
    app.config.setdefault("WTF_CSRF_HEADERS", ["X-CSRFToken", "X-CSRF-Token"])
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", 3600 * 12)
    app.config.setdefault("WTF_CSRF_SSL_STRICT", True)
    blueprint = Blueprint(
        "hub", __name__, url_prefix="/hub", static_folder="static", static_url_path="/static",
        template_folder=str(find_folder("templates")),
    )  # fmt: skip
    guard.install_guard(blueprint)
    for room in (settings, authorizing, endpoints, notices, sending, bulk, companies, linking, choosing,
                 customers, activity, attention, webhooks, operations):
        room.register(blueprint)
    blueprint.add_url_rule("/htmx.js", "htmx", _send_htmx)
    blueprint.app_context_processor(lambda: {"hub_asset": _asset_url})
    app.register_blueprint(blueprint)
    guard.excuse_machines(app)


def _send_htmx() -> Response:
    """Send htmx from its installed package."""
    return send_file(_htmx_file(), mimetype="text/javascript", max_age=365 * 24 * 3600)


@cache
def _htmx_file() -> Path:
    spec = importlib.util.find_spec("js_lib_htmx")  # Importing it would import Django.
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "static" / "htmx" / "htmx.min.js"


def _asset_url(name: str) -> str:
    """Return the address of a static file, with a hash of its content, so that browsers may cache it."""
    return url_for("hub.static", filename=name, v=_content_hash(name, current_app.debug))


@cache
def _content_hash(name: str, _debug: bool) -> str:
    return hashlib.sha256((_HERE / "static" / name).read_bytes()).hexdigest()[:12]
