"""The accounting API: authorization, stored answers by idempotency key, reading and writing."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from xero_sandbox import querying
from xero_sandbox.oauth import admit, store
from xero_sandbox.refusals import Invalid, Refused, Turned
from xero_sandbox.rules import FIELDS, Books
from xero_sandbox.storage import IDS, Entry, Session, dumps, loads

KEEPS = dt.timedelta(minutes=6)
LONGEST_KEY = 128
NOTHING = "00000000-0000-0000-0000-000000000000"
MOST = 50

_SCOPES = {
    "Organisation": "settings", "Accounts": "settings", "TaxRates": "settings", "Items": "settings",
    "Contacts": "contacts", "Invoices": "invoices", "CreditNotes": "invoices", "PurchaseOrders": "invoices",
    "Payments": "payments",
}  # fmt: skip
_ACTIONS = (
    "CreateApprovedInvoice", "CreateDraftInvoice", "CreateApprovedBill", "CreateDraftBill", "CreateInvoicePayment",
    "CreateApprovedPurchaseOrder", "CreateDraftPurchaseOrder", "UseMulticurrency", "AttachFilesIntoInvoice",
)  # fmt: skip
_NATURAL = {"Invoices": "InvoiceNumber", "PurchaseOrders": "PurchaseOrderNumber", "CreditNotes": "CreditNoteNumber"}
"""The number that people use for a document; the API accepts it in place of the id."""

blueprint = Blueprint("api", __name__, url_prefix="/api.xro/2.0")


@blueprint.get("/<kind>")
def read(kind: str) -> ResponseReturnValue:
    """Return a list with the requested filters and page."""
    with store().session() as session:
        tenant = _enter(session, kind)
        found, pages = session.all(tenant, kind), dict[str, int]()
        if kind != "Organisation":
            since = request.headers.get("If-Modified-Since", "")
            found, pages = querying.select(kind, found, request.args, since)
        return _answer(session, kind, found, pages)


@blueprint.get("/<kind>/<path:wanted>")
def read_one(kind: str, wanted: str) -> ResponseReturnValue:
    """Return one entry by its id or its number."""
    with store().session() as session:
        tenant = _enter(session, kind)
        if (kind, wanted) == ("Organisation", "Actions"):
            refused = (session.get(tenant, kind, tenant) or {})["Refused"]
            rows = [{"Name": name, "Status": "NOT-ALLOWED" if name in refused else "ALLOWED"} for name in _ACTIONS]
            return _answer(session, "Actions", rows, {})
        entries = session.all(tenant, kind)
        found = [one for one in entries if wanted in {one[IDS[kind]], one.get(_NATURAL.get(kind, ""))}]
        if not found:
            return Response("The resource you're looking for cannot be found", 404, content_type="text/html")
        return _answer(session, kind, found[:1], {})


@blueprint.put("/<kind>")
def write(kind: str) -> ResponseReturnValue:
    """Create new elements. For six minutes, a key that was used before returns its stored answer, and nothing is done.
    """
    key, body = request.headers.get("Idempotency-Key", ""), request.get_data()
    if len(key) > LONGEST_KEY:
        raise Refused(400, f"Idempotency Key must not be longer than {LONGEST_KEY} characters.")
    asked = hashlib.sha256(f"{request.method} {request.full_path} ".encode() + body).hexdigest()
    with store().session() as session:
        tenant = _enter(session, kind, writes=True)
        if key and (kept := _kept(session, key, asked)):
            return kept
        status, told = _carry_out(session, tenant, kind, body)
        if (fault := g.get("fault")) is not None and fault.kind == "stumble":
            status, told = 500, {"Message": "An unhandled error with the Xero API"}
        text = dumps(told)
        if key:
            row = (key, asked, status, text, session.now().isoformat())
            session.connection.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)", row)
        return Response(text, status, content_type="application/json; charset=utf-8")


def _kept(session: Session, key: str, asked: str) -> Response | None:
    row = session.connection.execute("SELECT asked, status, body, at FROM answer WHERE key = ?", (key,)).fetchone()
    if row is None or session.now() - dt.datetime.fromisoformat(row[3]) > KEEPS:
        return None
    if row[0] != asked:
        raise Refused(400, f"Idempotency Key: {key} is used with a different request.")
    return Response(row[2], row[1], content_type="application/json; charset=utf-8")


def _carry_out(session: Session, tenant: str, kind: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Create the elements and return the status and the answer. A refused element leaves no changes."""
    if unknown := set(request.args) - {"summarizeErrors", "unitdp"}:
        raise Refused(400, f"{kind} cannot be written with {', '.join(sorted(unknown))}")
    one_by_one = request.args.get("summarizeErrors") == "false"
    books, told, failed = Books(session, tenant, 4 if request.args.get("unitdp") == "4" else 2), [], False
    for element in _elements(kind, body):
        try:
            with session.part():
                row = querying.shown(books.enter(kind, element))
            told.append(row | {"StatusAttributeString": "OK"} if one_by_one else row)
        except Invalid as invalid:
            failed = True
            reasons = [{"Message": message} for message in invalid.messages]
            refused = {**element, IDS[kind]: NOTHING, "HasErrors": True, "ValidationErrors": reasons}
            told.append(refused | {"StatusAttributeString": "ERROR"} if one_by_one else refused)
    if not failed or one_by_one:
        return 200, _enveloped(session, kind, told)
    session.connection.execute("ROLLBACK")
    session.connection.execute("BEGIN IMMEDIATE")
    wrong = [one for one in told if one.get("ValidationErrors")]
    return 400, {
        "ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
        "Elements": wrong,
    }  # fmt: skip


