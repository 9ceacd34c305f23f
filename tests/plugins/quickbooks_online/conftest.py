"""The other ends of the line: a ledger that says what a test tells it to, and the sandbox, which behaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hub.plugin import Connection
from sandbox.online import REALM, Running, start

from .answering import Carrier

CANARIES = {"access_token": "CANARY-ACCESS", "refresh_token": "CANARY-REFRESH"}
CLIENT_SECRET = "CANARY-SECRET"


@dataclass
class Ledger:
    """Answers every call with the next of `answers`, keeping what it was asked. An answer of None cuts the line."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes] | None] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, status: int, body: str | bytes, **headers: str) -> None:
        named = {name.replace("_", "-") if name != "intuit_tid" else name: value for name, value in headers.items()}
        self.answers.append((status, named, body.encode() if isinstance(body, str) else body))

    def hangs_up(self) -> None:
        self.answers.append(None)

    @property
    def settings(self) -> dict[str, str]:
        return {**settings_of(self.url), "CLIENT_ID": "an-app", "CLIENT_SECRET": CLIENT_SECRET}

    @property
    def connection(self) -> Connection:
        return Connection(books_id="4620816365000000001", credentials=CANARIES, settings=self.settings)


def settings_of(url: str) -> dict[str, str]:
    """The settings of an operator whose Intuit is at `url`."""
    return {
        "CLIENT_ID": "sandbox-client",
        "CLIENT_SECRET": "sandbox-secret",
        "AUTHORIZE_URL": f"{url}/connect/oauth2",
        "TOKEN_URL": f"{url}/oauth2/v1/tokens/bearer",
        "REVOKE_URL": f"{url}/v2/oauth2/tokens/revoke",
        "API_URL": url,
        "APP_URL": url,
        "TIMEOUT": "10",
    }


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "books") as running:
        yield running


@pytest.fixture
def connection(books: Running) -> Connection:
    tokens = books.grant()
    return Connection(
        books_id=REALM,
        credentials={name: tokens[name] for name in ("access_token", "refresh_token")},
        settings=settings_of(books.url),
    )


@pytest.fixture
def carrier(connection: Connection) -> Carrier:
    return Carrier(connection)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((self.path, dict(self.headers), body))
            answer = told.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Ledger(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()
