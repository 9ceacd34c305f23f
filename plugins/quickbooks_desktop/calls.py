"""Answer the Web Connector's calls from a polling session (programmer's guide v2.0, "Web service methods")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.plugin import (
    AnswerUnreadable,
    Batch,
    LoginResult,
    NoBatch,
    OutcomeUnknown,
    PollingSession,
    Problem,
    Rejected,
    Response,
    say,
)
from quickbooks_desktop import company, qbxml, statuses
from quickbooks_desktop.recovery import FORGOTTEN

STOP, NOTHING = -1, ""
"""A negative receipt, and an empty request: after either one the Web Connector calls `getLastError` and disconnects."""

PAUSE = "NoOp"
"""Makes the Web Connector wait five seconds and call again (guide p. 23, 72); `getLastError` must return it too."""

GIVE_UP = "done"

_WELCOME = {LoginResult.OPEN: "", LoginResult.NOTHING: "none", LoginResult.BUSY: "busy", LoginResult.STRANGER: "nvu"}


def greet(session: PollingSession, version: str) -> str:
    """Answer `clientVersion`: store the version and accept every one."""
    session.note_version(version)
    return NOTHING


def authenticate(session: PollingSession, login: str, password: str) -> list[str]:
    login_answer = session.log_in(login, password)
    answer = [login_answer.ticket, _WELCOME[login_answer.result]]
    return [*answer, str(login_answer.wait)] if login_answer.wait else answer


def send(session: PollingSession, ticket: str, introduction: str, path: str = "") -> str:
    if introduction.strip() and not _recognised(session, ticket, introduction, path):
        return NOTHING
    following = session.next_batch(ticket)
    if isinstance(following, str):
        return following
    return PAUSE if following is NoBatch.PREPARING else NOTHING


def _recognised(session: PollingSession, ticket: str, introduction: str, path: str) -> bool:
    """Return True if the session may continue with the open company file; otherwise report why not to the session."""
    try:
        books, dialect = company.introduction(introduction)
    except company.NotSupported as error:
        session.report_error(ticket, str(error))
        return False
    known = session.books
    if books.id and books.id != company.file_id(session.login) and books.id not in session.former_ids:
        is_other = known is not None and known.name != books.name
        session.report_error(ticket, wrong_file(books.name, known.name) if known and is_other else OLD_MARK)
        return False
    if not books.id and known is not None and known.name and known.name != books.name:
        session.report_error(ticket, wrong_file(books.name, known.name))
        return False
    if known is not None and known.place and path and path.casefold() != known.place.casefold():
        session.report_moved(ticket, path, _moved(known.place, path))
        return False
    session.identify_books(ticket, replace(books, place=path), dialect)
    return True


def _moved(before: str, path: str) -> str:
    """Return the message for a company file with our mark at another path: it was moved, or is a copy (a backup that
    was restored beside it, an accountant's copy), whose orders nobody would find again."""
    return say(
        "The company file is in another place: it was %(before)s, and is %(path)s. If it was moved, an admin confirms "
        "it under Settings ▸ Integrations ▸ QuickBooks Desktop ▸ View connection. If it is a copy, open the right one. "
        "Nothing was sent.", before=before, path=path,
    )  # fmt: skip


OLD_MARK = say(
    "This company file has the mark of another connection, made earlier or from another account. In QuickBooks, as "
    "Admin, remove the application under Edit ▸ Preferences ▸ Integrated Applications ▸ Company Preferences; then "
    "click “Make a new file” on the connection page, and open that file. Nothing was sent."
)


def wrong_file(there: str, wanted: str) -> str:
    """Return the message for the Web Connector's user when a company file is open that is not the connected one."""
    right = say("the company file of %(books)s", books=wanted) if wanted else say("the right company file")
    return say(
        "QuickBooks has the company file of %(there)s open, and this connection belongs to another one. Open %(right)s "
        "in QuickBooks and update again. Nothing was sent.", there=there or say("another company"), right=right,
    )  # fmt: skip


def receive(session: PollingSession, ticket: str, response: str, hresult: str, message: str) -> int:
    """Answer `receiveResponseXML`: store the answer unread; `decode_answer` parses it later, outside of this call."""
    if hresult or not response.strip():
        return session.receive_answer(ticket, statuses.read_hresult(hresult, message))
    return session.receive_answer(ticket, response)


def decode_answer(batch: Batch, answer: str) -> Sequence[Response]:
    """Return the response to each request of a batch. Raises `Unavailable`, `OutcomeUnknown` or `Rejected`."""
    try:
        found = qbxml.read(answer, [request.payload for request in batch.requests])
    except qbxml.Unreadable as error:
        what = say("QuickBooks' answer could not be used: %(error)s It is asked again.", error=error)
        raise AnswerUnreadable(what) from error
    if found.key and found.key != batch.idempotency_key:
        raise AnswerUnreadable(say("QuickBooks' answer was one to another message set. It is asked again."))
    if found.status in FORGOTTEN:
        raise OutcomeUnknown(
            say("QuickBooks does not remember what it was asked (status %(status)s).", status=found.status)
        )
    if found.status not in {"", "0"}:
        raise Rejected(Problem(what=say("QuickBooks refused the message set."), code=found.status))
    return [Response(payload=payload) for payload in found.payloads]


def connection_error(session: PollingSession, ticket: str, hresult: str, message: str) -> str:
    failure = statuses.read_hresult(hresult, message)
    session.report_error(ticket, str(failure))
    return GIVE_UP


def last_error(session: PollingSession, ticket: str) -> str:
    """Answer `getLastError`: the session's error message, or `PAUSE` while the next batch is being prepared."""
    return session.last_error(ticket) or (PAUSE if session.is_preparing(ticket) else NOTHING)


def close(session: PollingSession, ticket: str) -> str:
    if not ticket:  # After `none`, `busy` and `nvu`: there was no session.
        return "OK"
    sentence = session.last_error(ticket)
    session.close(ticket)
    return sentence or "OK"
