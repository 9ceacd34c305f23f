"""The line to Acme, which calls every few minutes: the file that tells it where, and what answers its calls.

It keeps nothing between two calls: the polling session knows what there is to do, and what follows from an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hub.plugin import (
    Batch, Books, Download, EndpointDetails, LoginResult, NoBatch, PollingSession, Request, Response, Unavailable, say,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DIALECT = "1"
"""The version of Acme's protocol that we speak."""

LONGEST = 8 * 1024 * 1024
"""Bytes of a call."""


def connection_file(details: EndpointDetails) -> Download:
    """Return the file that an admin opens in Acme. The password is typed there."""
    told = {"url": details.url, "login": details.login, "minutes": details.minutes, "help": details.support_url}
    return Download(name="bookpost.acme", media_type="application/json", body=json.dumps(told).encode())


def encode(key: str, requests: Sequence[Request]) -> str:
    """Return what Acme collects, byte for byte. It carries a key out once, and answers the same when it comes again."""
    return json.dumps({"key": key, "questions": [request.payload for request in requests]}, sort_keys=True)


def read(batch: Batch, answer: str) -> Sequence[Response]:
    """Return what Acme handed in says. An answer to something else is none: the batch then goes again under its key."""
    try:
        found = json.loads(answer)
        key, answers = found["key"], found["answers"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(say("Acme's answer could not be read. It is asked again.")) from error
    if key != batch.idempotency_key:
        raise Unavailable(say("Acme's answer was one to another question. It is asked again."))
    return [Response(payload=payload) for payload in answers]


def endpoint(session: PollingSession) -> WSGIApplication:
    """Return a WSGI application that serves the polling sessions of one installation."""

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        try:
            length = min(int(environ.get("CONTENT_LENGTH") or 0), LONGEST)
            asked = json.loads(environ["wsgi.input"].read(length))
            status, answer = "200 OK", CALLS[asked["call"]](session, asked)
        except (ValueError, KeyError, TypeError):
            status, answer = "400 Bad Request", {"error": "This is not a call of Acme's."}
        body = json.dumps(answer).encode()
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return application


def _hello(session: PollingSession, asked: dict[str, Any]) -> dict[str, Any]:
    """Log the caller in, and say whether there is something to do."""
    session.note_version(str(asked.get("version", "")))
    login_answer = session.log_in(asked["login"], asked["password"])
    if login_answer.result is LoginResult.OPEN:
        session.identify_books(login_answer.ticket, Books(**asked["books"]), DIALECT)
    return {"welcome": login_answer.result.value, "ticket": login_answer.ticket}


def _collect(session: PollingSession, asked: dict[str, Any]) -> dict[str, Any]:
    """Hand out the next batch, if there is one."""
    found = session.next_batch(asked["ticket"])
    return {"idle": found.value} if isinstance(found, NoBatch) else {"body": found}


def _answer(session: PollingSession, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what came of it, or that Acme could not be asked."""
    failed = Unavailable(asked.get("error") or say("Acme could not be asked."))
    came = asked["answer"] if asked.get("answer") else failed
    return {"done": session.receive_answer(asked["ticket"], came), "error": session.last_error(asked["ticket"])}


def _bye(session: PollingSession, asked: dict[str, Any]) -> dict[str, Any]:
    session.close(asked["ticket"])
    return {}


CALLS = {"hello": _hello, "collect": _collect, "answer": _answer, "bye": _bye}
