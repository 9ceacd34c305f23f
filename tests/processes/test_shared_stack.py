"""A module gets the shared stack in the state that it asks for, whatever the module before it has left behind."""

from __future__ import annotations

import signal

from redis import Redis

from tests.support.people import ADMIN, REP, Person
from tests.support.processes import LOCAL, wait_until
from tests.support.stacks import SharedStack

TABLES = ("desk_order", "hub_installation", "hub_delivery", "hub_batch", "hub_bundle", "hub_notice")


def rows(stack: SharedStack) -> dict[str, int]:
    """Count the rows of some tables, the entries of the sandbox, and what waits in Redis."""
    with stack.desk() as desk, Redis(host=LOCAL, port=stack.redis_port) as redis:
        found = {table: int(desk.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in TABLES}
        waiting = redis.exists("rq:queue:hub", "hub:hung:quickbooks_online")
    return {**found, **{kind: len(entries) for kind, entries in stack.books().items()}, "redis": int(str(waiting))}


def leave_a_mess(stack: SharedStack) -> None:
    """Interrupt a batch, kill and freeze processes, and leave faults and jobs behind."""
    rep = Person(stack, REP)
    assert rep.send("1042").ok
    wait_until(lambda: rep.is_posted("1042"), 60, "order 1042 is in the books")
    stack.fault(kind="delay", match="/batch", seconds=60, times=100)
    assert rep.send("1041").ok
    wait_until(stack.carrier, 30, "a batch is under way", every=0.01)
    for name in ("scheduler", "worker-0", "redis"):
        stack.kill(name)
    stack.signal("worker-1", signal.SIGSTOP)
    assert rep.send("1040").ok


def test_a_state_is_the_same_after_any_mess(connected_stack: SharedStack) -> None:
    stack = connected_stack
    connected = rows(stack)
    assert (connected["hub_installation"], connected["hub_delivery"], connected["Invoice"]) == (1, 0, 0)
    leave_a_mess(stack)
    stack.suspend()

    stack.enter("prepared")
    prepared = rows(stack)
    assert [prepared[table] for table in TABLES[1:]] == [0] * len(TABLES[1:])
    assert prepared["desk_order"] == connected["desk_order"]
    Person(stack, ADMIN).install()
    stack.suspend()

    stack.enter("connected")
    assert rows(stack) | {"redis": 0} == connected | {"redis": 0}
    assert {name for name in (*stack.workers, "scheduler", "redis", "web", "sandbox") if stack.has_ended(name)} == set()
    rep = Person(stack, REP)
    assert rep.status("1041") == "none"
    assert rep.send("1041").ok  # No fault delays it any more.
    wait_until(lambda: rep.is_posted("1041"), 20, "order 1041 is in the books")
    assert [one["DocNumber"] for one in stack.books()["Invoice"]] == ["1041"]
