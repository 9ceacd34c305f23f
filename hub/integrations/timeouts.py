"""How long a plugin may take: it is interrupted when its time is over, so that whoever asked goes on.

In the main thread, where a worker does all its work, a signal interrupts it for good, and nothing of it is left behind.
In a thread of a web process nothing can, so there it is asked in a thread of its own; that is told to end, which it
does when it comes back from what it waits for, and is left alone until then.
"""

from __future__ import annotations

import contextvars
import ctypes
import datetime as dt
import logging
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, Generic, TypeVar, cast

from flask import current_app, has_app_context
from redis.exceptions import RedisError

from hub import queue
from hub.extension import Extension

T = TypeVar("T")

log = logging.getLogger(__name__)

_DAY = 86400

_MOST_LEFT = 4
"""So many threads that a plugin hangs in are left in one process. Then it is not asked there until one has ended."""

REPEAT_SECONDS = 1.0
"""Seconds after which an interruption is repeated, for a plugin that catches it and goes on."""

_abandoned_at_startup: dict[str, list[threading.Thread]] = {}
"""Threads in which a plugin has hung before the app had its hub: while the plugin was imported."""


class Hung(Exception):
    """A plugin has not answered in its time, or hangs so often in this process that it is not asked here."""


class _Interruption(BaseException):
    """What a plugin is interrupted with: none of the exceptions that it might catch."""


def within(key: str, what: str, span: dt.timedelta, call: Callable[[], T]) -> T:
    """Return what a call into the plugin of that key gives or raises; `what` says in a few words what it is asked.

    Raises `Hung` when its time is over. What is called must be the plugin's, and touch no session of ours: it may be
    left in the middle, or be called in another thread.
    """
    alarm = _Alarm(span.total_seconds())
    try:
        return _here(key, what, alarm, call) if alarm.is_ours() else _elsewhere(key, what, alarm.seconds, call)
    except Hung:
        _note(key, what)
        raise


def lately(key: str) -> dict[str, int]:
    """Return how often a plugin has hung within a day, by what it was asked. Raises `RedisError`."""
    told = queue.connection().hgetall(f"hub:hung:{key}")
    return {what.decode(): int(times) for what, times in told.items()}  # type: ignore[union-attr]  # It is synchronous.


def _note(key: str, what: str) -> None:
    """Keep it for the operator, whose `flask hub doctor` is another process."""
    if not has_app_context():
        return
    try:
        with queue.connection().pipeline() as pipeline:
            pipeline.hincrby(f"hub:hung:{key}", what, 1)
            pipeline.expire(f"hub:hung:{key}", _DAY)
            pipeline.execute()
    except RedisError as error:
        log.warning("That %s hung cannot be noted: %s", key, error)


def is_choked(key: str) -> bool:
    """Return True if a plugin hangs in so many threads of this process that it is not called here any more."""
    abandoned = _abandoned()
    abandoned[key] = [thread for thread in abandoned.get(key, ()) if thread.is_alive()]
    return len(abandoned[key]) >= _MOST_LEFT


def _abandoned() -> dict[str, list[threading.Thread]]:
    hub = current_app.extensions.get("hub") if has_app_context() else None
    return _abandoned_at_startup if hub is None else cast(Extension, hub).abandoned


def _here(key: str, what: str, alarm: _Alarm, call: Callable[[], T]) -> T:
    """Ask in the main thread. An alarm that was set before, as RQ's for the whole job, rings when it is due."""
    try:
        try:
            alarm.set()
            return call()
        finally:
            alarm.over = True
    except _Interruption as interruption:
        raise Hung(_sentence(key, what, alarm.seconds)) from interruption
    finally:
        alarm.over = True
        alarm.clear()


class _Alarm:
    """The timer of the process, lent by whoever has set it before."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.over = seconds, False
        self.before: Any = None
        self.left, self.since = 0.0, time.monotonic()

    def is_ours(self) -> bool:
        """Return True if it can be had: in the main thread of a process whose server does not keep its signals for
        itself."""
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
            return False
        self.before = signal.getsignal(signal.SIGALRM)
        if self.before is None:  # Somebody's who is not Python.
            return False
        signal.signal(signal.SIGALRM, self.ring)
        return signal.getsignal(signal.SIGALRM) == self.ring  # Apache's mod_wsgi lets nobody have one.

    def set(self) -> None:
        self.left, _ = signal.setitimer(signal.ITIMER_REAL, self.seconds, REPEAT_SECONDS)
        if 0 < self.left < self.seconds:
            signal.setitimer(signal.ITIMER_REAL, self.left, REPEAT_SECONDS)

    def ring(self, number: int, frame: FrameType | None) -> None:
        if self.over:
            return
        passed = time.monotonic() - self.since
        if 0 < self.left <= passed and callable(self.before):  # The other one's time is over: that goes before ours.
            self.before(number, frame)
        elif passed >= self.seconds:
            raise _Interruption

    def clear(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)
        if self.left:
            signal.setitimer(signal.ITIMER_REAL, max(self.left - (time.monotonic() - self.since), 0.001))


def _elsewhere(key: str, what: str, seconds: float, call: Callable[[], T]) -> T:
    """Ask in a thread of its own, which sees what the asking one sees."""
    if is_choked(key):
        raise Hung(f"{key} hangs here in {_MOST_LEFT} threads and is not asked for {what}.")
    asked = _Asked(contextvars.copy_context(), call)
    thread = threading.Thread(target=asked.run, name=f"hub-{key}-{what}", daemon=True)
    thread.start()
    thread.join(seconds)
    if asked.found is not None:
        return asked.found[0]
    if asked.raised is not None:
        raise asked.raised
    where = _stack(thread)
    _abandoned().setdefault(key, []).append(thread)
    _interrupt(thread)
    raise Hung(f"{_sentence(key, what, seconds)} It is here:\n{where}")


class _Asked(Generic[T]):
    """A question in a thread, and what came of it."""

    def __init__(self, context: contextvars.Context, call: Callable[[], T]) -> None:
        self.context, self.call = context, call
        self.found: tuple[T] | None = None
        self.raised: BaseException | None = None

    def run(self) -> None:
        try:
            try:
                self.found = (self.context.run(self.call),)
            except _Interruption:
                return
            except BaseException as error:  # It is raised where it was asked.
                self.raised = error
        except _Interruption:  # It came a moment too late.
            return


def _interrupt(thread: threading.Thread) -> None:
    """Raise in another thread as soon as it does something: at once in a loop, after the wait in one that waits."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Interruption))


def _stack(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame)) if frame is not None else "(it has ended)"


def _sentence(key: str, what: str, seconds: float) -> str:
    return f"{key} did not come to an end within {seconds:g} seconds when it was asked for {what}."
