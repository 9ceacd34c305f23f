"""How fast, how often a month and how long not: limits, the meter of reads, and outages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree as ET

import pytest
import requests

from sandbox.online import OTHER_REALM, REALM, Running
from tests.support.intuit_client import Client, read

CUSTOMERS = "select * from Customer"


def statuses(calls: int, call: Callable[[], requests.Response]) -> list[int]:
    with ThreadPoolExecutor(8) as threads:
        return sorted(made.result().status_code for made in [threads.submit(call) for _ in range(calls)])


@pytest.mark.parametrize(("limits", "path"), [({"second": 3}, "companyinfo/1"), ({"minute": 3}, "companyinfo/1")])
def test_what_is_too_much_is_turned_away(
    books: Running, client: Client, limits: dict[str, int], path: str
) -> None:
    other = Client(books, books.grant(OTHER_REALM)["access_token"], OTHER_REALM)
    books.control("limits", {"second": 1000, **limits})
    assert statuses(6, lambda: client.call("GET", path)) == [200] * 3 + [429] * 3
    assert other.call("GET", path).status_code == 200  # Each company has its own.
    requests.delete(f"{books.url}/_sandbox/limits", timeout=10).raise_for_status()
    assert client.call("GET", path).status_code == 200


def test_batches_have_a_limit_of_their_own_and_leave_nothing_when_turned_away(books: Running, client: Client) -> None:
    before = len(books.books()["Customer"])
    books.control("limits", {"batches": 1})
    for name, status in (("A", 200), ("B", 429)):
        item = {"bId": "1", "operation": "create", "Customer": {"DisplayName": name}}
        answer = client.call("POST", "batch", body={"BatchItemRequest": [item]}, requestid=name)
        assert answer.status_code == status
    assert len(books.books()["Customer"]) == before + 1
    assert client.call("GET", "companyinfo/1").status_code == 200


def test_a_429_speaks_in_three_tongues(books: Running, client: Client) -> None:
    books.control("limits", {"minute": 0, "retry_after": 7})
    answer = client.call("GET", "companyinfo/1")
    (error,) = read(answer)["Fault"]["Error"]
    assert (error["code"], answer.headers["Retry-After"]) == ("3001", "7")
    books.control("limits", {"minute": 0, "body": "gateway"})
    answer = client.call("GET", "companyinfo/1")
    (error,) = read(answer)["fault"]["error"]
    assert (error["code"], answer.headers.get("Retry-After")) == ("003001", None)
    books.control("limits", {"minute": 0, "body": "xml"})
    root = ET.fromstring(client.call("GET", "companyinfo/1").content)  # noqa: S314 – The sandbox wrote it.
    found = root.find(".//{http://schema.intuit.com/finance/v3}Error")
    assert found is not None
    assert found.get("code") == "3001"


def test_reads_are_metered_by_the_month_and_writes_are_not_blocked(books: Running, client: Client) -> None:
    client.call("GET", "companyinfo/1")
    client.query(CUSTOMERS)
    items = [{"bId": str(place), "Query": CUSTOMERS} for place in range(3)]
    client.call("POST", "batch", body={"BatchItemRequest": items})
    client.write("Customer", {"DisplayName": "A"})
    client.token, living = "dead", client.token
    client.call("GET", "companyinfo/1")
    client.token = living
    metered = books.control(f"meter/{REALM}")
    assert (metered["reads"], metered["writes"], metered["ceiling"]) == (5, 1, 500_000)
    books.control("meter", {"ceiling": 5})
    assert client.call("GET", "companyinfo/1").status_code == 429
    assert client.call("POST", "batch", body={"BatchItemRequest": items}).status_code == 429
    other = Client(books, books.grant(OTHER_REALM)["access_token"], OTHER_REALM)
    assert other.call("GET", "companyinfo/1").status_code == 429  # All companies of an app draw from one pot.
    client.write("Customer", {"DisplayName": "B"})
    books.control("clock", {"advance_days": 31})
    client.token = books.grant()["access_token"]
    assert client.call("GET", "companyinfo/1").status_code == 200
    assert books.control(f"meter/{REALM}")["reads"] == 1


@pytest.mark.parametrize("status", [500, 503])
def test_an_outage_lasts_by_the_clock(books: Running, client: Client, status: int) -> None:
    books.fault("status", "/v3/", status=status, lasts=1800)
    for _ in range(3):
        answer = client.call("GET", "companyinfo/1")
        assert (answer.status_code, answer.text[:6]) == (status, "<html>")
    books.control("clock", {"advance_seconds": 1700})
    assert client.call("GET", "companyinfo/1").status_code == status
    books.control("clock", {"advance_seconds": 100})
    assert client.call("GET", "companyinfo/1").status_code == 200
