"""The activity of an installation: its deliveries, page by page, with their requests and responses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import simplejson
from sqlalchemy import CompoundSelect, Select, func, select, union_all
from sqlalchemy.orm import joinedload, selectinload

from hub import access, scope
from hub.access import Actor
from hub.database import session
from hub.errors import Forbidden, Incomplete, NotFound, NotPossible
from hub.models import ConversationRow, Delivery, Exchange, Installation
from hub.models.delivery import search_key
from hub.orders.retry import retry_delivery
from hub.plugin import Payload, say
from hub.states import DeliveryState

_D = DeliveryState
GROUPS: Mapping[str, tuple[DeliveryState, ...]] = {
    "attention": (_D.STOPPED,),
    "moving": (_D.WAITING, _D.QUEUED, _D.SENDING, _D.IN_DOUBT),
    "posted": (_D.POSTED,),
    "cancelled": (_D.CANCELLED,),
}
"""The groups of the filter, and their states."""

PER_PAGE = 50
SEARCHED = 5_000
"""Deliveries in one state that a search looks through at once, the newest first: some milliseconds."""

_EXPORTED = 500  # Rows that are held at a time while a file is written.
_RETRIED = 25  # Deliveries that one request tries again; each is built anew from its order.
_EXCHANGES = 200
_LONGEST = 20_000  # Characters of one message that are shown.


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """The filter of the Activity tab. `group` is a key of `GROUPS`, or empty for all; `before` is the id of the last
    row shown."""

    group: str = ""
    text: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage:
    """A page of deliveries. `more` is the id to continue before, if there may be more; with `unsearched` the deliveries
    before it have not been searched yet."""

    deliveries: Sequence[Delivery]
    more: int | None
    unsearched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryProgress:
    """The progress of retrying all: how many are on their way `again`, and how many are `still` stopped. `before` is
    where to continue, None at the end."""

    again: int
    still: int
    before: int | None


def list_deliveries(installation_id: int, wanted: ActivityFilter) -> ActivityPage:
    """Return the newest deliveries that match. The number of queries, and of rows that are read, is limited: a search
    looks through `SEARCHED` deliveries, and the next one continues where it ended."""
    end = _find_search_end(installation_id, wanted) if wanted.text else None
    found = _query_ids(installation_id, wanted, PER_PAGE + 1, end).subquery()
    rows = session().scalars(
        select(Delivery)
        .where(Delivery.id.in_(select(found.c.id)))
        .order_by(Delivery.id.desc())
        .options(
            selectinload(Delivery.needs).selectinload(Delivery.needs),
            joinedload(Delivery.installation).joinedload(Installation.endpoint),
        )
    )
    deliveries = list(rows)
    if len(deliveries) > PER_PAGE:
        return ActivityPage(deliveries=deliveries[:PER_PAGE], more=deliveries[PER_PAGE - 1].id)
    return ActivityPage(deliveries=deliveries, more=end, unsearched=end is not None)


def find_deliveries(installation_id: int, ids: Sequence[int]) -> list[Delivery]:
    """Return those of the deliveries that belong to the installation."""
    rows = session().scalars(
        select(Delivery)
        .where(Delivery.installation_id == installation_id, Delivery.id.in_(ids[:PER_PAGE]))
        .order_by(Delivery.id.desc())
        .options(
            selectinload(Delivery.needs).selectinload(Delivery.needs),
            joinedload(Delivery.installation).joinedload(Installation.endpoint),
        )
    )
    return list(rows)


def export_deliveries(installation_id: int, wanted: ActivityFilter) -> Iterator[Delivery]:
    """Yield all deliveries that match, newest first. A few hundred rows are in memory at a time, and no transaction is
    open between them."""
    before = wanted.before
    while True:
        step = ActivityFilter(group=wanted.group, text=wanted.text, before=before)
        found = _query_ids(installation_id, step, _EXPORTED).subquery()
        rows = session().scalars(
            select(Delivery).where(Delivery.id.in_(select(found.c.id))).order_by(Delivery.id.desc())
        )
        deliveries = list(rows)
        before = deliveries[-1].id if deliveries else None
        yield from deliveries
        session().rollback()
        if len(deliveries) < _EXPORTED:
            return


def retry_all(actor: Actor, installation_id: int, wanted: ActivityFilter) -> RetryProgress:
    """Retry some of the stopped deliveries, newest first. Call it again with `before` until that is None.

    A delivery that would stop again stays stopped, with its current problems. Raises `Forbidden` unless the actor
    manages.
    """
    access.managed_installation(actor, installation_id)
    stopped = ActivityFilter(group="attention", text=wanted.text, before=wanted.before)
    ids = list(session().scalars(_query_ids(installation_id, stopped, _RETRIED + 1)))
    again = 0
    for delivery_id in ids[:_RETRIED]:
        try:
            retry_delivery(actor, delivery_id)
        except (Forbidden, Incomplete, NotFound, NotPossible):  # The row or the settings say why.
            continue
        again += 1
    done = ids[:_RETRIED]
    return RetryProgress(again=again, still=len(done) - again, before=done[-1] if len(ids) > _RETRIED else None)


def find_conversations(delivery: Delivery) -> tuple[list[ConversationRow], int]:
    """Return what was said about a delivery, newest conversation first, and how many exchanges are too old to be shown.
    """
    shown = (
        select(Exchange.id)
        .join(ConversationRow)
        .where(ConversationRow.delivery_id == delivery.id)
        .order_by(Exchange.id.desc())
        .limit(_EXCHANGES)
    )
    rows = session().scalars(
        select(ConversationRow)
        .where(ConversationRow.delivery_id == delivery.id)
        .order_by(ConversationRow.id.desc())
        .options(
            selectinload(ConversationRow.exchanges.and_(Exchange.id.in_(shown))).joinedload(Exchange.batch)
        )
        .execution_options(populate_existing=True)
    )
    found = list(rows)
    count = select(func.count(Exchange.id)).join(ConversationRow).where(ConversationRow.delivery_id == delivery.id)
    return found, max(0, (session().scalar(count) or 0) - _EXCHANGES)


def delivery_of(organization_id: str, installation_id: int, delivery_id: int) -> Delivery:
    """Return a delivery of this installation. Raises `NotFound`."""
    scope.find_installation(organization_id, installation_id)
    found = scope.find_delivery(organization_id, delivery_id)
    if found.installation_id != installation_id:
        raise NotFound(say("There is no such entry."))
    return found


def _query_ids(
    installation_id: int, wanted: ActivityFilter, limit: int, end: int | None = None
) -> Select[Any] | CompoundSelect[Any]:
    """Return the ids of what is wanted, newest first, and none before `end`: for each state a walk down the index,
    which holds all that is asked."""
    walks = []
    for walk in _query_states(installation_id, wanted):
        if end is not None:
            walk = walk.where(Delivery.id >= end)  # noqa: PLW2901 – The same walk, to its end.
        for word in search_key(wanted.text).split():
            walk = walk.where(Delivery.search_key.contains(word, autoescape=True))  # noqa: PLW2901 – As above.
        walks.append(select(walk.limit(limit).subquery().c.id))
    together = union_all(*walks).subquery()
    return select(together.c.id).order_by(together.c.id.desc()).limit(limit)


def _find_search_end(installation_id: int, wanted: ActivityFilter) -> int | None:
    """Return the id of the oldest row that one search looks at, None if it looks at all of them."""
    beyond = [select(one.offset(SEARCHED).limit(1).subquery().c.id) for one in _query_states(installation_id, wanted)]
    newest = session().scalar(select(func.max(union_all(*beyond).subquery().c.id)))
    return None if newest is None else int(newest) + 1


def _query_states(installation_id: int, wanted: ActivityFilter) -> Iterator[Select[int]]:
    for state in GROUPS.get(wanted.group, tuple(_D)):
        walk = select(Delivery.id).where(Delivery.installation_id == installation_id, Delivery.state == state)
        if wanted.before is not None:
            walk = walk.where(Delivery.id < wanted.before)
        yield walk.order_by(Delivery.id.desc())


# ── What may be shown of a message ──────────────────────────────────────────────────────────────────────────────────

_HIDDEN = "•••"
_SECRET_KEY = re.compile(
    r"token|secret|passw|authorization|credential|cookie|api_?key|ticket|ssn|taxidentifier|socialsecurity"
    r"|card.?num|^cc.?num",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(r"(Bearer\s+|Basic\s+)[\w\-.~+/=]{8,}", re.IGNORECASE)
_SECRET_ELEMENT = re.compile(r"(<(\w*(?:Password|Token|Secret|Ticket)\w*)[^>]*>)[^<]+(</\2>)", re.IGNORECASE)


def format_message(payload: Payload | None) -> tuple[str, int]:
    """Return a payload as readable JSON, and how many characters of it are left out.

    A request never contains a credential, and no plugin returns one. Whatever looks like one is hidden all the same, as
    are the numbers of persons and cards that a ledger may return.
    """
    if payload is None:
        return "", 0
    text = str(simplejson.dumps(redact(payload), use_decimal=True, ensure_ascii=False, indent=2))
    return text[:_LONGEST], max(0, len(text) - _LONGEST)


def redact(value: Any) -> Any:
    """Return a payload without values that must not be shown."""
    if isinstance(value, Mapping):
        return {
            key: _HIDDEN if _SECRET_KEY.search(key) and item not in ("", None) else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    if isinstance(value, str):
        return _SECRET_ELEMENT.sub(rf"\1{_HIDDEN}\3", _SECRET_TEXT.sub(rf"\1{_HIDDEN}", value))
    return value
