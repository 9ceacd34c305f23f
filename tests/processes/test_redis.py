"""Redis is away or frozen: Send answers at once, and the document arrives when Redis is back."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.people import REP, Person
from tests.support.processes import Stack, wait_until

PATIENCE = 10
"""Seconds within which a request answers that cannot reach Redis, on a busy machine."""


@pytest.fixture(scope="module")
def stack(connected_stack: Stack) -> Stack:
    return connected_stack


def wait_for_arrival(stack: Stack, rep: Person, order: str) -> None:
    def arrived() -> bool:
        stack.restart_ended()  # RQ's processes may end when Redis goes away.
        return rep.is_posted(order)

    wait_until(arrived, 90, f"order {order} is in the books")
    assert [one["DocNumber"] for one in stack.books()["Invoice"]].count(order) == 1


def test_sending_with_redis_stopped(stack: Stack) -> None:
    rep = Person(stack, REP)
    stack.kill("redis")
    began = time.monotonic()
    assert rep.send("1042").ok
    took = time.monotonic() - began
    assert rep.status("1042") == "wait"
    assert took < PATIENCE, "a request must not wait for Redis"
    stack.start("redis")
    wait_for_arrival(stack, rep, "1042")


def test_sending_with_redis_frozen(stack: Stack) -> None:
    rep = Person(stack, REP)
    stack.signal("redis", signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert rep.send("1001").ok
        assert time.monotonic() - began < PATIENCE, "a request must not wait for Redis"
    finally:
        stack.signal("redis", signal.SIGCONT)
    wait_for_arrival(stack, rep, "1001")
