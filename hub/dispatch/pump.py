"""The pump: one loop that brings deliveries to the ledgers and outcomes back, for many installations at once.

Every transaction runs in this one thread and is short; the trips to the ledgers run in threads beside it. An
installation has its turn for one step (`steps`): what came of its trip is stored, its next batch is written, and that
leaves. Then the next has its turn, so nobody waits for anybody else's ledger. The lease of an installation lets one
process at a time drive it; all leases of a process are renewed by one statement.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from hub import events
from hub.dispatch import due, leases, rate_limits
from hub.dispatch.credentials import refresh_outcome
from hub.dispatch.executors import AtOnce, Beside, Executor, TripFuture
from hub.dispatch.responses import Held
from hub.dispatch.steps import release_after_crash, take_step
from hub.dispatch.trips import Done, Later, More, Next, Returned, Trip, trip_outcome
from hub.errors import LeaseLost, Locked
from hub.extension import lease_time, linger_time, sweep_interval, trip_time
from hub.integrations import timeouts
from hub.integrations.crashes import log_crash
from hub.models import LeaseKind
from hub.plugin import Authorized, Response
from hub.queue import (
    begin_pump,
    commit,
    hand_over,
    is_first_within,
    listen,
    other_jobs_wait,
    pop_woken,
    rollback,
    wake_again,
)

MOST = 64
"""Installations that one process drives at a time."""

MOST_OF_ONE_PRODUCT = 48
"""Of them, so many of one product: if its ledger is slow, the others have room."""

AT_A_TIME = 8
"""Installations that are acquired in one turn, so that other workers have their share."""

LISTENS_UP_TO = 16
"""A pump that drives so many has another one queued for whoever is woken then: another worker may help."""

BUDGET_SECONDS = 240.0
"""After so long a pump begins nothing new, so that its process ends and other jobs have their turn."""

DATABASE_SECONDS = 1.0
"""Between two tries while the database is away."""

_CRASH_PAUSE = dt.timedelta(seconds=30)
_SOON = dt.timedelta(seconds=15)
_LOCKED_SECONDS = 0.05
_RENEWALS = 6  # So many times within the span of a lease it is renewed.
_DRAINS_SECONDS = 5  # For so long one pump that ends for the sake of other jobs is enough.
_LONGEST_WAIT = 0.2  # Seconds for which the loop waits for a trip before it looks around.
_LOOK_SECONDS = 0.03  # Between two looks at who was woken.
_LISTEN_SECONDS = 1.5  # For so long it is believed that a pump listens.
_CHECK_SECONDS = 1.0  # Between two looks whether other jobs wait.

stopping = threading.Event()
"""Set when this process was told to end: the pump begins nothing new."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Flight:
    """A trip on its way."""

    trip: Trip
    installation_id: int
    since: float


def run(token: str) -> None:
    """Drive whoever was woken, until nothing is left to do or the process should end. `token` names the process.

    Harmless to call at any time, by any number of processes. A trip that hangs keeps its thread, so the process must
    end soon after this returns.
    """
    begin_pump()
    Pump(token, Beside(MOST), pop_woken, lingers=linger_time().total_seconds()).run()


def deliver(*installation_ids: int) -> None:
    """Drive these installations here and now, until nothing is left to do at once; trips are made one after the other.

    For tests, the conformance kit and the command line. Raises what a bug of ours raised in a step.
    """
    left = list(installation_ids)

    def pop(count: int) -> list[int]:
        popped, left[:] = left[:count], left[count:]
        return popped

    pump = Pump(leases.new_token(), AtOnce(), pop)
    pump.run()
    if pump.errors:
        raise pump.errors[0]


