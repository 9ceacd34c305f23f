"""Send a batch to QuickBooks Online: one call of `/batch` under the batch's key, one of `/cdc`, and reads by id.

The HTTP client is python-quickbooks over an Authlib session. That library provides the address, the headers and the
`requestid`. Responses are read here, because the library keeps neither headers nor more than one error, and raises the
same exception for a throttle, a refusal and a page of HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests
import simplejson
from authlib.integrations.requests_client import OAuth2Session
from quickbooks import QuickBooks
from quickbooks.exceptions import QuickbooksException

from hub.plugin import (
    AuthorizationExpired,
    Batch,
    Connection,
    IntegrationError,
    Payload,
    Problem,
    Rejected,
    Request,
    RequestCost,
    Response,
    Unavailable,
    UnexpectedAnswer,
    make_mark,
    parse_retry_after,
    say,
)
from quickbooks_online import faults
from quickbooks_online.asking import PAGE, READ
from quickbooks_online.marks import add_mark

MINOR_VERSION = 75
CONNECT_TIMEOUT = 5.0
LONGEST_TIMEOUT = 50.0
"""Seconds. Together with the connect timeout, `send` ends within a minute."""

LONGEST_PAUSE = 3600.0

CHANGES = "Changes"
"""The key of the kind in a request for changes, beside the time `since`. It is not an operation of QuickBooks."""

MOST_CHANGES = 1000
"""The most records in one answer. If an answer has that many, some may be missing (Intuit, change data capture)."""

REFUSED_WHOLE = (400, 413, 415, 422)
"""HTTP statuses of a call that was not understood; nothing of it was carried out."""


def encode(key: str, requests: Sequence[Request]) -> str:
    """Return the body of the `/batch` call. Each request is an item whose `bId` is its place, counted from 1 (with a
    requestid, at most ten characters), and every document has its mark. The body is ASCII with escapes: US companies
    accept only ISO-8859-1.

    Requests for changes, pages and reads by id are not items of a batch: all changes are requested in one call of their
    own, and each page and each read by id in another.
    """
    items = [
        {**(add_mark(request.payload, make_mark(key, place)) if request.writes else request.payload), "bId": str(place)}
        for place, request in enumerate(requests, start=1)
        if not _is_beside(request)
    ]
    return simplejson.dumps(
        {"BatchItemRequest": items}, use_decimal=True, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _is_beside(request: Request) -> bool:
    return not {CHANGES, READ, PAGE}.isdisjoint(request.payload)


class Line(OAuth2Session):  # type: ignore[misc]  # Authlib ships without types.
    """An HTTP session with the access token for python-quickbooks. It keeps the last response."""

    last: requests.Response | None = None

    def __init__(self, connection: Connection) -> None:
        token = {"access_token": connection.credentials["access_token"], "token_type": "bearer"}
        super().__init__(token=token, default_timeout=(CONNECT_TIMEOUT, timeout(connection.settings)))

    @property
    def access_token(self) -> str:
        return str(self.token["access_token"])

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        # A redirect would repeat the call as a GET at an address that is not configured.
        response: requests.Response = super().request(method, url, allow_redirects=False, **more)
        response.encoding = "utf-8"
        self.last = response
        return response


class Books(QuickBooks):  # type: ignore[misc]  # python-quickbooks ships without types.
    """The client of python-quickbooks, without its error handling: `faults.py` reads faults."""

    @staticmethod
    def handle_exceptions(results: object) -> None:
        """Do nothing. The library calls this with a fault, and would raise only its first error."""


def timeout(settings: Mapping[str, str]) -> float:
    """Return the seconds to wait for an answer, at most `LONGEST_TIMEOUT`."""
    return min(float(settings["TIMEOUT"]), LONGEST_TIMEOUT)


def cost(requests: Sequence[Request]) -> RequestCost:
    """Return the cost of sending a batch: a call for the batch, if it has items, one for all changes together, and one
    for each page and each record that is read by its id.

    Intuit meters reads (queries, change data capture) and not writes. Its documentation does not say if a batch of
    queries counts once or once per query; here each query counts, so that our count is never too low.
    """
    changes = sum(CHANGES in request.payload for request in requests)
    alone = sum(READ in request.payload or PAGE in request.payload for request in requests)
    writes = sum(request.writes for request in requests)
    batches, asks = int(len(requests) > changes + alone), int(changes > 0)
    reads = len(requests) - changes - writes + asks
    return RequestCost(calls=batches + asks + alone, batches=batches, reads=reads, writes=writes)


def send(batch: Batch, connection: Connection) -> Sequence[Response]:
    """Send a batch and return its responses in the order of its requests.

    The `/batch` call goes first. If the connection breaks before the rest is read, everything is sent again, which the
    batch's key makes safe.
    """
    numbered = dict(enumerate(batch.requests, start=1))
    inside = [place for place, request in numbered.items() if not _is_beside(request)]
    changes = [place for place, request in numbered.items() if CHANGES in request.payload]
    found: dict[int, Response] = {}
    with Line(connection) as line:
        if inside:
            address, body = "batch", batch.body.encode()
            key = batch.idempotency_key
            answer = _make_call(line, connection, lambda books, url: books.post(url + address, body, request_id=key))
            found |= _pair_responses(answer, batch, inside, _call_details(line, connection, answer))
        if changes:
            found |= _read_changes(line, batch, connection, changes)
        for place in numbered.keys() - found.keys():
            found[place] = _read_alone(line, connection, numbered[place].payload)
    return [found[place] for place in sorted(found)]


def _read_alone(line: Line, connection: Connection, wanted: Payload) -> Response:
    """Read one record by its id, or one page."""

    def ask(books: QuickBooks, url: str) -> object:
        if PAGE in wanted:
            return books.query(str(wanted[PAGE]).encode())
        return books.get(f"{url}{str(wanted[READ]).lower()}/{wanted['Id']}")

    answer = _make_call(line, connection, ask, faults_are_answers=True)
    return Response(payload={**answer, **_call_details(line, connection, answer)})


def _read_changes(line: Line, batch: Batch, connection: Connection, places: Sequence[int]) -> dict[int, Response]:
    """Ask in one call for the changes of all requested kinds, since the earliest of their times."""
    wanted = {place: batch.requests[place - 1].payload for place in places}
    kinds = dict.fromkeys(str(payload[CHANGES]) for payload in wanted.values())
    params = {"entities": ",".join(kinds), "changedSince": min(str(payload["since"]) for payload in wanted.values())}
    answer = _make_call(
        line, connection, lambda books, url: books.get(url + "cdc", params=params), faults_are_answers=True
    )
    beside = _call_details(line, connection, answer)
    if "Fault" in answer:
        return {place: Response(payload={"Fault": answer["Fault"], **beside}) for place in places}
    rows: dict[str, list[Any]] = {kind: [] for kind in kinds}
    for part in answer["CDCResponse"][0]["QueryResponse"]:
        for kind in kinds.keys() & part.keys():
            rows[kind] += part[kind]
    is_full = sum(map(len, rows.values())) >= MOST_CHANGES
    return {
        place: Response(payload={"rows": rows[str(payload[CHANGES])], "is_full": is_full, **beside})
        for place, payload in wanted.items()
    }


def _make_call(
    line: Line,
    connection: Connection,
    call: Callable[[QuickBooks, str], object],
    *,
    faults_are_answers: bool = False,
) -> dict[str, Any]:
    """Make one call and return its JSON. Raise the failure if it was refused as a whole; with `faults_are_answers`,
    return its fault."""
    line.last = None
    answer = _call_library(line, connection, call)
    if line.last is None:
        raise UnexpectedAnswer("The call ended without an answer and without a failure.")
    if line.last.status_code == requests.codes.ok and isinstance(answer, dict) and "Fault" not in answer:
        return answer
    fault = _read_fault(line.last)
    if faults_are_answers and fault is not None and line.last.status_code in (requests.codes.ok, *REFUSED_WHOLE):
        return {"Fault": simplejson.loads(line.last.text, use_decimal=True).get("Fault", {})}
    raise _read_failure(line.last)


def _call_details(line: Line, connection: Connection, answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the details of the call itself: its `realm`, Intuit's `intuit_tid` for support requests, and the `time` by
    QuickBooks' clock."""
    tid = line.last.headers.get("intuit_tid", "") if line.last is not None else ""
    return {"intuit_tid": tid, "realm": connection.books_id, "time": str(answer.get("time", ""))}


