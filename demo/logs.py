"""Logs of one run of `make demo`: Supervisor's log about the processes, and each process's own log."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

_SPAWNED = re.compile(r" INFO spawned: '([^']+)' with pid (\d+)$")
_EXITED = re.compile(r" (?:INFO|WARN) exited: (\S+) \((.+); (?:not )?expected\)$")

SUPERVISOR = "supervisord"
"""The name of Supervisor's own log."""


class Logs:
    """The logs in a folder, from the creation of this object on. Earlier runs have written to the same files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sizes = {path: path.stat().st_size for path in folder.glob("*.log")}
        self._read = self._sizes.get(self.path(SUPERVISOR), 0)
        self.pids: dict[str, int] = {}
        """The processes that run now, by their name in Supervisor."""
        self.exits: defaultdict[str, list[str]] = defaultdict(list)
        """Each exit of a process, such as "exit status 1" or "terminated by SIGKILL", oldest first."""

    def path(self, process: str) -> Path:
        return self.folder / f"{process}.log"

    def update(self) -> None:
        """Read the lines that Supervisor has written since the last call."""
        path = self.path(SUPERVISOR)
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        for line in whole.decode("utf-8", "replace").splitlines():
            if spawned := _SPAWNED.search(line):
                self.pids[spawned[1]] = int(spawned[2])
            elif exited := _EXITED.search(line):
                self.pids.pop(exited[1], None)
                self.exits[exited[1]].append(exited[2])

    def last_lines(self, process: str, count: int = 15) -> list[str]:
        """Return the last lines that a process wrote in this run."""
        path = self.path(process)
        if not path.exists():
            return []
        content, earlier = path.read_bytes(), self._sizes.get(path, 0)
        if len(content) >= earlier:  # A smaller file is a new one: Supervisor has rotated the log.
            content = content[earlier:]
        return content.decode("utf-8", "replace").rstrip().splitlines()[-count:]
