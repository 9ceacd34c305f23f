"""Trips to a ledger that we call: what is asked of it outside any transaction, and what came of that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hub.dispatch.credentials import Refresh
from hub.dispatch.responses import Held
from hub.integrations import validation
from hub.integrations.timeouts import Hung
from hub.plugin import (
    AuthorizationExpired,
    Authorized,
    Batch,
    Connection,
    OutcomeUnknown,
    PushIntegration,
    Rejected,
    Response,
    Unavailable,
)
from hub.tracing import follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A call of a ledger that is ready to be made: the sending of a batch, or before it a refresh of the credentials.

    It needs neither database nor app context. `was_refreshed` says that the credentials were exchanged for fresh ones
    just before, so that a ledger which refuses them too is not asked again.
    """

    integration: PushIntegration
    connection: Connection
    batch_id: int
    batch: Batch
    traces: Sequence[str] = ()
    """Of what the batch carries (`hub.tracing`)."""
    refresh: Refresh | None = None
    was_refreshed: bool = False

    @property
    def purpose(self) -> str:
        """Which call of the plugin it is."""
        return "send" if self.refresh is None else "refresh"

    def make(self) -> Sequence[Response] | Authorized:
        """Call the plugin. Raises whatever it raises, and `TypeError` or `ValueError` for nonsense."""
        with follow(self.purpose, self.traces, integration=self.integration.key, batch=self.batch_id):
            if self.refresh is not None:
                return self.integration.refresh(self.connection)
            found = self.integration.send(self.batch, self.connection)
            return validation.check_responses(found, len(self.batch.requests))


@dataclass(frozen=True, slots=True)
class Returned:
    """A trip that is over, and what came of it: what the plugin returned, what it raised, or that it did not leave."""

    trip: Trip
    outcome: Sequence[Response] | Authorized | BaseException | Held


@dataclass(frozen=True, slots=True)
class Later:
    """Something holds the installation up for a moment; it is looked at again in so many seconds, and keeps its lease.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class More:
    """There is more to do at once; other installations have their turn first."""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do at once; unless it `is_all`, the rest is left to a worker. With a `pause`, nothing is asked
    before it is over."""

    pause: dt.timedelta | None = None
    is_all: bool = True


Next = Trip | Later | More | Done
"""What one step of an installation leads to."""


_OUTCOMES = (
    (OutcomeUnknown, "unknown"), (Unavailable, "unavailable"), (AuthorizationExpired, "expired"), (Rejected, "refused"),
    (Hung, "timeout"), (BaseException, "crashed"),
)  # fmt: skip


def trip_outcome(outcome: object) -> str:
    """Return the word that metrics have for what a trip returned or raised."""
    return next((word for family, word in _OUTCOMES if isinstance(outcome, family)), "answered")
