"""The jobs of RQ: thin, with ids only. A job is a wake-up; running one twice, or late, or never, changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from flask import current_app
from rq import get_current_job

from hub import events
from hub.dispatch import leases, pump
from hub.dispatch.due import find_due_installations
from hub.installations import notices, renewal
from hub.installations.install import delete_expired_attempts
from hub.orders import bundles
from hub.queue import commit, enqueue, note_sweep, wake_all

if TYPE_CHECKING:
    from flask import Flask


@contextmanager
def _own_context() -> Iterator[None]:
    """An app context for this job alone, so that its session begins and ends with it."""
    app = cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]  # Werkzeug's documented way.
    with app.app_context():
        yield


def deliver() -> None:
    """Bring to the ledgers what is due, for all installations that were woken."""
    job = get_current_job()
    with _own_context():
        pump.run(job.id if job else leases.new_token())


def send(bundle_id: int) -> None:
    """Queue what is left of orders that were sent together."""
    with _own_context():
        bundles.send_bundle(bundle_id)


def renew(installation_id: int) -> None:
    """Renew an authorization before it lapses, or to see whether it still stands."""
    with _own_context():
        renewal.renew_credentials(installation_id)


def mail(notice_id: int) -> None:
    """Mail a notice to the admins."""
    with _own_context():
        notices.mail_notice(notice_id)


def sweep() -> None:
    """Find what is due and wake a worker for it: after lost wakes, dead workers, outages and waiting times. Then look
    whether there is something that the admins should know.
    """
    began = time.monotonic()
    with _own_context():
        found = [one.id for one in find_due_installations()]
        if found:
            wake_all(found)
        jobs = [("send", one) for one in bundles.find_due_bundles()]
        jobs += [("renew", one) for one in renewal.find_due_renewals()]
        for job, row_id in jobs:
            enqueue(job, row_id)
        delete_expired_attempts()
        commit()
        notices.give_notices()
        due_notices = notices.find_due_notices()
        for notice_id in due_notices:
            enqueue("mail", notice_id)
        commit()
    note_sweep()
    size = len(found) + len(jobs) + len(due_notices)
    events.emit(events.SWEPT, seconds=time.monotonic() - began, size=size)


JOBS = frozenset(f"{one.__module__}.{one.__name__}" for one in (deliver, send, renew, mail, sweep))
"""The only functions that a worker runs, by the names under which they are queued."""
