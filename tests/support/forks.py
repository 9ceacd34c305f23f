"""The other end of `tests.support.launcher`: processes of an app that is loaded once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.launcher import TOP


class Launcher:
    """A Python process that has the app loaded, and forks a process for each command. It starts with the first one."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment, self.folder = environment, folder
        self.process: subprocess.Popen[str] | None = None

    def fork(self, command: list[str], log: Path) -> int:
        """Start a process and return its id. Its output is appended to the log."""
        return self._ask(command, log, wait=False)

    def run(self, command: list[str]) -> tuple[int, str]:
        """Run a command to its end. Return its exit code and its output."""
        log = self.folder / "run.log"
        log.unlink(missing_ok=True)
        return self._ask(command, log, wait=True), log.read_text()

    def close(self) -> None:
        if self.process is not None:
            with self.process as process:
                process.kill()

    def _ask(self, command: list[str], log: Path, *, wait: bool) -> int:
        process = self.process = self.process or self._start()
        assert process.stdin
        assert process.stdout
        print(json.dumps({"command": command, "log": str(log), "wait": wait}), file=process.stdin, flush=True)
        told = process.stdout.readline()
        assert told, (self.folder / "launcher.log").read_text()
        return int(told)

    def _start(self) -> subprocess.Popen[str]:
        with (self.folder / "launcher.log").open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.support.launcher"], cwd=TOP, env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
            )  # fmt: skip
