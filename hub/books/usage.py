"""Metered usage: reads and writes per month. Some ledgers charge for reads, or limit them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from hub.database import now, session
from hub.extension import current
from hub.models import Installation, Usage
from hub.plugin import RequestCost, say


def count_usage(installation_id: int, request_cost: RequestCost) -> None:
    """Add the cost of an answered trip, in the transaction that stores the answer."""
    row = of_this_month(installation_id)
    row.calls += request_cost.calls
    row.reads += request_cost.reads
    row.writes += request_cost.writes
    session().add(row)


def of_this_month(installation_id: int) -> Usage:
    """Return the usage of an installation in this month."""
    month = _this_month()
    found = session().get(Usage, (installation_id, month))
    return found or Usage(installation_id=installation_id, month=month, calls=0, reads=0, writes=0)


def monthly_reads(integration: str) -> int:
    """Return the monthly limit of reads, over all installations; 0 if there is none, or if the plugin is not installed.
    """
    found = current().integrations.get(integration)
    if found is None:
        return 0
    set_here: Any = current_app.config.get(f"HUB_{integration.upper()}_READS_A_MONTH")
    return found.capabilities.reads_a_month if set_here is None else int(set_here)


def is_spent(integration: str) -> bool:
    """Return True if the month's reads are used up, so that lists and history are not fetched until the next month."""
    most = monthly_reads(integration)
    if not most:
        return False
    read = session().scalar(
        select(func.sum(Usage.reads))
        .join(Installation, Installation.id == Usage.installation_id)
        .where(Installation.integration == integration, Usage.month == _this_month())
    )
    return (read or 0) >= most


def describe_spent(integration: str) -> str:
    """Return the sentence that is shown while reads are used up."""
    today = now().date()
    following = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return say(
        "This month’s %(reads)s reads are used up. Lists and history are updated again on %(day)s; sending "
        "continues.", reads=f"{monthly_reads(integration):,}", day=following,
    )  # fmt: skip


def _this_month() -> str:
    return f"{now():%Y-%m}"
