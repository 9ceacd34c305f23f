"""Running conversations to their ends in batches, as the hub does; and answers in the service's own shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hub.plugin import Batch, Connection, Conversation, Payload, Request, Response, Unavailable
from hub.testing import in_lockstep
from quickbooks_online import QuickBooksOnline

T = TypeVar("T")


def found(kind: str, *rows: Payload, **more: object) -> Payload:
    """An answer to a query that found `rows`."""
    answer: Payload = {kind: list(rows), "startPosition": 1, "maxResults": len(rows)} if rows else {}
    return {"QueryResponse": answer, **more}


def fault(code: str, *, detail: str = "", kind: str = "ValidationFault", element: str = "") -> Payload:
    """An answer that refuses, in the service's own shape."""
    error = {"Message": "Refused", "Detail": detail, "code": code, "element": element}
    return {"Fault": {"Error": [error], "type": kind}}


@dataclass
class Transport:
    """Carries conversations in lockstep, and a batch that was not answered again, byte for byte under its key."""

    connection: Connection
    before: Callable[[int], None] = lambda number: None
    """Called with the number of each batch before it leaves for the first time."""
    sent: list[Batch] = field(default_factory=list)

    def carry(self, *conversations: Conversation[T]) -> list[T]:
        """Run conversations to their ends, and give what they returned."""
        ends: list[T] = []
        for end in in_lockstep(conversations, self.ask):
            if isinstance(end, Exception):
                raise end
            ends.append(end)
        return ends

    def one(self, conversation: Conversation[T]) -> T:
        (end,) = self.carry(conversation)
        return end

    def ask(self, requests: tuple[Request, ...]) -> Sequence[Response]:
        integration, key = QuickBooksOnline(), f"{len(self.sent):024x}"
        batch = Batch(idempotency_key=key, requests=requests, body=integration.encode(key, requests))
        self.before(len(self.sent))
        self.sent.append(batch)
        for _ in range(2):
            try:
                return integration.send(batch, self.connection)
            except Unavailable:
                continue
        return integration.send(batch, self.connection)
