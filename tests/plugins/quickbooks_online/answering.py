"""Running conversations to their ends: with answers that a test gives, or in envelopes, as the hub does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hub.plugin import Connection, Conversation, Envelope, Payload, Request, Response, Unavailable
from quickbooks_online import QuickBooksOnline

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


@dataclass
class Carrier:
    """Carries conversations in lockstep, and an envelope that was not answered again, byte for byte under its key."""

    connection: Connection
    before: Callable[[int], None] = lambda number: None
    """Called with the number of each envelope before it leaves for the first time."""
    sent: list[Envelope] = field(default_factory=list)

    def carry(self, *conversations: Conversation[T]) -> list[T]:
        """Run conversations to their ends, and give what they returned."""
        ends: dict[int, T] = {}
        asking = {place: next(conversation) for place, conversation in enumerate(conversations)}
        while asking:
            places, requests = list(asking), tuple(asking.values())
            asking = {}
            for place, answer in zip(places, self.ask(requests), strict=True):
                try:
                    asking[place] = conversations[place].send(answer)
                except StopIteration as end:
                    ends[place] = end.value
        return [ends[place] for place in range(len(conversations))]

    def one(self, conversation: Conversation[T]) -> T:
        (end,) = self.carry(conversation)
        return end

    def ask(self, requests: tuple[Request, ...]) -> Sequence[Response]:
        integration, key = QuickBooksOnline(), f"{len(self.sent):024x}"
        envelope = Envelope(key=key, requests=requests, body=integration.seal(key, requests))
        self.before(len(self.sent))
        self.sent.append(envelope)
        for _ in range(2):
            try:
                return integration.perform(envelope, self.connection)
            except Unavailable:
                continue
        return integration.perform(envelope, self.connection)
