"""The sandbox as a Flask app: OAuth, API, web pages and control on one origin."""

from __future__ import annotations

import secrets
from pathlib import Path

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.online import api, control, meter, oauth, pages
from sandbox.online.faults import Faults
from sandbox.online.limits import Throttle
from sandbox.online.refusals import Refusal, Turned, unsupported
from sandbox.online.seed import seed
from sandbox.online.storage import Store
from sandbox.online.webhooks import Postman

_API = ("/v3/", "/oauth2/", "/v2/oauth2/")
_PAGES_MAY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


def create_app(folder: Path, *, lived_in: bool = False, copies: int = 0) -> Flask:
    """Return the sandbox with its books in a folder. New books are seeded: without transactions, or with `lived_in`
    with those of a year; and with so many `copies` of the first company."""
    app = Flask(__name__)
    app.url_map.strict_slashes = False
    store, faults, throttle = Store(folder), Faults(), Throttle()
    app.extensions |= {"books": store, "faults": faults, "throttle": throttle, "postman": Postman(store)}
    with store.writing() as session:
        seed(session, lived_in=lived_in, copies=copies)
    for blueprint in (api.blueprint, oauth.blueprint, pages.blueprint, control.blueprint):
        app.register_blueprint(blueprint)
    app.register_error_handler(Refusal, api.refused)
    app.register_error_handler(Turned, api.turned)
    app.register_error_handler(HTTPException, _lost)
    app.before_request(lambda: None if _is_control() else throttle.before() or faults.before(store))
    app.after_request(lambda response: response if _is_control() else faults.after(_finish(store, response)))
    return app


def _is_control() -> bool:
    return request.path.startswith("/_sandbox/")


def _lost(error: HTTPException) -> Response | HTTPException:
    """Return the API's fault for an address or a method that it does not have; outside of the API, the error page."""
    return api.refused(unsupported(request.path)) if request.path.startswith("/v3/company/") else error


def _finish(store: Store, response: Response) -> Response:
    """Add an `intuit_tid` to answers of the API, and record them in the journal; add security headers to pages."""
    if not request.path.startswith(_API):
        response.headers["Content-Security-Policy"] = _PAGES_MAY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
    response.headers["intuit_tid"] = f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
    with store.writing() as session:
        session.connection.execute(
            "INSERT INTO journal (at, method, path, query, requestid, status, effects) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                session.now().isoformat(), request.method, request.path, request.query_string.decode("latin-1"),
                request.args.get("requestid"), response.status_code, g.get("effects", 0),
            ),
        )  # fmt: skip
        if realm := g.get("realm"):
            meter.count(session, realm, g.get("reads", 0), g.get("effects", 0))
    return response
