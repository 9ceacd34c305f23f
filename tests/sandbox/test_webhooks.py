"""What an app is told of changes: really posted, signed, twice, late, out of order, and once forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from sandbox.online import OTHER_REALM, REALM, Running
from tests.support.intuit_client import Client

TOKEN = "verifier"


class App:
    """An app that listens. It answers 503 while it is down, else with the statuses that are left to it, then 200."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.is_down = False
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                app.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(503 if app.is_down else app.statuses.pop(0) if app.statuses else 200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 – The signature is http.server's.
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def told(self) -> list[dict[str, Any]]:
        return [event for _, body in self.calls for event in json.loads(body)]

    def said(self) -> list[tuple[str, str]]:
        return [(event["type"], event["intuitentityid"]) for event in self.told()]


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.close()


def signed(headers: dict[str, str], body: bytes) -> bool:
    wanted = base64.b64encode(hmac.new(TOKEN.encode(), body, hashlib.sha256).digest()).decode()
    return headers["intuit-signature"] == wanted


def test_everything_that_changes_is_told_and_nothing_else(books: Running, client: Client, app: App) -> None:
    books.webhooks(app.url, TOKEN)
    invoice = client.invoice(BillEmail={"Address": "a@b.test"})
    payment = client.write("Payment", client.payment_of("100.00", ("Invoice", invoice["Id"], "100.00")))
    client.refused("Customer", {"DisplayName": "Cool Cars"})
    client.entry("Invoice", invoice["Id"])
    books.control("webhooks/deliver", {})
    client.call("POST", f"invoice/{invoice['Id']}/send")
    books.control("webhooks/deliver", {})
    client.write("Payment", {"Id": payment["Id"], "SyncToken": "0"}, operation="delete")
    books.control("webhooks/deliver", {})
    books.control(f"void/{REALM}/invoice/{invoice['Id']}", {})
    books.control("webhooks/deliver", {})
    books.control(f"edit/{REALM}/Item/{client.named('Item', 'T2040')}", {"UnitPrice": 9})
    assert books.control("webhooks/deliver", {})["waiting"] == 0
    assert app.said() == [
        ("qbo.invoice.created.v1", invoice["Id"]),
        ("qbo.payment.created.v1", payment["Id"]),
        ("qbo.invoice.updated.v1", invoice["Id"]),
        ("qbo.invoice.emailed.v1", invoice["Id"]),
        ("qbo.invoice.updated.v1", invoice["Id"]),
        ("qbo.payment.deleted.v1", payment["Id"]),
        ("qbo.invoice.voided.v1", invoice["Id"]),
        ("qbo.item.updated.v1", client.named("Item", "T2040")),
    ]
    assert len({event["id"] for event in app.told()}) == 8
    assert {event["intuitaccountid"] for event in app.told()} == {REALM}
    assert all(signed(headers, body) and headers["intuit-t-id"] for headers, body in app.calls)


def deliver_together(books: Running, app: App) -> Any:
    """Let the app be reached again after all that waits was tried in vain, and return the one call that it gets."""
    books.control("webhooks/deliver", {})  # From here on it is due later, and nothing is sent by itself.
    app.is_down = False
    app.calls.clear()
    assert books.control("webhooks/deliver", {})["waiting"] == 0
    ((_, body),) = app.calls
    return json.loads(body)


def test_companies_are_mixed_in_one_call_in_either_shape(books: Running, client: Client, app: App) -> None:
    other = Client(books, books.grant(OTHER_REALM)["access_token"], OTHER_REALM)
    app.is_down = True
    books.webhooks(app.url, TOKEN)
    here, there = client.write("Customer", {"DisplayName": "A"}), other.write("Vendor", {"DisplayName": "B"})
    told = deliver_together(books, app)
    assert [(event["intuitaccountid"], event["intuitentityid"]) for event in told] == [
        (REALM, here["Id"]), (OTHER_REALM, there["Id"]),
    ]  # fmt: skip
    app.is_down = True
    books.webhooks(app.url, TOKEN, shape="legacy")
    here, there = client.write("Customer", {"DisplayName": "C"}), other.write("Vendor", {"DisplayName": "D"})
    told = deliver_together(books, app)["eventNotifications"]
    for one, realm, name, entry in zip(
        told, (REALM, OTHER_REALM), ("Customer", "Vendor"), (here["Id"], there["Id"]), strict=True
    ):
        (said,) = one["dataChangeEvent"]["entities"]
        assert (one["realmId"], said["name"], said["id"], said["operation"]) == (realm, name, entry, "Create")


def test_merged_customers_are_one_and_the_event_says_who_is_gone(books: Running, client: Client, app: App) -> None:
    books.webhooks(app.url, TOKEN)
    gone, kept = client.named("Customer", "Cool Cars"), client.named("Customer", "Mark Cho")
    invoice = client.invoice()
    part = client.write("Customer", {"DisplayName": "Repairs", "Job": True, "ParentRef": {"value": gone}})
    balances = books.balances()
    books.control(f"merge/{REALM}/Customer", {"from": gone, "into": kept})
    books.control("webhooks/deliver", {})
    (merged,) = [event for event in app.told() if event["type"] == "qbo.customer.merged.v1"]
    assert (merged["intuitentityid"], merged["data"]) == (kept, {"deletedid": gone})
    assert client.refused("Customer", {"Id": gone, "SyncToken": "0", "sparse": True})[0] == "610"
    assert client.entry("Invoice", invoice["Id"])["CustomerRef"] == {"value": kept, "name": "Mark Cho"}
    assert client.entry("Customer", part["Id"])["ParentRef"]["value"] == kept
    assert client.entry("Customer", kept)["Balance"] == 100
    assert books.balances() == balances
    assert gone not in str([row for rows in books.books().values() for row in rows if row.get("CustomerRef")])


def test_every_event_twice_and_the_latest_first(books: Running, client: Client, app: App) -> None:
    app.statuses = [503]
    books.webhooks(app.url, TOKEN, copies=2, disorder=True)
    made = [client.write("Customer", {"DisplayName": name})["Id"] for name in "ABC"]
    books.control("webhooks/deliver", {})
    seen = [event["intuitentityid"] for event in app.told()]
    assert all(seen.count(one) >= 2 for one in made)
    assert len({event["id"] for event in app.told()}) == 3
    assert all(len(json.loads(body)) == 1 for _, body in app.calls)


def test_a_forged_signature_and_then_the_true_one(books: Running, client: Client, app: App) -> None:
    app.statuses = [401]
    books.webhooks(app.url, TOKEN, forged=True)
    client.write("Customer", {"DisplayName": "A"})
    assert books.control("webhooks/deliver", {})["waiting"] == 0  # Who is refused does not come again.
    books.webhooks(app.url, TOKEN)
    client.write("Customer", {"DisplayName": "B"})
    books.control("webhooks/deliver", {})
    assert [signed(headers, body) for headers, body in app.calls] == [False, True]


def test_an_app_that_is_down_is_told_again_after_twenty_thirty_and_fifty_minutes(
    books: Running, client: Client, app: App
) -> None:
    app.statuses = [503, 500, 502, 504]
    books.webhooks(app.url, TOKEN)
    client.write("Customer", {"DisplayName": "A"})
    for _ in range(4):
        books.control("webhooks/deliver", {})
    assert books.control("webhooks/deliver", {}) == {"taken": 0, "waiting": 0}
    assert len(app.calls) == 4
    assert len({event["id"] for event in app.told()}) == 1


def test_nobody_is_told_who_did_not_ask(books: Running, client: Client, app: App) -> None:
    client.write("Customer", {"DisplayName": "A"})
    books.webhooks(app.url, TOKEN)
    requests.delete(f"{books.url}/_sandbox/webhooks", timeout=10).raise_for_status()
    client.write("Customer", {"DisplayName": "B"})
    assert books.control("webhooks/deliver", {}) == {"taken": 0, "waiting": 0}
    wrong = requests.post(f"{books.url}/_sandbox/webhooks", json={"url": app.url}, timeout=10)
    assert wrong.status_code == 400
