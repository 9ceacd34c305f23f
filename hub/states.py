"""The state tables. Rows change their state through these and in no other way: by `row.move(to)`, or by
`hub.models.moves.update_state` for many rows or in one round trip.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, TypeVar


class IllegalMove(Exception):
    """A bug: the code asked for a move that the state table does not allow."""


class InstallationState(enum.StrEnum):
    """PENDING until authorized for the first time; REMOVED keeps the history and has no credentials."""

    PENDING = "pending"
    CONNECTED = "connected"
    EXPIRED = "expired"
    PAUSED = "paused"
    REMOVED = "removed"


class DeliveryState(enum.StrEnum):
    """The state of one document, or one new record, on its way into the books."""

    WAITING = "waiting"  # For another delivery: the invoice for its customer.
    QUEUED = "queued"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"  # The worker died while a write was open; sending it again under its key resolves that.
    POSTED = "posted"
    STOPPED = "stopped"  # For a `StopReason`; a person corrects it and retries.
    CANCELLED = "cancelled"


class StopReason(enum.StrEnum):
    """The reason why a delivery was stopped."""

    UNMAPPED = "unmapped"  # A role that the document needs has no account yet.
    REJECTED = "rejected"  # The ledger refused it.
    EXHAUSTED = "exhausted"  # The ledger could not be reached within `HUB_PATIENCE_SECONDS`.
    CRASHED = "crashed"  # A bug, logged under the reference that the page shows.


class ConversationState(enum.StrEnum):
    """OPEN until the conversation returns a result (DONE), raises or is given up (FAILED)."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class BatchState(enum.StrEnum):
    """OPEN until it is answered. RECEIVED: the answer of a ledger that polls is stored and not processed yet. REFUSED
    as a whole: its requests travel on in smaller batches. DOUBTED: the ledger does not know the outcome, and recovery
    is finding it out. PARKED: a person decides before it is sent again.
    """

    OPEN = "open"
    RECEIVED = "received"
    ANSWERED = "answered"
    REFUSED = "refused"
    DOUBTED = "doubted"
    PARKED = "parked"


_I, _D, _C, _B = InstallationState, DeliveryState, ConversationState, BatchState

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
    _D.POSTED: frozenset({_D.WAITING}),  # A changed document is sent again. If that is given up, it is POSTED again.
    _D.STOPPED: frozenset({_D.WAITING, _D.QUEUED, _D.SENDING, _D.POSTED, _D.CANCELLED}),
    _D.CANCELLED: frozenset(),
}

CONVERSATION: Mapping[ConversationState, frozenset[ConversationState]] = {
    _C.OPEN: frozenset({_C.DONE, _C.FAILED}),
    _C.DONE: frozenset(),
    _C.FAILED: frozenset(),
}

BATCH: Mapping[BatchState, frozenset[BatchState]] = {
    _B.OPEN: frozenset({_B.RECEIVED, _B.ANSWERED, _B.REFUSED, _B.DOUBTED, _B.PARKED}),
    _B.RECEIVED: frozenset({_B.OPEN}),  # A worker processes the stored answer as if it had just come.
    _B.DOUBTED: frozenset({_B.ANSWERED, _B.OPEN, _B.PARKED}),
    _B.PARKED: frozenset({_B.OPEN}),
    _B.ANSWERED: frozenset(),
    _B.REFUSED: frozenset(),
}

S = TypeVar("S", bound=enum.StrEnum)

TABLES: Mapping[type[enum.StrEnum], Mapping[Any, frozenset[Any]]] = {
    InstallationState: INSTALLATION, DeliveryState: DELIVERY, ConversationState: CONVERSATION, BatchState: BATCH,
}  # fmt: skip
"""The table of each kind of state."""


def next_state(now: S, to: S) -> S:
    """Return `to` if the table allows the move from `now`. Raises `IllegalMove` otherwise."""
    if to not in TABLES[type(now)][now]:
        raise IllegalMove(f"{type(now).__name__}: {now} does not become {to}")
    return to


def states_before(to: S) -> frozenset[S]:
    """Return the states from which the table allows a move to `to`."""
    return frozenset(state for state, following in TABLES[type(to)].items() if to in following)