def _call_library(line: Line, connection: Connection, call: Callable[[QuickBooks, str], object]) -> object:
    books = Books(company_id=connection.books_id, minorversion=MINOR_VERSION, use_decimal=True)
    books.api_url_v3 = connection.settings["API_URL"].rstrip("/") + "/v3"
    books.session = line
    broken = ""
    try:
        # The library raises QuickbooksException for any status and body that it does not accept, and TypeError for
        # JSON that is not an object. The session keeps the response, and `_read_failure` reads it in all these cases.
        with suppress(QuickbooksException, TypeError):
            return call(books, f"{books.api_url}/company/{connection.books_id}/")
    except requests.RequestException as error:
        broken = type(error).__name__
    if broken:  # Raised outside of the `except`: requests' exceptions have the sent headers with the token.
        raise Unavailable(say("QuickBooks Online did not answer (%(broken)s).", broken=broken))
    return None


def _read_failure(response: requests.Response) -> IntegrationError:
    """Return the failure for a response that refuses a call as a whole."""
    status = response.status_code
    fault = _read_fault(response)
    pause = parse_retry_after(response.headers.get("Retry-After", ""), LONGEST_PAUSE)
    said = say("HTTP %(status)s", status=status)
    if fault and fault.code:
        said = say("HTTP %(status)s, code %(code)s", status=status, code=fault.code)
    if status == requests.codes.unauthorized:
        return AuthorizationExpired(say("QuickBooks Online does not accept the authorization (%(said)s).", said=said))
    if status == requests.codes.too_many_requests:
        what = say("QuickBooks Online asks for a pause (HTTP 429).")
        return Unavailable(what, retry_after=pause or faults.THROTTLE_PAUSE)
    if fault and status < requests.codes.internal_server_error:
        return fault.failure(say("what was sent"), retry_after=pause)
    if status in REFUSED_WHOLE:
        why = say("It answered HTTP %(status)s without saying why.", status=status)
        return Rejected(Problem(what=say("QuickBooks did not take what was sent."), why=why, code=str(status)))
    return Unavailable(say("QuickBooks Online is not available (%(said)s).", said=said), retry_after=pause)


def _read_fault(response: requests.Response) -> faults.Fault | None:
    try:
        answer = simplejson.loads(response.text, use_decimal=True)
    except ValueError:
        return faults.in_xml(response.text)
    return faults.in_json(answer) if isinstance(answer, dict) else None


def _pair_responses(
    answer: Mapping[str, Any], batch: Batch, asked: Sequence[int], beside: Mapping[str, str]
) -> dict[int, Response]:
    """Return the response to each item of a batch by its place. Items are answered in any order; each must be answered
    exactly once, or `UnexpectedAnswer` is raised."""
    items = answer.get("BatchItemResponse")
    items = items if isinstance(items, list) else []
    places = [str(place) for place in asked]
    got = [str(item.get("bId")) if isinstance(item, dict) else "?" for item in items]
    if sorted(got) != sorted(places):
        key = batch.idempotency_key
        raise UnexpectedAnswer(f"Batch {key} has {len(places)} requests, but the answers are for {got}.")
    of = dict(zip(got, items, strict=True))
    return {
        place: Response(payload={**of[str(place)], **beside, "mark": make_mark(batch.idempotency_key, place)})
        if batch.requests[place - 1].writes
        else Response(payload={**of[str(place)], **beside})
        for place in asked
    }
