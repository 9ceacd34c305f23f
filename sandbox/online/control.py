"""The control API for tests and for the curious: `/_sandbox/…`, JSON in and out. Nothing of it shows on the API."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from sandbox.online import oauth
from sandbox.online.faults import Faults
from sandbox.online.rules import KINDS
from sandbox.online.seed import seed
from sandbox.online.storage import Store, dumps

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

LEDGER = ("Account", "Customer", "Vendor", "Item", "Invoice", "Payment", "Bill", "PurchaseOrder", "CreditMemo")


@blueprint.route("/faults", methods=["POST", "DELETE"])
def set_faults() -> ResponseReturnValue:
    faults: Faults = current_app.extensions["faults"]
    if request.method == "DELETE":
        faults.clear()
    else:
        faults.add(**request.get_json())
    return {"ok": True}


@blueprint.post("/clock")
def set_clock() -> ResponseReturnValue:
    """Move the clock: `{"now": "2026-12-01T00:00:00+00:00"}` or `{"advance_days": 101}`."""
    sent = request.get_json()
    with _store().writing() as session:
        moved = float(session.fact("clock", 0))
        if "now" in sent:
            moved = (dt.datetime.fromisoformat(sent["now"]) - dt.datetime.now(dt.UTC)).total_seconds()
        moved += float(sent.get("advance_days", 0)) * 86400 + float(sent.get("advance_seconds", 0))
        session.set_fact("clock", moved)
        return {"now": session.now().isoformat()}


@blueprint.get("/books/<realm>")
def books(realm: str) -> ResponseReturnValue:
    """The whole ledger of a company: every kind with all its entries."""
    with _store().reading() as session:
        found = {kind: session.books(realm).all(kind) for kind in KINDS.values()}
        return Response(dumps(found), content_type="application/json")


@blueprint.get("/requests")
def requests() -> ResponseReturnValue:
    """The calls so far, oldest first, each with the number of its effects on the books."""
    with _store().reading() as session:
        rows = session.connection.execute(
            "SELECT at, method, path, query, requestid, status, effects FROM journal ORDER BY id"
        ).fetchall()
    names = ("at", "method", "path", "query", "requestid", "status", "effects")
    return {"requests": [dict(zip(names, row, strict=True)) for row in rows]}


@blueprint.post("/preferences/<realm>")
def preferences(realm: str) -> ResponseReturnValue:
    """Change preferences as the company's admin would: `{"SalesFormsPrefs": {"CustomTxnNumbers": false}}`."""
    with _store().writing() as session:
        found = session.books(realm)
        entry = found.preferences()
        for group, values in request.get_json().items():
            entry[group] = {**entry.get(group, {}), **values}
        found.change("Preferences", entry)
    return {"ok": True}


@blueprint.post("/edit/<realm>/<kind>/<entry_id>")
def edit(realm: str, kind: str, entry_id: str) -> ResponseReturnValue:
    """Change an entry behind the API's back, as a bookkeeper does in the product."""
    with _store().writing() as session:
        found = session.books(realm)
        entry = found.find(KINDS[kind.lower()], entry_id)
        if entry is None:
            return {"error": "not found"}, 404
        found.change(KINDS[kind.lower()], {**entry, **request.get_json()})
    return {"ok": True}


@blueprint.post("/grant")
def grant() -> ResponseReturnValue:
    """Tokens without a browser: `{"realm_id": "…"}`."""
    with _store().writing() as session:
        return oauth.grant_for(session, request.get_json()["realm_id"])


@blueprint.post("/reset")
def reset() -> ResponseReturnValue:
    """Begin anew with the seeded books. Grants go on."""
    with _store().writing() as session:
        for table in ("entry", "answer", "journal"):
            session.connection.execute(f"DELETE FROM {table}")  # noqa: S608 – Our own three names.
        session.connection.execute("DELETE FROM fact WHERE name LIKE 'sequence:%' OR name = 'clock'")
        seed(session)
    current_app.extensions["faults"].clear()
    return {"ok": True}


def _store() -> Store:
    store: Store = current_app.extensions["books"]
    return store
