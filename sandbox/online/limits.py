"""Rate limits and latency of the service. Both are off unless a test switches them on.

The windows move with the machine's time, not with the sandbox's clock, because they limit real traffic.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from flask import Response, request

from sandbox.online import xml
from sandbox.online.storage import dumps, pacific

BODIES = ("json", "xml", "gateway")

_MESSAGE = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
_DETAIL = "The request limit was reached.  Try again later"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Rate limits, by default Intuit's: calls of a company per minute, calls of an app in a company per second, batches
    of an app in a company per minute; null for no limit. `body` is the format of a 429: `json`, `xml` (whatever was
    asked for, as in real life) or `gateway` (lower-case keys); `retry_after` is its header in seconds, null for none.
    """

    minute: int | None = 500
    second: int | None = 10
    batches: int | None = 40
    body: str = "json"
    retry_after: int | None = None

    @classmethod
    def described(cls, words: Mapping[str, Any]) -> Limits:
        """Return the limits of a description. Raises ValueError if the description is not valid."""
        if unknown := set(words) - {one.name for one in fields(cls)}:
            raise ValueError(f"limits have no {', '.join(sorted(unknown))}")
        if words.get("body", "json") not in BODIES:
            raise ValueError(f"body is one of {', '.join(BODIES)}")
        return cls(**words)


class Throttle:
    """Counts the calls of each company, and rejects calls over the limits. Like the sandbox, it has only one app."""

    def __init__(self) -> None:
        self.latency = 0.0
        """Seconds by which every call is delayed. Concurrent calls wait concurrently."""
        self._limits: Limits | None = None
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, float], deque[float]] = {}

    def set(self, limits: Limits | None) -> None:
        """Enforce these limits from now on, or none."""
        with self._lock:
            self._limits = limits
            self._calls.clear()

    def before(self) -> Response | None:
        """Delay and count a call of the accounting API. Return the answer 429 if it is over a limit."""
        if not request.path.startswith("/v3/company/"):
            return None
        if self.latency:
            time.sleep(self.latency)
        realm = request.path.split("/")[3]
        limits = self._limits
        if limits is None or self._admits(limits, realm, request.path.rstrip("/").endswith("/batch")):
            return None
        return _too_many(limits)

    def _admits(self, limits: Limits, realm: str, is_batch: bool) -> bool:
        windows = [("all", 60.0, limits.minute), ("all", 1.0, limits.second)]
        if is_batch:
            windows.append(("batch", 60.0, limits.batches))
        now = time.monotonic()
        with self._lock:
            entered = []
            for name, seconds, most in windows:
                calls = self._calls.setdefault((f"{realm}/{name}", seconds), deque())
                while calls and calls[0] <= now - seconds:
                    calls.popleft()
                if most is not None and len(calls) >= most:
                    return False
                entered.append(calls)
            for calls in entered:
                calls.append(now)
        return True


def _too_many(limits: Limits) -> Response:
    headers = {} if limits.retry_after is None else {"Retry-After": str(limits.retry_after)}
    fault = {"Error": [{"Message": _MESSAGE, "Detail": _DETAIL, "code": "3001"}], "type": "SERVICE"}
    match limits.body:
        case "xml":
            text = xml.write({"Fault": fault, "time": pacific(dt.datetime.now(dt.UTC)).isoformat()})
            return Response(text, 429, headers, content_type="application/xml")
        case "gateway":
            error = {"message": _MESSAGE, "detail": _DETAIL, "code": "003001", "element": None}
            lower = {"warnings": None, "intuitObject": None, "fault": {"error": [error], "type": "SERVICE"}}
            return Response(dumps(lower), 429, headers, content_type="application/json")
    return Response(dumps({"Fault": fault}), 429, headers, content_type="application/json")
