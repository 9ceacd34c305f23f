"""Running a conversation to its end: with answers that a test gives, as the hub does after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hub.plugin import Conversation, Payload, Request, Response

T = TypeVar("T")


def answered(conversation: Conversation[T], *answers: Payload) -> tuple[T, list[Request]]:
    """Feed `answers` one after the other. Gives what the conversation returned and all that it asked."""
    asked = [next(conversation)]
    for answer in answers:
        try:
            asked.append(conversation.send(Response(payload=answer)))
        except StopIteration as end:
            return end.value, asked
    raise AssertionError(f"The conversation still asks: {asked[-1]}")


def questions(conversation: Conversation[Any], answers: Sequence[Payload]) -> list[Request]:
    """What a conversation asks while it is fed `answers`, however it then goes on."""
    asked = [next(conversation)]
    asked.extend(conversation.send(Response(payload=answer)) for answer in answers)
    return asked


def found(kind: str, *rows: Payload, **more: object) -> Payload:
    """An answer to a query that found `rows`."""
    answer: Payload = {kind: list(rows), "startPosition": 1, "maxResults": len(rows)} if rows else {}
    return {"QueryResponse": answer, **more}


def fault(code: str, *, detail: str = "", kind: str = "ValidationFault", element: str = "") -> Payload:
    """An answer that refuses, in the service's own shape."""
    error = {"Message": "Refused", "Detail": detail, "code": code, "element": element}
    return {"Fault": {"Error": [error], "type": kind}}
