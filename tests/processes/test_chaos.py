"""Workers are killed for thirty rounds, waiting for an answer or at random. QuickBooks has each order once."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from decimal import Decimal

import pytest

from tests.support.people import REP, Person, expectations, new
from tests.support.processes import SWEEP_SECONDS, Stack, wait_until

ROUNDS = 30
AIMED = 3
"""In every third round the worker is killed that waits for an answer; in the others any worker, at any time."""

LEAST_INTERRUPTED = 8
TRIP_SECONDS = 0.25
"""How long the sandbox keeps a batch waiting: long enough to be seen, and killed, in the middle of it."""


@pytest.fixture(scope="module")
def stack(connected_stack: Stack) -> Stack:
    return connected_stack


def kill_in_the_middle(stack: Stack, victims: list[str], *, orphan: bool) -> set[str]:
    """Kill these workers while a batch is under way; without victims, the worker that waits for its answer.

    Return the request ids of the batches that were asked and are not answered.
    """
    carrier = wait_until(lambda: stack.open_batches() and stack.carrier(), 30, "a batch is under way", every=0.005)
    for name in victims or [carrier]:
        stack.kill(name, orphan=orphan)
    return set(stack.open_batches())


@pytest.mark.parametrize(("order", "orphan"), [("1030", False), ("1031", True)])
def test_a_batch_whose_worker_is_killed_is_asked_again_by_another(stack: Stack, order: str, orphan: bool) -> None:
    rep, before = Person(stack, REP), stack.books()
    stack.fault(kind="delay", match="/batch", seconds=20)  # Longer than the rest of this takes, until it is cleared.
    assert rep.send(order).ok
    interrupted = kill_in_the_middle(stack, stack.workers, orphan=orphan)
    assert len(interrupted) == 1
    assert rep.status(order) == "wait"
    stack.restart_ended(*stack.workers)
    stack.clear_faults()
    wait_until(lambda: rep.is_posted(order), 60, f"order {order} is in the books")
    assert all(stack.times_asked()[one] >= 2 for one in interrupted)
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
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))
    print(f"CHAOS_SEED={seed}")  # Pytest shows it if the test fails.
    dice, rep, before = random.Random(seed), Person(stack, REP), stack.books()
    stack.fault(kind="delay", match="/batch", times=10**6, seconds=TRIP_SECONDS)
    orders = ["1042", *(str(number) for number in range(1001, ROUNDS + 1000))]
    interrupted: list[set[str]] = []
    for turn, order in enumerate(orders):
        sent = rep.send(order)
        assert sent.ok, f"{order}: {sent.text}"
        orphan = dice.random() < 0.5
        if turn % AIMED == 0:
            interrupted.append(kill_in_the_middle(stack, [], orphan=orphan))
        else:
            time.sleep(dice.uniform(0, 0.9))
            stack.kill(dice.choice(stack.workers), orphan=orphan)
        stack.restart_ended(*stack.workers)
    wait_until(
        lambda: {rep.status(order) for order in orders} == {"good"}, 240, "all orders are in the books", every=0.5
    )
    wait_until_nothing_moves(stack)
    assert sum(len(one) == 1 for one in interrupted) >= LEAST_INTERRUPTED, interrupted
    asked = stack.times_asked()
    assert {key: asked.get(key, 0) for one in interrupted for key in one if asked.get(key, 0) < 2} == {}

    after, expected = stack.books(), expectations(stack, orders)
    invoices = new(before, after, "Invoice")
    assert sorted((one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in invoices) == expected["invoices"]
    payments = new(before, after, "Payment")
    assert sorted((one["CustomerRef"]["name"], one["TotalAmt"]) for one in payments) == expected["payments"]
    assert all(one["UnappliedAmt"] == 0 for one in payments)
    names = Counter(one["DisplayName"] for one in after["Customer"])
    assert {name for name, count in names.items() if count > 1} == set()
    assert {one["DisplayName"] for one in new(before, after, "Customer")} <= expected["customers"]
    items = Counter(one["Name"] for one in after["Item"])
    assert {name for name, count in items.items() if count > 1} == set()
    for kind in ("Bill", "PurchaseOrder", "CreditMemo", "Vendor", "Account"):
        assert new(before, after, kind) == []
    order_1042 = next(one for one in invoices if one["DocNumber"] == "1042")
    assert (order_1042["CustomerRef"]["name"], order_1042["TotalAmt"], order_1042["Balance"]) == (
        "ABC Company",
        Decimal("218.50"),
        Decimal("118.50"),
    )


def wait_until_nothing_moves(stack: Stack) -> None:
    """Wait until what an orphan or a late job might still do is done: all is idle, also after one more sweep."""
    wait_until(stack.is_idle, 30, "everything is idle")
    time.sleep(SWEEP_SECONDS)
    wait_until(stack.is_idle, 30, "everything is idle after a sweep")
