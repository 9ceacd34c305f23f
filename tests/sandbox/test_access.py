"""What closes the books to an app, and what makes its reads untrue, without its doing."""

from __future__ import annotations

import pytest
import requests

from sandbox.online import CLIENT_ID, CLIENT_SECRET, OTHER_REALM, Running
from tests.support.intuit_client import Client, read


def refreshed(books: Running, token: str) -> tuple[int, str]:
    """The status and the error of an attempt to refresh."""
    answer = requests.post(
        f"{books.url}/oauth2/v1/tokens/bearer", auth=(CLIENT_ID, CLIENT_SECRET), timeout=5,
        data={"grant_type": "refresh_token", "refresh_token": token},
    )  # fmt: skip
    return answer.status_code, answer.json().get("error", "")


def test_who_disconnects_in_the_product_ends_the_grants_of_that_company(books: Running, client: Client) -> None:
    grant, other = books.grant(), Client(books, books.grant(OTHER_REALM)["access_token"], OTHER_REALM)
    books.control(f"disconnect/{client.realm}", {})
    answer = client.call("GET", "companyinfo/1")
    assert (answer.status_code, read(answer)["fault"]["error"][0]["code"]) == (401, "3200")
    assert refreshed(books, grant["refresh_token"]) == (400, "invalid_grant")
    assert other.call("GET", "companyinfo/1").status_code == 200
    assert refreshed(books, books.grant()["refresh_token"]) == (200, "")


def test_who_connected_and_is_no_administrator_any_more_opens_nothing(books: Running, client: Client) -> None:
    books.control(f"access/{client.realm}", {"refuses": "user"})
    before = books.books()
    answer = client.call("POST", "customer", body={"DisplayName": "New"})
    fault = read(answer)["Fault"]
    assert (answer.status_code, fault["type"], fault["Error"][0]["code"]) == (403, "AuthorizationFault", "120")
    assert books.books() == before
    assert refreshed(books, books.grant()["refresh_token"])[0] == 200
    books.control(f"access/{client.realm}", {"refuses": None})
    assert client.call("GET", "companyinfo/1").status_code == 200


def test_keys_of_the_other_environment_open_nothing(books: Running, client: Client) -> None:
    books.control(f"access/{client.realm}", {"refuses": "environment"})
    answer = client.call("GET", "companyinfo/1")
    assert (answer.status_code, read(answer)["fault"]["error"][0]["code"]) == (403, "3100")


def test_there_are_no_other_reasons(books: Running) -> None:
    answer = requests.post(f"{books.url}/_sandbox/access/{OTHER_REALM}", json={"refuses": "weather"}, timeout=5)
    assert answer.status_code == 400


def test_a_query_that_lags_gives_a_synctoken_with_which_nothing_can_be_changed(
    books: Running, client: Client
) -> None:
    made = client.invoice()
    changed = client.write("Invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "Call"})
    statement = f"select * from Invoice where Id = '{made['Id']}'"
    assert [row["SyncToken"] for row in client.query(statement)] == ["1"]
    books.control("lag", {"queries": True})
    (lagging,) = client.query(statement)
    assert (lagging["SyncToken"], client.entry("Invoice", made["Id"])["SyncToken"]) == ("0", "1")
    assert client.refused("Invoice", {**lagging, "PrivateNote": "Again"})[0] == "5010"
    client.write("Invoice", {**changed, "PrivateNote": "Again"})
    books.control("lag", {"queries": False})
    assert [row["SyncToken"] for row in client.query(statement)] == ["2"]


def test_changes_since_tell_of_no_more_entries_than_their_limit(
    books: Running, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.online.changes.MOST", 3)
    since = read(client.call("GET", "companyinfo/1"))["time"]
    books.control("clock", {"advance_seconds": 10})
    for name in ("A", "B"):
        client.write("Customer", {"DisplayName": name})
    for _ in range(2):
        client.invoice()
    asked = {"entities": "Customer,Invoice", "changedSince": since}
    customers, invoices = read(client.call("GET", "cdc", **asked))["CDCResponse"][0]["QueryResponse"]
    assert (len(customers["Customer"]), len(invoices["Invoice"])) == (2, 1)


def test_a_batch_has_a_requestid_of_36_characters_at_most(books: Running, client: Client) -> None:
    items = {"BatchItemRequest": [{"bId": "1", "operation": "create", "Customer": {"DisplayName": "New"}}]}
    before = books.books()
    answer = client.call("POST", "batch", body=items, requestid="r" * 37)
    assert (answer.status_code, read(answer)["Fault"]["Error"][0]["code"]) == (400, "2130")
    assert books.books() == before
    assert client.call("POST", "batch", body=items, requestid="r" * 36).status_code == 200
