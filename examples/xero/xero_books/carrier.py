"""Taking a batch to Xero: one call, of one kind, under the batch's key.

What is written goes as a list to the kind's own address with `summarizeErrors=false`, so that Xero answers for every
element by itself, in order. A question that several conversations ask in the same words is asked once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests
import simplejson

from hub.plugin import (
    AuthorizationExpired,
    Batch,
    Connection,
    IntegrationError,
    OutcomeUnknown,
    Payload,
    Problem,
    Rejected,
    Request,
    Response,
    Unavailable,
    say,
)
from xero_books.marks import marked

CONNECT_TIMEOUT = 5.0
LONGEST_TIMEOUT = 40.0
"""Seconds. With the time to connect it leaves `send` within its minute, and the key within its six."""

LONGEST_PAUSE = 24 * 3600.0
CROWD_PAUSE = 5.0
"""Seconds to wait after a 429 that names none: too many calls at the same time."""

DECIMALS = ("Invoices", "Items", "CreditNotes")
"""What takes `unitdp=4`, without which prices are rounded to cents, on the way in and on the way out."""


class UnexpectedAnswer(Exception):
    """Xero answered what its documentation does not foresee; to guess would put wrong things in the books."""


def write(kind: str, element: Payload) -> Payload:
    """Return what a request holds that enters an `element` into the books. `kind` is Xero's plural: "Invoices"."""
    return {"put": kind, "element": element}


def read(path: str, parameters: Mapping[str, str | int] | None = None, *, since: str = "") -> Payload:
    """Return what a request holds that asks. `since` is a moment in UTC: only what has changed from then on is wanted.
    """
    return {"get": path, "parameters": dict(parameters or {}), "since": since}


def destination(request: Request) -> str:
    """Return what travels together: all that is to be entered of a kind, or all who ask the same.

    Bills go where invoices go, but apart from them, because they are looked for in another way.
    """
    if request.writes:
        return f"PUT {request.payload['put']} {request.payload['element'].get('Type', '')}"
    return _dumps(request.payload)


def encode(key: str, requests: Sequence[Request]) -> str:
    """Return the body of the call; nothing for a question."""
    if not requests[0].writes:
        return ""
    kind = requests[0].payload["put"]
    elements = [marked(kind, one.payload["element"], key, place) for place, one in enumerate(requests, start=1)]
    return _dumps({kind: elements})


def send(batch: Batch, connection: Connection) -> Sequence[Response]:
    """Carry a batch, and give each of its requests its answer."""
    first = batch.requests[0]
    answer, beside = _ask(batch, connection)
    if not first.writes:
        rows = answer.get(_plural(first.payload["get"]))
        if not isinstance(rows, list):  # Without this, an answer that is none would be an empty list, and all be gone.
            raise Unavailable(say("Xero's answer cannot be read."))
        pages = answer.get("pagination", {}).get("pageCount", 1)
        found = {"rows": rows, "pages": pages, "at": answer.get("DateTimeUTC", ""), **beside}
        return [Response(payload=found) for _ in batch.requests]
    rows = answer.get(first.payload["put"])
    if not isinstance(rows, list) or len(rows) != len(batch.requests):
        raise UnexpectedAnswer(f"{len(batch.requests)} elements were sent, and the answer is about {rows!r:.200}.")
    return [Response(payload={"row": row, **beside}) for row in rows]


def headers(connection: Connection) -> dict[str, str]:
    """Return what every call says: who we are, of which organisation we speak, and that XML is not wanted."""
    return {
        "Authorization": f"Bearer {connection.credentials['access_token']}",
        "xero-tenant-id": connection.books_id,
        "Accept": "application/json",
    }


def timeout(settings: Any) -> tuple[float, float]:
    """Seconds to wait for a connection and for an answer."""
    return CONNECT_TIMEOUT, min(float(settings["TIMEOUT"]), LONGEST_TIMEOUT)


