"""Send a batch to Xero: one call, of one kind, under the batch's key.

Writes go as a list to the kind's own endpoint with `summarizeErrors=false`, so that Xero answers each element
separately, in order. A read that several conversations request identically is sent once.
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
    UnexpectedAnswer,
    parse_retry_after,
    say,
)
from xero_books.marks import add_mark

CONNECT_TIMEOUT = 5.0
LONGEST_TIMEOUT = 40.0
"""Seconds. Together with the connect timeout, `send` ends within a minute, and the key stays within its six."""

LONGEST_PAUSE = 24 * 3600.0
CROWD_PAUSE = 5.0
"""Seconds to wait after a 429 without Retry-After: too many calls at the same time."""

DECIMALS = ("Invoices", "Items", "CreditNotes")
"""Kinds that accept `unitdp=4`. Without it Xero rounds prices to cents, in writes and in answers."""


def build_write(kind: str, element: Payload) -> Payload:
    """Return the payload of a request that creates an `element`. `kind` is Xero's plural: "Invoices"."""
    return {"put": kind, "element": element}


def build_read(path: str, parameters: Mapping[str, str | int] | None = None, *, since: str = "") -> Payload:
    """Return the payload of a request that reads. `since` is a time in UTC: only changes from then on are returned.
    """
    return {"get": path, "parameters": dict(parameters or {}), "since": since}


def destination(request: Request) -> str:
    """Return the key by which requests share a batch: the kind for writes, the whole request for reads.

    Bills go to the same endpoint as invoices, but in batches of their own, because `recovery` finds them differently.
    """
    if request.writes:
        return f"PUT {request.payload['put']} {request.payload['element'].get('Type', '')}"
    return _write_json(request.payload)


def encode(key: str, requests: Sequence[Request]) -> str:
    """Return the body of the call; empty for a read."""
    if not requests[0].writes:
        return ""
    kind = requests[0].payload["put"]
    elements = [add_mark(kind, one.payload["element"], key, place) for place, one in enumerate(requests, start=1)]
    return _write_json({kind: elements})


def send(batch: Batch, connection: Connection) -> Sequence[Response]:
    """Send a batch and return the response to each of its requests."""
    first = batch.requests[0]
    answer, beside = _make_call(batch, connection)
    if not first.writes:
        rows = answer.get(_rows_name(first.payload["get"]))
        if not isinstance(rows, list):  # A wrong answer must not count as an empty list.
            raise Unavailable(say("Xero's answer cannot be read."))
        pages = answer.get("pagination", {}).get("pageCount", 1)
        found = {"rows": rows, "pages": pages, "at": answer.get("DateTimeUTC", ""), **beside}
        return [Response(payload=found) for _ in batch.requests]
    rows = answer.get(first.payload["put"])
    if not isinstance(rows, list) or len(rows) != len(batch.requests):
        raise UnexpectedAnswer(f"{len(batch.requests)} elements were sent, and the answer is about {rows!r:.200}.")
    return [Response(payload={"row": row, **beside}) for row in rows]


def headers(connection: Connection) -> dict[str, str]:
    """Return the headers of every call: the access token, the organisation, and JSON instead of XML."""
    return {
        "Authorization": f"Bearer {connection.credentials['access_token']}",
        "xero-tenant-id": connection.books_id,
        "Accept": "application/json",
    }


def timeout(settings: Any) -> tuple[float, float]:
    """Return the seconds to wait for a connection and for an answer."""
    return CONNECT_TIMEOUT, min(float(settings["TIMEOUT"]), LONGEST_TIMEOUT)


def _make_call(batch: Batch, connection: Connection) -> tuple[dict[str, Any], dict[str, str]]:
    """Make one call and return its JSON, and the call's correlation id and tenant. Raise the failure of any other
    answer."""
    request, told, broken = batch.requests[0], headers(connection), ""
    base = f"{connection.settings['API_URL'].rstrip('/')}/api.xro/2.0/"
    if request.writes:
        kind = request.payload["put"]
        method, url = "PUT", base + kind
        parameters = {"summarizeErrors": "false"} | ({"unitdp": "4"} if kind in DECIMALS else {})
        # Xero's keys are per app, not per organisation, so the organisation is part of ours.
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
    if broken:  # Raised outside of the `except`: requests' exceptions have the sent headers with the token.
        raise Unavailable(say("Xero did not answer (%(broken)s).", broken=broken))
    if response.status_code == requests.codes.not_found and "/" in request.payload.get("get", ""):
        # This record does not exist.
        return {_rows_name(request.payload["get"]): []}, _call_details(response, connection)
    if response.status_code != requests.codes.ok:
        raise _read_failure(response, writes=request.writes)
    try:
        answer = simplejson.loads(response.text, use_decimal=True)
    except ValueError:
        raise Unavailable(say("Xero's answer cannot be read.")) from None
    return answer, _call_details(response, connection)


def _call_details(response: requests.Response, connection: Connection) -> dict[str, str]:
    return {"correlation": response.headers.get("Xero-Correlation-Id", ""), "tenant": connection.books_id}


def _read_failure(response: requests.Response, *, writes: bool) -> IntegrationError:
    """Return the failure for a response with an HTTP status other than 200."""
    status = response.status_code
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        if "scope" in response.headers.get("WWW-Authenticate", ""):
            return AuthorizationExpired(say(
                "Xero wants more to be allowed than it was. An admin must connect it again.",
            ))
        return AuthorizationExpired(say("Xero does not let this application in (HTTP %(status)s).", status=status))
    if status == requests.codes.too_many_requests:
        which = response.headers.get("X-Rate-Limit-Problem", "concurrent")
        pause = parse_retry_after(response.headers.get("Retry-After", ""), LONGEST_PAUSE) or CROWD_PAUSE
        return Unavailable(say("Xero has been asked too much (its limit “%(which)s”).", which=which), retry_after=pause)
    if status >= requests.codes.server_error:
        if status == requests.codes.server_error and writes:
            # Xero stores answers under the key, also this one: for six minutes it would return the same again.
            return OutcomeUnknown(say("Xero had an error of its own, and may have carried it out all the same."))
        return Unavailable(say("Xero is not available (HTTP %(status)s).", status=status))
    return _read_refusal(response, writes=writes)


def _read_refusal(response: requests.Response, *, writes: bool) -> IntegrationError:
    """Return the failure for a call that Xero refused as a whole."""
    said = _read_message(response)
    if writes and said.startswith("Idempotency Key"):
        # This key was used for a different request: perhaps by an older version of this plugin.
        return OutcomeUnknown(say("Xero knows the key of what was sent from another question."))
    status = response.status_code
    return Rejected(Problem(
        what=say("Xero did not take what was sent."),
        why=say("Xero says: %(said)s", said=said) if said else say("It answered HTTP %(status)s.", status=status),
        cure=say("Send it again; if that does not help, give the code to support."), code=str(status),
    ))  # fmt: skip


def _read_message(response: requests.Response) -> str:
    try:
        answer = simplejson.loads(response.text)
    except ValueError:
        return ""
    return str(answer.get("Message") or answer.get("Detail") or "")[:500] if isinstance(answer, dict) else ""


def _rows_name(path: str) -> str:
    """Return the name of the rows in the answer to a read."""
    special = {"Organisation": "Organisations", "Organisation/Actions": "Actions"}
    return special.get(path, path.split("/", maxsplit=1)[0])


def _write_json(value: object) -> str:
    return str(simplejson.dumps(value, use_decimal=True, sort_keys=True, separators=(",", ":"), allow_nan=False))
