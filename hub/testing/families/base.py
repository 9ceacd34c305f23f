"""What every family rests on: the two fixtures of the author, and the office that is built around them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.plugin import Integration
from hub.testing.ledger import Ledger
from hub.testing.office import Office, opened


class Family:
    """Override `integration` and `ledger`. With a fresh ledger for each test, no test can spoil another one."""

    @pytest.fixture
    def integration(self) -> Integration:
        raise NotImplementedError("Override this fixture: it gives the integration that is tried.")

    @pytest.fixture
    def ledger(self) -> Ledger:
        raise NotImplementedError("Override this fixture: it gives a fresh pretend ledger.")

    @pytest.fixture
    def lobby(self, integration: Integration, ledger: Ledger) -> Iterator[Office]:
        """An office in which the integration is not installed yet."""
        with opened(integration, ledger) as office:
            yield office

    @pytest.fixture
    def office(self, lobby: Office) -> Office:
        """An office that is connected, its lists read and its accounts chosen."""
        lobby.connect()
        return lobby
