"""Metrics for Prometheus: those of this process, or of all processes that share `PROMETHEUS_MULTIPROC_DIR`.

With that directory, each process writes what it counts into files of its own, and whichever process is asked adds all
of them up. Files of processes that have ended are folded into one, because a worker may fork a process for each job.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from flask import current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from hub import events
from hub.operations import gauges

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

CONTENT_TYPE = CONTENT_TYPE_LATEST
_FOLDED = "folded"


def expose(*, with_gauges: bool = True) -> bytes:
    """Return all metrics in Prometheus' text format. `with_gauges` includes what the database and Redis say."""
    registry = CollectorRegistry()
    registry.register(_Collected(_counted))
    if with_gauges:
        registry.register(_Collected(gauges.read))
    return generate_latest(registry)


def is_operator(authorization: str) -> bool | None:
    """Return True if an Authorization header bears `HUB_METRICS_TOKEN`; None if no token is set."""
    token = str(current_app.config.get("HUB_METRICS_TOKEN") or "")
    return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()) if token else None


class _Collected:
    """A collector, as a registry takes it."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self.collect = collect


def _counted() -> Iterable[Metric]:
    """Return what the hub's processes have counted. A directory that the application shares has its metrics, too."""
    directory = _directory()
    if directory is None:
        return events.REGISTRY.collect()
    with _locked(directory):
        _fold(directory)
        found = MultiProcessCollector(None, str(directory)).collect()  # type: ignore[no-untyped-call]  # Prometheus'.
        return [metric for metric in found if metric.name.startswith("hub_")]


# ── Several processes ───────────────────────────────────────────────────────────────────────────────────────────────


def _directory() -> Path | None:
    name = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(name) if name and Path(name).is_dir() else None


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / "hub.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fold_ended() -> None:
    """Add up what processes that have ended have counted, and delete their files. What they counted stays."""
    directory = _directory()
    if directory is not None:
        with _locked(directory):
            _fold(directory)


def _fold(directory: Path) -> None:
    for path in directory.glob("*_*.db"):
        prefix, _, pid = path.stem.rpartition("_")
        if not pid.isdigit() or _is_alive(int(pid)):
            continue
        if prefix in {"counter", "histogram"}:
            _add(path, directory / f"{prefix}_{_FOLDED}.db")
        path.unlink(missing_ok=True)  # A gauge says nothing of a process that has ended.


def _add(path: Path, total_path: Path) -> None:
    total = MmapedDict(str(total_path))  # type: ignore[no-untyped-call]  # Prometheus'.
    try:
        for key, value, *_ in MmapedDict.read_all_values_from_file(str(path)):  # type: ignore[no-untyped-call]
            total.write_value(key, total.read_value(key)[0] + value, 0.0)  # type: ignore[no-untyped-call]
    finally:
        total.close()  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # Another user's.
        return True
    return True


# ── A port of a process without pages ───────────────────────────────────────────────────────────────────────────────


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 – The signature is wsgiref's.
        """Write nothing: a scrape is no news."""


def serve_port() -> None:
    """Serve what this process and its children count at `/hub/metrics` of `HUB_METRICS_PORT`, in a thread. Does
    nothing without that setting."""
    port = int(current_app.config.get("HUB_METRICS_PORT") or 0)
    if not port:
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # Werkzeug's documented way.

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        with app.app_context():
            allowed = is_operator(environ.get("HTTP_AUTHORIZATION", ""))
            if allowed is None or environ["PATH_INFO"] != "/hub/metrics":
                start("404 Not Found", [])
                return [b""]
            if not allowed:
                start("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
                return [b""]
            body = expose(with_gauges=False)
        start("200 OK", [("Content-Type", CONTENT_TYPE)])
        return [body]

    server = make_server("", port, answer, handler_class=_Silent)
    Thread(target=server.serve_forever, name="hub-metrics", daemon=True).start()
