"""One running stack for each pytest process. Every module that uses it gets it in a saved state.

A module asks for a state by its fixture: `prepared_stack` has a filled desk and empty books, `connected_stack` has
QuickBooks Online installed and connected as well, `lived_in_stack` has books that were kept for a year.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from redis import Redis
from redis.exceptions import RedisError

from sandbox.online import start as start_sandbox
from tests.support.people import ADMIN, Person
from tests.support.processes import LOCAL, Stack, copy_database, wait_for_answer, wait_until

SETTINGS = {"HUB_STUCK_SECONDS": "3"}
KEPT_IN_REDIS = (b"rq:worker", b"rq:cron")
"""What running workers and schedulers registered about themselves."""


class SharedStack(Stack):
    """A stack whose processes outlive a module."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SETTINGS)
        self.saved = folder / "saved"

    def enter(self, state: str) -> None:
        """Put everything into a saved state, with all processes running. The first call starts and saves."""
        if not self.running:
            self.start_all()
            self.settle()
            self.save("prepared")
        else:
            self.wake()
            self.settle()
        if state == "lived-in" and not self.is_saved(state):
            self.save_lived_in()
        if state == "connected" and not self.is_saved(state):
            self.restore("prepared")
            self.resume()
            Person(self, ADMIN).install()
            self.settle()
            self.save(state)
        self.restore(state)
        self.resume()

    def wake(self) -> None:
        """Let the suspended processes go on, Redis first, so that its clients find it answering."""
        for name in sorted(self.running, key=lambda name: name != "redis"):
            self.signal(name, signal.SIGCONT)
        assert not self.has_ended("sandbox"), "The sandbox has ended, and its saved states with it."
        if "xero" in self.running:
            self.kill("xero")
            shutil.rmtree(self.folder / "xero")

    def settle(self) -> None:
        """Bring everything to rest: no sweep, no job, no request at the sandbox."""
        self.restart_ended("redis", "web")
        self.clear_faults()
        if not self.has_ended("scheduler"):
            self.signal("scheduler", signal.SIGSTOP)
        self.forget_jobs()
        try:
            wait_until(self.is_idle, 5, "the workers and the sandbox are idle", every=0.02)
        except AssertionError:
            for name in self.workers:
                if not self.has_ended(name):
                    self.kill(name)
            wait_until(self.is_idle, 30, "the sandbox is idle", every=0.02)
        self.forget_jobs()

    def forget_jobs(self) -> None:
        """Empty Redis, apart from what running processes keep there about themselves."""

        def forget() -> bool:
            with contextlib.suppress(RedisError), Redis(host=LOCAL, port=self.redis_port) as redis:
                keys = [key for key in redis.scan_iter(count=1000) if not key.startswith(KEPT_IN_REDIS)]
                return not keys or bool(redis.delete(*keys))
            return False

        wait_until(forget, 30, "Redis is empty")

    def resume(self) -> None:
        """Let the scheduler and the workers go on, and start again what a test killed."""
        if not self.has_ended("scheduler"):
            self.signal("scheduler", signal.SIGCONT)
        self.restart_ended()
        wait_for_answer(f"{self.url}/health")

    def suspend(self) -> None:
        """Stop all processes where they are, so that they take no time from other tests."""
        for name in self.running:
            if not self.has_ended(name):
                self.signal(name, signal.SIGSTOP)

    def is_saved(self, state: str) -> bool:
        return (self.saved / state).exists()

    def save(self, state: str) -> None:
        """Save the databases of the desk and of the sandbox under a name."""
        self.saved.mkdir(exist_ok=True)
        copy_database(self.desk_path, self.saved / state)
        self.control("save", state)

    def save_lived_in(self) -> None:
        """Save the prepared desk, with the books of a company that has kept them for a year."""
        with start_sandbox(self.folder / "lived-in", lived_in=True):
            copy_database(self.folder / "lived-in" / self.books_path.name, self.books_path)
        self.restore_desk("prepared")
        self.save("lived-in")

    def restore(self, state: str) -> None:
        self.restore_desk(state)
        self.control("restore", state)

    def restore_desk(self, state: str) -> None:
        copy_database(self.saved / state, self.desk_path)

    def control(self, action: str, state: str) -> None:
        """Ask the sandbox to save its books under a name, or to restore them."""
        requests.post(f"{self.books_url}/_sandbox/{action}", json={"name": state}, timeout=30).raise_for_status()


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Iterator[Stack]]]:
    """Return what hands the stack to a module, in a state, and suspends it afterwards."""
    shared = SharedStack(tmp_path_factory.mktemp("stack"))

    def hand_over(state: str) -> Iterator[Stack]:
        shared.enter(state)
        yield shared
        shared.suspend()

    try:
        yield hand_over
    finally:
        shared.stop_all()


@pytest.fixture(scope="module")
def prepared_stack(shared_stack: Callable[[str], Iterator[Stack]]) -> Iterator[Stack]:
    """A running hub with a filled desk. Nothing is installed."""
    yield from shared_stack("prepared")


@pytest.fixture(scope="module")
def connected_stack(shared_stack: Callable[[str], Iterator[Stack]]) -> Iterator[Stack]:
    """A running hub that is connected with QuickBooks Online."""
    yield from shared_stack("connected")


@pytest.fixture(scope="module")
def lived_in_stack(shared_stack: Callable[[str], Iterator[Stack]]) -> Iterator[Stack]:
    """A running hub with a filled desk and nothing installed, beside books that were kept for a year."""
    yield from shared_stack("lived-in")
