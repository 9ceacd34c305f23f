"""Exactly once: the connection breaks at every trip, in either direction, for one order and several; keys expire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.plugin import PullIntegration
from hub.testing.families.arriving import has_arrived, send
from hub.testing.families.base import Family
from hub.testing.ledger import Lost
from hub.testing.office import Office
from hub.testing.orders import OrderBook, Sent
from hub.testing.wire import Died

_MOST = 40
"""The maximum number of trips at which the connection breaks: a ledger without batches makes many."""


class PostsOnce(Family):
    """Whatever breaks, and wherever: each document is in the ledger once, and nothing is missing."""

    @pytest.mark.parametrize("lost", Lost)
    def test_the_connection_breaks_at_every_trip(self, office: Office, lost: Lost) -> None:
        for trip in _trips(office):
            orders = _orders(office.book(), 1)
            send(office, *orders)
            office.wire.cut(lost, trip)
            office.run()
            has_arrived(office, *orders)

    @pytest.mark.parametrize("lost", Lost)
    def test_the_connection_breaks_at_every_trip_of_several_orders(self, office: Office, lost: Lost) -> None:
        if office.integration.capabilities.requests_per_batch == 1:
            pytest.skip("Every request travels alone.")
        for trip in _trips(office):
            orders = _orders(office.book(), 3)
            send(office, *orders)
            office.wire.cut(lost, trip)
            office.run()
            has_arrived(office, *orders)

    def test_the_connection_breaks_twice_at_the_same_batch(self, office: Office) -> None:
        orders = _orders(office.book(), 2)
        send(office, *orders)
        for _ in range(3):
            office.wire.cut(Lost.ANSWER)
            office.make_due()
            office.go()
        office.run()
        has_arrived(office, *orders)

    def test_we_die_with_every_answer_in_our_hands(self, office: Office) -> None:
        if isinstance(office.integration, PullIntegration):
            pytest.skip("For a ledger that calls us it is the same as a broken connection.")
        for trip in _trips(office):
            orders = _orders(office.book(), 1)
            send(office, *orders)
            office.wire.die(trip)
            try:
                office.run()
            except Died:
                office.run()
            has_arrived(office, *orders)

    @pytest.mark.parametrize("lost", Lost)
    def test_the_ledger_has_forgotten_the_key_when_it_is_asked_again(self, office: Office, lost: Lost) -> None:
        if office.integration.capabilities.idempotency_window is None:
            pytest.skip("It remembers a key as long as its books last.")
        for trip in _trips(office):
            orders = _orders(office.book(), 2)
            send(office, *orders)
            office.wire.cut(lost, trip)
            while office.is_busy() and not office.wire.is_cut:
                office.make_due()
                office.go()
            office.ledger.forget()
            office.make_old()
            office.run()
            has_arrived(office, *orders)


def _orders(book: OrderBook, count: int) -> list[Sent]:
    """Return orders with one of each document, and a payment."""
    return [Sent(order=book.paid(book.order(), "5.00")) for _ in range(count)]


def _trips(office: Office) -> Iterator[int]:
    """Yield 1, 2, … until the orders that were sent last needed fewer trips, so that none of theirs was broken."""
    for trip in range(1, _MOST + 1):
        yield trip
        if not office.wire.is_cut:
            assert trip > 1, "The orders have arrived without a single trip."
            return
