"""Sending many orders: the request is stored in one row, and workers queue the orders a few at a time.

No page has to stay open. Some orders are queued in one transaction with the progress of the bundle, under the lock of
the installation, so that a worker may be killed at any time, and two may work on one bundle. Each order is sent as if
it were sent alone, by the person who clicked Send and with the permissions that this person has by then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from rq.timeouts import BaseTimeoutException
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import joinedload

from hub import access, scope
from hub.access import Actor
from hub.database import now, session
from hub.errors import Busy, NotFound, NotPossible
from hub.extension import host, lease_time
from hub.host import Organization, User
from hub.integrations.crashes import log_crash
from hub.models import Bundle, Installation
from hub.orders import send_many
from hub.orders.send import enter_orders, retry_on_conflict
from hub.orders.send_many import Readiness
from hub.orders.validator import Validator
from hub.plugin import Problem, say
from hub.queue import commit, enqueue, rollback
from hub.serialization import problems_json, problems_of
from hub.tracing import current_trace, follow, span

AT_A_TIME = 20
"""Orders that are queued in one transaction: well under a second, for others wait for its lock."""

_RECENT = dt.timedelta(hours=12)
"""The time for which a list of orders shows a bundle."""

_SHOWN = 3

_LATER = (BaseTimeoutException, OperationalError, Busy)
"""Exceptions that end a try and say nothing about an order. The sweep tries again."""

_GONE = Problem(code="order-missing", what=say("This order no longer exists."))


def create_bundle(
    actor: Actor, installation_id: int, order_ids: Sequence[str], kinds: Sequence[str], key: str
) -> Bundle:
    """Store that a person wants these orders sent, and commit. Workers do the rest. One statement, however many orders.

    `key` comes from the form: clicking its Send twice returns the bundle of the first click. Raises `NotPossible` if
    nothing can be sent with the installation, `Forbidden` if the actor may not send this with it.
    """
    user, whose = actor.user, actor.organization.id
    installation = scope.find_installation(whose, installation_id)
    access.require_send(actor, installation, kinds)
    if installation.state not in access.SENDABLE:
        raise NotPossible(say("This integration is not connected."))
    with span("send orders", installation=installation_id, orders=len(order_ids)):
        trace = current_trace()
    bundle = Bundle(
        installation_id=installation_id, organization_id=whose, key=key, user_id=user.id, sent_by=user.name,
        teams=sorted(user.teams), documents=list(kinds), order_ids=list(order_ids), left=list(order_ids), trace=trace,
    )  # fmt: skip
    session().add(bundle)
    try:
        session().flush()
    except IntegrityError:  # It was pressed before, or by the other click of a double click.
        rollback()
        pressed = select(Bundle).where(Bundle.organization_id == whose, Bundle.key == key)
        return session().scalars(pressed).one()
    enqueue("send", bundle.id)
    commit()
    return bundle


def find_bundle(organization_id: str, bundle_id: int) -> Bundle:
    """Return a bundle. Raises `NotFound`."""
    found = session().get(Bundle, bundle_id)
    if found is None or found.organization_id != organization_id:
        raise NotFound(say("These orders were not sent together here."))
    return found


def find_recent_bundles(organization_id: str) -> list[Bundle]:
    """Return the last bundles of an organization within twelve hours, latest first. One query."""
    query = (
        select(Bundle)
        .where(Bundle.organization_id == organization_id, Bundle.sent_at > now() - _RECENT)
        .order_by(Bundle.sent_at.desc(), Bundle.id.desc())
        .limit(_SHOWN)
        .options(joinedload(Bundle.installation))
    )
    return list(session().scalars(query))


def is_queueing(organization_id: str) -> bool:
    """Return True if orders of an organization are waiting to be queued. One query."""
    query = select(Bundle.id).where(Bundle.organization_id == organization_id, Bundle.due_at.is_not(None)).limit(1)
    return session().scalar(query) is not None


def problems_by_order(bundle: Bundle) -> Mapping[str, Sequence[Problem]]:
    """Return the problems of the orders that could not be queued, by order id."""
    return {order_id: problems_of(stored) for order_id, stored in bundle.problems.items()}


def find_due_bundles() -> list[int]:
    """Return the ids of bundles that have orders left and no worker. One query."""
    return list(session().scalars(select(Bundle.id).where(Bundle.due_at <= now())))


def send_bundle(bundle_id: int) -> None:
    """Queue what is left of a bundle. Safe to call at any time, by any number of processes."""
    bundle = session().get(Bundle, bundle_id)
    with follow("queue orders", [bundle.trace] if bundle else (), bundle=bundle_id):
        _send_all(bundle_id)


def _send_all(bundle_id: int) -> None:
    more = True
    while more:
        try:
            more = retry_on_conflict(lambda validator: _send_some(bundle_id, AT_A_TIME, validator))
        except _LATER:
            rollback()
            raise
        except Exception:  # A host or a plugin may do anything, but one order must not hold up the others.
            rollback()
            more = all(_send_alone(bundle_id) for _ in range(AT_A_TIME))


def _send_alone(bundle_id: int) -> bool:
    """Queue the next order of a bundle by itself. If that crashes, store the crash as its problem."""
    left = session().get_one(Bundle, bundle_id).left
    try:
        return retry_on_conflict(lambda validator: _send_some(bundle_id, 1, validator))
    except _LATER:
        rollback()
        raise
    except Exception as error:  # As above.
        rollback()
        _leave_out(bundle_id, left[0], log_crash(error))
        return True


def _send_some(bundle_id: int, count: int, validator: Validator) -> bool:
    """Queue the next orders of a bundle, and commit. Return True if there may be more."""
    bundle = session().get(Bundle, bundle_id)
    if bundle is None or not bundle.left:
        rollback()
        return False
    some = bundle.left[:count]
    actor = Actor(_find_sender(bundle), Organization(id=bundle.organization_id, name=""))
    with validator.outside_lock():
        found = send_many.check_orders(bundle.installation, some, bundle.documents, validator)
    checks = {one.order.id: one for one in found}
    installation = scope.lock_installation(bundle.installation_id)
    if bundle.left[:count] != some:  # Another worker was here.
        rollback()
        return True
    if (hindrance := _find_blocker(installation, actor)) is not None:
        _store_progress(bundle, bundle.left, {order_id: [hindrance] for order_id in bundle.left})
        commit()
        return False
    kept = {order_id: [_GONE] for order_id in some if order_id not in checks}
    kept |= {key: list(one.problems) for key, one in checks.items() if one.readiness is Readiness.CHOICE}
    ready = [(one.order, one.choices) for one in checks.values() if one.readiness is Readiness.READY]
    left = enter_orders(installation, ready, actor.user, validator) if ready else {}
    _store_progress(bundle, some, kept | {order_id: list(problems) for order_id, problems in left.items()})
    commit()
    return True


def _store_progress(bundle: Bundle, done: Sequence[str], kept: Mapping[str, list[Problem]]) -> None:
    """Remove orders from what is left, and store the problems of those that were not queued."""
    bundle.left = bundle.left[len(done) :]
    bundle.problems = {**bundle.problems, **{order_id: problems_json(problems) for order_id, problems in kept.items()}}
    bundle.due_at = now() + lease_time() if bundle.left else None


def _leave_out(bundle_id: int, order_id: str, mark: str) -> None:
    """Store a problem for an order that crashes when it is planned."""
    bundle = session().get_one(Bundle, bundle_id)
    scope.lock_installation(bundle.installation_id)
    if bundle.left[:1] == [order_id]:
        what = say("Something went wrong with this order.")
        cure = say("Give your support this reference: %(reference)s.", reference=mark)
        _store_progress(bundle, [order_id], {order_id: [Problem(code="crashed", what=what, cure=cure)]})
    commit()


def _find_sender(bundle: Bundle) -> User:
    """Return the person who clicked Send, as the host knows them now."""
    known = host().users(bundle.organization_id)
    then = User(id=bundle.user_id, name=bundle.sent_by, teams=frozenset(bundle.teams))
    return next((one for one in known if one.id == bundle.user_id), then)


def _find_blocker(installation: Installation, actor: Actor) -> Problem | None:
    """Return the problem that keeps the rest of a bundle from being sent, None if there is none."""
    if installation.state not in access.SENDABLE:
        what = say("This integration is no longer connected.")
        return Problem(code="not-connected", what=what, cure=say("Connect it, then send these again."))
    if not access.may_send(actor, installation):
        return Problem(
            code="not-permitted",
            what=say("%(user)s no longer has permission to send with this integration.", user=actor.user.name),
            cure=say("Ask someone with permission to send these again."),
        )  # fmt: skip
    return None
