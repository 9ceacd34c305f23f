"""What needs attention: the stopped deliveries of all integrations, grouped by cause, and fixed a group at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from hub.access import Actor
from hub.database import session
from hub.errors import Forbidden, Incomplete, NotFound, NotPossible
from hub.host import Permission
from hub.models import Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.plugin import Fix, Problem
from hub.serialization import problems_of
from hub.states import DeliveryState, InstallationState

SHOWN = 500
"""Stopped deliveries on the page, the newest first."""

AT_ONCE = 25
"""Deliveries that one request tries again; each is planned anew from its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Deliveries of one product that the same problem stopped. `problem` is that of the first; `title` and `cure` are
    the sentences that hold for all of them. `fixes` are those that each of them offers with the same value."""

    key: str
    installation: Installation
    problem: Problem | None
    title: str
    cure: str
    fixes: Sequence[Fix]
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many deliveries are on their way `again`, and how many are `still` stopped."""

    again: int
    still: int


def find_stopped(organization_id: str) -> list[Delivery]:
    """Return the newest stopped deliveries of an organization, at most `SHOWN`. One query."""
    return list(session().scalars(
        select(Delivery)
        .join(Delivery.installation)
        .where(
            Delivery.organization_id == organization_id, Delivery.state == DeliveryState.STOPPED,
            Installation.state != InstallationState.REMOVED,
        )
        .order_by(Delivery.id.desc())
        .limit(SHOWN)
        .options(joinedload(Delivery.installation).joinedload(Installation.endpoint))
    ))  # fmt: skip


def group_by_cause(deliveries: Sequence[Delivery]) -> list[Cause]:
    """Return the causes of some stopped deliveries, the largest group first."""
    groups: dict[str, list[tuple[Delivery, Problem | None]]] = {}
    for delivery in deliveries:
        problem = next(iter(problems_of(delivery.problems)), None)
        groups.setdefault(_cause_key(delivery, problem), []).append((delivery, problem))
    causes = [_build_cause(key, members) for key, members in groups.items()]
    return sorted(causes, key=lambda cause: -len(cause.deliveries))


def retry_many(actor: Actor, ids: Sequence[int], given: dict[str, str]) -> Outcome:
    """Retry stopped deliveries with the same fix, at most `AT_ONCE`. One that would stop again stays stopped, with its
    current problems. Raises `Forbidden` unless the actor manages."""
    actor.require(Permission.MANAGE)
    again = 0
    for delivery_id in ids[:AT_ONCE]:
        try:
            retry_delivery(actor, delivery_id, given)
        except (Forbidden, Incomplete, NotFound, NotPossible):  # Its row says why.
            continue
        again += 1
    return Outcome(again=again, still=len(ids[:AT_ONCE]) - again)


def _cause_key(delivery: Delivery, problem: Problem | None) -> str:
    """Return what the deliveries of a cause have in common. The sentence names the document where there is a code, so
    that the code and the cure decide; otherwise the sentence does."""
    told = "" if problem is None else f"{problem.code}/{problem.cure:s}" if problem.code else f"{problem.what:s}"
    return f"{delivery.installation_id}/{told}"


def _build_cause(key: str, members: Sequence[tuple[Delivery, Problem | None]]) -> Cause:
    problems = [problem for _delivery, problem in members if problem is not None]
    first = problems[0] if problems else None
    return Cause(
        key=key, installation=members[0][0].installation, problem=first,
        title=_shared([one.what for one in problems]) or _shared([one.why for one in problems]),
        cure=_shared([one.cure for one in problems]), fixes=_shared_fixes(problems),
        deliveries=[delivery for delivery, _problem in members],
    )  # fmt: skip


def _shared(sentences: Sequence[str]) -> str:
    """Return the sentence if all are the same, else an empty one."""
    return sentences[0] if len({f"{one:s}" for one in sentences}) == 1 else ""


def _shared_fixes(problems: Sequence[Problem]) -> list[Fix]:
    """Return the fixes of one click that every problem offers with the same value."""
    if not problems:
        return []
    offered = [{(fix.kind, fix.value) for fix in one.fixes if not fix.editable} for one in problems]
    shared = set.intersection(*offered)
    return [fix for fix in problems[0].fixes if (fix.kind, fix.value) in shared]