class Pump:
    """Drives the installations whose ids `pop` gives, until nothing is left to do."""

    def __init__(
        self, token: str, executor: Executor, pop: Callable[[int], Collection[int]], lingers: float = 0.0
    ) -> None:
        self.token, self.executor, self.pop, self.lingers = token, executor, pop, lingers
        self.products: dict[int, str] = {}
        """The product of each installation whose lease we have."""
        self.deaths: dict[int, int] = {}
        """Of those that have had no step yet: how many processes in a row died with them."""
        self.suspect: int | None = None
        self.waiting_suspects: deque[int] = deque()
        """What a process may have died of is driven one at a time, so that the next death names it."""
        self.ready: deque[tuple[int, Returned | None]] = deque()
        self.later: list[tuple[float, int, int, Returned | None]] = []
        self.flights: dict[TripFuture, Flight] = {}
        self.landed: SimpleQueue[TripFuture] = SimpleQueue()
        self.is_dry = True
        """Whether nobody was woken when we looked last."""
        self.is_draining = False
        self.cut_short: list[int] = []
        self.errors: list[Exception] = []
        self._numbers = itertools.count()
        self._began = self._renewed = self._checked = time.monotonic()
        self._worked = self._began
        self._looked = self._listened = 0.0
        self._others_wait = self._is_ending = False

    def run(self) -> None:
        """Take step after step. Raises `LeaseLost` if the database was away for longer than the leases last."""
        while True:
            self._renew()
            self.is_draining = self.is_draining or self._should_drain()
            if not self.is_draining:
                self._acquire()
            self._bring_back()
            if self.ready:
                self._step(*self.ready.popleft())
            elif not self.later and len(self.flights) == len(self._hung()) and self._should_end():
                break
            self._collect()
        for flight in self.flights.values():
            key, purpose = flight.trip.integration.key, flight.trip.purpose
            hung = timeouts.note_hung(key, purpose, f"{key} did not come back in time when it was asked for {purpose}.")
            self._step(flight.installation_id, Returned(flight.trip, hung))
        if self.is_draining:
            begin_pump()
            hand_over([one.id for one in due.find_due_installations(self.cut_short)])
            commit()

    def _should_end(self) -> bool:
        """Return True if nothing is left to do and no more is waited for. Who was woken while we listened is looked for
        once more; who is woken from then on has a job queued."""
        if self.is_draining or not self.is_dry:
            return self.is_draining
        idle = time.monotonic() - self._worked
        if idle < self.lingers and not other_jobs_wait():
            stopping.wait(_LONGEST_WAIT if idle > 1 else _LOOK_SECONDS)
            return False
        if self.lingers and not self._is_ending:
            begin_pump()
            self._is_ending = True
            return False
        return True

    def _listen(self) -> None:
        """Say that we look for whoever is woken, as long as there is not so much to do that others should help."""
        moment = time.monotonic()
        wants = self.lingers and not self._is_ending and len(self.products) < LISTENS_UP_TO
        if wants and moment - self._listened > _LISTEN_SECONDS / 3:
            listen(_LISTEN_SECONDS)
            self._listened = moment

    def _renew(self) -> None:
        """Renew all leases in good time."""
        moment, span = time.monotonic(), lease_time().total_seconds()
        if not self.products:
            self._renewed = moment
        if moment - self._renewed < span / _RENEWALS:
            return
        try:
            leases.renew_leases(self.token)
            commit()
            self._renewed = moment
        except DBAPIError as error:
            rollback()
            log.warning("The leases cannot be renewed: %s", error)
            if moment - self._renewed > span:
                raise LeaseLost("The database was away for too long.") from error
            stopping.wait(DATABASE_SECONDS)

    def _should_drain(self) -> bool:
        """Return True if the process should end: it was told to, its time is over, a plugin hangs, other jobs wait."""
        moment = time.monotonic()
        if stopping.is_set() or moment - self._began > BUDGET_SECONDS or self._hung() or timeouts.is_any_choked():
            return True
        if moment - self._checked < _CHECK_SECONDS:
            return False
        self._checked, waited = moment, self._others_wait
        self._others_wait = other_jobs_wait()
        return waited and self._others_wait and is_first_within("pump-drains", _DRAINS_SECONDS)

    def _hung(self) -> list[Flight]:
        """Return the trips that have outlived their time."""
        since = time.monotonic() - trip_time().total_seconds()
        return [flight for flight in self.flights.values() if flight.since < since]

    def _acquire(self) -> None:
        """Acquire the leases of some that were woken, as far as there is room."""
        room, moment = min(MOST - len(self.products), AT_A_TIME), time.monotonic()
        is_busy = self.ready or self.flights or self.later
        if room <= 0 or (is_busy and moment - self._looked < _LOOK_SECONDS):
            return
        self._looked = moment
        self._listen()
        ids = set(self.pop(room))
        if self.suspect is None and self.waiting_suspects:
            ids.add(self.waiting_suspects.popleft())
        self.is_dry = not ids
        if not ids:
            return
        try:
            chosen = self._choose(due.find_due_installations(ids))
            acquired = leases.acquire_leases(LeaseKind.DELIVERIES, list(chosen), self.token) if chosen else {}
            commit()
        except DBAPIError as error:  # The sweep finds them again.
            rollback()
            log.warning("No lease can be acquired: %s", error)
            return
        for installation_id, deaths in acquired.items():
            self.products[installation_id], self.deaths[installation_id] = chosen[installation_id], deaths
            self.ready.append((installation_id, None))
            if deaths:
                self.suspect = installation_id
                product = chosen[installation_id]
                events.emit(events.LEASE_LOST, integration=product, installation=installation_id, outcome="taken over")

    def _choose(self, found: Collection[due.DueInstallation]) -> dict[int, str]:
        """Return those for which there is room, with their product. The others are woken again, or wait as suspects."""
        counts, chosen, left = Counter(self.products.values()), dict[int, str](), list[int]()
        may_suspect = self.suspect is None
        for one in found:
            if one.deaths and not may_suspect:
                self.waiting_suspects.append(one.id)
            elif counts[one.product] >= MOST_OF_ONE_PRODUCT:
                left.append(one.id)
            else:
                counts[one.product] += 1
                chosen[one.id] = one.product
                may_suspect = may_suspect and not one.deaths
        if left:
            wake_again(left)
        return chosen

    def _bring_back(self) -> None:
        """Have those that waited for a moment take their turn again."""
        while self.later and (self.is_draining or self.later[0][0] <= time.monotonic()):
            _, _, installation_id, returned = heapq.heappop(self.later)
            self.ready.append((installation_id, returned))

    def _put_off(self, span: float, installation_id: int, returned: Returned | None = None) -> None:
        heapq.heappush(self.later, (time.monotonic() + span, next(self._numbers), installation_id, returned))

    def _step(self, installation_id: int, returned: Returned | None) -> None:
        """Take one step of an installation, and let follow what follows."""
        self._worked, self._is_ending = time.monotonic(), False
        deaths = self.deaths.get(installation_id)
        try:
            following = take_step(
                installation_id, self.token, returned, deaths=deaths, fill=not self.is_draining
            )  # fmt: skip
        except Locked:
            self._put_off(_LOCKED_SECONDS, installation_id, returned)
        except LeaseLost:  # Another process goes on from the rows.
            product = self.products[installation_id]
            events.emit(events.LEASE_LOST, integration=product, installation=installation_id, outcome="lost")
            self._forget(installation_id)
        except (OperationalError, InterfaceError) as error:  # What came of the trip is kept until the database is back.
            rollback()
            log.warning("A step of installation %s waits for the database: %s", installation_id, error)
            self._put_off(DATABASE_SECONDS, installation_id, returned)
        except Exception as error:  # A bug of ours in one installation must not hold up the others.
            rollback()
            log_crash(error)
            self.errors.append(error)
            release_after_crash(installation_id, self.token, _CRASH_PAUSE)
            self._forget(installation_id)
        else:
            self.deaths.pop(installation_id, None)
            self._follow(installation_id, following)

    def _follow(self, installation_id: int, following: Next) -> None:
        match following:
            case Trip():
                self._let_leave(installation_id, following)
            case More():
                self.ready.append((installation_id, None))
            case Later():
                self._put_off(following.seconds, installation_id)
            case Done():
                self._forget(installation_id)

    def _let_leave(self, installation_id: int, trip: Trip) -> None:
        """Let a trip leave as soon as the rate limits allow it. If that is not soon, the installation pauses instead;
        it ends its pause early enough to wait for the rest of it here, because no sweep is that exact."""
        rest = None
        if trip.refresh is None:
            rest = rate_limits.acquire_room(trip.integration, trip.connection.books_id, trip.batch.requests)
        soon = min(sweep_interval(), _SOON)
        if rest is None:
            future = self.executor.submit(trip)
            self.flights[future] = Flight(trip, installation_id, time.monotonic())
            future.add_done_callback(self.landed.put)
            self._count_flights(trip.integration.key)
        elif rest <= soon:
            self._put_off(rest.total_seconds(), installation_id)
        else:
            self.ready.append((installation_id, Returned(trip, Held(max(rest - soon, dt.timedelta(0))))))
        if rest is not None:
            events.emit(
                events.RATE_LIMITED, integration=trip.integration.key, installation=installation_id,
                seconds=rest.total_seconds(), outcome="waited" if rest <= soon else "paused",
            )  # fmt: skip

    def _collect(self) -> None:
        """Take in the trips that are over; wait for the next one if there is nothing else to do."""
        patience = _LONGEST_WAIT if not self.ready and (self.flights or self.later) else 0.0
        if self.later:
            patience = min(patience, max(0.0, self.later[0][0] - time.monotonic()))
        with suppress(Empty):
            while True:
                future = self.landed.get(timeout=patience) if patience else self.landed.get_nowait()
                flight, patience = self.flights.pop(future), 0.0
                self._count_flights(flight.trip.integration.key)
                outcome = _outcome(future)
                _tell(flight, outcome)
                self.ready.append((flight.installation_id, Returned(flight.trip, outcome)))

    def _count_flights(self, product: str) -> None:
        flights = sum(one.trip.integration.key == product for one in self.flights.values())
        events.set_in_flight(product, flights)

    def _forget(self, installation_id: int) -> None:
        del self.products[installation_id]
        self.deaths.pop(installation_id, None)
        if self.suspect == installation_id:
            self.suspect = None
        if self.is_draining:
            self.cut_short.append(installation_id)


def _outcome(future: TripFuture) -> Sequence[Response] | Authorized | BaseException:
    """Return what a trip returned or raised. Raises what no plugin means: that the process is to end."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, Exception | SystemExit):
        return error
    raise error


def _tell(flight: Flight, outcome: object) -> None:
    """Tell of a trip that is over."""
    trip, seconds = flight.trip, time.monotonic() - flight.since
    if trip.refresh is not None:
        events.emit(
            events.CREDENTIALS_REFRESHED, integration=trip.integration.key, installation=flight.installation_id,
            seconds=seconds, outcome=refresh_outcome(outcome),
        )  # fmt: skip
    else:
        events.emit(
            events.TRIP, integration=trip.integration.key, installation=flight.installation_id, batch=trip.batch_id,
            size=len(trip.batch.requests), seconds=seconds, outcome=trip_outcome(outcome),
        )  # fmt: skip
