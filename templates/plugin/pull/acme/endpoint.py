"""The line to Acme, which calls every few minutes: the file that tells it where, and what answers its calls.

It holds nothing between two calls: what there is to do, and what follows from an answer, is the desk's to know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hub.plugin import Books, Desk, Doorway, Download, Envelope, Idle, Request, Response, Unavailable, Welcome, say

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DIALECT = "1"
"""The version of Acme's protocol that we speak."""

LONGEST = 8 * 1024 * 1024
"""Bytes of a call."""


def invite(doorway: Doorway) -> Download:
    """The file that an admin opens in Acme. The password is typed there."""
    told = {"url": doorway.url, "login": doorway.login, "minutes": doorway.minutes, "help": doorway.support_url}
    return Download(name="bookpost.acme", media_type="application/json", body=json.dumps(told).encode())


def seal(key: str, requests: Sequence[Request]) -> str:
    """What Acme collects, byte for byte. It carries a key out once, and answers the same when it comes again."""
    return json.dumps({"key": key, "questions": [request.payload for request in requests]}, sort_keys=True)


def read(envelope: Envelope, answer: str) -> Sequence[Response]:
    """What Acme handed in says. An answer to something else is none: the envelope then goes again under its key."""
    try:
        found = json.loads(answer)
        key, answers = found["key"], found["answers"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(say("Acme's answer could not be read. It is asked again.")) from error
    if key != envelope.key:
        raise Unavailable(say("Acme's answer was one to another question. It is asked again."))
    return [Response(payload=payload) for payload in answers]


def endpoint(desk: Desk) -> WSGIApplication:
    """A WSGI application that serves one desk."""

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        try:
            length = min(int(environ.get("CONTENT_LENGTH") or 0), LONGEST)
            asked = json.loads(environ["wsgi.input"].read(length))
            status, answer = "200 OK", CALLS[asked["call"]](desk, asked)
        except (ValueError, KeyError, TypeError):
            status, answer = "400 Bad Request", {"error": "This is not a call of Acme's."}
        body = json.dumps(answer).encode()
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return application


def _hello(desk: Desk, asked: dict[str, Any]) -> dict[str, Any]:
    """Who calls, and is there something to do?"""
    desk.greet(str(asked.get("version", "")))
    admission = desk.admit(asked["login"], asked["password"])
    if admission.welcome is Welcome.OPEN:
        desk.recognise(admission.ticket, Books(**asked["books"]), DIALECT)
    return {"welcome": admission.welcome.value, "ticket": admission.ticket}


def _collect(desk: Desk, asked: dict[str, Any]) -> dict[str, Any]:
    """What is there to do?"""
    found = desk.collect(asked["ticket"])
    return {"idle": found.value} if isinstance(found, Idle) else {"body": found}


def _answer(desk: Desk, asked: dict[str, Any]) -> dict[str, Any]:
    """What came of it, or that Acme could not be asked."""
    failed = Unavailable(asked.get("error") or say("Acme could not be asked."))
    came = asked["answer"] if asked.get("answer") else failed
    return {"done": desk.hand_in(asked["ticket"], came), "error": desk.last_error(asked["ticket"])}


def _bye(desk: Desk, asked: dict[str, Any]) -> dict[str, Any]:
    desk.close(asked["ticket"])
    return {}


CALLS = {"hello": _hello, "collect": _collect, "answer": _answer, "bye": _bye}
