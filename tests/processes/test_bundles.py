"""Many orders are sent at once and the page is closed: workers are killed, Redis is away, two people press; each order
is in the books once."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Person, Stack, expectations, new, press, wait_until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("bundles"))
    try:
        running.start_all()
        Person(running, "admin@demo.test").install()
        yield running
    finally:
        running.stop_all()






@contextmanager
def after(stack: Stack, count: int) -> Iterator[None]:
    """As soon as so many orders of the last bundle are queued, come between that part and the next: nobody writes
    meanwhile."""
    path = Path(stack.environment["DEMO_DATA"]) / "desk.db"
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as desk:

        def caught() -> bool:
            try:
                desk.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:  # Somebody writes.
                return False
            (row,) = desk.execute('SELECT "left", order_ids FROM hub_bundle ORDER BY id DESC LIMIT 1').fetchall()
            left, wanted = (len(json.loads(one)) for one in row)
            if wanted - left < count:
                desk.execute("ROLLBACK")
                return False
            assert left, "The last part was too quick."
            return True

        wait_until(caught, 60, f"{count} orders are queued", every=0.002)
        yield
        desk.execute("ROLLBACK")


def check(stack: Stack, before: dict[str, list[dict[str, Any]]], orders: list[str]) -> None:
    """The whole ledger: these orders are in it once each, with their payments, and nothing else is new."""
    after, expected = stack.books(), expectations(stack, orders)
    invoices, payments = new(before, after, "Invoice"), new(before, after, "Payment")
    assert sorted((one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in invoices) == expected["invoices"]
    assert sorted((one["CustomerRef"]["name"], one["TotalAmt"]) for one in payments) == expected["payments"]
    assert {one["DisplayName"] for one in new(before, after, "Customer")} <= expected["customers"]
    for kind, name in (("Customer", "DisplayName"), ("Item", "Name")):
        assert max(Counter(one[name] for one in after[kind]).values()) == 1, kind
    for kind in ("Bill", "PurchaseOrder", "CreditMemo", "Vendor", "Account"):
        assert new(before, after, kind) == []


def all_arrive(person: Person, address: str, count: int) -> None:
    sentence = f"{count} of {count} are in QuickBooks."
    wait_until(lambda: sentence in person.get(address).text, 120, sentence)


def test_workers_that_are_killed_while_they_queue_are_followed_by_others_and_nobody_need_watch(stack: Stack) -> None:
    orders, rep = [str(number) for number in range(1001, 1058)], Person(stack, "rep@demo.test")
    before, workers = stack.books(), sorted(name for name in stack.running if name.startswith("worker"))
    address = press(rep, orders)
    for count, orphan in ((20, False), (40, True)):
        with after(stack, count):
            for name in workers:
                stack.kill(name, orphan=orphan)
        for name in workers:
            stack.start_worker(int(name.removeprefix("worker-")))
    ada = Person(stack, "admin@demo.test")
    assert "Rex Rep sent 57 orders together" in ada.get("/hub/orders/bar").text
    all_arrive(ada, address, len(orders))
    check(stack, before, orders)


def test_two_people_who_send_the_same_orders_at_once_send_each_once(stack: Stack) -> None:
    orders = ["1070", "1071", "1072"]
    people, before = [Person(stack, email) for email in ("rep@demo.test", "admin@demo.test")], stack.books()
    with ThreadPoolExecutor(len(people)) as pool:
        addresses = list(pool.map(lambda person: press(person, orders), people))
    assert len(set(addresses)) == len(people)
    for person, address in zip(people, addresses, strict=True):
        all_arrive(person, address, len(orders))
    check(stack, before, orders)


def test_what_is_pressed_while_redis_is_away_goes_out_when_it_is_back(stack: Stack) -> None:
    orders, rep, before = ["1058", "1059", "1060"], Person(stack, "rep@demo.test"), stack.books()
    stack.kill("redis")
    address = press(rep, orders)
    assert "0 of 3 are queued." in rep.get(address).text
    stack.start_redis()

    def arrived() -> bool:
        for name, command in (("worker-0", "worker"), ("worker-1", "worker"), ("scheduler", "scheduler")):
            if stack.running[name].poll() is not None:  # What a supervisor does.
                stack.start(name, "flask", "--app", "wsgi", "hub", command)
        return "3 of 3 are in QuickBooks." in rep.get(address).text

    wait_until(arrived, 90, "they are in the books")
    assert [one["DocNumber"] for one in new(before, stack.books(), "Invoice")] == orders
