"""Workers are killed at random, for thirty rounds. The books hold every order exactly once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests

from tests.support.processes import Person, Stack, expectations, moving, new, wait_until

ROUNDS = 30


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("chaos"))
    try:
        running.start_all()
        Person(running, "admin@demo.test").install()
        yield running
    finally:
        running.stop_all()


@pytest.mark.parametrize(("order", "orphan"), [("1030", False), ("1031", True)])
def test_a_worker_killed_between_the_question_and_its_answer_is_followed_by_the_other(
    stack: Stack, order: str, orphan: bool
) -> None:
    rep = Person(stack, "rep@demo.test")
    before, workers = stack.books(), {name for name in stack.running if name.startswith("worker")}
    for _ in range(6):  # Each of the trips takes long enough to be interrupted.
        stack.fault(kind="delay", match="/batch", seconds=1)
    assert rep.send(order).ok
    wait_until(lambda: "Sending" in rep.status(order), 20, "the first question is on its way")
    time.sleep(0.5)
    for name in sorted(workers):
        stack.kill(name, orphan=orphan)
    assert f"as {order} " not in rep.status(order)
    for name in sorted(workers):
        stack.start_worker(int(name.removeprefix("worker-")))
    wait_until(lambda: f"as {order} " in rep.status(order) and not moving(rep.status(order)), 60, rep.status(order))
    stack.clear_faults()
    after, expected = stack.books(), expectations(stack, [order])
    assert [(one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in new(before, after, "Invoice")] == (
        expected["invoices"]
    )
    received = [(one["CustomerRef"]["name"], one["TotalAmt"]) for one in new(before, after, "Payment")]
    assert sorted(received) == expected["payments"]
    assert max(Counter(one["DisplayName"] for one in after["Customer"]).values()) == 1
    assert max(Counter(one["Name"] for one in after["Item"]).values()) == 1


@pytest.mark.timeout(600)
def test_killing_workers_for_thirty_rounds_loses_nothing_and_doubles_nothing(stack: Stack) -> None:
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    rep = Person(stack, "rep@demo.test")
    before = stack.books()
    stack.fault(kind="delay", match="/batch", times=10**6, seconds=0.25)
    orders = ["1042", *(str(number) for number in range(1001, 1030))]
    for order in orders[:ROUNDS]:
        sent = rep.send(order)
        assert sent.ok, f"{order}: {sent.text}"
        time.sleep(dice.uniform(0, 0.9))
        victim = dice.choice([0, 1])
        stack.kill(f"worker-{victim}", orphan=dice.random() < 0.5)
        stack.start_worker(victim)
    done = [f"as {order} " for order in orders]
    wait_until(
        lambda: all(
            mark in rep.status(order) and not moving(rep.status(order))
            for order, mark in zip(orders, done, strict=True)
        ),
        240,
        f"all orders are in the books (seed {seed}): {[rep.status(order) for order in orders]}",
    )
    time.sleep(4)  # Whatever an orphan might still do, it would do now.
    after = stack.books()

    expected = expectations(stack, orders)
    invoices = new(before, after, "Invoice")
    assert sorted((one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in invoices) == expected["invoices"], seed
    payments = new(before, after, "Payment")
    assert sorted((one["CustomerRef"]["name"], one["TotalAmt"]) for one in payments) == expected["payments"], seed
    assert all(one["UnappliedAmt"] == 0 for one in payments)
    names = Counter(one["DisplayName"] for one in after["Customer"])
    assert {name for name, count in names.items() if count > 1} == set(), seed
    assert {one["DisplayName"] for one in new(before, after, "Customer")} <= expected["customers"]
    items = Counter(one["Name"] for one in after["Item"])
    assert {name for name, count in items.items() if count > 1} == set(), seed
    for kind in ("Bill", "PurchaseOrder", "CreditMemo", "Vendor", "Account"):
        assert new(before, after, kind) == []
    order_1042 = next(one for one in invoices if one["DocNumber"] == "1042")
    assert (order_1042["CustomerRef"]["name"], order_1042["TotalAmt"], order_1042["Balance"]) == (
        "ABC Company",
        Decimal("218.50"),
        Decimal("118.50"),
    )
    journal = requests.get(f"{stack.books_url}/_sandbox/requests", timeout=10).json()["requests"]
    repeated = [
        key for key, count in Counter(one["requestid"] for one in journal if one["requestid"]).items() if count > 1
    ]
    print(f"{len(repeated)} envelopes were asked more than once")






