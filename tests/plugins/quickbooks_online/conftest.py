"""The other ends of the line: a ledger that says what a test tells it to, and the sandbox, which behaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hub.plugin import Connection
from sandbox.online import REALM, Running, start
from tests.support.online_calls import Ledger, settings_of
from tests.support.online_conversations import Transport


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
def transport(connection: Connection) -> Transport:
    return Transport(connection)


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
            if "/companyinfo/" not in self.path:  # The sign-in reads its company back; that is told by its own test.
                self.do_POST()
                return
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Ledger(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()
