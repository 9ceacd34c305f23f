"""Leases: one process at a time drives an installation, and one exchanges its credentials.

RQ may run a job twice, and a worker that was given up may still be running. Every transaction of a worker begins by
renewing its lease under the lock of the installation, so a worker that has lost it cannot write a row any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, delete, exists, literal, select, update
from sqlalchemy.exc import OperationalError

from hub.database import changes_one, insert_into, is_lock_timeout, limit_lock_wait, now, session
from hub.errors import LeaseLost, Locked
from hub.extension import lease_time
from hub.models import Installation, Lease, LeaseKind
from hub.queue import rollback

_LOCK_SECONDS = 2.0
"""So long a worker waits for any other row that somebody changes at this moment."""


def new_token() -> str:
    """Return the token of a process that is no worker's job."""
    return secrets.token_hex(16)


def acquire_leases(kind: LeaseKind, installation_ids: Collection[int], token: str) -> dict[int, int]:
    """Acquire the leases that are free or were not renewed in time, in one statement.

    Return how many processes in a row died with each, by installation. The caller commits.
    """
    moment = now()
    rows = select(
        literal(kind, Lease.kind.type), Installation.id, literal(token),
        literal(moment + lease_time(), Lease.until.type), literal(0),
    ).where(Installation.id.in_(installation_ids)).order_by(Installation.id)  # fmt: skip
    insert = insert_into(Lease).from_select(["kind", "installation_id", "token", "until", "deaths"], rows)
    acquired = insert.on_conflict_do_update(
        index_elements=[Lease.kind, Lease.installation_id],
        set_={"token": insert.excluded.token, "until": insert.excluded.until},
        where=Lease.until < moment,
    ).returning(Lease.installation_id, Lease.deaths)
    found = session().execute(acquired, execution_options={"synchronize_session": False})
    return dict(iter(found))  # A result has `keys`, and is no mapping.


def acquire_lease(kind: LeaseKind, installation_id: int, token: str) -> bool:
    """Acquire one lease. The caller commits."""
    return bool(acquire_leases(kind, [installation_id], token))


def release_lease(kind: LeaseKind, installation_id: int, token: str) -> bool:
    """Release a lease. False if another process has it now. The caller commits."""
    mine = _of(kind, installation_id), Lease.token == token
    result = session().execute(delete(Lease).where(*mine), execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount == 1


def withdraw_lease(kind: LeaseKind, installation_id: int) -> None:
    """Withdraw a lease from whoever has it. The caller commits."""
    session().execute(
        delete(Lease).where(_of(kind, installation_id)), execution_options={"synchronize_session": False}
    )


def renew_leases(token: str) -> int:
    """Renew all leases of a process, in one statement; return how many it has. The caller commits."""
    renewed = update(Lease).where(Lease.token == token).values(until=now() + lease_time())
    result = session().execute(renewed, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


def note_death(token: str) -> int:
    """Note that a process died by itself: its leases are free, and its installations are suspected of having killed it.

    Return how many it had. The caller commits.
    """
    died = update(Lease).where(Lease.token == token, Lease.kind == LeaseKind.DELIVERIES)
    result = session().execute(
        died.values(until=now(), deaths=Lease.deaths + 1), execution_options={"synchronize_session": False}
    )
    return cast("CursorResult[Any]", result).rowcount


def is_held() -> ColumnElement[bool]:
    """Return True if a process drives an installation now, as a condition on `Installation`."""
    held = exists().where(
        Lease.kind == LeaseKind.DELIVERIES, Lease.installation_id == Installation.id, Lease.until >= now()
    )
    return held.correlate(Installation)


def lock_leased(installation_id: int, token: str, *, waits: bool = False) -> Installation:
    """Begin a transaction of the process that has the lease: renew it, lock the installation, and read it afresh.

    The installation may have been paused or removed meanwhile: what was answered is stored all the same, and nothing
    new is asked. Raises `LeaseLost` if another process has the lease now, and `Locked` if a person's command holds the
    lock, unless it `waits`.
    """
    mine = update(Lease).where(_of(LeaseKind.DELIVERIES, installation_id), Lease.token == token)
    session().expire_all()
    try:
        limit_lock_wait(_LOCK_SECONDS)
        renewed = changes_one(mine.values(until=now() + lease_time()))  # On SQLite this locks the whole database.
        found = _lock(installation_id, waits=waits) if renewed else None
        if found is None:
            rollback()
            raise LeaseLost(f"installation {installation_id}")
    except OperationalError as error:
        rollback()
        if not is_lock_timeout(error):
            raise
        raise Locked(f"installation {installation_id}") from error
    return found


def _lock(installation_id: int, *, waits: bool) -> Installation | None:
    """Lock the row of an installation, and read it as it is now."""
    query = select(Installation).where(Installation.id == installation_id)
    locked = query.with_for_update(nowait=not waits, of=Installation)
    return session().scalars(locked, execution_options={"populate_existing": True}).one_or_none()


def _of(kind: LeaseKind, installation_id: int) -> ColumnElement[bool]:
    return and_(Lease.kind == kind, Lease.installation_id == installation_id)
