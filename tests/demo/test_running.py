"""`make demo` with all its processes: it becomes ready, heals itself, keeps its data, and leaves nothing running."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from demo.supervision import TOP
from tests.support.processes import free_port, wait_until

SECONDS = 90.0  # A test that waits longer has failed. A busy machine needs some of them.


class DemoRun:
    """The demo on free ports, with its data in a folder, and what runs because of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output = folder, folder.with_suffix(".out")
        self.ports = [free_port() for _ in range(3)]
        self.url, self.quickbooks_url, self.xero_url = (f"http://127.0.0.1:{port}" for port in self.ports)
        self.runners: list[subprocess.Popen[bytes]] = []

    def launch(self) -> subprocess.Popen[bytes]:
        """Run `make demo`, without make."""
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

    def wait_until_ready(self) -> None:
        self.wait_for_output("Press Ctrl-C to stop")

    def wait_for_output(self, text: str) -> None:
        runner = self.runners[-1]
        wait_until(lambda: text in self.printed() or runner.poll() is not None, SECONDS, text)
        assert runner.poll() is None, self.printed()

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return what runs with this folder in its environment and these words in its command.

        The child that a worker forks for a job is not counted beside the worker.
        """
        found: dict[int, tuple[psutil.Process, int]] = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                mine = process.environ().get("DEMO_DATA") == str(self.folder) and process.pid != os.getpid()
                if mine and process.status() != psutil.STATUS_ZOMBIE and set(words) <= set(process.cmdline()):
                    found[process.pid] = process, process.ppid()
        return [process for process, parent in found.values() if not words or parent not in found]

    def kill_all(self) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        for runner in self.runners:
            runner.wait()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoRun]:
    run = DemoRun(tmp_path / "desk")
    yield run
    run.kill_all()


def test_the_demo_starts_heals_itself_keeps_its_data_and_leaves_nothing(demo: DemoRun) -> None:
    runner = demo.launch()
    demo.wait_for_output("Preparing the database")
    check_a_second_demo_is_refused(demo.folder)
    demo.wait_until_ready()
    check_first_output(demo)
    check_everything_runs(demo)
    check_killed_processes_return(demo)
    secret = (demo.folder / "session.key").read_bytes()
    runner.send_signal(signal.SIGINT)
    assert runner.wait(SECONDS) == 0
    assert demo.processes() == []

    runner = demo.launch()  # On the data of the first time.
    demo.wait_until_ready()
    assert (demo.folder / "session.key").read_bytes() == secret
    assert health(demo)["workers"] in {2, 3}  # For a minute, Redis also lists the worker that was killed.
    [supervisor] = demo.processes("-m", "supervisor.supervisord")
    supervisor.kill()
    assert runner.wait(SECONDS) == 1
    assert demo.processes() == []
    assert "Supervisor, which runs all processes, ended (signal 9)." in demo.printed()


def check_first_output(demo: DemoRun) -> None:
    printed = demo.printed()
    for text in (demo.url, demo.quickbooks_url, demo.xero_url, "admin@demo.test", "rep@demo.test", "admin@other.test"):
        assert text in printed
    assert "Password     demo" in printed
    lines = printed.splitlines()
    assert lines[:2] == [f"Starting the demo. Data and logs: {demo.folder}", "Preparing the database"]
    parts = ("Redis", "the web process", "the workers", "the scheduler", "the sandbox QuickBooks", "the sandbox Xero")
    assert lines[2] == f"Starting {', '.join(parts[:-1])} and {parts[-1]}"
    ready = {line.partition(" ready (")[0].strip() for line in lines if " ready (" in line}
    assert ready == {
        f"{part[0].upper()}{part[1:]} {'are' if part.endswith('workers') else 'is'}" for part in parts
    }  # fmt: skip


def check_everything_runs(demo: DemoRun) -> None:
    assert health(demo) == {"database": True, "redis": True, "workers": 2}
    assert "Order desk" in requests.get(f"{demo.url}/login", timeout=5).text
    assert requests.get(demo.quickbooks_url, timeout=5).ok
    assert "Demo Company (US)" in requests.get(demo.xero_url, timeout=5).text
    running = {name: len(demo.processes(name)) for name in ("worker", "scheduler", "sandbox.online", "wsgi:app")}
    assert running["worker"] == 2
    assert all(running.values()), running


def check_a_second_demo_is_refused(folder: Path) -> None:
    second = DemoRun(folder)
    second.output = folder.with_suffix(".second")
    assert second.launch().wait(SECONDS) == 1
    refused = f"A demo is running already in {folder}. Choose another folder: DEMO_DATA=… make demo\n"
    assert second.printed() == refused


def check_killed_processes_return(demo: DemoRun) -> None:
    redis = next(process for process in demo.processes() if "redis-server" in process.cmdline()[0])
    killed = demo.processes("worker")[0]  # Both before either is killed: a dead process tells nothing of itself.
    killed.kill()
    redis.kill()
    wait_until(
        lambda: len({one.pid for one in demo.processes("worker")} - {killed.pid}) >= 2, SECONDS, "the worker is back"
    )
    wait_until(lambda: not redis.is_running() and health(demo)["redis"], SECONDS, "Redis is back")


def health(demo: DemoRun) -> dict[str, object]:
    found: dict[str, object] = requests.get(f"{demo.url}/health", timeout=5).json()
    return found


def test_a_port_in_use_is_told_before_anything_starts(demo: DemoRun) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", demo.ports[0]))
        other.listen()
        assert demo.launch().wait(SECONDS) == 1
    port = demo.ports[0]
    assert demo.printed() == f"Port {port} is in use. Choose another one: DEMO_PORT={port + 100} make demo\n"
    assert demo.processes() == []
