"""What comes twice under one requestid is carried out once, whatever happens to the line and to the sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from sandbox.online import OTHER_REALM, REALM, Running
from tests.support.intuit_client import Client, new_entries, read

NEW = {"DisplayName": "ABC Company"}


def test_ten_at_once_have_one_effect_and_one_answer(books: Running, client: Client) -> None:
    before, sent = books.books(), client.invoice_of(DocNumber="1042")
    with ThreadPoolExecutor(10) as threads:
        calls = [threads.submit(client.call, "POST", "invoice", body=sent, requestid="once") for _ in range(10)]
    answers = {call.result().text for call in calls}
    assert len(answers) == 1
    assert {kind: len(rows) for kind, rows in new_entries(before, books.books()).items()} == {"Invoice": 1}
    assert sum(call["effects"] for call in books.control("requests")["requests"]) == 1


def test_ten_at_once_without_one_have_ten_effects(books: Running, client: Client) -> None:
    sent = client.invoice_of()
    with ThreadPoolExecutor(10) as threads:
        calls = [threads.submit(client.call, "POST", "invoice", body=sent) for _ in range(10)]
    assert {call.result().status_code for call in calls} == {200}
    assert len(books.books()["Invoice"]) == 10
    assert books.balances()["1100"] == 1000


def test_the_answer_is_the_first_one_whatever_is_sent_later(books: Running, client: Client) -> None:
    first = client.call("POST", "customer", body=NEW, requestid="r").text
    again = client.call("POST", "customer", body={"DisplayName": "Another"}, requestid="r").text
    assert again == first
    assert len(books.books()["Customer"]) == 31


def test_a_refusal_is_answered_again_too(books: Running, client: Client) -> None:
    before = books.books()
    taken = {"DisplayName": "Cool Cars"}
    answers = [client.call("POST", "customer", body=taken, requestid="r") for _ in range(2)]
    books.control(f"edit/{REALM}/customer/{client.named('Customer', 'Cool Cars')}", {"DisplayName": "Warm Cars"})
    answers.append(client.call("POST", "customer", body=taken, requestid="r"))
    assert {(answer.status_code, answer.text) for answer in answers} == {(400, answers[0].text)}
    assert len(books.books()["Customer"]) == len(before["Customer"])
    assert client.write("Customer", taken, requestid="another")["DisplayName"] == "Cool Cars"


def test_each_company_has_requestids_of_its_own(books: Running, client: Client) -> None:
    other = Client(books, books.grant(OTHER_REALM)["access_token"], OTHER_REALM)
    client.write("Customer", NEW, requestid="r")
    other.write("Customer", NEW, requestid="r")
    assert len(books.books(OTHER_REALM)["Customer"]) == 31


def test_a_requestid_has_50_characters_at_most(books: Running, client: Client) -> None:
    before = books.books()
    assert client.refused("Customer", NEW, requestid="r" * 51)[0] == "2130"
    assert books.books() == before
    client.write("Customer", NEW, requestid="r" * 50)


@pytest.mark.parametrize(("kind", "effects"), [("cut_before", [0, 1]), ("cut_after", [1, 0])])
def test_a_line_that_is_cut_leaves_one_after_it_was_asked_again(
    books: Running, client: Client, kind: str, effects: list[int]
) -> None:
    before = books.books()
    books.fault(kind, "POST /v3")
    with pytest.raises(requests.ConnectionError):
        client.call("POST", "customer", body=NEW, requestid="r")
    assert len(new_entries(before, books.books())) == effects[0]
    customer = client.write("Customer", NEW, requestid="r")
    assert new_entries(before, books.books()) == {"Customer": [customer]}
    assert [call["effects"] for call in books.control("requests")["requests"]] == effects


class Killable:
    """The sandbox as a process of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "sandbox.online", "--port", "0", "--data", str(folder), "--grant"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().rsplit(" ", 1)[-1].strip()
        self.granted = json.loads(self.process.stdout.readline())
        self.headers = {"Authorization": f"Bearer {self.granted['access_token']}", "Accept": "application/json"}

    def create(self, name: str, requestid: str) -> requests.Response:
        return requests.post(
            f"{self.url}/v3/company/{REALM}/customer",
            params={"requestid": requestid},
            json={"DisplayName": name},
            headers=self.headers,
            timeout=20,
        )

    def names(self) -> list[str]:
        books = requests.get(f"{self.url}/_sandbox/books/{REALM}", timeout=20).json()
        return [row["DisplayName"] for row in books["Customer"]][30:]

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_a_killed_sandbox_has_kept_all_that_it_answered(folder: Path) -> None:
    first = Killable(folder)
    assert {"client_id", "client_secret", "access_token", "refresh_token", "realm_id"} <= set(first.granted)
    answers = [first.create(f"N{number}", f"r{number}").text for number in range(5)]
    first.kill()
    second = Killable(folder)
    try:
        assert second.names() == [f"N{number}" for number in range(5)]
        second.headers = first.headers  # What was granted before holds as well.
        assert [second.create(f"N{number}", f"r{number}").text for number in range(5)] == answers
        assert second.names() == [f"N{number}" for number in range(5)]
    finally:
        second.kill()


def test_a_sandbox_killed_in_the_middle_leaves_one_of_each_after_all_were_asked_again(folder: Path) -> None:
    first = Killable(folder)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(first.create, f"N{number}", f"r{number}") for number in range(40)]
        calls[5].result()
        first.kill()
    answered = {number: call.result().text for number, call in enumerate(calls) if call.exception() is None}
    assert len(answered) >= 1
    second = Killable(folder)
    try:
        assert {f"N{number}" for number in answered} <= set(second.names())
        again = {number: second.create(f"N{number}", f"r{number}") for number in range(40)}
        assert {number: again[number].text for number in answered} == answered
        assert {answer.status_code for answer in again.values()} == {200}
        assert sorted(second.names()) == sorted(f"N{number}" for number in range(40))
    finally:
        second.kill()


def test_a_reset_begins_anew(books: Running, client: Client) -> None:
    before = books.books()
    client.write("Customer", NEW, requestid="r")
    books.control("reset", {})
    after = books.books()
    assert {kind: [row["Id"] for row in rows] for kind, rows in after.items()} == {
        kind: [row["Id"] for row in rows] for kind, rows in before.items()
    }
    assert read(client.call("POST", "customer", body=NEW, requestid="r"))["Customer"]["DisplayName"] == "ABC Company"
