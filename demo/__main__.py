"""`make demo`: everything that the order desk needs, as real processes, until Ctrl-C.

The processes are declared in two Procfiles: the one at the top of the project is what an operator runs too, the one
here adds what the demo brings along, a Redis and the sandbox books. Supervisor keeps all of them alive.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
from flask.cli import FlaskGroup

from demo import catalog, create_app, supervision
from demo.configuration import folder
from demo.surroundings import Taken, environment

_PATIENCE = 60.0  # Seconds until everything must answer.
_FAREWELL = 20.0  # Seconds until everything must have stopped.
_MARK = "DEMO_RUN"
"""The variable by which every process of a run is known, however it came to be."""

_stops: list[int] = []
"""The signals that have asked us to stop."""


def main() -> int:
    """Start, wait until everything answers, say where it is, and stop all of it in the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: _stops.append(number))
    data = folder()
    try:
        with _alone(data):
            surroundings = environment(os.environ, data) | {_MARK: secrets.token_hex(8)}
            os.environ.update(surroundings)
            _prepare()
            return _run(data, surroundings)
    except Taken as taken:
        _say(str(taken))
        return 1


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data folder: two demos on one folder would share a Redis and a database. Raises `Taken`."""
    with (data / "lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(f"A demo is running already in {data}. Choose another folder: DEMO_DATA=… make demo") from None
        yield


def _prepare() -> None:
    """`flask hub upgrade` and `flask demo prepare`, in this process, which has loaded the app anyway."""
    commands = FlaskGroup(create_app=create_app)
    for command in (["hub", "upgrade"], ["demo", "prepare"]):
        commands.main(command, standalone_mode=False)


def _run(data: Path, surroundings: Mapping[str, str]) -> int:
    running = _start(data, surroundings)
    try:
        silent = _await(running, surroundings)
        if silent and not _stops:
            _say(f"This has not come up: {', '.join(silent)}. What they said is in {data / 'logs'}.")
            return 1
        if not _stops:
            _announce(data, surroundings)
        while not _stops and running.poll() is None:
            time.sleep(0.2)
        _say("\nStopping…" if _stops else f"Supervisor has ended. What it said is in {data / 'logs'}.")
        return 0 if _stops else 1
    finally:
        _end(running, surroundings[_MARK])


def _start(data: Path, surroundings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start Supervisor, in a session of its own: Ctrl-C is for us, and we tell it in turn."""
    (data / "logs").mkdir(exist_ok=True)
    (data / "sandbox").mkdir(exist_ok=True)
    commands = supervision.processes()
    if "REDIS_LISTEN" not in surroundings:
        del commands["redis"]
    file = data / "supervisord.conf"
    file.write_text(supervision.configuration(commands, data), encoding="utf-8")
    return subprocess.Popen(  # noqa: S603 – Our own command.
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)],
        cwd=supervision.TOP, env=dict(surroundings), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=_stop_with_parent,  # noqa: PLW1509 – We have no threads.
    )  # fmt: skip


def _stop_with_parent() -> None:
    """In the child: be told to stop when we are killed in a way that leaves us no time to say so (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _await(running: subprocess.Popen[bytes], surroundings: Mapping[str, str]) -> list[str]:
    """Wait until everything is there; gives what is not, when there is no more use in waiting."""
    until = time.monotonic() + _PATIENCE
    while (silent := _silent(surroundings)) and not _stops and running.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    return silent


def _silent(surroundings: Mapping[str, str]) -> list[str]:
    """Who does not answer yet."""
    desk, books = _addresses(surroundings)
    health = _answer(f"{desk}/health") or {}
    here = {
        "web": bool(health), "redis": health.get("redis", False), "sandbox": _answer(books) is not None,
        "xero": not supervision.has_xero() or _answer(_xero(surroundings)) is not None,
        "workers": health.get("workers", 0) >= supervision.COPIES["worker"],
    }  # fmt: skip
    return [name for name, answers in here.items() if not answers]


def _answer(address: str) -> dict[str, Any] | None:
    """What a page says, if it is JSON; None if nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 – Our own address.
            text = answer.read()
            return dict(json.loads(text)) if answer.headers.get_content_type() == "application/json" else {"page": text}
    except OSError:
        return None


def _addresses(surroundings: Mapping[str, str]) -> tuple[str, str]:
    return f"http://127.0.0.1:{surroundings['DEMO_PORT']}", f"http://127.0.0.1:{surroundings['SANDBOX_PORT']}"


def _xero(surroundings: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{surroundings['XERO_PORT']}"


def _announce(data: Path, surroundings: Mapping[str, str]) -> None:
    desk, books = _addresses(surroundings)
    xero = f"                 {_xero(surroundings)}   a sandbox Xero\n" if supervision.has_xero() else ""
    _say(f"""
  The order desk is ready.

    Order desk   {desk}
    The books    {books}   a sandbox QuickBooks Online
{xero}
    Sign in as   {catalog.ADMIN:<18}may connect the books
                 {catalog.REP:<18}may send orders
                 {catalog.OTHER:<18}another organization
    Password     {catalog.PASSWORD}

    Begin with Integrations, install QuickBooks Online,
    then send an order: {desk}/orders/1042

    QuickBooks Desktop: install it there, download the file, and let the
    sandbox's Web Connector call with the password that the page shows:

      {sys.executable} -m sandbox.desktop --every 5 \
        --company {data / "company"} --qwc ~/Downloads/bookpost.qwc --password …

    Data and logs are in {data}
    Ctrl-C stops everything.
""")


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # The terminal may be gone.
        print(text, flush=True)


def _end(running: subprocess.Popen[bytes], mark: str) -> None:
    """Let Supervisor stop its processes; then make sure that nothing of this run is left."""
    if running.poll() is None:
        running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(_FAREWELL)
    for left in _marked(mark):
        with contextlib.suppress(psutil.Error):
            left.kill()
    running.wait()


def _marked(mark: str) -> list[psutil.Process]:
    """The processes of a run, apart from this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(_MARK) == mark:
                found.append(process)
    return found


if __name__ == "__main__":
    sys.exit(main())
