"""What RQ calls: thin, with ids only. A job is a wake-up; running one twice, or late, or never, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from flask import current_app

from hub.queue import commit, note_sweep, wake
from hub.services.carrying import carrying
from hub.services.installing import installing, notices, renewing
from hub.services.sending import bundling

if TYPE_CHECKING:
    from flask import Flask


@contextmanager
def _own_context() -> Iterator[None]:
    """An app context for this job alone, so that its session begins and ends with it."""
    app = cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]  # Werkzeug's documented way.
    with app.app_context():
        yield


def carry(installation_id: int) -> None:
    """Take to the ledger what is due for one installation."""
    with _own_context():
        carrying.carry(installation_id)


def send(bundle_id: int) -> None:
    """Queue what is left of orders that were sent together."""
    with _own_context():
        bundling.send(bundle_id)


def renew(installation_id: int) -> None:
    """Renew an authorization before it lapses, or to see whether it still stands."""
    with _own_context():
        renewing.renew(installation_id)


def mail(notice_id: int) -> None:
    """Mail a notice to the admins."""
    with _own_context():
        notices.mail(notice_id)


def sweep() -> None:
    """Find what is due and wake a worker for it: after lost wakes, dead workers, outages and waiting times. Then look
    whether there is something that the admins should know.
    """
    with _own_context():
        for installation_id in carrying.due_installations():
            wake(installation_id)
        for bundle_id in bundling.due():
            wake(bundle_id, "send")
        for installation_id in renewing.due():
            wake(installation_id, "renew")
        installing.forget_expired()
        commit()
        notices.give()
        for notice_id in notices.due():
            wake(notice_id, "mail")
        commit()
    note_sweep()
