"""Requests, responses, and the batches in which they travel."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Payload: TypeAlias = dict[str, Any]
"""A JSON object. Numbers in it are `int` or `Decimal`, never `float`: an amount survives storing to the cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to the ledger, as a conversation yields it.

    `name` says in a bookkeeper's words what it does, `say("create invoice")`; it is the heading in the audit trail.
    `payload` is what the plugin needs to encode it; it never contains a credential, because it is stored and shown.
    `writes` is True if it changes the books.
    """

    name: str
    payload: Payload
    writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The ledger's response to one request, which may be a refusal, in the form in which the conversation receives it,
    also on replay."""

    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCost:
    """The cost of one trip to the ledger: the number of HTTP `calls`, how many of them are `batches`, and, as the
    ledger's meter counts them, the `reads` and `writes`."""

    calls: int = 1
    batches: int = 0
    reads: int = 0
    writes: int = 0


Conversation: TypeAlias = Generator[Request, Response, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One trip to the ledger. The hub stores it with its `body` before it leaves and repeats it under the same `key`.

    `idempotency_key` has 20 characters of `[0-9a-f]`. It fits the shortest limit that is known, and so QuickBooks
    Online's `requestid` (36 for a batch) and qbXML's `newMessageSetID` (24). `body` is what `Integration.encode` made
    of the requests, byte for byte as it was first sent.
    """

    idempotency_key: str
    requests: tuple[Request, ...]
    body: str


def drop_empty(**fields: object) -> Payload:
    """Return the fields that have a value, for a ledger that would store an empty text, list or object as empty."""
    return {name: value for name, value in fields.items() if value not in ("", {}, [], None)}
