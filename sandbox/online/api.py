"""The accounting API, version 3: `/v3/company/<realm>/…`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import simplejson
from flask import Blueprint, Response, current_app, g, request

from sandbox.online import batch, oauth, operations, query, xml
from sandbox.online.refusals import Refusal, Turned
from sandbox.online.rules import KINDS
from sandbox.online.storage import Books, Entry, Session, Store, dumps, loads

blueprint = Blueprint("api", __name__, url_prefix="/v3/company/<realm>")

_REQUESTID, _BATCH_REQUESTID = 50, 36


@blueprint.before_request
def authorize() -> None:
    """The gateway: a token, and one for these books."""
    realm = (request.view_args or {})["realm"]
    header = request.headers.get("Authorization", "")
    with _store().reading() as session:
        granted = (
            oauth.realm_of(session, header.removeprefix("Bearer ").strip()) if header.startswith("Bearer ") else None
        )
    if granted is None:
        raise Turned(
            401,
            "3200",
            "message=AuthenticationFailed; errorCode=003200; statusCode=401",
            "Token expired or revoked",
            "AUTHENTICATION",
        )
    if granted != realm:
        raise Turned(
            403,
            "3100",
            "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
            "The application is not authorized for this company",
            "AUTHORIZATION",
        )


@blueprint.post("/batch")
def run_batch(realm: str) -> Response:
    sent = _json()
    return _write(realm, lambda books: batch.run(books, sent, has_requestid="requestid" in request.args))


@blueprint.route("/query", methods=["GET", "POST"])
def run_query(realm: str) -> Response:
    text = request.args.get("query") if request.method == "GET" else request.get_data(as_text=True)
    with _store().reading() as session:
        return _answer({"QueryResponse": query.run(session.books(realm), text or "")}, session)


@blueprint.get("/<kind>/<entry_id>")
def read(realm: str, kind: str, entry_id: str) -> Response:
    with _store().reading() as session:
        books, name = session.books(realm), _kind(kind)
        wanted = books.all(name)[0]["Id"] if name in {"CompanyInfo", "Preferences"} else entry_id
        return _answer({name: operations.read(books, name, wanted)}, session)


@blueprint.get("/preferences")
def read_preferences(realm: str) -> Response:
    with _store().reading() as session:
        return _answer({"Preferences": session.books(realm).preferences()}, session)


@blueprint.post("/<kind>")
def write(realm: str, kind: str) -> Response:
    name, sent = _kind(kind), _json()
    operation, include = request.args.get("operation", ""), request.args.get("include", "")

    def change(books: Books) -> tuple[Entry, int]:
        if operation == "delete":
            return {name: operations.delete(books, name, sent)}, 1
        if operation == "void" or (operation == "update" and include == "void"):
            return {name: operations.update(books, name, sent, void=True)}, 1
        if sent.get("Id") or name == "Preferences":
            return {name: operations.update(books, name, sent)}, 1
        return {name: operations.create(books, name, sent, allow_duplicate="allowduplicatedocnum" in include)}, 1

    return _write(realm, change)


def refused(refusal: Refusal) -> Response:
    with _store().reading() as session:
        return _answer({"Fault": refusal.fault()}, session, refusal.status)


def turned(error: Turned) -> Response:
    response = Response(dumps(error.body()), error.status, content_type="application/json")
    response.headers["intuit_tid"] = secrets.token_hex(16)
    return response


def _write(realm: str, change: Callable[[Books], tuple[Entry, int]]) -> Response:
    """Carry out a write, once for a requestid: its answer is stored in the transaction of its effect."""
    requestid = _requestid()
    with _store().writing() as session:
        if requestid and (row := _stored(session, realm, requestid)):
            return _answer(loads(row[1]), session, row[0], keep_time=True)
        status, effects = HTTPStatus.OK.value, 0
        try:
            with session.savepoint():
                body, effects = change(session.books(realm))
        except Refusal as refusal:
            body, status = {"Fault": refusal.fault()}, refusal.status
        body["time"] = session.now().isoformat(timespec="milliseconds")
        g.effects = effects
        if requestid:
            kept = (realm, requestid, status, dumps(body))
            session.connection.execute("INSERT INTO answer VALUES (?, ?, ?, ?)", kept)
        return _answer(body, session, status, keep_time=True)


def _requestid() -> str:
    requestid = request.args.get("requestid", "")
    limit = _BATCH_REQUESTID if request.path.endswith("/batch") else _REQUESTID
    if len(requestid) > limit:
        raise Refusal(2130, "Invalid Request Id Format", f"A request id has at most {limit} characters.")
    return requestid


def _stored(session: Session, realm: str, requestid: str) -> tuple[int, str] | None:
    row: tuple[int, str] | None = session.connection.execute(
        "SELECT status, body FROM answer WHERE realm = ? AND requestid = ?", (realm, requestid)
    ).fetchone()
    return row


def _json() -> Entry:
    try:
        sent = loads(request.get_data(as_text=True))
    except simplejson.JSONDecodeError:
        raise Refusal(2010, "Request has invalid or unsupported property", "The body is not JSON") from None
    if not isinstance(sent, dict):
        raise Refusal(2010, "Request has invalid or unsupported property", "The body is not an object")
    return sent


def _kind(name: str) -> str:
    kind = KINDS.get(name.lower())
    if kind is None:
        raise Refusal(500, "Unsupported Operation", f"Operation {name} is not supported.")
    return kind


def _answer(body: dict[str, Any], session: Session, status: int = 200, *, keep_time: bool = False) -> Response:
    """JSON if the client says that it takes JSON, else XML, as the real service does."""
    if not keep_time:
        body = {**body, "time": session.now().isoformat(timespec="milliseconds")}
    accept = request.headers.get("Accept", "")
    if "json" in accept:
        response = Response(dumps(body), status, content_type="application/json;charset=UTF-8")
    else:
        response = Response(xml.write(body), status, content_type="application/xml;charset=UTF-8")
    response.headers["intuit_tid"] = secrets.token_hex(16)
    response.headers["QBO-Version"] = "sandbox"
    return response


def _store() -> Store:
    store: Store = current_app.extensions["books"]
    return store
