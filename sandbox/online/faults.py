"""Faults of the connection, as they happen in real life; they are set through the control API."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from flask import Response, g, request

from sandbox.online.storage import Store

KINDS = ("cut_before", "cut_after", "status", "delay", "hang", "garbage")


@dataclass
class Fault:
    """A fault of the next `times` calls that have `match` in "METHOD /path?query". If `lasts` is set, it is an outage:
    a fault of all such calls for that many seconds by the sandbox's clock.

    `cut_before` closes the connection before anything is done, `cut_after` when all is done and stored; `status`
    answers `status`, `body` and `headers` instead of the service, `garbage` 200 without JSON; `delay` waits `seconds`
    first; `hang` waits `seconds`, does nothing and closes the connection.
    """

    kind: str
    match: str = ""
    times: int = 1
    status: int = 503
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 60.0
    lasts: float | None = None
    until: dt.datetime | None = field(default=None, init=False)

    @classmethod
    def described(cls, words: Mapping[str, Any]) -> Fault:
        """Return the fault of a description. Raises ValueError if the description is not valid."""
        if unknown := set(words) - {one.name for one in fields(cls) if one.init}:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        if words.get("kind") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        return cls(**words)


class Faults:
    """The faults that are set."""

    def __init__(self) -> None:
        self._set: list[Fault] = []
        self._lock = threading.Lock()
        self._cleared = threading.Event()

    def add(self, fault: Fault, now: dt.datetime) -> None:
        """Set a fault from now on; `now` is the time of the sandbox's clock."""
        if fault.lasts is not None:
            fault.until = now + dt.timedelta(seconds=fault.lasts)
        with self._lock:
            self._cleared.clear()
            self._set.append(fault)

    def clear(self) -> None:
        """Remove all faults, and end the waiting of connections that are delayed."""
        with self._lock:
            self._set.clear()
            self._cleared.set()

    def before(self, store: Store) -> Response | None:
        """Apply a fault before anything is done. Return the answer that replaces the real one, if any."""
        fault = g.fault = self._take(f"{request.method} {request.full_path}", store) if self._set else None
        if fault is None:
            return None
        if fault.kind in {"hang", "delay"}:
            self._cleared.wait(fault.seconds)
        match fault.kind:
            case "cut_before" | "hang":
                return Response(status=500)
            case "status":
                return Response(fault.body or "<html>Service Unavailable</html>", fault.status, fault.headers)
            case "garbage":
                return Response(fault.body or "\x00{not json", 200, fault.headers)
        return None

    def after(self, response: Response) -> Response:
        """Close the connection without an answer, if that is the fault."""
        fault: Fault | None = g.get("fault")
        if fault is not None and fault.kind in {"cut_before", "cut_after", "hang"}:
            line: socket.socket = request.environ["werkzeug.socket"]
            line.shutdown(socket.SHUT_RDWR)
        return response

    def _take(self, call: str, store: Store) -> Fault | None:
        with store.reading() as session:
            now = session.now()
        with self._lock:
            self._set = [one for one in self._set if one.until is None or now < one.until]
            fault = next((one for one in self._set if one.match in call), None)
            if fault is not None and fault.until is None:
                fault.times -= 1
                if fault.times <= 0:
                    self._set.remove(fault)
        return fault
