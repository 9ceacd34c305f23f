"""Faults of the connection, and rate limits; both are set through the control API."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from dataclasses import dataclass, field

from flask import Response, g, request

KINDS = ("cut_before", "cut_after", "status", "stumble", "delay", "garbage")


@dataclass
class Fault:
    """A fault of the next `times` calls that have `match` in "METHOD /path?query".

    `cut_before` closes the connection before anything is done, `cut_after` when all is done and stored; `status`
    answers with `status`, `body` and `headers` instead of the service; `stumble` does all and then answers 500, which
    is stored under the call's key like every answer; `delay` waits `seconds` first; `garbage` answers 200 without JSON.
    """

    kind: str
    match: str = ""
    times: int = 1
    status: int = 503
    body: str = "The Xero API is temporarily unavailable"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Faults:
    """The faults that are set."""

    def __init__(self) -> None:
        self._set: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        if fault.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        with self._lock:
            self._set.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._set.clear()

    def before(self) -> Response | None:
        """Apply a fault before anything is done. Return the answer that replaces the real one, if any."""
        fault = g.fault = self._take(f"{request.method} {request.full_path}")
        if fault is None:
            return None
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        if fault.kind == "status":
            return Response(fault.body, fault.status, fault.headers, content_type="text/plain")
        if fault.kind == "garbage":
            return Response("\x00{not json", 200)
        return Response(status=500) if fault.kind == "cut_before" else None

    @staticmethod
    def after(response: Response) -> Response:
        """Close the connection without an answer, if that is the fault."""
        fault: Fault | None = g.get("fault")
        if fault is not None and fault.kind.startswith("cut"):
            line: socket.socket = request.environ["werkzeug.socket"]
            line.shutdown(socket.SHUT_RDWR)
        return response

    def _take(self, call: str) -> Fault | None:
        with self._lock:
            fault = next((one for one in self._set if one.match in call), None)
            if fault is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._set.remove(fault)
        return fault


class Limits:
    """Xero's rate limits: calls at a time, per minute and per day, for each organisation. Calls are always counted; a
    limit is enforced once it is set.

    The windows are fixed, by the sandbox's clock.
    """

    def __init__(self) -> None:
        self.figures: dict[str, int] = {}
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str, int], int] = {}
        self._present: dict[str, int] = {}
        self.most_present = 0

    def enter(self, tenant: str, now: dt.datetime) -> Response | None:
        """Count a call. Return the answer 429 if it is over a limit."""
        windows = {name: int(now.timestamp()) // seconds for name, seconds in (("minute", 60), ("day", 86400))}
        with self._lock:
            if self._present.get(tenant, 0) >= self.figures.get("concurrent", 10**6):
                return _too_many("concurrent", None)
            for name, window in windows.items():
                if self._calls.get((tenant, name, window), 0) >= self.figures.get(name, 10**6):
                    seconds = 60 if name == "minute" else 86400
                    return _too_many(name, seconds - int(now.timestamp()) % seconds)
            for name, window in windows.items():
                self._calls[tenant, name, window] = self._calls.get((tenant, name, window), 0) + 1
            self._present[tenant] = self._present.get(tenant, 0) + 1
            self.most_present = max(self.most_present, self._present[tenant])
            g.entered = tenant
            g.remaining = {
                name: self.figures.get(name, {"minute": 60, "day": 5000}[name]) - self._calls[tenant, name, window]
                for name, window in windows.items()
            }
        return None

    def leave(self) -> None:
        """Count the call as ended."""
        if tenant := g.pop("entered", ""):
            with self._lock:
                self._present[tenant] -= 1


def _too_many(which: str, seconds: int | None) -> Response:
    headers = {"X-Rate-Limit-Problem": which} | ({} if seconds is None else {"Retry-After": str(seconds)})
    return Response("", 429, headers)
