"""The accounting API, version 3: `/v3/company/<realm>/…`."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import simplejson
from flask import Blueprint, Response, current_app, g, request

from sandbox.online import batch, bookkeeper, changes, meter, oauth, operations, query, xml
from sandbox.online.refusals import Refusal, Turned, unsupported
from sandbox.online.rules import KINDS
from sandbox.online.storage import Books, Entry, Session, Store, dumps, loads

blueprint = Blueprint("api", __name__, url_prefix="/v3/company/<realm>")

_REQUESTID, _BATCH_REQUESTID = 50, 36

Effect = tuple[Entry, int]
"""The answer to a write, and the number of its effects on the books."""


@blueprint.before_request
def authorize() -> None:
    """Check the call as the gateway does: it needs a valid token for this company."""
    realm = (request.view_args or {})["realm"]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    g.reads = int(request.method == "GET" or request.path.rstrip("/").endswith("/query"))
    with _store().reading() as session:
        granted = oauth.realm_of(session, token.strip()) if scheme == "Bearer" else None
        if granted == realm:
            oauth.check_access(session, realm)
            if g.reads:
                meter.check(session)
    if granted is None:
        message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
        raise Turned(401, "3200", message, "Token expired", "AUTHENTICATION")
    if granted != realm:
        message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
        raise Turned(403, "3100", message, None, "SERVICE")
    g.realm = realm


@blueprint.post("/batch")
def run_batch(realm: str) -> Response:
    sent = _json()
    g.reads = batch.reads(sent)
    if g.reads:
        with _store().reading() as session:
            meter.check(session)
    return _write(realm, lambda books: batch.run(books, sent, has_requestid="requestid" in request.args))


@blueprint.route("/query", methods=["GET", "POST"])
def run_query(realm: str) -> Response:
    text = request.args.get("query", "") if request.method == "GET" else _text()
    with _store().reading() as session:
        return _answer({"QueryResponse": query.run(session.books(realm), text)}, session)


@blueprint.get("/cdc")
def read_changes(realm: str) -> Response:
    kinds, since = request.args.get("entities", ""), request.args.get("changedSince", "")
    with _store().reading() as session:
        return _answer({"CDCResponse": [changes.since(session.books(realm), kinds, since)]}, session)


@blueprint.get("/preferences", defaults={"kind": "preferences", "entry_id": ""})
@blueprint.get("/<kind>/<entry_id>")
def read(realm: str, kind: str, entry_id: str) -> Response:
    """Return one entry. CompanyInfo and Preferences are returned for any id, because there is only one of each."""
    with _store().reading() as session:
        books, name = session.books(realm), _kind(kind)
        wanted = books.all(name)[0]["Id"] if name in {"CompanyInfo", "Preferences"} else entry_id
        return _answer({name: operations.read(books, name, wanted)}, session)


@blueprint.post("/<kind>")
def write(realm: str, kind: str) -> Response:
    """Create, change, void or delete an entry."""
    name, sent = _kind(kind), _json()
    operation, include = request.args.get("operation", ""), request.args.get("include", "")

    def change(books: Books) -> Effect:
        entry = operations.carry_out(books, name, sent, operation=operation, include=include)
        bookkeeper.look_in(books, name)
        return {name: entry}, 1

    return _write(realm, change)


@blueprint.post("/<kind>/<entry_id>/send")
def send(realm: str, kind: str, entry_id: str) -> Response:
    """Mark a form as mailed to its customer. No mail is sent."""
    name, address = _kind(kind), request.args.get("sendTo", "")

    def change(books: Books) -> Effect:
        return {name: operations.send(books, name, entry_id, address)}, 1

    return _write(realm, change)


def refused(refusal: Refusal) -> Response:
    """Return the service's answer for a refusal."""
    with _store().reading() as session:
        return _answer({"Fault": refusal.fault()}, session, refusal.status)


def turned(error: Turned) -> Response:
    """Return the gateway's answer for a call that it rejected."""
    return Response(dumps(error.body()), error.status, content_type="application/json")


def _write(realm: str, change: Callable[[Books], Effect]) -> Response:
    """Carry out a write once per requestid: its answer is stored in the same transaction as its effect.

    A refusal is stored, too, and returned again for the same requestid.
    """
    requestid = _requestid()
    with _store().writing() as session:
        if requestid and (row := _stored(session, realm, requestid)):
            return _answer(loads(row[1]), session, row[0])
        status, effects = HTTPStatus.OK.value, 0
        try:
            with session.savepoint():
                body, effects = change(session.books(realm))
        except Refusal as refusal:
            body, status = {"Fault": refusal.fault()}, refusal.status
        body["time"] = session.time()
        g.effects = effects
        if requestid:
            kept = (realm, requestid, status, dumps(body))
            session.connection.execute("INSERT INTO answer VALUES (?, ?, ?, ?)", kept)
        return _answer(body, session, status)


def _requestid() -> str:
    requestid = request.args.get("requestid", "")
    limit = _BATCH_REQUESTID if request.path.rstrip("/").endswith("/batch") else _REQUESTID
    if len(requestid) > limit:
        raise Refusal(2130, "Invalid Request Id Format", f"A request id has at most {limit} characters.")
    return requestid


def _stored(session: Session, realm: str, requestid: str) -> tuple[int, str] | None:
    row: tuple[int, str] | None = session.connection.execute(
        "SELECT status, body FROM answer WHERE realm = ? AND requestid = ?", (realm, requestid)
    ).fetchone()
    return row


def _text() -> str:
    try:
        return request.get_data().decode()
    except UnicodeDecodeError:
        raise Refusal(500, "Unsupported Operation", "Operation MalformedByteSequence is not supported.") from None


def _json() -> Entry:
    """Return the JSON object that was sent. Raises `Refusal` (2010), also for half a surrogate pair."""
    try:
        sent = loads(_text() or "{}")
        dumps(sent).encode()
    except (simplejson.JSONDecodeError, UnicodeEncodeError, ValueError, RecursionError):
        raise Refusal(2010, "Request has invalid or unsupported property", "The body is not readable JSON") from None
    if not isinstance(sent, dict):
        raise Refusal(2010, "Request has invalid or unsupported property", "The body is not an object")
    return sent


def _kind(name: str) -> str:
    kind = KINDS.get(name.lower())
    if kind is None:
        raise unsupported(name)
    return kind


def _answer(body: dict[str, Any], session: Session, status: int = 200) -> Response:
    """Return the answer as JSON if the client accepts it, else as XML, like the real service."""
    body.setdefault("time", session.time())
    if "json" in request.headers.get("Accept", "").lower():
        response = Response(dumps(body), status, content_type="application/json;charset=UTF-8")
    else:
        response = Response(xml.write(body), status, content_type="application/xml;charset=UTF-8")
    response.headers["QBO-Version"] = "sandbox"
    return response


def _store() -> Store:
    store: Store = current_app.extensions["books"]
    return store
