"""The control API for tests and demos: `/_sandbox/…`, JSON in and out. The accounting API does not show it."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from sandbox.online import meter, oauth, operations, query, unsure, webhooks
from sandbox.online.faults import Fault, Faults
from sandbox.online.limits import Limits, Throttle
from sandbox.online.refusals import Refusal
from sandbox.online.rules import KINDS, RULES, merging, payments
from sandbox.online.seed import seed
from sandbox.online.storage import LEDGER_TABLES, Store, dumps
from sandbox.online.webhooks import Postman, Subscription

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

_NOT_FOUND = ({"error": "not found"}, 404)


@blueprint.post("/faults")
def set_fault() -> ResponseReturnValue:
    """Set a fault: see `faults.Fault` for the keys."""
    try:
        fault = Fault.described(request.get_json())
    except ValueError as wrong:
        return {"error": str(wrong)}, 400
    with _store().reading() as session:
        _faults().add(fault, session.now())
    return {"ok": True}


@blueprint.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    """Remove all faults."""
    _faults().clear()
    return {"ok": True}


@blueprint.post("/limits")
def set_limits() -> ResponseReturnValue:
    """Enforce rate limits, by default Intuit's: see `limits.Limits` for the keys."""
    try:
        _throttle().set(Limits.described(request.get_json()))
    except ValueError as wrong:
        return {"error": str(wrong)}, 400
    return {"ok": True}


@blueprint.delete("/limits")
def clear_limits() -> ResponseReturnValue:
    """Remove all rate limits."""
    _throttle().set(None)
    return {"ok": True}


@blueprint.post("/latency")
def set_latency() -> ResponseReturnValue:
    """Delay every call of the accounting API: `{"seconds": 0.15}`."""
    _throttle().latency = float(request.get_json()["seconds"])
    return {"ok": True}


@blueprint.get("/unsure")
def read_switches() -> ResponseReturnValue:
    """Return the switches for what is not certain about the service: see `unsure.SWITCHES`."""
    with _store().reading() as session:
        return {name: unsure.switch(session, name) for name in unsure.SWITCHES}


@blueprint.post("/unsure")
def set_switches() -> ResponseReturnValue:
    """Set switches: `{"drops_links": false}`."""
    try:
        with _store().writing() as session:
            unsure.set_switches(session, request.get_json())
    except ValueError as wrong:
        return {"error": str(wrong)}, 400
    return {"ok": True}


@blueprint.get("/meter/<realm>")
def read_meter(realm: str) -> ResponseReturnValue:
    """Return a company's usage in the current month: `month`, `reads`, `writes`, and the `ceiling` of the app."""
    with _store().reading() as session:
        return meter.read(session, realm) if realm in session.realms() else _NOT_FOUND


@blueprint.post("/meter")
def set_ceiling() -> ResponseReturnValue:
    """Set the app's limit of reads per month, over all companies: `{"ceiling": 500000}`."""
    with _store().writing() as session:
        meter.set_ceiling(session, int(request.get_json()["ceiling"]))
    return {"ok": True}


@blueprint.post("/clock")
def set_clock() -> ResponseReturnValue:
    """Move the clock: `{"now": "2026-12-01T00:00:00+00:00"}`, `{"advance_days": 101}`, `{"advance_seconds": 60}`."""
    sent = request.get_json()
    with _store().writing() as session:
        moved = float(session.fact("clock", 0))
        if "now" in sent:
            now = dt.datetime.fromisoformat(sent["now"])
            now = now if now.tzinfo else now.replace(tzinfo=dt.UTC)
            moved = (now - dt.datetime.now(dt.UTC)).total_seconds()
        moved += float(sent.get("advance_days", 0)) * 86400 + float(sent.get("advance_seconds", 0))
        session.set_fact("clock", moved)
        _store().changed.set()  # Delayed webhooks may be due now.
        return {"now": session.now().isoformat()}


@blueprint.get("/books/<realm>")
def books(realm: str) -> ResponseReturnValue:
    """Return all entries of a company as they are stored, by kind."""
    with _store().reading() as session:
        if realm not in session.realms():
            return _NOT_FOUND
        found = {kind: session.books(realm).all(kind) for kind in KINDS.values()}
        return Response(dumps(found), content_type="application/json")


@blueprint.get("/balances/<realm>")
def balances(realm: str) -> ResponseReturnValue:
    """Return the account balances by number: debits less credits. Their sum is zero."""
    with _store().reading() as session:
        found = session.books(realm).balances()
        accounts = session.books(realm).all("Account")
        known = {one.get("AcctNum") or one["Name"]: found[one["Id"]] for one in accounts if found.get(one["Id"])}
        return Response(dumps(known), content_type="application/json")


