"""The base of all families: the author's two fixtures, and the office that is built around them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from hub.plugin import Integration
from hub.testing.ledger import Ledger, Restorable
from hub.testing.office import Office, SavedOffice, opened

_CONNECTED = pytest.StashKey[dict[frozenset[tuple[str, int]], SavedOffice]]()
_OUR_PARAMETERS = frozenset({"lost", "scenario"})


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
    def office(self, lobby: Office, request: pytest.FixtureRequest) -> Office:
        """An office that is connected, its lists read and its accounts chosen.

        With a `Restorable` ledger that is done for the first test of the class only. Every test, also the first one,
        gets the office as it is restored from there.
        """
        if not isinstance(lobby.ledger, Restorable):
            lobby.connect()
            return lobby
        saved, variant = _saved_offices(request), _variant(request)
        if variant not in saved:
            lobby.connect()
            saved[variant] = lobby.save()
        lobby.restore(saved[variant])
        return lobby


def _saved_offices(request: pytest.FixtureRequest) -> dict[frozenset[tuple[str, int]], SavedOffice]:
    """Return the connected offices of the suite class. They are dropped with the fixtures of that class."""
    suite: pytest.Class | None = request.node.getparent(pytest.Class)
    assert suite is not None, "The families of the kit are classes."
    found = suite.stash.get(_CONNECTED, None)
    if found is None:
        found = suite.stash[_CONNECTED] = {}
        suite.addfinalizer(partial(suite.stash.__delitem__, _CONNECTED))
    return found


def _variant(request: pytest.FixtureRequest) -> frozenset[tuple[str, int]]:
    """Return the parameters of the author's own fixtures: each set of them has an office of its own."""
    called = getattr(request.node, "callspec", None)
    given = called.params if called is not None else {}
    return frozenset((name, id(value)) for name, value in given.items() if name not in _OUR_PARAMETERS)
