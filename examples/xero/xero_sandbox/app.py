"""The sandbox as a Flask app: sign-in, API, pages for people, and control, on one origin."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from xero_sandbox import api, control, oauth
from xero_sandbox.faults import Faults, Limits
from xero_sandbox.refusals import Refused, Turned
from xero_sandbox.seed import OTHER_TENANT, TENANT, seed
from xero_sandbox.storage import Store

_PAGES_MAY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_KINDS = ("Invoices", "PurchaseOrders", "Payments", "CreditNotes")


def create_app(folder: Path) -> Flask:
    """Return the sandbox with its books in a folder, seeded if they are new."""
    app = Flask(__name__)
    books, faults, limits = Store(folder), Faults(), Limits()
    app.extensions |= {"books": books, "faults": faults, "limits": limits}
    with books.session() as session:
        seed(session)
    for blueprint in (api.blueprint, oauth.blueprint, control.blueprint):
        app.register_blueprint(blueprint)
    app.register_error_handler(Refused, api.refused)
    app.register_error_handler(Turned, api.turned)
    app.add_url_rule("/", view_func=organisations)
    app.add_url_rule("/app/<handle>/invoicing/view/<wanted>", view_func=invoice)

    app.before_request(_before)
    app.after_request(_after)
    app.teardown_request(lambda _: limits.leave())
    return app


def _before() -> Response | None:
    faults: Faults = current_app.extensions["faults"]
    limits: Limits = current_app.extensions["limits"]
    if request.path.startswith("/_sandbox/"):
        return None
    if request.path.startswith("/api.xro/"):
        with oauth.store().session() as session:
            moment = session.now()
        if turned := limits.enter(request.headers.get("xero-tenant-id", ""), moment):
            return turned
    return faults.before()


def _after(response: Response) -> Response:
    if request.path.startswith("/_sandbox/"):
        return response
    if not request.path.startswith("/api.xro/"):
        response.headers["Content-Security-Policy"] = _PAGES_MAY
        return Faults.after(response)
    _journal(oauth.store(), response)
    response.headers["Xero-Correlation-Id"] = g.get("correlation", "")
    for name, header in (("minute", "X-MinLimit-Remaining"), ("day", "X-DayLimit-Remaining")):
        response.headers[header] = str(max(g.get("remaining", {}).get(name, 0), 0))
    return Faults.after(response)


def _journal(books: Store, response: Response) -> None:
    with books.session() as session:
        row = (
            session.now().isoformat(), request.headers.get("xero-tenant-id", ""), request.method, request.path,
            request.query_string.decode("latin-1"), request.headers.get("Idempotency-Key", ""), response.status_code,
        )  # fmt: skip
        names = "at, tenant, method, path, query, key, status"
        session.connection.execute(f"INSERT INTO journal ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608  # Names of our own.


def organisations() -> ResponseReturnValue:
    """Show a page with the documents of each organisation."""
    found = []
    with oauth.store().session() as session:
        for tenant in (TENANT, OTHER_TENANT):
            organisation = session.get(tenant, "Organisation", tenant) or {}
            found.append((organisation, {kind: session.all(tenant, kind) for kind in _KINDS}))
    return render_template("books.html", organisations=found)


def invoice(handle: str, wanted: str) -> ResponseReturnValue:
    """Show the page of an invoice."""
    with oauth.store().session() as session:
        for tenant in (TENANT, OTHER_TENANT):
            organisation = session.get(tenant, "Organisation", tenant) or {}
            found = session.get(tenant, "Invoices", wanted)
            if organisation["ShortCode"] == handle and found is not None:
                return render_template("invoice.html", organisation=organisation, invoice=found)
    return Response("The resource you're looking for cannot be found", 404, content_type="text/html")