@blueprint.get("/requests")
def requests() -> ResponseReturnValue:
    """Return the calls so far, oldest first, each with the number of its effects on the books."""
    names = ("at", "method", "path", "query", "requestid", "status", "effects")
    with _store().reading() as session:
        rows = session.connection.execute(
            "SELECT at, method, path, query, requestid, status, effects FROM journal ORDER BY id"
        ).fetchall()
    return {"requests": [dict(zip(names, row, strict=True)) for row in rows]}


@blueprint.post("/preferences/<realm>")
def preferences(realm: str) -> ResponseReturnValue:
    """Change preferences as the company's admin would: `{"SalesFormsPrefs": {"CustomTxnNumbers": false}}`.

    A null removes a preference. `OtherPrefs` are pairs: `{"OtherPrefs": {"WarnDuplicateBillNumber": false}}`.
    """
    with _store().writing() as session:
        found = session.books(realm)
        entry = found.preferences()
        for group, values in request.get_json().items():
            if group == "OtherPrefs":
                pairs = {pair["Name"]: pair["Value"] for pair in entry[group]["NameValue"]}
                pairs |= {name: str(value).lower() for name, value in values.items()}
                entry[group] = {"NameValue": [{"Name": name, "Value": value} for name, value in pairs.items()]}
            else:
                entry[group] = {**entry.get(group, {}), **values}
        found.change("Preferences", entry)
    return {"ok": True}


@blueprint.post("/company/<realm>")
def company(realm: str) -> ResponseReturnValue:
    """Change the plan (`OfferingSku`: "QuickBooks Online Essentials") or its `SubscriptionStatus` (PAID, EXPIRED)."""
    with _store().writing() as session:
        found = session.books(realm)
        entry = found.all("CompanyInfo")[0]
        pairs = {pair["Name"]: pair["Value"] for pair in entry["NameValue"]} | request.get_json()
        entry["NameValue"] = [{"Name": name, "Value": value} for name, value in pairs.items()]
        found.change("CompanyInfo", entry)
    return {"ok": True}


@blueprint.post("/edit/<realm>/<kind>/<entry_id>")
def edit(realm: str, kind: str, entry_id: str) -> ResponseReturnValue:
    """Change an entry without the API, as a bookkeeper does in QuickBooks."""
    with _store().writing() as session:
        found = session.books(realm)
        entry = found.find(KINDS.get(kind.lower(), ""), entry_id)
        if entry is None:
            return _NOT_FOUND
        found.change(KINDS[kind.lower()], {**entry, **request.get_json()})
    return {"ok": True}


@blueprint.post("/<operation>/<realm>/<kind>/<entry_id>")
def operate(operation: str, realm: str, kind: str, entry_id: str) -> ResponseReturnValue:
    """Void or delete an entry as in QuickBooks, by its rules. Entries of lists are made inactive instead of deleted."""
    name = KINDS.get(kind.lower(), "")
    if operation not in {"void", "delete"}:
        return _NOT_FOUND
    with _store().writing() as session:
        found = session.books(realm)
        entry = found.find(name, entry_id)
        if entry is None:
            return _NOT_FOUND
        if operation == "delete" and not RULES[name].is_transaction:
            found.change(name, {**entry, "Active": False})
            return {"ok": True}
        try:
            with session.savepoint():
                operations.carry_out(found, name, entry, operation=operation)
        except Refusal as refusal:
            return {"error": refusal.detail}, 409
    return {"ok": True}


@blueprint.post("/merge/<realm>/<kind>")
def merge(realm: str, kind: str) -> ResponseReturnValue:
    """Merge two customers or two vendors: `{"from": "27", "into": "123"}`. All of 27 moves to 123, and 27 is deleted.
    """
    name, sent = KINDS.get(kind.lower(), ""), request.get_json()
    with _store().writing() as session:
        found = session.books(realm)
        loser, survivor = found.find(name, sent["from"]), found.find(name, sent["into"])
        if name not in merging.KINDS or loser is None or survivor is None or loser == survivor:
            return _NOT_FOUND
        merging.merge(found, name, loser, survivor)
    return {"ok": True}


@blueprint.post("/webhooks")
def subscribe() -> ResponseReturnValue:
    """Send webhooks about every change from now on: see `webhooks.Subscription` for the keys."""
    try:
        wanted = Subscription.described(request.get_json())
    except ValueError as wrong:
        return {"error": str(wrong)}, 400
    with _store().writing() as session:
        webhooks.subscribe(session, wanted)
    return {"ok": True}


