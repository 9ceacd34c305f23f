"""Taking a batch to QuickBooks Online: one call of `/batch` under the batch's key, and one of `/cdc`.

The line is python-quickbooks' over an Authlib session. Of that library it uses the address, the headers and the
`requestid`; what came back is read here, because the library keeps neither headers nor more than one error, and gives
the same exception to a throttle, a refusal and a page of HTML.
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
    say,
)
from quickbooks_online import faults
from quickbooks_online.asking import READ, UnexpectedAnswer
from quickbooks_online.marks import mark, marked

MINOR_VERSION = 75
CONNECT_TIMEOUT = 5.0
LONGEST_TIMEOUT = 50.0
"""Seconds. With the time to connect it leaves `send` within its minute."""

LONGEST_PAUSE = 3600.0

CHANGES = "Changes"
"""What a request for changes names its kind under, beside the moment `since`; it is no operation of QuickBooks."""

MOST_CHANGES = 1000
"""How many entries one answer tells of. If it is that many, some may be missing (Intuit, change data capture)."""

REFUSED_WHOLE = (400, 413, 415, 422)
"""Statuses of a call that was not understood, of which therefore nothing was carried out."""


def encode(key: str, requests: Sequence[Request]) -> str:
    """Return the body of the call. Each request is an item under its place, counted from 1 (with a requestid, at most
    ten characters), and every document carries its mark. It is plain ASCII: US books take no other bytes than
    ISO-8859-1, and escapes are safe in both.

    Questions for changes are no items of a batch; they travel beside it, all in one call. Nor are entries read by id,
    each in a call of its own.
    """
    items = [
        {**(marked(request.payload, mark(key, place)) if request.writes else request.payload), "bId": str(place)}
        for place, request in enumerate(requests, start=1)
        if not _is_beside(request)
    ]
    return simplejson.dumps(
        {"BatchItemRequest": items}, use_decimal=True, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _is_beside(request: Request) -> bool:
    return CHANGES in request.payload or READ in request.payload


class Line(OAuth2Session):  # type: ignore[misc]  # Authlib ships without types.
    """An HTTP session with the token that python-quickbooks asks for, which keeps the last response whole."""

    last: requests.Response | None = None

    def __init__(self, connection: Connection) -> None:
        token = {"access_token": connection.credentials["access_token"], "token_type": "bearer"}
        super().__init__(token=token, default_timeout=(CONNECT_TIMEOUT, timeout(connection.settings)))

    @property
    def access_token(self) -> str:
        return str(self.token["access_token"])

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        # A redirect would repeat the question at an address that nobody configured, and as a GET.
        response: requests.Response = super().request(method, url, allow_redirects=False, **more)
        response.encoding = "utf-8"
        self.last = response
        return response


class Books(QuickBooks):  # type: ignore[misc]  # python-quickbooks ships without types.
    """python-quickbooks, which leaves faults to `faults.py`."""

    @staticmethod
    def handle_exceptions(results: object) -> None:
        """Called with a fault, of which the library would raise the first error only."""


def timeout(settings: Mapping[str, str]) -> float:
    """Return how many seconds to wait for an answer."""
    return min(float(settings["TIMEOUT"]), LONGEST_TIMEOUT)


def cost(requests: Sequence[Request]) -> RequestCost:
    """Return what a trip costs: a call of the batch, if anything is in it, one for all changes together, and one for
    each entry that is read by its id.

    Intuit meters what reads (queries, change data capture) and not what writes. Whether it counts a batch of queries
    once or each query is not documented; here each is counted, so that the meter never stands too low.
    """
    changes = sum(CHANGES in request.payload for request in requests)
    entries = sum(READ in request.payload for request in requests)
    writes = sum(request.writes for request in requests)
    batches, asks = int(len(requests) > changes + entries), int(changes > 0)
    reads = len(requests) - changes - writes + asks
    return RequestCost(calls=batches + asks + entries, batches=batches, reads=reads, writes=writes)


def send(batch: Batch, connection: Connection) -> Sequence[Response]:
    """Carry a batch, and bring its answers back in the order of its requests.

    The batch goes first. If the line breaks before the rest is read, all is repeated, and the batch's own key makes
    that harmless.
    """
    numbered = dict(enumerate(batch.requests, start=1))
    inside = [place for place, request in numbered.items() if not _is_beside(request)]
    changes = [place for place, request in numbered.items() if CHANGES in request.payload]
    found: dict[int, Response] = {}
    with Line(connection) as line:
        if inside:
            address, body = "batch", batch.body.encode()
            key = batch.idempotency_key
            answer = _ask(line, connection, lambda books, url: books.post(url + address, body, request_id=key))
            found |= _paired(answer, batch, inside, _beside(line, connection, answer))
        if changes:
            found |= _changes(line, batch, connection, changes)
        for place in numbered.keys() - found.keys():
            found[place] = _entry(line, connection, numbered[place].payload)
    return [found[place] for place in sorted(found)]


def _entry(line: Line, connection: Connection, wanted: Payload) -> Response:
    """Read one entry by its id."""
    address = f"{str(wanted[READ]).lower()}/{wanted['Id']}"
    answer = _ask(line, connection, lambda books, url: books.get(url + address), faults_are_answers=True)
    return Response(payload={**answer, **_beside(line, connection, answer)})


def _changes(line: Line, batch: Batch, connection: Connection, places: Sequence[int]) -> dict[int, Response]:
    """Ask once what has changed of all that is asked for, since the earliest moment of them."""
    wanted = {place: batch.requests[place - 1].payload for place in places}
    kinds = dict.fromkeys(str(payload[CHANGES]) for payload in wanted.values())
    params = {"entities": ",".join(kinds), "changedSince": min(str(payload["since"]) for payload in wanted.values())}
    answer = _ask(line, connection, lambda books, url: books.get(url + "cdc", params=params), faults_are_answers=True)
    beside = _beside(line, connection, answer)
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


def _ask(
    line: Line,
    connection: Connection,
    call: Callable[[QuickBooks, str], object],
    *,
    faults_are_answers: bool = False,
) -> dict[str, Any]:
    """One call, and its answer as JSON. A refusal of it as a whole is raised, unless it is an answer like others."""
    line.last = None
    answer = _call(line, connection, call)
    if line.last is None:
        raise UnexpectedAnswer("The call ended without an answer and without a failure.")
    if line.last.status_code == requests.codes.ok and isinstance(answer, dict) and "Fault" not in answer:
        return answer
    fault = _fault(line.last)
    if faults_are_answers and fault is not None and line.last.status_code in (requests.codes.ok, *REFUSED_WHOLE):
        return {"Fault": simplejson.loads(line.last.text, use_decimal=True).get("Fault", {})}
    raise _failure(line.last)


def _beside(line: Line, connection: Connection, answer: Mapping[str, Any]) -> dict[str, str]:
    """Return what only the carrier knows: the `realm` it spoke to, Intuit's `intuit_tid` for its support, and the
    `time` by QuickBooks' clock."""
    tid = line.last.headers.get("intuit_tid", "") if line.last is not None else ""
    return {"intuit_tid": tid, "realm": connection.books_id, "time": str(answer.get("time", ""))}