def _elements(kind: str, body: bytes) -> list[Entry]:
    if kind not in FIELDS:
        raise Refused(501, f"PUT {kind}", "ApiMethodNotImplementedException", 20)
    try:
        sent = loads(body.decode())
    except ValueError:
        raise Refused(400, "JSON for post data was invalid") from None
    elements = sent.get(kind, [sent]) if isinstance(sent, dict) else []
    if not elements or not all(isinstance(one, dict) for one in elements):
        raise Refused(400, "No data was supplied")
    if len(elements) > MOST:
        raise Refused(400, f"The sandbox takes {MOST} elements a call, which is what Xero advises.")
    return list(elements)


def _enter(session: Session, kind: str, *, writes: bool = False) -> str:
    """Return the tenant of the call. Raises `Turned` or `Refused` if it is not allowed."""
    if kind not in _SCOPES:
        raise Refused(501, kind, "ApiMethodNotImplementedException", 20)
    token, tenant = admit(session), request.headers.get("xero-tenant-id", "")
    if session.fact(f"connection:{tenant}") is None:
        raise Turned(403, "Forbidden", "AuthenticationUnsuccessful")
    scope = f"accounting.{_SCOPES[kind]}"
    if not {scope, *(() if writes else (f"{scope}.read",))} & set(token["scope"].split()):
        told = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
        raise Turned(401, "Unauthorized", "AuthorizationUnsuccessful", told)
    if "json" not in request.headers.get("Accept", "") or (writes and not request.is_json):
        raise Refused(406, "The sandbox speaks JSON only; Xero would have spoken XML.")
    return tenant


def _answer(session: Session, kind: str, rows: list[Entry], pages: dict[str, int]) -> Response:
    hidden = {"Refused"}
    plain = [querying.shown({name: one for name, one in row.items() if name not in hidden}) for row in rows]
    told = _enveloped(session, kind, plain) | ({"pagination": pages} if pages else {})
    return Response(dumps(told), content_type="application/json; charset=utf-8")


def _enveloped(session: Session, kind: str, rows: list[Entry]) -> dict[str, Any]:
    g.correlation = str(uuid.uuid4())
    return {
        "Id": g.correlation, "Status": "OK", "ProviderName": "Bookpost",
        "DateTimeUTC": f"/Date({round(session.now().timestamp() * 1000)})/",
        "Organisations" if kind == "Organisation" else kind: rows,
    }  # fmt: skip


def refused(error: Refused) -> Response:
    told = {"ErrorNumber": error.number, "Type": error.kind, "Message": error.message}
    return Response(dumps(told), error.status, content_type="application/json; charset=utf-8")


def turned(error: Turned) -> Response:
    told = {"Type": None, "Title": error.title, "Status": error.status, "Detail": error.detail}
    return Response(dumps(told), error.status, error.headers, content_type="application/json; charset=utf-8")
