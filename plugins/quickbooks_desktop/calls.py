"""What the Web Connector's calls mean, answered from a desk (programmer's guide v2.0, "Web service methods")."""

from __future__ import annotations

from collections.abc import Sequence

from hub.plugin import (
    Desk,
    Envelope,
    Idle,
    InDoubt,
    Problem,
    Rejected,
    Response,
    Unavailable,
    Welcome,
    say,
)
from quickbooks_desktop import company, qbxml, statuses
from quickbooks_desktop.recovery import FORGOTTEN

STOP, NOTHING = -1, ""
"""A negative receipt, and no request: either way the Web Connector asks what the last error is, and hangs up."""

PAUSE = "NoOp"
"""The Web Connector waits five seconds and asks again (guide p. 23, 72); the last error must say the same."""

GIVE_UP = "done"

_WELCOME = {Welcome.OPEN: "", Welcome.NOTHING: "none", Welcome.BUSY: "busy", Welcome.STRANGER: "nvu"}


def greet(desk: Desk, version: str) -> str:
    """`clientVersion`: every version is welcome."""
    desk.greet(version)
    return NOTHING


def authenticate(desk: Desk, login: str, password: str) -> list[str]:
    admission = desk.admit(login, password)
    answer = [admission.ticket, _WELCOME[admission.welcome]]
    return [*answer, str(admission.wait)] if admission.wait else answer


def send(desk: Desk, ticket: str, introduction: str) -> str:
    if introduction.strip() and not _recognised(desk, ticket, introduction):
        return NOTHING
    following = desk.collect(ticket)
    if isinstance(following, str):
        return following
    return PAUSE if following is Idle.PREPARING else NOTHING


def _recognised(desk: Desk, ticket: str, introduction: str) -> bool:
    """Whether the session may go on with the company file that introduces itself."""
    try:
        books, dialect = company.introduction(introduction)
    except company.NotSupported:
        desk.complain(
            ticket,
            say("This QuickBooks is too old: it understands no qbXML from 7.0 on. Use QuickBooks 2008 or later."),
        )
        return False
    if books.id and books.id != company.file_id(desk.login):
        desk.complain(ticket, wrong_file(books.name, desk.books.name if desk.books else ""))
        return False
    known = desk.books
    if not books.id and known is not None and known.name and known.name != books.name:
        desk.complain(ticket, wrong_file(books.name, known.name))
        return False
    desk.recognise(ticket, books, dialect)
    return True


def wrong_file(there: str, wanted: str) -> str:
    """What the Web Connector's user reads when another company file is open than the one that is connected."""
    right = say("the company file of %(books)s", books=wanted) if wanted else say("the right company file")
    return say(
        "QuickBooks has the company file of %(there)s open, and this connection belongs to another one. Open %(right)s "
        "in QuickBooks and update again. Nothing was sent.", there=there or say("another company"), right=right,
    )  # fmt: skip


def receive(desk: Desk, ticket: str, response: str, hresult: str, message: str) -> int:
    """`receiveResponseXML`: the answer is taken in as it is, and read by `read` when there is time."""
    if hresult or not response.strip():
        return desk.hand_in(ticket, statuses.hresult(hresult, message))
    return desk.hand_in(ticket, response)


def read(envelope: Envelope, answer: str) -> Sequence[Response]:
    """What an answer says to each request of an envelope. Raises `Unavailable`, `InDoubt`, `Rejected`."""
    try:
        found = qbxml.read(answer, [request.payload for request in envelope.requests])
    except qbxml.Unreadable as error:
        what = say("QuickBooks' answer could not be used: %(error)s It is asked again.", error=error)
        raise Unavailable(what) from error
    if found.key and found.key != envelope.key:
        raise Unavailable(say("QuickBooks' answer was one to another message set. It is asked again."))
    if found.status in FORGOTTEN:
        raise InDoubt(say("QuickBooks does not remember what it was asked (status %(status)s).", status=found.status))
    if found.status not in {"", "0"}:
        raise Rejected(Problem(what=say("QuickBooks refused the message set."), code=found.status))
    return [Response(payload=payload) for payload in found.payloads]


def connection_error(desk: Desk, ticket: str, hresult: str, message: str) -> str:
    failure = statuses.hresult(hresult, message)
    desk.complain(ticket, str(failure))
    return GIVE_UP


def last_error(desk: Desk, ticket: str) -> str:
    """`getLastError`: a sentence, or the word that makes the Web Connector wait."""
    return desk.last_error(ticket) or (PAUSE if desk.preparing(ticket) else NOTHING)


def close(desk: Desk, ticket: str) -> str:
    sentence = desk.last_error(ticket)
    desk.close(ticket)
    return sentence or "OK"
