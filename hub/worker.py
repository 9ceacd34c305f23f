"""The two long-running processes: the worker, and the scheduler that calls the sweep."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.cron import CronJob, CronScheduler
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from hub import events, queue
from hub.dispatch import leases, pump
from hub.extension import sweep_interval
from hub.jobs import JOBS

_PR_SET_PDEATHSIG = 1
_LARGEST_ID = 2**63 - 1

log = logging.getLogger(__name__)


class HubJob(Job):
    """A job as read from Redis. One that the hub did not queue is treated as missing, before anything is imported."""

    def restore(self, raw_data: Any) -> Any:
        """Read a job. Raises `NoSuchJobError` unless it calls one function of `hub.jobs` with at most one row id, and
        nothing else: no instance, callback, webhook, dependency or group."""
        try:
            super().restore(raw_data)
            is_ours = self._is_ours()
        except Exception:  # Whatever is in Redis, a worker must survive it.
            is_ours = False
        if not is_ours:
            log.warning("A job in Redis is none of the hub's and is not run: %s", events.one_line(str(self.id)[:80]))
            raise NoSuchJobError(f"Job {self.id} is none of the hub's.")

    def _is_ours(self) -> bool:
        name, instance, arguments, named = self.serializer.loads(self.data)
        extras = (
            self._success_callback_name, self._failure_callback_name, self._stopped_callback_name,
            self.webhooks, self._dependency_ids, self.group_id,
        )  # fmt: skip
        are_ids = all(type(one) is int and 0 < one <= _LARGEST_ID for one in arguments)
        return name in JOBS and instance is None and named == {} and are_ids and len(arguments) <= 1 and not any(extras)


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
    build_worker(connection).work(with_scheduler=False)


def build_worker(connection: Redis) -> HubWorker:
    """Return a worker of the one queue, which runs only the hub's own jobs."""
    return HubWorker(
        [Queue(queue.NAME, connection=connection, serializer=JSONSerializer, job_class=HubJob)],
        connection=connection, serializer=JSONSerializer, job_class=HubJob, job_monitoring_interval=5,
        maintenance_interval=30, worker_ttl=60, default_result_ttl=0, log_job_description=False,
    )  # fmt: skip


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
