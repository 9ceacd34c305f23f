"""Timeouts for calls of plugins: each call runs in a thread, and the caller goes on without it after the timeout.

Nothing is interrupted. A call that hangs keeps its thread until it returns, and its result is then dropped. After four
such threads a plugin is not called in this process any more, and a worker ends its process.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import logging
import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from flask import current_app, has_app_context
from redis.exceptions import RedisError

from hub import queue
from hub.extension import Extension

T = TypeVar("T")

log = logging.getLogger(__name__)

_DAY = 86400

_MOST_LEFT = 4
"""The number of abandoned threads of a plugin in one process. After that it is not called there until one has ended."""

_abandoned_at_startup: dict[str, list[threading.Thread]] = {}
"""Threads in which a plugin has hung before the app had its hub: while the plugin was imported."""


class Hung(Exception):
    """A plugin has not answered in time, or hangs in so many threads of this process that it is not called."""


def call_within(key: str, what: str, span: dt.timedelta, call: Callable[[], T]) -> T:
    """Return what a call of a plugin returns, or raise what it raises. `what` names the call in a few words.

    Raises `Hung` after `span`. The call must be the plugin's, and use no session of ours: it may be abandoned at any
    point.
    """
    if is_choked(key):
        raise note_hung(key, what, f"{key} hangs here in {_MOST_LEFT} threads and is not asked for {what}.")
    caller, asked = _idle_caller(), _Call(contextvars.copy_context(), call)
    caller.calls.put(asked)
    if not asked.is_done.acquire(timeout=span.total_seconds()):
        caller.calls.put(None)
        _abandoned_threads().setdefault(key, []).append(caller)
        late = f"{key} did not come to an end within {span.total_seconds():g} seconds when it was asked for {what}."
        raise note_hung(key, what, f"{late} It is here:\n{_format_stack(caller)}")
    _idle.append(caller)
    if asked.raised is not None:
        raise asked.raised
    return cast(T, asked.found)


def count_recent_hangs(key: str) -> dict[str, int]:
    """Return how often a plugin has hung within a day, by the name of the call. Raises `RedisError`."""
    told = queue.connection().hgetall(f"hub:hung:{key}")
    return {what.decode(): int(times) for what, times in told.items()}  # type: ignore[union-attr]  # It is synchronous.


def is_choked(key: str) -> bool:
    """Return True if a plugin hangs in so many threads of this process that it is not called any more."""
    abandoned = _abandoned_threads()
    if key not in abandoned:
        return False
    abandoned[key] = [thread for thread in abandoned[key] if thread.is_alive()]
    return len(abandoned[key]) >= _MOST_LEFT


def is_any_choked() -> bool:
    """Return True if a plugin is not called in this process any more."""
    return any(is_choked(key) for key in tuple(_abandoned_threads()))


class _Call:
    """A call in another thread, with the context of this one, and its result."""

    __slots__ = ("call", "context", "found", "is_done", "raised")

    def __init__(self, context: contextvars.Context, call: Callable[[], Any]) -> None:
        self.context, self.call = context, call
        self.found: Any = None
        self.raised: BaseException | None = None
        self.is_done = threading.Lock()
        self.is_done.acquire()

    def make(self) -> None:
        try:
            self.found = self.context.run(self.call)
        except BaseException as error:  # It is raised where it was asked.
            self.raised = error
        self.is_done.release()


class _Caller(threading.Thread):
    """A thread that makes one call after the other: starting one for each call costs more than most calls do."""

    def __init__(self) -> None:
        super().__init__(name="hub-plugin", daemon=True)
        self.calls: SimpleQueue[_Call | None] = SimpleQueue()

    def run(self) -> None:
        while (call := self.calls.get()) is not None:
            call.make()


_idle: deque[_Caller] = deque()
"""Callers that wait for a call. A forked process has none: threads stay behind."""

os.register_at_fork(after_in_child=_idle.clear)


def _idle_caller() -> _Caller:
    try:
        return _idle.pop()
    except IndexError:
        caller = _Caller()
        caller.start()
        return caller


def end_idle_callers() -> None:
    """End the threads that wait for a call, before a process that may fork goes on: a fork should have one thread."""
    with suppress(IndexError):
        while caller := _idle.pop():
            caller.calls.put(None)
            caller.join()


def note_hung(key: str, what: str, sentence: str) -> Hung:
    """Return the error for a plugin that hangs, and count it in Redis for `flask hub doctor`, which is another process.
    """
    if has_app_context():
        try:
            with queue.connection().pipeline() as pipeline:
                pipeline.hincrby(f"hub:hung:{key}", what, 1)
                pipeline.expire(f"hub:hung:{key}", _DAY)
                pipeline.execute()
        except RedisError as error:
            log.warning("That %s hung cannot be noted: %s", key, error)
    return Hung(sentence)


def _abandoned_threads() -> dict[str, list[threading.Thread]]:
    hub = current_app.extensions.get("hub") if has_app_context() else None
    return _abandoned_at_startup if hub is None else cast(Extension, hub).abandoned


def _format_stack(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame)) if frame is not None else "(it has ended)"
