"""The tour of the README: what has stopped after it, each for another reason, and that each cure cures."""

from __future__ import annotations

import pytest
import requests
from lxml import html

from tests.support.people import Person, send_together
from tests.support.processes import REALM, Stack, wait_until

SECOND_PAGE = [str(number) for number in range(1053, 1028, -1)]

STOPPED = {
    "Invoice 1052": "The product “B3301” is inactive in QuickBooks.",
    "Invoice 1051": "The number of invoice 1051 for Pioneer Insurance is used already in QuickBooks.",
    "New customer “Beacon Law Group”": "QuickBooks already has a vendor named “Beacon Law Group”.",
    "Invoice 1044": "The product “B3301” is inactive in QuickBooks.",
    "Invoice 1040": "The customer “O'Brien Landscaping” is inactive in QuickBooks.",
    "Invoice 1038": "The number of invoice 1038 for Atlas Moving is used already in QuickBooks.",
    "Invoice 1030": "The books are closed through 17 Oct 2026,",
    "Invoice 1029": "The books are closed through 17 Oct 2026,",
}


@pytest.fixture(scope="module")
def stack(lived_in_stack: Stack) -> Stack:
    return lived_in_stack


def test_the_tour_ends_with_different_problems_and_each_cure_cures(stack: Stack) -> None:
    ada = Person(stack, "admin@demo.test")
    number = ada.install()
    ada.send("1042")
    wait_until(lambda: ada.is_posted("1042"), 60, "order 1042 is in the books")
    ada.post(f"/hub/installations/{number}/customers/accept", {}, page=customers(number))
    sent = send_together(ada, SECOND_PAGE)
    wait_until(lambda: "17 of 25 are in QuickBooks, 8 need attention." in ada.get(sent).text, 90, ada.get(sent).text)
    found = stopped(ada, number)
    assert set(found) == set(STOPPED)
    assert all(what.startswith(STOPPED[title]) for title, (_, what) in found.items()), found

    books, lists = stack.books(), (("Customer", "DisplayName", "O'Brien Landscaping"), ("Item", "Name", "B3301"))
    for kind, name, wanted in lists:  # In the books, by hand.
        entry = next(one["Id"] for one in books[kind] if one[name].removesuffix(" (deleted)") == wanted)
        requests.post(f"{stack.books_url}/app/{REALM}/{kind}/{entry}/active", timeout=10).raise_for_status()
    answers = {
        "Invoice 1051": ("number", "1051-2"), "Invoice 1038": ("repeats_number", "yes"),
        "New customer “Beacon Law Group”": ("name", "Beacon Law Group (C)"),
        "Invoice 1030": ("date", "2026-10-18"), "Invoice 1029": ("date", "2026-10-18"),
    }  # fmt: skip
    for title, (delivery, _) in found.items():
        answer, value = answers.get(title, ("", ""))
        press_retry(ada, number, delivery, answer, value)
    wait_until(lambda: "25 of 25 are in QuickBooks." in ada.get(sent).text, 60, ada.get(sent).text)
    assert stopped(ada, number) == {}
    numbers = {one["DocNumber"]: one["TxnDate"] for one in stack.books()["Invoice"]}
    assert {*SECOND_PAGE, "1051-2"} <= set(numbers)
    assert (numbers["1029"], numbers["1030"]) == ("2026-10-18", "2026-10-18")


def press_retry(person: Person, number: int, delivery: str, fix: str, value: str) -> None:
    activity = f"/hub/installations/{number}/activity"
    assert person.post(f"{activity}/{delivery}/retry", {"fix": fix, "fix_value": value}, page=activity).ok


def customers(number: int) -> str:
    return f"/hub/installations/{number}/customers"


def stopped(person: Person, number: int) -> dict[str, tuple[str, str]]:
    """What has stopped as Activity has it: the delivery and its problem, by title."""
    page = html.fromstring(person.get(f"/hub/installations/{number}/activity?state=attention").text)
    return {
        row.xpath("string(.//strong[contains(@id, '-title')])"): (
            row.get("id").removeprefix("hub-delivery-"), row.xpath("string(.//p[contains(@class, 'hub-why')]/strong)"),
        )
        for row in page.xpath("//li[contains(@class, 'hub-delivery')]")
    }  # fmt: skip