@blueprint.delete("/webhooks")
def unsubscribe() -> ResponseReturnValue:
    """Stop webhooks, and delete the waiting events."""
    with _store().writing() as session:
        webhooks.unsubscribe(session)
    return {"ok": True}


@blueprint.post("/webhooks/deliver")
def deliver() -> ResponseReturnValue:
    """Deliver all waiting events now, also delayed ones, and then answer: `taken` is the number of calls that the app
    accepted, `waiting` the number of events that it did not accept and that are sent again later."""
    postman: Postman = current_app.extensions["postman"]
    taken = postman.deliver(early=True)
    with _store().reading() as session:
        return {"taken": taken, "waiting": webhooks.waiting(session)}


@blueprint.post("/deposit/<realm>/<payment_id>")
def deposit(realm: str, payment_id: str) -> ResponseReturnValue:
    """Deposit a payment at the bank. It cannot be changed after that (6540)."""
    with _store().writing() as session:
        found = session.books(realm)
        entry = found.find("Payment", payment_id)
        if entry is None:
            return _NOT_FOUND
        payments.deposit(found, entry)
    return {"ok": True}


@blueprint.post("/forget")
def forget() -> ResponseReturnValue:
    """Delete every requestid and its answer, as the real service does after an undocumented time."""
    with _store().writing() as session:
        session.connection.execute("DELETE FROM answer")
    return {"ok": True}


@blueprint.post("/grant")
def grant() -> ResponseReturnValue:
    """Return tokens without a sign-in in a browser: `{"realm_id": "…"}`."""
    realm = request.get_json()["realm_id"]
    with _store().writing() as session:
        return oauth.grant_for(session, realm) if realm in session.realms() else _NOT_FOUND


@blueprint.post("/disconnect/<realm>")
def disconnect(realm: str) -> ResponseReturnValue:
    """Disconnect the app as in QuickBooks: all its grants for a company are deleted, and the app is not notified."""
    with _store().writing() as session:
        oauth.disconnect(session, realm)
    return {"ok": True}


@blueprint.post("/access/<realm>")
def access(realm: str) -> ResponseReturnValue:
    """Refuse the app although its tokens are valid: `{"refuses": "user"}` if the person who connected is not an
    administrator any more (403, code 120), `"environment"` if the keys belong to another environment than the company
    (403, code 3100), null for neither."""
    why = request.get_json()["refuses"]
    if why not in (None, *oauth.REFUSES):
        return {"error": f"refuses is one of {', '.join(oauth.REFUSES)}, or null"}, 400
    with _store().writing() as session:
        session.set_fact(f"refuses:{realm}", why)
    return {"ok": True}


@blueprint.post("/lag")
def set_lag() -> ResponseReturnValue:
    """Let queries lag behind: `{"queries": true}`. They then return the SyncToken from before an entry's last change;
    a read by id returns the current one."""
    with _store().writing() as session:
        session.set_fact(query.LAG, bool(request.get_json()["queries"]))
    return {"ok": True}


@blueprint.post("/reset")
def reset() -> ResponseReturnValue:
    """Reset to the seeded books and the machine's clock. Grants stay valid."""
    with _store().writing() as session:
        for table in LEDGER_TABLES:
            session.connection.execute(f"DELETE FROM {table}")  # noqa: S608 – Our own names.
        session.connection.execute(
            "DELETE FROM fact WHERE name LIKE 'sequence:%' OR name LIKE 'refuses:%' "
            "OR name IN ('clock', 'lag', 'meter:ceiling', 'bookkeeper')"
        )
        seed(session)
        session.changes.clear()  # A reset sends no webhooks.
    _faults().clear()
    _throttle().set(None)
    return {"ok": True}


@blueprint.post("/save")
def save() -> ResponseReturnValue:
    """Save the whole state under a name, until the sandbox stops: `{"name": "connected"}`. Grants and the clock are
    saved, too."""
    _store().save(str(request.get_json()["name"]))
    return {"ok": True}


@blueprint.post("/restore")
def restore() -> ResponseReturnValue:
    """Return to a saved state: `{"name": "connected"}`. Clear all faults, limits and latency."""
    try:
        _store().restore(str(request.get_json()["name"]))
    except KeyError:
        return _NOT_FOUND
    _faults().clear()
    _throttle().set(None)
    _throttle().latency = 0.0
    return {"ok": True}


def _throttle() -> Throttle:
    throttle: Throttle = current_app.extensions["throttle"]
    return throttle


def _faults() -> Faults:
    faults: Faults = current_app.extensions["faults"]
    return faults


def _store() -> Store:
    store: Store = current_app.extensions["books"]
    return store
