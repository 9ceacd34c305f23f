"""What RQ calls: thin, with ids only. A job is a wake-up; running one twice, or late, or never, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from flask import current_app

from hub.dispatch import push
from hub.installations import notices, renewal
from hub.installations.install import delete_expired_attempts
from hub.orders import bundles
from hub.queue import commit, note_sweep, wake

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
        push.carry(installation_id)


def send(bundle_id: int) -> None:
    """Queue what is left of orders that were sent together."""
    with _own_context():
        bundles.send_bundle(bundle_id)


def renew(installation_id: int) -> None:
    """Renew an authorization before it lapses, or to see whether it still stands."""
    with _own_context():
        renewal.renew(installation_id)


def mail(notice_id: int) -> None:
    """Mail a notice to the admins."""
    with _own_context():
        notices.mail_notice(notice_id)


def sweep() -> None:
    """Find what is due and wake a worker for it: after lost wakes, dead workers, outages and waiting times. Then look
    whether there is something that the admins should know.
    """
    with _own_context():
        for installation_id in push.due_installations():
            wake(installation_id)
        for bundle_id in bundles.find_due_bundles():
            wake(bundle_id, "send")
        for installation_id in renewal.due():
            wake(installation_id, "renew")
        delete_expired_attempts()
        commit()
        notices.give()
        for notice_id in notices.due():
            wake(notice_id, "mail")
        commit()
    note_sweep()
