"""A faulty integration for a ledger that calls us. See `mutants.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acme import Acme

from hub.plugin import PollingSession

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class Distracted:
    """A polling session whose sessions are never closed."""

    def __init__(self, session: PollingSession) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def close(self, ticket: str) -> None:
        """Do nothing."""


class NeverSaysGoodbye(Acme):
    def endpoint(self, session: PollingSession) -> WSGIApplication:
        return super().endpoint(Distracted(session))
