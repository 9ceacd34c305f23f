"""Executors of trips: threads beside the thread of the database, or the thread that asks."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeAlias

from hub.dispatch.trips import Trip
from hub.extension import trip_time
from hub.integrations import timeouts
from hub.plugin import Authorized, Response

TripFuture: TypeAlias = Future[Sequence[Response] | Authorized]


class Executor(Protocol):
    """Makes trips."""

    def submit(self, trip: Trip) -> TripFuture:
        """Begin a trip, and return what will hold its outcome."""
        ...


class Beside:
    """Makes trips in threads. One that hangs keeps its thread until the process ends."""

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="trip")

    def submit(self, trip: Trip) -> TripFuture:
        return self._pool.submit(trip.make)


class AtOnce:
    """Makes each trip before it returns, within the time that any call of a plugin has."""

    def submit(self, trip: Trip) -> TripFuture:
        future = TripFuture()
        try:
            future.set_result(timeouts.call_within(trip.integration.key, trip.purpose, trip_time(), trip.make))
        except BaseException as error:  # The pump sees to it, as to what a thread raises.
            future.set_exception(error)
        return future
