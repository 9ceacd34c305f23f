"""One step of an installation whose ledger calls us: an answer that it handed in is read, and the next batch prepared.

A polling session only stores answers and hands out prepared batches, so that a call costs next to nothing. While the
ledger works on one batch, a worker processes the answer to the one before and prepares the one after. The lease of the
installation lets one process at a time do so.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from hub.database import session
from hub.dispatch import batches, polling_sessions, responses
from hub.dispatch.trips import Done, More
from hub.extension import step_time
from hub.integrations import timeouts, validation
from hub.integrations.crashes import log_crash
from hub.models import BatchRow, Delivery, Endpoint, Installation, needs
from hub.plugin import IntegrationError, OutcomeUnknown, PullIntegration, Unavailable, say, say_count
from hub.states import BatchState, DeliveryState, InstallationState

FIRST = 10
"""How many requests the first batch of a session holds: if something is wrong, little is at stake."""


def step(installation: Installation, integration: PullIntegration, *, fill: bool, whole: bool = True) -> More | Done:
    """Read one answer, and prepare a batch when all are read. The caller holds the lock, and commits.

    Whatever was answered is read, also while the installation is paused; nothing new is prepared then, nor while no
    session is going on, because only a session says which dialect the ledger understands. With `whole` false, within a
    call, only a little is prepared, and the rest is left to a worker. Without `fill`, nothing is prepared.
    """
    endpoint = session().get_one(Endpoint, installation.id)
    received = session().scalars(
        select(BatchRow)
        .where(BatchRow.installation_id == installation.id, BatchRow.state == BatchState.RECEIVED)
        .order_by(BatchRow.id)
        .limit(2)
        .options(BatchRow.laden())
    ).all()
    if received:
        _conclude(installation, integration, endpoint, received[0])
    if len(received) > 1:
        return More()
    if fill and installation.state is InstallationState.CONNECTED and _speaks(endpoint):
        return Done(is_all=_prepare(installation, integration, endpoint, whole=whole))
    return Done()


def _prepare(installation: Installation, integration: PullIntegration, endpoint: Endpoint, *, whole: bool) -> bool:
    """Have something lie ready. False if more is left to a worker, who packs it while the ledger works on the first."""
    if not endpoint.asked:
        batches.prepare_batch(installation, integration, FIRST)
        return whole or not batches.is_much(installation.id)
    if whole or not batches.is_ready(installation.id, polling_sessions.LITTLE):
        batches.prepare_batch(installation, integration)
        return True
    return False


def _conclude(installation: Installation, integration: PullIntegration, endpoint: Endpoint, batch: BatchRow) -> None:
    for delivery in responses.deliveries_of(batch):
        if delivery.state in {DeliveryState.QUEUED, DeliveryState.IN_DOUBT}:
            delivery.move(DeliveryState.SENDING)
    answer = _read(integration, batch)
    batch.received = ""
    batch.move(BatchState.OPEN)
    conclude_batch(installation, integration, endpoint, batch, answer)


def conclude_batch(
    installation: Installation,
    integration: PullIntegration,
    endpoint: Endpoint,
    batch: BatchRow,
    answer: responses.Answer,
) -> None:
    """Store an answer, and tell the person at the ledger if it cannot go on."""
    responses.conclude_trip(installation, integration, batch, answer)
    if isinstance(answer, Unavailable) and not isinstance(answer, OutcomeUnknown):
        endpoint.complaint = _sentence(batch, str(answer))


def _read(integration: PullIntegration, batch: BatchRow) -> responses.Answer:
    try:
        sent, received, size = batch.as_batch(), batch.received, batch.size
        return timeouts.call_within(integration.key, "decode", step_time(), lambda: validation.check_responses(
            integration.decode(sent, received), size
        ))  # fmt: skip
    except IntegrationError as error:
        return responses.check_failure(error)
    except (Exception, SystemExit) as error:  # A plugin may do anything; its batch stops, and nothing else.
        return responses.Crashed(log_crash(error))


def _speaks(endpoint: Endpoint) -> bool:
    """Return True if a session has said what it understands. If it died since, the next one takes what lies ready."""
    return endpoint.ticket is not None and bool(endpoint.dialect) and not endpoint.complaint


_NAMED = 5
"""Orders that are named in a sentence."""


def _sentence(batch: BatchRow, trouble: str) -> str:
    """Return what the person at the ledger reads: what was on its way, and what to do."""
    orders = _orders(responses.deliveries_of(batch))
    if not orders:
        return trouble
    named = say_count(
        "order %(orders)s", "orders %(orders)s", len(orders), orders=", ".join(orders[:_NAMED])
    )
    if len(orders) > _NAMED:
        named = say("%(orders)s and %(count)s more", orders=named, count=len(orders) - _NAMED)
    return say(
        "%(trouble)s On its way: %(orders)s. Nothing is lost; it goes again with the next call.",
        trouble=say(trouble), orders=named,
    )  # fmt: skip


def _orders(deliveries: Sequence[Delivery]) -> list[str]:
    """Return the orders that deliveries belong to; a new customer belongs to those that wait for it."""
    records = [delivery.id for delivery in deliveries if not delivery.order_id]
    waiting = session().scalars(
        select(Delivery.order_id)
        .join(needs, needs.c.delivery_id == Delivery.id)
        .where(needs.c.needed_id.in_(records), Delivery.order_id.is_not(None))
    )
    return sorted({found for found in (*(delivery.order_id for delivery in deliveries), *waiting) if found})