def _call(line: Line, connection: Connection, call: Callable[[QuickBooks, str], object]) -> object:
    books = Books(company_id=connection.books_id, minorversion=MINOR_VERSION, use_decimal=True)
    books.api_url_v3 = connection.settings["API_URL"].rstrip("/") + "/v3"
    books.session = line
    broken = ""
    try:
        # It raises QuickbooksException for any status and body it does not like, and TypeError for JSON that is no
        # object. The response is kept, so that all of these are judged in one place.
        with suppress(QuickbooksException, TypeError):
            return call(books, f"{books.api_url}/company/{connection.books_id}/")
    except requests.RequestException as error:
        broken = type(error).__name__
    if broken:  # Raised out here, because requests' exceptions carry the headers that were sent, token and all.
        raise Unavailable(say("QuickBooks Online did not answer (%(broken)s).", broken=broken))
    return None


def _failure(response: requests.Response) -> IntegrationError:
    """Return what it means that the batch as a whole was not answered."""
    status = response.status_code
    fault = _fault(response)
    pause = _retry_after(response)
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


def _fault(response: requests.Response) -> faults.Fault | None:
    try:
        answer = simplejson.loads(response.text, use_decimal=True)
    except ValueError:
        return faults.in_xml(response.text)
    return faults.in_json(answer) if isinstance(answer, dict) else None


def _retry_after(response: requests.Response) -> float | None:
    """Return the pause that the ledger asks for. It may also be a date, which is not worth a clock."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else None


def _paired(
    answer: Mapping[str, Any], batch: Batch, asked: Sequence[int], beside: Mapping[str, str]
) -> dict[int, Response]:
    """Give every item of a batch its own answer. They come in any order, so each must be there once, by its place."""
    items = answer.get("BatchItemResponse")
    items = items if isinstance(items, list) else []
    places = [str(place) for place in asked]
    got = [str(item.get("bId")) if isinstance(item, dict) else "?" for item in items]
    if sorted(got) != sorted(places):
        key = batch.idempotency_key
        raise UnexpectedAnswer(f"Batch {key} has {len(places)} requests, but the answers are for {got}.")
    of = dict(zip(got, items, strict=True))
    return {
        place: Response(payload={**of[str(place)], **beside, "mark": mark(batch.idempotency_key, place)})
        if batch.requests[place - 1].writes
        else Response(payload={**of[str(place)], **beside})
        for place in asked
    }
