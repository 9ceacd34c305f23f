"""Runs of `make demo` as a process, and what runs because of it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from demo.supervision import TOP

SECONDS = 90.0  # A test that waits longer has failed. A busy machine needs some of them.
LIGHT = """
import sys
from pathlib import Path
from demo import __main__, supervision
supervision.PROCFILES = (Path(sys.argv.pop()),)
sys.exit(__main__.main())
"""


def wait_for(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Wait until a condition is true. The failure names what did not happen."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class DemoRun:
    """The demo on free ports, with its data in a folder. With a Procfile, it runs these light processes instead."""

    def __init__(self, folder: Path, procfile: Path | None = None) -> None:
        self.folder, self.output, self.procfile = folder, folder.with_suffix(".out"), procfile
        self.ports = free_ports(3)
        self.url, self.quickbooks_url, self.xero_url = (f"http://127.0.0.1:{port}" for port in self.ports)
        self.runners: list[subprocess.Popen[bytes]] = []

    def launch(self) -> subprocess.Popen[bytes]:
        """Run `make demo`, without make."""
        environment = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL"}}
        environment |= {"DEMO_DATA": str(self.folder)}
        names = ("DEMO_PORT", "SANDBOX_PORT", "XERO_PORT")
        environment |= {name: str(port) for name, port in zip(names, self.ports, strict=True)}
        program = ["-c", LIGHT, str(self.procfile)] if self.procfile else ["-m", "demo"]
        with self.output.open("wb") as output:
            runner = subprocess.Popen(
                [sys.executable, *program], cwd=TOP, env=environment, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.runners.append(runner)
        return runner

    def wait_until_ready(self) -> None:
        self.wait_for_output("Press Ctrl-C to stop")

    def wait_for_output(self, text: str) -> None:
        runner = self.runners[-1]
        wait_for(lambda: text in self.printed() or runner.poll() is not None, text)
        assert runner.poll() is None, self.printed()

    def wait_until_gone(self) -> None:
        wait_for(lambda: not self.processes(), "every process has ended")

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
