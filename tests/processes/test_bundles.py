"""Many orders are sent at once and the page is closed. Workers are killed, Redis is away, two people press Send: each
order is in the books once."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.people import ADMIN, REP, Person, expectations, new, send_together
from tests.support.processes import Stack, wait_until


@pytest.fixture(scope="module")
def stack(connected_stack: Stack) -> Stack:
    return connected_stack


@contextmanager
def pause_after(stack: Stack, count: int) -> Iterator[None]:
    """Wait until so many orders of the last bundle are queued. Then lock the database, so that no more are queued."""
    with stack.desk(timeout=0) as desk:

        def locked() -> bool:
            try:
                desk.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:  # Another process writes.
                return False
            (row,) = desk.execute('SELECT "left", order_ids FROM hub_bundle ORDER BY id DESC LIMIT 1').fetchall()
            left, wanted = (len(json.loads(one)) for one in row)
            if wanted - left < count:
                desk.execute("ROLLBACK")
                return False
            assert left, "The last part was too quick."
            return True

        wait_until(locked, 60, f"{count} orders are queued", every=0.002)
        yield
        desk.execute("ROLLBACK")


def check_books(stack: Stack, before: dict[str, list[dict[str, Any]]], orders: list[str]) -> None:
    """Check the whole ledger: these orders and their payments are in it once, and nothing else is new."""
    after, expected = stack.books(), expectations(stack, orders)
    invoices, payments = new(before, after, "Invoice"), new(before, after, "Payment")
    assert sorted((one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in invoices) == expected["invoices"]
    assert sorted((one["CustomerRef"]["name"], one["TotalAmt"]) for one in payments) == expected["payments"]
    assert {one["DisplayName"] for one in new(before, after, "Customer")} <= expected["customers"]
    for kind, name in (("Customer", "DisplayName"), ("Item", "Name")):
        assert max(Counter(one[name] for one in after[kind]).values()) == 1, kind
    for kind in ("Bill", "PurchaseOrder", "CreditMemo", "Vendor", "Account"):
        assert new(before, after, kind) == []


def wait_for_all(person: Person, address: str, count: int) -> None:
    posted = {"total": count, "queued": count, "good": count, "bad": 0}
    wait_until(lambda: person.progress(address) == posted, 120, f"{count} orders are in the books")


def test_workers_that_are_killed_while_they_queue_are_followed_by_others(stack: Stack) -> None:
    orders, rep, before = [str(number) for number in range(1001, 1058)], Person(stack, REP), stack.books()
    address = send_together(rep, orders)
    for count, orphan in ((20, False), (40, True)):
        with pause_after(stack, count):
            for name in stack.workers:
                stack.kill(name, orphan=orphan)
        stack.restart_ended(*stack.workers)
    ada = Person(stack, ADMIN)
    (sent,) = ada.element("/hub/orders/bar", "//ul[@class='hub-sent']").xpath("li[@data-total='57']")
    assert "Rex Rep" in sent.text_content()
    wait_for_all(ada, address, len(orders))
    check_books(stack, before, orders)


def test_two_people_who_send_the_same_orders_at_once_send_each_once(stack: Stack) -> None:
    orders = ["1070", "1071", "1072"]
    people, before = [Person(stack, email) for email in (REP, ADMIN)], stack.books()
    with ThreadPoolExecutor(len(people)) as pool:
        addresses = list(pool.map(lambda person: send_together(person, orders), people))
    assert len(set(addresses)) == len(people)
    for person, address in zip(people, addresses, strict=True):
        wait_for_all(person, address, len(orders))
    check_books(stack, before, orders)


def test_orders_sent_while_redis_is_away_arrive_when_it_is_back(stack: Stack) -> None:
    orders, rep, before = ["1058", "1059", "1060"], Person(stack, REP), stack.books()
    stack.kill("redis")
    address = send_together(rep, orders)
    assert rep.progress(address)["queued"] == 0
    stack.start("redis")

    def arrived() -> bool:
        stack.restart_ended()  # RQ's processes may end when Redis goes away.
        return rep.progress(address)["good"] == len(orders)

    wait_until(arrived, 90, "they are in the books")
    check_books(stack, before, orders)
