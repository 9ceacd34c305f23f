"""The control API, under `/_sandbox/`, for tests and demos. Xero's API does not show it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from xero_sandbox import oauth
from xero_sandbox.faults import Fault
from xero_sandbox.storage import IDS, cents, dumps, loads

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")


def _told(value: Any) -> Response:
    return Response(dumps(value), content_type="application/json")


def _sent() -> dict[str, Any]:
    found: dict[str, Any] = loads(request.get_data(as_text=True) or "{}")
    return found


@blueprint.post("/faults")
def add_fault() -> ResponseReturnValue:
    """Add a fault: see `faults.Fault`."""
    current_app.extensions["faults"].add(Fault(**_sent()))
    return _told({})


@blueprint.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    current_app.extensions["faults"].clear()
    return _told({})


@blueprint.post("/limits")
def limits() -> ResponseReturnValue:
    """Enforce these limits from now on: `{"concurrent": 5, "minute": 60, "day": 5000}`; none for `{}`."""
    current_app.extensions["limits"].figures = {name: int(value) for name, value in _sent().items()}
    return _told({"most_present": current_app.extensions["limits"].most_present})


@blueprint.post("/clock")
def clock() -> ResponseReturnValue:
    """Move the clock forward: `{"advance_seconds": 400}`."""
    with oauth.store().session() as session:
        session.set_fact("clock", float(session.fact("clock") or 0) + float(_sent()["advance_seconds"]))
        return _told({"now": session.now().isoformat()})


@blueprint.get("/books/<tenant>")
def books(tenant: str) -> ResponseReturnValue:
    """Return all entries of an organisation, by kind."""
    with oauth.store().session() as session:
        return _told({kind: session.all(tenant, kind) for kind in IDS})


@blueprint.get("/requests")
def requests_so_far() -> ResponseReturnValue:
    """Return the calls so far."""
    names = ("at", "tenant", "method", "path", "query", "key", "status")
    with oauth.store().session() as session:
        rows = session.connection.execute(f"SELECT {', '.join(names)} FROM journal ORDER BY id").fetchall()  # noqa: S608  # Names of our own.
    return _told([dict(zip(names, row, strict=True)) for row in rows])


@blueprint.post("/edit/<tenant>/<kind>/<wanted>")
def edit(tenant: str, kind: str, wanted: str) -> ResponseReturnValue:
    """Change an entry as a bookkeeper would in Xero: a lock date, an archived contact, `Refused` actions of a plan."""
    with oauth.store().session() as session:
        entry = session.get(tenant, kind, wanted)
        if entry is None:
            return Response(status=404)
        return _told(session.put(tenant, kind, entry | _sent()))


@blueprint.post("/delete/<tenant>/<kind>/<wanted>")
def delete(tenant: str, kind: str, wanted: str) -> ResponseReturnValue:
    """Delete an entry of a list, as in Xero. (A document would be voided, on its own page.)"""
    with oauth.store().session() as session:
        row = (tenant, kind, wanted)
        session.connection.execute("DELETE FROM entry WHERE tenant = ? AND kind = ? AND id = ?", row)
    return _told({})


@blueprint.post("/credit/<tenant>")
def credit(tenant: str) -> ResponseReturnValue:
    """Create a credit note for a customer, as a bookkeeper would: `{"ContactID", "Total"}`."""
    sent = _sent()
    with oauth.store().session() as session:
        contact = session.get(tenant, "Contacts", sent["ContactID"]) or {}
        amount = cents(sent["Total"])
        return _told(session.put(tenant, "CreditNotes", {
            "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "CreditNoteNumber": "CN-0001", "Allocations": [],
            "Contact": {"ContactID": contact["ContactID"], "Name": contact["Name"]}, "Total": amount,
            "RemainingCredit": amount, "Date": session.now().date().isoformat(), "LineItems": [], "CurrencyCode": "USD",
        }))  # fmt: skip


@blueprint.post("/forget")
def forget() -> ResponseReturnValue:
    """Delete every key and its answer, as after six minutes."""
    with oauth.store().session() as session:
        session.connection.execute("DELETE FROM answer")
    return _told({})


@blueprint.post("/expire")
def expire() -> ResponseReturnValue:
    """Invalidate all access tokens; refresh tokens still work."""
    with oauth.store().session() as session:
        session.connection.execute("DELETE FROM fact WHERE name GLOB 'access:*'")
    return _told({})


@blueprint.post("/grant")
def grant() -> ResponseReturnValue:
    """Return tokens without a sign-in in a browser: `{"tenant", "scope"}`."""
    sent = _sent()
    with oauth.store().session() as session:
        event = str(uuid.uuid4())
        oauth.connect(session, [sent["tenant"]], event)
        scope = sent.get("scope") or "offline_access " + " ".join(
            f"accounting.{part}" for part in ("settings", "contacts", "invoices", "payments")
        )
        told = oauth.issue(session, scope, event)
        return _told(told | {"connection_id": session.fact(f"connection:{sent['tenant']}")["id"]})


@blueprint.post("/save")
def save() -> ResponseReturnValue:
    """Save the whole state under a name, until the sandbox stops: `{"name": "connected"}`."""
    oauth.store().save(str(_sent()["name"]))
    return _told({})


@blueprint.post("/restore")
def restore() -> ResponseReturnValue:
    """Return to a saved state: `{"name": "connected"}`. Clear all faults and limits."""
    try:
        oauth.store().restore(str(_sent()["name"]))
    except KeyError:
        return Response(status=404)
    current_app.extensions["faults"].clear()
    current_app.extensions["limits"].figures = {}
    return _told({})


@blueprint.get("/now")
def now() -> ResponseReturnValue:
    with oauth.store().session() as session:
        moment: dt.datetime = session.now()
    return _told({"now": moment.isoformat()})
