"""The sandbox as a Flask app: OAuth, API, web pages and control on one origin."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, g, request

from sandbox.online import api, control, oauth, pages
from sandbox.online.faults import Faults
from sandbox.online.refusals import Refusal, Turned
from sandbox.online.seed import seed
from sandbox.online.storage import Store


def create_app(folder: Path) -> Flask:
    """The sandbox with its books in a folder, seeded if they are new."""
    app = Flask(__name__)
    store, faults = Store(folder), Faults()
    app.extensions["books"], app.extensions["faults"] = store, faults
    with store.writing() as session:
        seed(session)
    for blueprint in (api.blueprint, oauth.blueprint, pages.blueprint, control.blueprint):
        app.register_blueprint(blueprint)
    app.register_error_handler(Refusal, api.refused)
    app.register_error_handler(Turned, api.turned)
    app.before_request(lambda: None if _is_control() else faults.before())
    app.after_request(lambda response: response if _is_control() else _note(store, faults.after(response)))
    return app


def _is_control() -> bool:
    return request.path.startswith("/_sandbox/")


def _note(store: Store, response: Response) -> Response:
    """Keep a journal of the API's calls."""
    if request.path.startswith(("/v3/", "/oauth2/")):
        with store.writing() as session:
            session.connection.execute(
                "INSERT INTO journal (at, method, path, query, requestid, status, effects) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    session.now().isoformat(),
                    request.method,
                    request.path,
                    request.query_string.decode(),
                    request.args.get("requestid"),
                    response.status_code,
                    g.get("effects", 0),
                ),
            )
    return response
