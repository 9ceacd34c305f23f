"""`make demo`: run the demo application with everything that it needs, as real processes, until Ctrl-C.

The processes are declared in two Procfiles: operators use the one at the top of the project, too; the one in this
folder adds a Redis and the sandboxes. Supervisor restarts a process that exits.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
from flask.cli import FlaskGroup
from sqlalchemy.exc import SQLAlchemyError

from demo import create_app, supervision
from demo.announcement import announcement
from demo.configuration import configuration, folder
from demo.logs import Logs
from demo.startup import StartFailed, Startup, demo_parts, supervisor_failure
from demo.surroundings import Taken, environment
from demo.terminal import Terminal

_STOP_SECONDS = 20.0  # After that, processes that have not stopped are killed.
_RUN_VARIABLE = "DEMO_RUN"
"""The environment variable that identifies every process of this run."""

_stop_signals: list[int] = []
"""The signals that have asked us to stop."""


def main() -> int:
    """Start the demo, wait until it is ready, print its addresses, and stop all processes in the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: _stop_signals.append(number))
    terminal, data = Terminal(), folder()
    try:
        with _lock(data):
            variables = environment(os.environ, data) | {_RUN_VARIABLE: secrets.token_hex(8)}
            os.environ.update(variables)
            terminal.say(f"Starting the demo. Data and logs: {data}\nPreparing the database")
            _prepare_database()
            return 0 if _stop_signals else _run(data, variables, terminal)
    except (Taken, StartFailed) as problem:
        terminal.say(str(problem))
        return 1


@contextlib.contextmanager
def _lock(data: Path) -> Iterator[None]:
    """Lock the data folder: two demos on one folder would share a Redis and a database. Raises `Taken`."""
    with (data / "lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(f"A demo is running already in {data}. Choose another folder: DEMO_DATA=… make demo") from None
        yield


def _prepare_database() -> None:
    """Run `flask hub upgrade` and `flask demo prepare` in this process, which has loaded the app anyway."""
    commands = FlaskGroup(create_app=create_app)
    try:
        for command in (["hub", "upgrade"], ["demo", "prepare"]):
            commands.main(command, standalone_mode=False)
    except SQLAlchemyError as error:
        raise StartFailed(f"The database could not be prepared: {str(error).splitlines()[0]}") from error


def _run(data: Path, variables: Mapping[str, str], terminal: Terminal) -> int:
    programs = supervision.processes()
    if "REDIS_LISTEN" not in variables:
        del programs["redis"]
    (data / "logs").mkdir(exist_ok=True)
    (data / "sandbox").mkdir(exist_ok=True)
    logs = Logs(data / "logs")
    supervisor = _start_supervisor(programs, data, variables)
    try:
        parts = demo_parts(programs, variables, str(configuration()["HUB_REDIS_URL"]))
        if Startup(parts, logs, terminal).wait(supervisor, lambda: bool(_stop_signals)):
            terminal.say(announcement(data, variables))
        while not _stop_signals and supervisor.poll() is None:
            time.sleep(0.2)
        if not _stop_signals:
            raise StartFailed(supervisor_failure(supervisor, logs))
        terminal.say("\nStopping…")
        return 0
    finally:
        _stop(supervisor, variables[_RUN_VARIABLE])


def _start_supervisor(programs: Mapping[str, str], data: Path, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start Supervisor in its own session, so that the terminal sends Ctrl-C only to us, and we stop Supervisor."""
    file = data / "supervisord.conf"
    try:
        file.write_text(supervision.configuration(programs, data), encoding="utf-8")
    except ValueError as error:
        raise StartFailed(f"{error}. Choose another folder: DEMO_DATA=… make demo") from None
    return subprocess.Popen(  # noqa: S603 – Our own command.
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)],
        cwd=supervision.TOP, env=dict(variables), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=_stop_with_parent,  # noqa: PLW1509 – We have no threads.
    )  # fmt: skip


def _stop_with_parent() -> None:
    """Request SIGTERM for the child process when this program dies, even if it is killed. Only on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _stop(supervisor: subprocess.Popen[bytes], run: str) -> None:
    """Let Supervisor stop its processes. Then kill whatever is left of this run."""
    if supervisor.poll() is None:
        supervisor.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            supervisor.wait(_STOP_SECONDS)
    for process in _find_processes(run):
        with contextlib.suppress(psutil.Error):
            process.kill()
    supervisor.wait()


def _find_processes(run: str) -> list[psutil.Process]:
    """Return the processes of a run, apart from this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(_RUN_VARIABLE) == run:
                found.append(process)
    return found


if __name__ == "__main__":
    sys.exit(main())
