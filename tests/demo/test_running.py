"""`make demo` with all its processes: it becomes ready, heals itself, keeps its data, and leaves nothing running."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.demo.demo_runs import SECONDS, DemoRun, wait_for


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
    killed = demo.processes("worker")[0]
    killed.kill()
    redis = next(process for process in demo.processes() if "redis-server" in process.cmdline()[0])
    redis.kill()
    wait_for(lambda: len({one.pid for one in demo.processes("worker")} - {killed.pid}) >= 2, "the worker is back")
    wait_for(lambda: not redis.is_running() and health(demo)["redis"], "Redis is back")


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
