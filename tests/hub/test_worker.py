"""Which jobs a worker runs: the hub's own and no others, whatever somebody writes into Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from hub import jobs, queue, worker
from hub.jobs import JOBS
from tests.support import redis


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with redis.running(tmp_path_factory.mktemp("redis")) as address, Redis.from_url(address) as connected:
        yield connected


def test_the_jobs_that_a_worker_runs_are_the_functions_of_one_module() -> None:
    public = {
        name for name, one in vars(jobs).items()
        if not name.startswith("_") and getattr(one, "__module__", "") == "hub.jobs" and callable(one)
    }  # fmt: skip
    assert {f"hub.jobs.{name}" for name in public} == JOBS


def test_a_worker_runs_no_code_that_is_not_the_hubs(connection: Redis, tmp_path: Path) -> None:
    """OWASP ASVS 5, 1.5.2: what is deserialized names no code of the sender's choice."""
    written = tmp_path / "written"
    hostile = Queue(queue.NAME, connection=connection, serializer=JSONSerializer)
    touch = f"touch {written}"
    hostile.enqueue("os.system", touch)
    hostile.enqueue("subprocess.check_output", ["touch", str(written)])
    hostile.enqueue("hub.jobs.os.system", touch)
    hostile.enqueue("hub.jobs.mail", 1, on_failure=Callback("os.system"), on_success=Callback("os.system"))
    burst = hostile.enqueue("hub.jobs.mail", 1)
    connection.hset(burst.key, "data", b"\x00\xff not a job")
    assert worker.build_worker(connection).work(burst=True) is False, "It has run something."
    assert not written.exists()
    assert hostile.count == 0


@pytest.mark.parametrize("call", [
    {"func": "os.system", "args": ("true",)}, {"func": "hub.worker.work"}, {"func": "hub.jobs.commit"},
    {"func": "hub.jobs.mail", "args": ("1",)}, {"func": "hub.jobs.mail", "args": (1, 2)},
    {"func": "hub.jobs.mail", "args": (2**63,)}, {"func": "hub.jobs.mail", "args": (True,)},
    {"func": "hub.jobs.mail", "kwargs": {"notice_id": 1}},
    {"func": "hub.jobs.mail", "args": (1,), "on_stopped": Callback("os.system")},
])  # fmt: skip
def test_what_the_hub_would_not_have_queued_is_not_there(connection: Redis, call: dict[str, Any]) -> None:
    job = Job.create(**call, connection=connection, serializer=JSONSerializer)
    job.save()
    assert Job.exists(job.id, connection=connection)
    assert not _can_be_read(job.id, connection)


def test_the_hubs_own_jobs_are_read(connection: Redis) -> None:
    for name, ids in (("hub.jobs.mail", (7,)), ("hub.jobs.sweep", ())):
        job = Job.create(name, args=ids, connection=connection, serializer=JSONSerializer)
        job.save()
        assert _can_be_read(job.id, connection)


def _can_be_read(job_id: str, connection: Redis) -> bool:
    try:
        worker.HubJob.fetch(job_id, connection=connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return False
    return True
