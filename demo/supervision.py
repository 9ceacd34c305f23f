"""Write Supervisor's configuration from the Procfiles.

Both of RQ's processes may exit on an outage of Redis, so Supervisor restarts every process that exits.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from honcho.environ import parse_procfile

TOP = Path(__file__).parent.parent
PROCFILES = (TOP / "demo" / "Procfile", TOP / "Procfile")
COPIES: Mapping[str, int] = {"worker": 2}

_LAST_TO_STOP = "redis"
"""The workers unregister from it when they stop."""


def processes() -> dict[str, str]:
    """Return the commands of both Procfiles, by name; that of Xero's sandbox only if it is installed."""
    found: dict[str, str] = {}
    for procfile in PROCFILES:
        found |= dict(parse_procfile(procfile.read_text(encoding="utf-8")).processes)
    if not has_xero():
        del found["xero"]
    return found


def has_xero() -> bool:
    """Return True if the example of a third party's integration (`examples/xero`) is installed, with its sandbox."""
    return find_spec("xero_sandbox") is not None


def process_names(program: str) -> list[str]:
    """Return the names of a program's processes in Supervisor: worker-0, worker-1. Each has a log of that name."""
    copies = COPIES.get(program, 1)
    return [f"{program}-{number}" for number in range(copies)] if copies > 1 else [program]


def configuration(commands: Mapping[str, str], data: Path) -> str:
    """Return Supervisor's configuration for these commands, with logs in a data folder. The environment is inherited.

    Raises ValueError for text that Supervisor would read as the beginning of a comment.
    """
    logs = data / "logs"
    first = [
        "[supervisord]",
        f"logfile={_text(logs / 'supervisord.log')}",
        f"pidfile={_text(data / 'supervisord.pid')}",
        f"childlogdir={_text(logs)}",
        "nodaemon=true",
        "silent=true",
    ]
    together = [name for name in commands if name != _LAST_TO_STOP]
    groups = [_group("desk", together, 2)] + [_group("store", [name], 1) for name in commands if name == _LAST_TO_STOP]
    programs = [_program(name, command, logs) for name, command in commands.items()]
    return "\n\n".join("\n".join(section) for section in (first, *groups, *programs)) + "\n"


def _group(name: str, programs: Sequence[str], priority: int) -> list[str]:
    """Return a group of programs that stop at the same time. Supervisor stops the highest priority first and waits."""
    return [f"[group:{name}]", f"programs={','.join(programs)}", f"priority={priority}"]


def _program(name: str, command: str, logs: Path) -> list[str]:
    copies = COPIES.get(name, 1)
    return [
        f"[program:{name}]",
        f"command=/bin/sh -c {_text(shlex.quote(command))}",
        f"directory={_text(TOP)}",
        f"numprocs={copies}",
        f"process_name=%(program_name)s{'-%(process_num)d' if copies > 1 else ''}",
        "autorestart=true",
        "startsecs=1",
        "startretries=1000",  # Each wait is a second longer than the one before.
        "stopasgroup=true",
        "killasgroup=true",
        "stopwaitsecs=8",
        "redirect_stderr=true",
        f"stdout_logfile={_text(logs / name)}{'-%(process_num)d' if copies > 1 else ''}.log",
        "stdout_logfile_maxbytes=5MB",
        "stdout_logfile_backups=1",
    ]


def _text(value: object) -> str:
    """Return a text escaped for Supervisor, where a percent sign begins a variable. Raises ValueError for a line break,
    and for a semicolon or hash after a space, which would begin a comment."""
    text = str(value)
    if any(mark in text for mark in (" ;", " #", "\n")):
        raise ValueError(f"Supervisor cannot read this: {text}")
    return text.replace("%", "%%")
