"""Health: does this process answer, and is all there that it needs? Quick, bounded, and without secrets."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, cast

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import text

from hub import migrating, queue
from hub.database import now, session
from hub.extension import sweep_interval

if TYPE_CHECKING:
    from flask import Flask

SECONDS = 2.0
"""How long a source may take over its answer."""

SWEPT_WITHIN = dt.timedelta(minutes=1)
"""Nobody sweeps, if nobody has for so long and for three intervals."""

_SWEEPS = 3


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check: `code` is "ok", "silent" (no answer in time), "failed", "outdated" or "late"."""

    code: str
    seconds: float

    @property
    def is_ok(self) -> bool:
        return self.code == "ok"


def check_all() -> dict[str, Check]:
    """Return how the database, its tables, Redis and the scheduler are, by name. Each is bounded by `SECONDS`."""
    return dict(_checks())


def _checks() -> Iterator[tuple[str, Check]]:
    for source, ping, name, check in (
        ("database", ping_database, "migrations", check_migrations),
        ("redis", ping_redis, "scheduler", check_scheduler),
    ):
        found = _bounded(source, ping)
        yield source, found
        yield name, _bounded(name, check) if found.is_ok else Check("silent", 0)


def is_late(swept_at: dt.datetime | None) -> bool:
    """Return True if nobody has swept for three intervals, and a minute at least."""
    return swept_at is None or now() - swept_at > max(_SWEEPS * sweep_interval(), SWEPT_WITHIN)


def ping_database() -> str:
    session().execute(text("SELECT 1"))
    return "ok"


def check_migrations() -> str:
    return "ok" if migrating.is_current() else "outdated"


def ping_redis() -> str:
    queue.connection().ping()
    return "ok"


def check_scheduler() -> str:
    return "late" if is_late(queue.swept_at()) else "ok"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A check that is being made in a thread of its own. `found` is empty until it has ended."""

    thread: Thread
    found: list[str]


_asked: dict[str, _Asked] = {}
"""By name. One that hangs is waited for by the next caller, too, instead of being asked by a second thread."""


def _bounded(name: str, check: Callable[[], str]) -> Check:
    """Make a check in a thread of its own, because a connection to a host that is gone may take minutes to fail."""
    began, asked = time.monotonic(), _asked.get(name)
    if asked is None or not asked.thread.is_alive():
        asked = _asked[name] = _ask(name, check)
    asked.thread.join(SECONDS)
    return Check(asked.found[0] if asked.found else "silent", round(time.monotonic() - began, 4))


def _ask(name: str, check: Callable[[], str]) -> _Asked:
    app = cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]  # Werkzeug's documented way.
    found: list[str] = []

    def run() -> None:
        with app.app_context():
            try:
                found.append(check())
            except RedisError:
                found.append("silent")
            except Exception:  # Whatever a driver raises, it is no answer. What it says may name hosts and users.
                found.append("failed")
            finally:
                session().remove()

    thread = Thread(target=run, name=f"hub-health-{name}", daemon=True)
    thread.start()
    return _Asked(thread, found)
