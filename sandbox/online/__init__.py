"""A sandbox that behaves like QuickBooks Online, for the demo, the tests and the authors of plugins."""

from __future__ import annotations

import logging
import threading
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from werkzeug.serving import make_server

from sandbox.online.app import create_app
from sandbox.online.oauth import CLIENT_ID, CLIENT_SECRET
from sandbox.online.seed.companies import COMPANIES
from sandbox.online.storage import loads

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "OTHER_REALM", "REALM", "Running", "start"]

REALM, OTHER_REALM = (company.realm for company in COMPANIES)


class Running:
    """A sandbox in a thread of this process."""

    def __init__(self, folder: Path, port: int = 0, *, lived_in: bool = False, copies: int = 0) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._app = create_app(folder, lived_in=lived_in, copies=copies)
        self._server = make_server("127.0.0.1", port, self._app, threaded=True)
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self._app.extensions["postman"].start()

    def close(self) -> None:
        """Stop listening, and end the waiting of connections that a fault delays."""
        self._app.extensions["faults"].clear()
        self._app.extensions["postman"].close()
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

    def books(self, realm: str = REALM) -> dict[str, list[dict[str, Any]]]:
        """Return all entries of a company, by kind."""
        found: dict[str, list[dict[str, Any]]] = self.control(f"books/{realm}")
        return found

    def balances(self, realm: str = REALM) -> dict[str, Decimal]:
        """Return the balances of a company's accounts, by account number: debits less credits."""
        found: dict[str, Decimal] = self.control(f"balances/{realm}")
        return found

    def grant(self, realm: str = REALM) -> dict[str, str]:
        """Return a grant without a browser: client_id, client_secret, access_token, refresh_token, realm_id."""
        found: dict[str, str] = self.control("grant", {"realm_id": realm})
        return found

    def webhooks(self, url: str, token: str, **more: Any) -> None:
        """Send webhooks about every change from now on: see `sandbox.online.webhooks.Subscription`."""
        self.control("webhooks", {"url": url, "token": token, **more})

    def fault(self, kind: str, match: str = "", times: int = 1, **more: Any) -> None:
        """Set a fault: see `sandbox.online.faults.Fault`."""
        self.control("faults", {"kind": kind, "match": match, "times": times, **more})

    def save(self, name: str) -> None:
        """Save the whole state under a name, until the sandbox stops."""
        self.control("save", {"name": name})

    def restore(self, name: str) -> None:
        """Return to a saved state, without faults and limits."""
        self.control("restore", {"name": name})


def start(folder: Path, port: int = 0, *, lived_in: bool = False, copies: int = 0) -> Running:
    """Start a sandbox with its books in a folder; with port 0 on a free port. New books have no transactions, or with
    `lived_in` those of a year of bookkeeping. `copies` is how many more companies there are, all like the first."""
    return Running(folder, port, lived_in=lived_in, copies=copies)
