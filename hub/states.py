"""The state tables: what can become what. Pure; the models move through these tables and in no other way."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeVar


class IllegalMove(Exception):
    """A bug: the code asked for a move that the state table does not have."""


class InstallationState(enum.StrEnum):
    """PENDING until authorized for the first time; REMOVED keeps the history and has no credentials."""

    PENDING = "pending"
    CONNECTED = "connected"
    EXPIRED = "expired"
    PAUSED = "paused"
    REMOVED = "removed"


class DeliveryState(enum.StrEnum):
    """Where one document, or one new record, is on its way into the books."""

    WAITING = "waiting"  # For another delivery: the invoice for its customer.
    QUEUED = "queued"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"  # The carrier vanished while a write was open; asking again under the same key resolves it.
    POSTED = "posted"
    STOPPED = "stopped"  # For a `StopReason`; a person puts it right and retries.
    CANCELLED = "cancelled"


class StopReason(enum.StrEnum):
    UNMAPPED = "unmapped"  # Something that the document needs is not chosen yet.
    REJECTED = "rejected"  # The books refuse it.
    EXHAUSTED = "exhausted"  # The ledger could not be reached for longer than our patience.
    CRASHED = "crashed"  # A bug, with a reference that stands in the log.


class ConversationState(enum.StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class BatchState(enum.StrEnum):
    """OPEN until there is an answer. RECEIVED: a ledger that calls us has handed the answer in, and nobody has read it
    yet. REFUSED as a whole: its requests travel on in smaller ones. DOUBTED: the ledger does not know either, and what
    became of it is being found out. PARKED: a person must decide before it goes again.
    """

    OPEN = "open"
    RECEIVED = "received"
    ANSWERED = "answered"
    REFUSED = "refused"
    DOUBTED = "doubted"
    PARKED = "parked"


_I, _D, _E = InstallationState, DeliveryState, BatchState

INSTALLATION: Mapping[InstallationState, frozenset[InstallationState]] = {
    _I.PENDING: frozenset({_I.CONNECTED, _I.REMOVED}),
    _I.CONNECTED: frozenset({_I.EXPIRED, _I.PAUSED, _I.REMOVED}),
    _I.EXPIRED: frozenset({_I.CONNECTED, _I.REMOVED}),
    _I.PAUSED: frozenset({_I.CONNECTED, _I.EXPIRED, _I.REMOVED}),
    _I.REMOVED: frozenset(),
}

DELIVERY: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _D.WAITING: frozenset({_D.QUEUED, _D.POSTED, _D.STOPPED, _D.CANCELLED}),
    _D.QUEUED: frozenset({_D.SENDING, _D.WAITING, _D.POSTED, _D.STOPPED, _D.CANCELLED}),
    _D.SENDING: frozenset({_D.QUEUED, _D.POSTED, _D.STOPPED, _D.IN_DOUBT}),
    _D.IN_DOUBT: frozenset({_D.SENDING, _D.POSTED, _D.STOPPED}),
    _D.POSTED: frozenset({_D.WAITING}),  # Sent again after a change; given up, it is what it was.
    _D.STOPPED: frozenset({_D.WAITING, _D.QUEUED, _D.SENDING, _D.POSTED, _D.CANCELLED}),
    _D.CANCELLED: frozenset(),
}

BATCH: Mapping[BatchState, frozenset[BatchState]] = {
    _E.OPEN: frozenset({_E.RECEIVED, _E.ANSWERED, _E.REFUSED, _E.DOUBTED, _E.PARKED}),
    _E.RECEIVED: frozenset({_E.OPEN}),  # It is read, and what follows is what follows from an answer.
    _E.DOUBTED: frozenset({_E.ANSWERED, _E.OPEN, _E.PARKED}),
    _E.PARKED: frozenset({_E.OPEN}),
    _E.ANSWERED: frozenset(),
    _E.REFUSED: frozenset(),
}

S = TypeVar("S", bound=enum.StrEnum)


def move(table: Mapping[S, frozenset[S]], now: S, to: S) -> S:
    """Give `to` if the table has that move. Raises `IllegalMove` if it has not."""
    if to not in table[now]:
        raise IllegalMove(f"{type(now).__name__}: {now} does not become {to}")
    return to
