"""The connection between the hub and the pretend ledger, which sees every trip and can break one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hub.plugin import (
    Batch,
    Connection,
    Integration,
    NoBatch,
    PollingSession,
    PullIntegration,
    PushIntegration,
    Response,
)
from hub.testing.ledger import Ledger, Lost


class Died(BaseException):
    """The death of our process between two statements, caught only by the kit."""


class Wire:
    """Counts trips. What is to happen on one of them is said with `cut` or `die`."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.trips = 0
        self.before: Callable[[], None] = lambda: None
        """Called before each trip."""
        self._cut_at, self._lost, self._dies_at = 0, Lost.QUESTION, 0
        self.seen: list[Batch] = []
        """The batches that were taken along, in their order."""

    def cut(self, lost: Lost, trip: int = 1) -> None:
        """Have the connection break on a trip, counted from the next one."""
        self._cut_at, self._lost = self.trips + trip, lost

    def die(self, trip: int = 1) -> None:
        """Have our own process die when the answer of a trip has come and is not stored."""
        self._dies_at = self.trips + trip

    def restart(self) -> None:
        """Forget all trips, and whatever was to happen on the next ones."""
        self.trips = self._cut_at = self._dies_at = 0
        self.seen.clear()

    @property
    def is_cut(self) -> bool:
        """True if the break or death that was asked for has happened."""
        return self.trips >= max(self._cut_at, self._dies_at)

    def _leave(self) -> None:
        self.trips += 1
        self.before()
        if self.trips == self._cut_at:
            self.ledger.cut(self._lost)

    @contextmanager
    def watching(self, integration: Integration) -> Iterator[None]:
        """See every trip that the hub makes with this integration."""
        if isinstance(integration, PushIntegration):
            perform = integration.send

            def watched(batch: Batch, connection: Connection) -> Sequence[Response]:
                self.seen.append(batch)
                self._leave()
                responses = perform(batch, connection)
                if self.trips == self._dies_at:
                    raise Died
                return responses

            with _replaced(integration, "send", watched):
                yield
        else:
            assert isinstance(integration, PullIntegration)
            endpoint = integration.endpoint
            with _replaced(integration, "endpoint", lambda session: endpoint(_Watched(session, self._leave))):
                yield


class _Watched:
    """A polling session whose batches are seen as they are collected."""

    def __init__(self, session: PollingSession, leave: Callable[[], None]) -> None:
        self._session, self._leave = session, leave

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def next_batch(self, ticket: str) -> str | NoBatch:
        collected = self._session.next_batch(ticket)
        if not isinstance(collected, NoBatch):
            self._leave()
        return collected


@contextmanager
def _replaced(integration: Integration, name: str, value: object) -> Iterator[None]:
    """Replace a method of an integration for a while."""
    vars(integration)[name] = value
    try:
        yield
    finally:
        del vars(integration)[name]
