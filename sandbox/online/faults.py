"""What goes wrong with a line in life, on order: set through the control API, seen by nobody else."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from flask import Response, g, request


@dataclass
class Fault:
    """`kind` is cut_before, cut_after, status, delay, hang or garbage; it strikes `times` calls that have `match` in
    "METHOD /path?query"."""

    kind: str
    match: str = ""
    times: int = 1
    status: int = 503
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 1.0


class Faults:
    """Those that are set at present."""

    def __init__(self) -> None:
        self._set: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, **described: Any) -> None:
        with self._lock:
            self._set.append(Fault(**described))

    def clear(self) -> None:
        with self._lock:
            self._set.clear()

    def before(self) -> Response | None:
        """Strike before anything is done; an answer takes the place of the real one."""
        fault = self._take(f"{request.method} {request.full_path}")
        g.fault = fault
        match fault.kind if fault else None:
            case "cut_before":
                return _cut()
            case "status" | "garbage":
                assert fault is not None
                default = "<html>Service Unavailable</html>" if fault.kind == "status" else "\x00{not json"
                status = fault.status if fault.kind == "status" else 200
                return Response(fault.body or default, status, fault.headers)
            case "delay" | "hang":
                assert fault is not None
                time.sleep(fault.seconds if fault.kind == "delay" else max(fault.seconds, 60))
        return None

    def after(self, response: Response) -> Response:
        """Strike after everything is done and stored."""
        fault: Fault | None = g.get("fault")
        return _cut() if fault is not None and fault.kind == "cut_after" else response

    def _take(self, call: str) -> Fault | None:
        with self._lock:
            for fault in self._set:
                if fault.match in call:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._set.remove(fault)
                    return fault
        return None


def _cut() -> Response:
    """Close the connection under the client, without a word."""
    line: socket.socket = request.environ["werkzeug.socket"]
    line.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
