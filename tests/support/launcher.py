"""A program that loads the app once and then forks its processes: each of them starts in milliseconds.

Each line of standard input is a command: `{"command": ["flask", …], "log": "web.log", "wait": false}`. For each it
prints one line: the process id, or with `wait` the exit code.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from pkgutil import resolve_name
from types import FrameType
from typing import Any

TOP = Path(__file__).parent.parent.parent
PROGRAMS = {"flask": "flask.cli:main", "gunicorn": "gunicorn.app.wsgiapp:run"}
"""The programs that it can become, by the function that runs each."""

exit_codes: dict[int, int] = {}


def reap(_signal: int, _frame: FrameType | None) -> None:
    """Note the exit codes of children that have ended, so that none stays a zombie."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            exit_codes[ended[0]] = os.waitstatus_to_exitcode(ended[1])


def become(command: list[str], log: str) -> None:
    """Turn this fork into the process of a command. Does not return."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        output, nothing = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        sys.argv = command
        resolve_name(PROGRAMS[command[0]])()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def launch(asked: dict[str, Any]) -> int:
    """Fork a process. Return its id, or its exit code if the caller waits for it."""
    process_id = os.fork()
    if process_id == 0:
        become(asked["command"], asked["log"])
    while asked["wait"] and process_id not in exit_codes:
        time.sleep(0.005)
    return exit_codes[process_id] if asked["wait"] else process_id


def main() -> None:
    import wsgi

    assert wsgi.app
    for program in PROGRAMS.values():
        resolve_name(program)
    others = [one for one in threading.enumerate() if one.name not in {"MainThread", "hub-plugin"}]
    assert not others, "A fork would lack these threads. (It may lack that of a plugin which hangs.)"
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        print(launch(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
