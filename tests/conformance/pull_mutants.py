"""An integration for a ledger that calls us which looks right and is not. Run by `test_kit.py`, as `mutants.py` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from acme import Acme
from pretend import PretendAcme

from hub.plugin import Desk
from hub.testing.families.polling import Polls

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class Distracted:
    """A desk whose sessions are never closed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    def close(self, ticket: str) -> None:
        """Forgotten."""


class NeverSaysGoodbye(Acme):
    def endpoint(self, desk: Desk) -> WSGIApplication:
        return super().endpoint(Distracted(desk))


class TestNeverSaysGoodbye(Polls):
    @pytest.fixture
    def integration(self) -> Acme:
        return NeverSaysGoodbye()

    @pytest.fixture
    def ledger(self) -> PretendAcme:
        return PretendAcme()
