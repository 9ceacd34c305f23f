"""Committing, and what may only happen afterwards: waking a worker and telling the host.

Redis is transport. A wake that is lost costs seconds, because the sweep finds the same work in the rows; so no failure
of Redis ever reaches the person who pressed Send, and none may keep that person waiting either.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from typing import cast

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from hub import events
from hub.database import now, session
from hub.extension import host
from hub.host import Delivered

NAME = "hub"
"""The one queue. A worker on several queues can lose a job for good between dequeuing and starting it (RQ 3.0)."""

_WOKEN, _PUMP_QUEUED = "hub:woken", "hub:pump-queued"
_QUEUED_SECONDS = 60  # For so long a queued pump is believed to be there.
_PUMP_SECONDS = 600  # A pump ends by itself long before.
_PUMP = "pump-"
"""How the id of a job begins that runs the pump."""

_QUICK = 0.5  # Seconds that a request may wait for Redis.
_SWEPT = "hub:swept"
_WAKES, _EVENTS = "hub_wakes", "hub_events"
_held_back: ContextVar[set[tuple[str, int]] | None] = ContextVar("hub_held_back", default=None)

log = logging.getLogger(__name__)


def address() -> str:
    """Return where Redis is: `HUB_REDIS_URL`, as redis-py takes it (redis://, rediss://, unix://)."""
    return cast(str, current_app.config["HUB_REDIS_URL"])


def connection() -> Redis:
    """Return the process's connections to Redis that give up at once: for what must not wait for it."""
    return _connection(address())


@cache
def _connection(address: str) -> Redis:
    return Redis.from_url(address, socket_timeout=_QUICK, socket_connect_timeout=_QUICK, retry=Retry(NoBackoff(), 0))


def job_queue() -> Queue:
    """Return the queue, to enqueue from a request."""
    return Queue(NAME, connection=connection(), serializer=JSONSerializer)


def wake(installation_id: int) -> None:
    """Note that an installation has something to do; a worker is told after the commit."""
    enqueue("deliver", installation_id)


def enqueue(job: str, row_id: int) -> None:
    """Note that there is work for a function of `hub.jobs`, which is given the id of a row; a worker is told after the
    commit."""
    session().info.setdefault(_WAKES, set()).add((job, row_id))


def tell_host(event: Delivered) -> None:
    """Note that a document has arrived; the host is told after the commit."""
    session().info.setdefault(_EVENTS, []).append(event)


def commit() -> None:
    """Commit, then do what was noted. The only way in which the hub commits."""
    events.commit(session())
    wakes, arrived = session().info.pop(_WAKES, set()), session().info.pop(_EVENTS, [])
    held_back = _held_back.get()
    if held_back is not None:
        held_back |= wakes
    elif wakes:
        _tell_workers(sorted(wakes))
    for event in arrived:
        try:
            host().delivered(event)
        except Exception:  # The document is in the books all the same, and other companies' answers wait.
            log.exception("The host could not be told that a document of order %s has arrived", event.order_id)


@contextmanager
def afterwards() -> Iterator[Callable[[], None]]:
    """Tell the workers of what is committed meanwhile no sooner than what this gives is called: when the answer to a
    call has left, because the caller need not wait for that."""
    app, wakes = cast("Flask", current_app._get_current_object()), set[tuple[str, int]]()  # type: ignore[attr-defined]  # Werkzeug's documented way.

    def tell_workers() -> None:
        if wakes:
            with app.app_context():
                _tell_workers(sorted(wakes))

    token = _held_back.set(wakes)
    try:
        yield tell_workers
    finally:
        _held_back.reset(token)


def is_first_within(name: str, seconds: int) -> bool:
    """Return True if nobody has said this name within so many seconds; True also if Redis cannot tell. Nothing rests on
    it but the number of times that something harmless is done."""
    try:
        return bool(job_queue().connection.set(f"hub:{name}", 1, nx=True, ex=seconds))
    except RedisError:
        return True


def note_sweep() -> None:
    """Note that what is due was looked for just now."""
    try:
        connection().set(_SWEPT, now().isoformat())
    except RedisError as error:
        log.warning("The sweep cannot be noted: %s", error)


def swept_at() -> dt.datetime | None:
    """When what is due was looked for last; None if never. Raises `RedisError`."""
    noted = cast("bytes | None", connection().get(_SWEPT))
    return dt.datetime.fromisoformat(noted.decode()) if noted else None


def rollback() -> None:
    """Undo what was not committed, and forget what was noted."""
    session().rollback()
    events.forget(session())
    session().info.pop(_WAKES, None)
    session().info.pop(_EVENTS, None)


def pop_woken(count: int) -> list[int]:
    """Return the installations that were woken first, at most so many, and forget that they were; empty without Redis.
    """
    try:
        found = cast("list[tuple[bytes, float]]", connection().zpopmin(_WOKEN, count))
    except RedisError as error:
        log.warning("Who was woken cannot be read, the sweep will find the work: %s", error)
        return []
    return [int(installation_id) for installation_id, _ in found]


def begin_pump() -> None:
    """Note that a queued job has become a running pump: who is woken from now on has another one queued."""
    with suppress(RedisError):
        connection().delete(_PUMP_QUEUED)


def listen(seconds: float) -> None:
    """Note that a running pump looks for whoever is woken, within so many seconds: none needs to be queued. Before it
    stops looking it must call `begin_pump` and look once more."""
    with suppress(RedisError):
        connection().set(_PUMP_QUEUED, 1, px=int(1000 * seconds))


def other_jobs_wait() -> bool:
    """Return True if a job waits that is no pump; False if Redis cannot tell."""
    try:
        return any(not job_id.startswith(_PUMP) for job_id in job_queue().get_job_ids(0, 50))
    except RedisError:
        return False


def wake_all(installation_ids: Iterable[int]) -> None:
    """Tell the workers at once that these installations have something to do, and queue a pump in any case."""
    _tell_workers([("deliver", one) for one in installation_ids], always=True)


def hand_over(installation_ids: Sequence[int]) -> None:
    """Tell the workers at once to go on with these installations, and with whoever else was woken, where a pump ends
    early."""
    try:
        if installation_ids or connection().zcard(_WOKEN):
            _tell_workers([("deliver", one) for one in installation_ids], always=True)
    except RedisError as error:
        log.warning("No worker could be woken, the sweep will find the work: %s", error)


def wake_again(installation_ids: Iterable[int]) -> None:
    """Tell the workers at once that these installations still have something to do."""
    _tell_workers([("deliver", one) for one in installation_ids])


def _tell_workers(wakes: Iterable[tuple[str, int]], *, always: bool = False) -> None:
    """Write down who was woken, and queue a job for them unless one waits already; any other job is queued as it is.

    A job that nobody took for two minutes has been replaced by the sweep's.
    """
    woken = {str(row_id): time.time() for job, row_id in wakes if job == "deliver"}
    jobs = [(job, (row_id,)) for job, row_id in wakes if job != "deliver"]
    try:
        target = job_queue()
        if woken:
            connection().zadd(_WOKEN, woken, nx=True)
        if always or (woken and connection().set(_PUMP_QUEUED, 1, nx=True, ex=_QUEUED_SECONDS)):
            _queue_job(target, "deliver", (), job_id=f"{_PUMP}{secrets.token_hex(12)}", timeout=_PUMP_SECONDS)
        for job, arguments in jobs:
            _queue_job(target, job, arguments)
    except RedisError as error:
        log.warning("No worker could be woken, the sweep will find the work: %s", error)


def _queue_job(
    target: Queue, job: str, arguments: tuple[int, ...], *, job_id: str | None = None, timeout: int = 300
) -> None:
    target.enqueue(
        f"hub.jobs.{job}", args=arguments, job_id=job_id, ttl=120, result_ttl=0, failure_ttl=86400,
        job_timeout=timeout,
    )  # fmt: skip
