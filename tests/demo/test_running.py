"""`make demo` as processes: ready, healing, warm the second time, and gone without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from demo.supervision import TOP

PATIENCE = 90.0


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait for something that must come; says what did not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Demo:
    """The demo on free ports with its data in a folder, and all that runs because of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output = folder, folder.with_suffix(".out")
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            for probe in (one, two, three):
                probe.bind(("127.0.0.1", 0))
            self.ports = one.getsockname()[1], two.getsockname()[1], three.getsockname()[1]
        self.url, self.books_url, self.xero_url = (f"http://127.0.0.1:{port}" for port in self.ports)
        self.runners: list[subprocess.Popen[bytes]] = []

    def command(self) -> subprocess.Popen[bytes]:
        """`make demo`, without make."""
        environment = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL"}}
        environment |= {"DEMO_DATA": str(self.folder)}
        names = ("DEMO_PORT", "SANDBOX_PORT", "XERO_PORT")
        environment |= {name: str(port) for name, port in zip(names, self.ports, strict=True)}
        with self.output.open("wb") as output:
            runner = subprocess.Popen(
                [sys.executable, "-m", "demo"], cwd=TOP, env=environment, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.runners.append(runner)
        return runner

    def start(self) -> None:
        self.runner = self.command()
        until(lambda: "Ctrl-C stops everything" in self.said() or self.runner.poll() is not None, "the banner")
        assert self.runner.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def processes(self, *words: str) -> list[psutil.Process]:
        """What runs with this folder in its environment, and these words in its command. The child that a worker forks
        for a job is not one more."""
        found: dict[int, tuple[psutil.Process, int]] = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                mine = process.environ().get("DEMO_DATA") == str(self.folder) and process.pid != os.getpid()
                if mine and process.status() != psutil.STATUS_ZOMBIE and set(words) <= set(process.cmdline()):
                    found[process.pid] = process, process.ppid()
        return [process for process, parent in found.values() if not words or parent not in found]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "desk")
    yield running
    for process in running.processes():
        with contextlib.suppress(psutil.Error):
            process.kill()
    for runner in running.runners:
        runner.wait()


def test_the_demo_comes_up_heals_itself_keeps_its_data_and_leaves_nothing(demo: Demo) -> None:
    demo.start()
    for told in (demo.url, demo.books_url, "admin@demo.test", "rep@demo.test", "admin@other.test", "Password     demo"):
        assert told in demo.said()
    assert requests.get(f"{demo.url}/health", timeout=5).json() == {"database": True, "redis": True, "workers": 2}
    assert "Order desk" in requests.get(f"{demo.url}/login", timeout=5).text
    assert requests.get(demo.books_url, timeout=5).ok
    assert "Demo Company (US)" in requests.get(demo.xero_url, timeout=5).text
    started = {name: len(demo.processes(name)) for name in ("worker", "scheduler", "sandbox.online", "wsgi:app")}
    assert started["worker"] == 2
    assert all(started.values()), started

    second = demo.command()
    assert second.wait(PATIENCE) == 1
    assert demo.said() == f"A demo is running already in {demo.folder}. Choose another folder: DEMO_DATA=… make demo\n"

    killed = demo.processes("worker")[0]
    killed.kill()
    until(lambda: len({one.pid for one in demo.processes("worker")} - {killed.pid}) >= 2, "the worker is back")
    redis = next(one for one in demo.processes() if "redis-server" in one.cmdline()[0])
    redis.kill()
    until(lambda: requests.get(f"{demo.url}/health", timeout=5).json()["redis"], "Redis is back")

    secret = (demo.folder / "session.key").read_bytes()
    demo.runner.send_signal(signal.SIGINT)
    assert demo.runner.wait(30) == 0
    assert demo.processes() == []

    demo.start()
    assert (demo.folder / "session.key").read_bytes() == secret
    assert requests.get(f"{demo.url}/health", timeout=5).json()["redis"] is True
    demo.runner.send_signal(signal.SIGHUP)  # The terminal was closed.
    assert demo.runner.wait(30) == 0
    assert demo.processes() == []


@pytest.mark.parametrize("victim", [
    "supervisor.supervisord",
    pytest.param("demo", marks=pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a child so.")),
])  # fmt: skip
def test_nothing_is_left_when_the_one_in_charge_is_killed(demo: Demo, victim: str) -> None:
    demo.start()
    [charge] = demo.processes("-m", victim)
    charge.kill()
    until(lambda: not demo.processes(), "everything is gone")
    assert demo.runner.wait(30) != 0


def test_a_port_in_use_is_told_before_anything_starts(demo: Demo) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", demo.ports[0]))
        other.listen()
        assert demo.command().wait(PATIENCE) == 1
    port = demo.ports[0]
    assert demo.said() == f"Port {port} is in use. Choose another one: DEMO_PORT={port + 100} make demo\n"
    assert demo.processes() == []
