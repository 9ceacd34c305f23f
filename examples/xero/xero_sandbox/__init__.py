"""A sandbox that behaves like Xero, for trying the plugin and for its tests. It uses neither hub nor plugin."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from werkzeug.serving import make_server

from xero_sandbox.app import create_app
from xero_sandbox.oauth import CLIENT_ID
from xero_sandbox.seed import OTHER_TENANT, TENANT
from xero_sandbox.storage import loads

__all__ = ["CLIENT_ID", "OTHER_TENANT", "TENANT", "Running", "start"]


class Running:
    """A sandbox in a thread of this process."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._app = create_app(folder)
        self._server = make_server("127.0.0.1", port, self._app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._app.extensions["books"].close()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def control(self, path: str, sent: dict[str, Any] | None = None) -> Any:
        """Call the control API: a GET without `sent`, else a POST. Return its JSON."""
        address = f"{self.url}/_sandbox/{path}"
        answer = requests.get(address, timeout=60) if sent is None else requests.post(address, json=sent, timeout=60)
        answer.raise_for_status()
        return loads(answer.text)

    def books(self, tenant: str = TENANT) -> dict[str, list[dict[str, Any]]]:
        """Return all entries of an organisation, by kind."""
        found: dict[str, list[dict[str, Any]]] = self.control(f"books/{tenant}")
        return found

    def grant(self, tenant: str = TENANT, scope: str = "") -> dict[str, str]:
        """Return tokens without a sign-in in a browser."""
        found: dict[str, str] = self.control("grant", {"tenant": tenant, "scope": scope})
        return found

    def fault(self, kind: str, match: str = "", times: int = 1, **more: Any) -> None:
        """Set a fault: see `xero_sandbox.faults.Fault`."""
        self.control("faults", {"kind": kind, "match": match, "times": times, **more})

    def advance(self, seconds: float) -> None:
        """Move its clock forward."""
        self.control("clock", {"advance_seconds": seconds})

    def save(self, name: str) -> None:
        """Save the whole state under a name, until the sandbox stops."""
        self.control("save", {"name": name})

    def restore(self, name: str) -> None:
        """Return to a saved state, without faults and limits."""
        self.control("restore", {"name": name})

    def settings(self) -> dict[str, str]:
        """Return the plugin settings for this sandbox."""
        return {
            "CLIENT_ID": CLIENT_ID, "AUTHORIZE_URL": f"{self.url}/identity/connect/authorize",
            "TOKEN_URL": f"{self.url}/identity/connect/token", "API_URL": self.url, "APP_URL": self.url,
        }  # fmt: skip


def start(folder: Path, port: int = 0) -> Running:
    """Start a sandbox with its books in a folder; with port 0 on a free port."""
    return Running(folder, port)
