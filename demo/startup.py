"""Startup of the demo: wait until every part answers, and tell the person at the terminal what is missing.

There is no time limit, because a busy machine needs longer. Waiting ends early only if it is hopeless.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Worker
from rq.cron import CronScheduler

from demo.logs import SUPERVISOR, Logs
from demo.supervision import process_names
from demo.terminal import Terminal

_EXITS = 3
"""A process that has exited so many times during startup has failed for good."""
_ANSWER_SECONDS = 1.0
_POLL_SECONDS = 0.1
_REMINDER_SECONDS = 10.0


class StartFailed(Exception):
    """The demo cannot start. The text is for the person at the terminal."""


@dataclass(frozen=True)
class Part:
    """A part of the demo that must answer before the demo is ready."""

    label: str
    """Its name in a sentence, such as "the web process"."""
    processes: tuple[str, ...]
    """Its processes in Supervisor. None if it is not ours to start."""
    is_ready: Callable[[Sequence[int]], bool]
    """Return True if it answers, given the ids of its processes."""


def demo_parts(programs: Iterable[str], environment: Mapping[str, str], redis_url: str) -> list[Part]:
    """Return the parts of a demo with these programs of the Procfiles, each with its own check."""
    labels = {
        "web": ("the web process", lambda _: _answers_http(int(environment["DEMO_PORT"]), "/health")),
        "worker": ("the workers", lambda pids: _are_registered(redis_url, pids, _worker_pids)),
        "scheduler": ("the scheduler", lambda pids: _are_registered(redis_url, pids, _scheduler_pids)),
        "sandbox": ("the sandbox QuickBooks", lambda _: _answers_http(int(environment["SANDBOX_PORT"]))),
        "xero": ("the sandbox Xero", lambda _: _answers_http(int(environment["XERO_PORT"]))),
    }  # fmt: skip
    started = set(programs)
    own_redis = tuple(process_names("redis")) if "redis" in started else ()
    redis = Part("Redis" if own_redis else "your Redis (REDIS_URL)", own_redis, lambda _: _answers_redis(redis_url))
    others = [
        Part(label, tuple(process_names(name)), check) for name, (label, check) in labels.items() if name in started
    ]
    return [redis, *others]


class Startup:
    """One start: follows Supervisor's log and checks each part until all of them answer."""

    def __init__(
        self, parts: Sequence[Part], logs: Logs, terminal: Terminal, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._parts, self._logs, self._terminal, self._clock = parts, logs, terminal, clock
        self._ready: dict[Part, list[int]] = {}
        self._began = self._reminded = clock()

    def wait(self, supervisor: subprocess.Popen[bytes], is_stopping: Callable[[], bool]) -> bool:
        """Wait until every part is ready. Return False if the person stops the demo first. Raises `StartFailed`."""
        self._terminal.say(f"Starting {listed([part.label for part in self._parts if part.processes])}")
        try:
            while not is_stopping():
                self._logs.update()
                self._raise_if_hopeless(supervisor)
                missing = [part for part in self._parts if not is_stopping() and not self._check(part)]
                if not missing and not is_stopping():
                    return True
                self._report(missing)
                time.sleep(_POLL_SECONDS)
        finally:
            self._terminal.clear_status()
        return False

    def _check(self, part: Part) -> bool:
        """Return True if a part is ready. A part whose process was replaced since it answered is checked again."""
        pids = [self._logs.pids[name] for name in part.processes if name in self._logs.pids]
        if len(pids) < len(part.processes):
            return False
        if self._ready.get(part) != pids:
            if not part.is_ready(pids):
                return False
            self._ready[part] = pids
            label, verb = part.label[0].upper() + part.label[1:], "are" if len(pids) > 1 else "is"
            self._terminal.say(f"  {label} {verb} ready ({self._clock() - self._began:.1f} s)")
        return True

    def _report(self, missing: Sequence[Part]) -> None:
        """Print what the demo waits for: as a status line on a terminal, else every ten seconds."""
        now = self._clock()
        waiting = "Still waiting" if now - self._began >= _REMINDER_SECONDS else "Waiting"
        text = f"{waiting} for {listed([part.label for part in missing])} ({now - self._began:.0f} s)"
        if self._terminal.is_interactive:
            self._terminal.show_status(text)
        elif now - self._reminded >= _REMINDER_SECONDS:
            self._reminded = now
            self._terminal.say(text)

    def _raise_if_hopeless(self, supervisor: subprocess.Popen[bytes]) -> None:
        for process, exits in self._logs.exits.items():
            if len(exits) >= _EXITS:
                what = f"{self._label(process)} exited {len(exits)} times ({exits[-1]})"
                raise StartFailed(describe_failure(what, self._logs, process))
        if supervisor.poll() is not None:
            raise StartFailed(supervisor_failure(supervisor, self._logs))

    def _label(self, process: str) -> str:
        part = next(part for part in self._parts if process in part.processes)
        return part.label if len(part.processes) == 1 else f"one of {part.label} ({process})"


def supervisor_failure(supervisor: subprocess.Popen[bytes], logs: Logs) -> str:
    code = supervisor.returncode
    how = f"exit status {code}" if code >= 0 else f"signal {-code}"
    return describe_failure(f"Supervisor, which runs all processes, ended ({how})", logs, SUPERVISOR)


def describe_failure(what: str, logs: Logs, process: str) -> str:
    """Return the text about a process that failed: what happened, its last lines, and where the logs are."""
    lines = logs.last_lines(process)
    quoted = "\n".join(f"    {line}" for line in lines)
    said = f"The last lines of its log:\n\n{quoted}\n" if lines else "It wrote nothing to its log."
    return f"\n{what[0].upper()}{what[1:]}.\n{said}\nIts log: {logs.path(process)}\nAll logs: {logs.folder}"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    return " and ".join(", ".join(words).rsplit(", ", 1))


def _answers_http(port: int, path: str = "/") -> bool:
    """Return True if a server of this machine answers with 200. Asks without a proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _answers_redis(url: str) -> bool:
    with contextlib.closing(_redis(url)) as redis, contextlib.suppress(RedisError):
        return bool(redis.ping())
    return False


def _are_registered(url: str, pids: Sequence[int], registered: Callable[[Redis], set[int]]) -> bool:
    """Return True if all these processes are registered in Redis. Those of an earlier run may still be registered."""
    with contextlib.closing(_redis(url)) as redis, contextlib.suppress(RedisError):
        return set(pids) <= registered(redis)
    return False


def _worker_pids(redis: Redis) -> set[int]:
    host = socket.gethostname()
    return {worker.pid for worker in Worker.all(connection=redis) if worker.hostname == host and worker.pid}


def _scheduler_pids(redis: Redis) -> set[int]:
    host = socket.gethostname()
    return {scheduler.pid for scheduler in CronScheduler.all(redis, cleanup=False) if scheduler.hostname == host}


def _redis(url: str) -> Redis:
    seconds = _ANSWER_SECONDS
    return Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0))
