"""The two long-running processes: the worker, and the scheduler that calls the sweep."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.cron import CronJob, CronScheduler
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from hub import queue
from hub.dispatch import leases, pump
from hub.extension import sweep_interval

_PR_SET_PDEATHSIG = 1


class HubWorker(Worker):
    """RQ's worker, made to notice a death soon and to leave no orphan behind (RQ 3.0 waits a minute and leaves one)."""

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002 – The signature is RQ's.
        """Return how long a job's heartbeat is believed: three beats, instead of a minute more than that."""
        return int(self.job_monitoring_interval * 3)

    def setup_work_horse_signals(self) -> None:
        """In the child that runs a job: die with the parent (Linux), instead of going on beside the second copy."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]  # RQ's.
        signal.signal(signal.SIGTERM, lambda *_: pump.stopping.set())
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == 1:  # The parent died before we had asked.
                os._exit(1)

    def handle_warm_shutdown_request(self) -> None:
        """When the worker is told to stop, tell the child as well: a pump then ends as soon as its trips are back."""
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]  # RQ's.
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: object) -> None:
        """When the child has died by itself, what it did is suspected: one that dies a second time of it is not asked
        to do it again."""
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]  # RQ's.
        try:
            leases.note_death(job.id)
            queue.commit()
        except SQLAlchemyError:  # The leases run out by themselves.
            queue.rollback()


def work() -> None:
    """Run a worker until it is told to stop. Waits for Redis, and leaves the pooled connections to the parent."""
    connection = _connected()
    engines = tuple(current_app.extensions["sqlalchemy"].engines.values())
    os.register_at_fork(after_in_child=lambda: [engine.dispose(close=False) for engine in engines])
    worker = HubWorker(
        [Queue(queue.NAME, connection=connection, serializer=JSONSerializer)],
        connection=connection, serializer=JSONSerializer, job_monitoring_interval=5, maintenance_interval=30,
        worker_ttl=60, default_result_ttl=0, log_job_description=False,
    )  # fmt: skip
    worker.work(with_scheduler=False)


class _JsonCronJob(CronJob):
    """RQ's cron job enqueues by pickle (RQ 3.0); whoever can write to our Redis must not be able to run code."""

    def enqueue(self, connection: Redis) -> Job:
        target = Queue(self.queue_name, connection=connection, serializer=JSONSerializer)
        return target.enqueue(self.func_name, **self.job_options)


def schedule() -> None:
    """Call the sweep every `HUB_SWEEP_SECONDS` (15), until told to stop. Two of these do no harm."""
    every = max(1, int(sweep_interval().total_seconds()))
    scheduler = CronScheduler(connection=_connected())
    scheduler.get_jobs().append(_JsonCronJob(
        queue.NAME, func_name="hub.jobs.sweep", interval=every, ttl=2 * every, result_ttl=0, failure_ttl=86400
    ))  # fmt: skip
    scheduler.start()  # type: ignore[no-untyped-call]  # RQ's.


def _connected() -> Redis:
    """Return a connection, as soon as Redis answers; a process that is started before Redis waits instead of dying."""
    connection = Redis.from_url(queue.address())
    while True:
        try:
            connection.ping()
        except RedisError as error:
            print(f"Waiting for Redis: {error}", file=sys.stderr)  # noqa: T201 – It is a process's only way to say so.
            time.sleep(1)
        else:
            return connection