def _ask(batch: Batch, connection: Connection) -> tuple[dict[str, Any], dict[str, str]]:
    """One call: its answer as JSON, and what only the carrier knows. Anything but an answer is raised."""
    request, told, broken = batch.requests[0], headers(connection), ""
    base = f"{connection.settings['API_URL'].rstrip('/')}/api.xro/2.0/"
    if request.writes:
        kind = request.payload["put"]
        method, url = "PUT", base + kind
        parameters = {"summarizeErrors": "false"} | ({"unitdp": "4"} if kind in DECIMALS else {})
        # Keys are the app's, not the organisation's, so that the organisation is part of ours.
        key = f"{connection.books_id}:{batch.idempotency_key}"
        told |= {"Idempotency-Key": key, "Content-Type": "application/json"}
    else:
        method, url, parameters = "GET", base + request.payload["get"], request.payload["parameters"]
        if request.payload["since"]:
            told["If-Modified-Since"] = request.payload["since"]
    try:
        response = requests.request(
            method, url, params=parameters, headers=told, data=batch.body.encode() or None,
            timeout=timeout(connection.settings), allow_redirects=False,
        )  # fmt: skip
    except requests.RequestException as error:
        broken = type(error).__name__
    if broken:  # Raised out here, because requests' exceptions carry the headers that were sent, token and all.
        raise Unavailable(say("Xero did not answer (%(broken)s).", broken=broken))
    if response.status_code == requests.codes.not_found and "/" in request.payload.get("get", ""):
        return {_plural(request.payload["get"]): []}, _beside(response, connection)  # A single record is not there.
    if response.status_code != requests.codes.ok:
        raise _failure(response, writes=request.writes)
    try:
        answer = simplejson.loads(response.text, use_decimal=True)
    except ValueError:
        raise Unavailable(say("Xero's answer cannot be read.")) from None
    return answer, _beside(response, connection)


def _beside(response: requests.Response, connection: Connection) -> dict[str, str]:
    return {"correlation": response.headers.get("Xero-Correlation-Id", ""), "tenant": connection.books_id}


def _failure(response: requests.Response, *, writes: bool) -> IntegrationError:
    """Return what it means that a call was not answered."""
    status = response.status_code
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        if "scope" in response.headers.get("WWW-Authenticate", ""):
            return AuthorizationExpired(say(
                "Xero wants more to be allowed than it was. An admin must connect it again.",
            ))
        return AuthorizationExpired(say("Xero does not let this application in (HTTP %(status)s).", status=status))
    if status == requests.codes.too_many_requests:
        asked = response.headers.get("Retry-After", "")
        which = response.headers.get("X-Rate-Limit-Problem", "concurrent")
        pause = min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else CROWD_PAUSE
        return Unavailable(say("Xero has been asked too much (its limit “%(which)s”).", which=which), retry_after=pause)
    if status >= requests.codes.server_error:
        if status == requests.codes.server_error and writes:
            # Xero keeps an answer under the key, and this one too: for six minutes the same would come again.
            return OutcomeUnknown(say("Xero had an error of its own, and may have carried it out all the same."))
        return Unavailable(say("Xero is not available (HTTP %(status)s).", status=status))
    return _refused(response, writes=writes)


def _refused(response: requests.Response, *, writes: bool) -> IntegrationError:
    """Return what it means that a call as a whole was not taken."""
    said = _said(response)
    if writes and said.startswith("Idempotency Key"):
        # Under this key something was asked that was not the same: by us before an update, perhaps.
        return OutcomeUnknown(say("Xero knows the key of what was sent from another question."))
    status = response.status_code
    return Rejected(Problem(
        what=say("Xero did not take what was sent."),
        why=say("Xero says: %(said)s", said=said) if said else say("It answered HTTP %(status)s.", status=status),
        cure=say("Send it again; if that does not help, give the code to support."), code=str(status),
    ))  # fmt: skip


def _said(response: requests.Response) -> str:
    try:
        answer = simplejson.loads(response.text)
    except ValueError:
        return ""
    return str(answer.get("Message") or answer.get("Detail") or "")[:500] if isinstance(answer, dict) else ""


def _plural(path: str) -> str:
    """Under which name the answer to a question has its rows."""
    special = {"Organisation": "Organisations", "Organisation/Actions": "Actions"}
    return special.get(path, path.split("/", maxsplit=1)[0])


def _dumps(value: object) -> str:
    return str(simplejson.dumps(value, use_decimal=True, sort_keys=True, separators=(",", ":"), allow_nan=False))
