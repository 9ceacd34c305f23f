"""The time to wait before something that failed is tried again."""

from __future__ import annotations

import datetime as dt


def backoff(
    tries: int, retry_after: float | None = None, *, first: float = 5.0, most: float = 300.0
) -> dt.timedelta:
    """Return the time until the next try: `retry_after` seconds if that was asked for, else `first` seconds, doubled
    with each try up to `most`."""
    return dt.timedelta(seconds=retry_after if retry_after is not None else min(most, first * 2 ** min(tries, 10)))
