"""A pretend Acme that is called: its books behind a real socket, with tokens, and a line that can be cut.

`python tests/pretend.py 8020` runs it by itself, for the demo or your own host; who signs in there consents at once.
"""

from __future__ import annotations

import json
import secrets
import socket
import sys
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from books import Books

from hub.testing import Decision, Entered, Lost


class PretendAcme:
    """Use it in a `with`. It is a `hub.testing.PushLedger` and a `hub.testing.Restorable`."""

    def __init__(self, port: int = 0) -> None:
        self.books = {key: Books(key, f"Company {key}") for key in ("1", "2")}
        self.codes: dict[str, str] = {}
        self.access: dict[str, str] = {}
        self.refresh: dict[str, str] = {}
        self.lost: Lost | None = None
        self.busy = False
        self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> PretendAcme:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def settings(self) -> Mapping[str, str]:
        url = f"http://127.0.0.1:{self.server.server_port}"
        return {"API_URL": url, "CLIENT_ID": "an-app", "CLIENT_SECRET": "a-secret-of-the-app"}

    def sign_in(self, address: str, decision: Decision) -> str:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        given = {"state": asked["state"]}
        if decision is Decision.DECLINE:
            given["error"] = "access_denied"
        else:
            code = given["code"] = secrets.token_hex(8)
            self.codes[code] = "2" if decision is Decision.OTHER_BOOKS else "1"
        return f"{asked['back']}?{urlencode(given)}"

    def documents(self) -> Iterable[Entered]:
        return self.books["1"].documents()

    def cut(self, lost: Lost) -> None:
        self.lost = lost

    def turn_away(self) -> None:
        self.busy = True

    def forget(self) -> None:
        self.books["1"].answered.clear()

    def expire(self) -> None:
        self.access.clear()

    def save(self) -> Any:
        books = {key: one.save() for key, one in self.books.items()}
        return books, self.codes.copy(), self.access.copy(), self.refresh.copy()

    def restore(self, saved: Any) -> None:
        books, codes, access, refresh = saved
        for key, rows in books.items():
            self.books[key].restore(rows)
        self.codes, self.access, self.refresh = codes.copy(), access.copy(), refresh.copy()
        self.lost, self.busy = None, False

    def answer(self, path: str, headers: Mapping[str, str], sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return what is answered to a call: a status and JSON."""
        if path == "/token":
            books = self.codes.pop(sent.get("code", ""), None) or self.refresh.pop(sent.get("refresh", ""), None)
            return (200, self._grant(books)) if books else (400, {"error": "invalid_grant"})
        if path == "/revoke":
            key = self.refresh.pop(sent["refresh"], "")
            self.access = {token: books for token, books in self.access.items() if books != key}
            return 200, {}
        books = self.access.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if books is None:
            return 401, {"error": "unauthorized"}
        return 200, {"answers": self.books[books].ask(headers["Idempotency-Key"], sent["questions"])}

    def _grant(self, books: str) -> dict[str, Any]:
        access, refresh = secrets.token_hex(16), secrets.token_hex(16)
        self.access[access] = self.refresh[refresh] = books
        return {"access": access, "refresh": refresh, "seconds": 3600, "books": books}


def _handler(acme: PretendAcme) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            lost, busy = None, False
            if self.path == "/ask":
                lost, busy, acme.lost, acme.busy = acme.lost, acme.busy, None, False
            if lost is Lost.QUESTION:
                return self._hang_up()
            status, answer = (503, {"error": "busy"}) if busy else acme.answer(self.path, self.headers, sent)  # type: ignore[arg-type]  # Headers are a mapping.
            if lost is Lost.ANSWER:
                return self._hang_up()
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

        def do_GET(self) -> None:
            """The sign-in."""
            self.send_response(302)
            self.send_header("Location", acme.sign_in(self.path, Decision.CONSENT))
            self.end_headers()

        def _hang_up(self) -> None:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


if __name__ == "__main__":
    with PretendAcme(int(sys.argv[1])) as running:
        for name, value in running.settings.items():
            print(f"export HUB_ACME_{name}={value}", flush=True)
        running.thread.join()
