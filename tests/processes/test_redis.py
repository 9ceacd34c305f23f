"""Redis away or frozen: pressing Send answers at once, and the delivery goes out when Redis is back."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Person, Stack, wait_until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    running = Stack(folder)
    try:
        running.start_all(workers=1)
        Person(running, "admin@demo.test").install()
        yield running
    finally:
        running.stop_all()


def keep_alive(stack: Stack) -> None:
    """What a supervisor does: RQ's processes may end when Redis goes away, and are started again."""
    for name, command in (("worker-0", "worker"), ("scheduler", "scheduler")):
        if stack.running[name].poll() is not None:
            stack.start(name, "flask", "--app", "wsgi", "hub", command)


def arrives(stack: Stack, rep: Person, order: str) -> bool:
    keep_alive(stack)
    return f"as {order} " in rep.status(order)


def test_sending_with_redis_stopped(stack: Stack) -> None:
    rep = Person(stack, "rep@demo.test")
    stack.kill("redis")
    began = time.monotonic()
    assert rep.send("1042").ok
    took = time.monotonic() - began
    assert "Queued" in rep.status("1042") or "Waits" in rep.status("1042")
    assert took < 10, "a request must not wait for Redis"
    stack.start_redis()
    wait_until(lambda: arrives(stack, rep, "1042"), 90, "order 1042 is in the books")
    assert [one["DocNumber"] for one in stack.books()["Invoice"]] == ["1042"]


def test_sending_with_redis_frozen(stack: Stack) -> None:
    rep = Person(stack, "rep@demo.test")
    stack.signal("redis", signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert rep.send("1001").ok
        assert time.monotonic() - began < 10, "a request must not wait for Redis"
    finally:
        stack.signal("redis", signal.SIGCONT)
    wait_until(lambda: arrives(stack, rep, "1001"), 90, "order 1001 is in the books")
    assert sorted(one["DocNumber"] for one in stack.books()["Invoice"]) == ["1001", "1042"]
