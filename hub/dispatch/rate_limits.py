"""Client-side rate limiting, shared by all workers through Redis.

The limits are those that the integration declares, counted by integration and books. Without Redis the ledger is asked
all the same, and says itself when it is too much (HTTP 429).
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Sequence
from functools import cache

from flask import current_app
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from hub import queue
from hub.integrations import optional_calls
from hub.plugin import Integration, Limit, Request, RequestCost

_GRACE = 1  # Seconds by which our windows are longer: what leaves in one of the ledger's may arrive in the next.
_SHORTEST = 0.01

log = logging.getLogger(__name__)


def acquire_room(integration: Integration, books_id: str, requests: Sequence[Request]) -> dt.timedelta | None:
    """Acquire room for one trip to the books; if there is none, return when to ask again."""
    if current_app.config.get("HUB_PACE") == "off":
        return None
    try:
        return _ask(integration, books_id, optional_calls.request_cost(integration, requests))
    except RedisError as error:
        log.warning("The pace of %s cannot be kept to without Redis: %s", integration.key, error)
    return None


def _ask(integration: Integration, books_id: str, request_cost: RequestCost) -> dt.timedelta | None:
    """Count a trip against all limits if each of them has room for it; else give when to ask again.

    Two who ask at the same moment may both find room for one. Then one of them is turned away with part of its trip
    counted, which wastes a little of the pace and never exceeds it.
    """
    limiter = _limiter(queue.address())
    costs = list(_costs(integration, books_id, request_cost))
    full = [(one, whose) for one, whose, cost in costs if not limiter.test(one, *whose, cost=cost)]
    full = full or [(one, whose) for one, whose, cost in costs if not limiter.hit(one, *whose, cost=cost)]
    if not full:
        return None
    free_at = max(limiter.get_window_stats(one, *whose).reset_time for one, whose in full)
    return dt.timedelta(seconds=max(free_at - time.time(), _SHORTEST))


def _costs(
    integration: Integration, books_id: str, request_cost: RequestCost
) -> Iterator[tuple[RateLimitItem, tuple[str, ...], int]]:
    """Return what a trip costs of each limit, and whose limit it is. One that costs more than there is waits until all
    of it is free."""
    for limit in integration.capabilities.limits:
        most, cost = _most(integration, limit), getattr(request_cost, limit.counted)
        if most and cost:
            window = RateLimitItemPerSecond(most, limit.seconds + _GRACE, namespace=f"turns/{limit.counted}")
            yield window, (integration.key,) if limit.of_app else (integration.key, books_id), min(cost, most)


def _most(integration: Integration, limit: Limit) -> int:
    """Return the figure of a limit; the operator may have set another."""
    here = current_app.config.get(f"HUB_{integration.key.upper()}_{limit.setting}") if limit.setting else None
    return limit.most if here is None else int(here)


@cache
def _limiter(address: str) -> MovingWindowRateLimiter:
    """It keeps one connection a process."""
    pool = queue.connection().connection_pool
    return MovingWindowRateLimiter(RedisStorage(address, connection_pool=pool, key_prefix="hub"))
