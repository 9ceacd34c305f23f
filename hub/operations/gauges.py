"""Gauges that are read when Prometheus asks, in three statements to the database and a few commands to Redis."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from hub import queue
from hub.database import now, session
from hub.models import BatchRow, Delivery, Installation
from hub.states import BatchState, DeliveryState, InstallationState

_D = DeliveryState
UNFINISHED = (_D.WAITING, _D.QUEUED, _D.SENDING, _D.IN_DOUBT)
GOING = (BatchState.OPEN, BatchState.RECEIVED, BatchState.DOUBTED, BatchState.PARKED)

GAUGES = {
    "hub_deliveries_now": (
        "Deliveries that are waiting, queued, sending, in doubt or stopped",
        ("integration", "state"),
    ),
    "hub_oldest_delivery_seconds": (
        "Seconds that the oldest delivery of a connected installation has been in its state",
        ("integration", "state"),
    ),
    "hub_installations": ("Installations, by state", ("integration", "state")),
    "hub_batches_now": ("Batches that are not answered yet, by state", ("integration", "state")),
    "hub_queue_depth": ("Jobs that no worker has taken yet", ()),
    "hub_seconds_since_sweep": ("Seconds since the last sweep; missing if there was none", ()),
    "hub_scrape_failed": ("1 if the database or Redis did not answer; its gauges are missing then", ("source",)),
}
"""The meaning and the labels of each gauge."""


def read() -> list[Metric]:
    """Return the gauges. Those of a source that does not answer are missing, and `hub_scrape_failed` names it."""
    found = {name: GaugeMetricFamily(name, what, labels=labels) for name, (what, labels) in GAUGES.items()}
    failed = found["hub_scrape_failed"]
    try:
        for name, labels, value in _rows():
            found[name].add_metric(labels, value)
        failed.add_metric(["database"], 0)
    except SQLAlchemyError:
        session().rollback()
        failed.add_metric(["database"], 1)
    try:
        found["hub_queue_depth"].add_metric([], queue.job_queue().count)
        swept_at = queue.swept_at()
        if swept_at is not None:
            found["hub_seconds_since_sweep"].add_metric([], (now() - swept_at).total_seconds())
        failed.add_metric(["redis"], 0)
    except RedisError:
        failed.add_metric(["redis"], 1)
    return list(found.values())


def _rows() -> Iterator[tuple[str, list[str], float]]:
    """Yield a gauge, its labels and its value. Posted and cancelled deliveries are not counted: there are many, and an
    index finds the others."""
    moment = now()
    deliveries = (
        select(Installation.integration, Installation.state, Delivery.state, func.count(), func.min(Delivery.moved_at))
        .join(Installation, Delivery.installation_id == Installation.id)
        .where(Delivery.state.in_((*UNFINISHED, _D.STOPPED)), Installation.state != InstallationState.REMOVED)
        .group_by(Installation.integration, Installation.state, Delivery.state)
    )
    counts: dict[tuple[str, str], int] = {}
    for integration, of_installation, state, count, since in session().execute(deliveries):
        counts[integration, state.value] = counts.get((integration, state.value), 0) + count
        if of_installation is InstallationState.CONNECTED and state in UNFINISHED:
            yield "hub_oldest_delivery_seconds", [integration, state.value], (moment - since).total_seconds()
    for (integration, of_delivery), count in counts.items():
        yield "hub_deliveries_now", [integration, of_delivery], count
    installations = (
        select(Installation.integration, Installation.state, func.count())
        .where(Installation.state != InstallationState.REMOVED)
        .group_by(Installation.integration, Installation.state)
    )
    for integration, of_installation, count in session().execute(installations):
        yield "hub_installations", [integration, of_installation.value], count
    batches = (
        select(Installation.integration, BatchRow.state, func.count())
        .join(Installation, BatchRow.installation_id == Installation.id)
        .where(BatchRow.state.in_(GOING))
        .group_by(Installation.integration, BatchRow.state)
    )
    for integration, of_batch, count in session().execute(batches):
        yield "hub_batches_now", [integration, of_batch.value], count
    session().rollback()
