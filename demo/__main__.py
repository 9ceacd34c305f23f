"""`make demo`: everything that the order desk needs, as real processes, until Ctrl-C.

The processes are declared in two Procfiles: the one at the top of the project is what an operator runs too, the one
here adds what the demo brings along, a Redis and the sandbox books. Supervisor keeps all of them alive.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType
from urllib.error import URLError

from demo import supervision
from demo.configuration import folder
from demo.seed import LOGINS, PASSWORD

_PATIENCE = 60.0  # Seconds until everything must answer.


def main() -> int:
    """Start, wait until everything answers, say where it is, and stop all of it in the end."""
    ports = {
        "DEMO_PORT": int(os.environ.get("DEMO_PORT", "8000")),
        "SANDBOX_PORT": int(os.environ.get("SANDBOX_PORT", "8010")),
    }
    for name, port in ports.items():
        if not _is_free(port):
            print(f"Port {port} is in use. Choose another one: {name}={port + 100} make demo")
            return 1
    os.environ.update({name: str(port) for name, port in ports.items()})
    os.environ.setdefault("PORT", str(ports["DEMO_PORT"]))
    began = time.monotonic()
    for command in (["hub", "upgrade"], ["demo", "prepare"]):
        subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", *command], check=True, cwd=supervision.TOP)  # noqa: S603 – Our own commands.
    running = subprocess.Popen(  # noqa: S603 – Our own command.
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(supervision.write(folder()))],
        cwd=supervision.TOP,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        _await(running, [f"http://127.0.0.1:{ports['DEMO_PORT']}/health", f"http://127.0.0.1:{ports['SANDBOX_PORT']}/"])
        _announce(ports, time.monotonic() - began)
        return running.wait()
    except _Stopped:
        print("\nStopping…", flush=True)
        return 0
    except TimeoutError as error:
        print(f"{error} Its output is in {folder() / 'logs'}.")
        return 1
    finally:
        _end(running)


class _Stopped(BaseException):
    """Ctrl-C, or the terminal was closed."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _await(running: subprocess.Popen[bytes], addresses: list[str]) -> None:
    until = time.monotonic() + _PATIENCE
    for address in addresses:
        while not _answers(address):
            if running.poll() is not None or time.monotonic() > until:
                raise TimeoutError(f"{address} does not answer.")
            time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310 – Our own address.
            return True
    except (URLError, OSError):
        return False


def _announce(ports: dict[str, int], took: float) -> None:
    desk, books = (f"http://127.0.0.1:{port}" for port in ports.values())
    logins = "\n".join(f"                {login}" for login in LOGINS)
    print(
        f"""
  The order desk is ready ({took:.1f} s).

    Order desk  {desk}
    The books   {books}

    Logins      password: {PASSWORD}
{logins}

    Sign in as the admin, open Integrations and install QuickBooks Online.
    Then send order 1042: {desk}/orders/1042

    Data and logs are in {folder()}
    Ctrl-C stops everything.
""",
        flush=True,
    )


def _end(running: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)


if __name__ == "__main__":
    Path(folder()).mkdir(parents=True, exist_ok=True)
    sys.exit(main())
