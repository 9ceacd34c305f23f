"""Batches: items for themselves, answers in any order."""

from __future__ import annotations

from typing import Any

from sandbox.online import Running
from tests.support.intuit_client import Client, Row, new_entries, read


def batch(client: Client, *items: Row, **params: str) -> Any:
    """The answers of a batch by bId; a fault of the whole is its code."""
    numbered = [{"bId": str(number), **item} for number, item in enumerate(items)]
    answer = read(client.call("POST", "batch", body={"BatchItemRequest": numbered}, **params))
    if "Fault" in answer:
        return answer["Fault"]["Error"][0]["code"]
    return {one["bId"]: one for one in answer["BatchItemResponse"]}


def new(name: str) -> Row:
    return {"operation": "create", "Customer": {"DisplayName": name}}


def test_a_bad_item_stops_alone(books: Running, client: Client) -> None:
    before = books.books()
    answers = batch(client, new("One"), new("Cool Cars"), new("Two"), {"Query": "select count(*) from Customer"})
    assert answers["1"]["Fault"]["Error"][0]["code"] == "6240"
    assert answers["3"]["QueryResponse"]["totalCount"] == 32
    created = new_entries(before, books.books())
    assert created == {"Customer": [answers["0"]["Customer"], answers["2"]["Customer"]]}
    (call,) = books.control("requests")["requests"]
    assert (call["path"].rsplit("/", 1)[-1], call["status"], call["effects"]) == ("batch", 200, 2)


def test_answers_come_in_another_order_than_they_were_asked_in(client: Client) -> None:
    assert list(batch(client, new("One"), new("Two"), new("Three"))) == ["2", "1", "0"]


def test_items_change_void_and_delete(books: Running, client: Client) -> None:
    kept, gone, void = client.invoice(), client.invoice(), client.invoice()
    answers = batch(
        client,
        {"operation": "update", "Invoice": {"Id": kept["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "new"}},
        {"operation": "delete", "Invoice": {"Id": gone["Id"], "SyncToken": "0"}},
        {"operation": "update", "optionsData": "void", "Invoice": {"Id": void["Id"], "SyncToken": "0"}},
        {"operation": "update", "Invoice": {"Id": kept["Id"], "SyncToken": "7"}},
        {"operation": "frobnicate", "Invoice": {}},
        {"operation": "create"},
        {"operation": "create", "Invoice": []},
    )
    assert [answers[str(number)]["Fault"]["Error"][0]["code"] for number in range(3, 7)] == [
        "5010",
        "2170",
        "2010",
        "2010",
    ]
    assert [(row["Id"], row["PrivateNote"]) for row in books.books()["Invoice"]] == [
        (kept["Id"], "new"),
        (void["Id"], "Voided"),
    ]


def test_thirty_items_go_and_no_more(books: Running, client: Client) -> None:
    before = books.books()
    assert batch(client, *(new(f"N{number}") for number in range(31))) == "1040"
    assert books.books() == before
    assert len(batch(client, *(new(f"N{number}") for number in range(30)))) == 30


def test_items_that_cannot_be_told_apart_are_refused(books: Running, client: Client) -> None:
    before = books.books()
    twice = [{"bId": "a", **new("One")}, {"bId": "a", **new("Two")}]
    assert batch(client, *twice) == "2130"
    assert batch(client, {"bId": "", **new("One")}) == "2130"
    assert batch(client) == "2020"
    assert batch(client, {"bId": "b" * 11, **new("One")}, requestid="r") == "2130"
    assert books.books() == before
    assert "Customer" in batch(client, {"bId": "b" * 36, **new("One")})["b" * 36]


def test_a_batch_that_comes_again_is_answered_again_and_carried_out_once(books: Running, client: Client) -> None:
    first = batch(client, new("One"), new("Cool Cars"), requestid="r" * 36)
    before = books.books()
    assert batch(client, new("One"), new("Cool Cars"), requestid="r" * 36) == first
    assert books.books() == before
    assert batch(client, new("Two"), requestid="r" * 37) == "2130"
    assert [call["effects"] for call in books.control("requests")["requests"]] == [1, 0, 0]
