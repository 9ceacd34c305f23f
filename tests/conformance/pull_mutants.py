"""A faulty integration for a ledger that calls us. See `mutants.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acme import Acme

from hub.plugin import Desk

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class Distracted:
    """A desk whose sessions are never closed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    def close(self, ticket: str) -> None:
        """Do nothing."""


class NeverSaysGoodbye(Acme):
    def endpoint(self, desk: Desk) -> WSGIApplication:
        return super().endpoint(Distracted(desk))
