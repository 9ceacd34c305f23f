"""What is done between two calls of a ledger that calls us: its answers are read, and what goes next is packed.

The desk takes answers in and hands envelopes out, and leaves both of these, so that a call costs next to nothing. While
the ledger works on one envelope, a worker reads the answer to the one before and packs the one after. The line of the
installation makes sure that one process at a time does so.
"""

from __future__ import annotations

from collections.abc import Sequence

from rq.timeouts import BaseTimeoutException
from sqlalchemy import select

from hub.database import session
from hub.errors import LineLost
from hub.extension import step_time
from hub.models import Delivery, DeskRow, Envelope, Installation, needs
from hub.plugin import InDoubt, IntegrationError, PullIntegration, Unavailable, say, say_count
from hub.queue import commit, rollback, wake
from hub.services.carrying import concluding, line, packing, tickets
from hub.services.carrying.line import Line
from hub.services.integrations import hanging, registry, vetting
from hub.services.integrations.bugs import reference
from hub.states import DeliveryState, EnvelopeState, InstallationState

FIRST = 10
"""How many requests the first envelope of a session holds: if something is wrong, little is at stake."""

_STATES = tuple(state for state in InstallationState if state is not InstallationState.REMOVED)


def turn(installation_id: int, *, whole: bool = True) -> bool:
    """Read what was handed in, and have the next envelopes lie ready.

    Within a call, with `whole` false, only a little is done, and what is more is left to a worker. False if something
    was left, or if another process is at it. Harmless at any time. Whatever was answered is read, also while the
    installation is paused; nothing new is packed then, nor while no session is going on, because only a session says
    which dialect the ledger understands.
    """
    held = line.take(installation_id, _STATES)
    if held is None:
        return False
    try:
        done = _sort(held, whole=whole)
        while done is None:
            done = _sort(held, whole=whole)
    except LineLost:  # Another process goes on from the rows.
        rollback()
        return False
    except BaseException:
        rollback()
        held.hang_up()
        raise
    held.hang_up()
    if not done:
        wake(installation_id)
    tickets.note_remaining(installation_id)
    commit()
    return done


def _sort(held: Line, *, whole: bool) -> bool | None:
    """Read one answer, and pack when all are read, in one transaction. None if it has to be called once more, False if
    something is left to a worker.
    """
    installation = held.fence()
    integration = registry.integration(installation.integration)
    assert isinstance(integration, PullIntegration)
    desk = session().get_one(DeskRow, installation.id)
    received = session().scalars(
        select(Envelope)
        .where(Envelope.installation_id == installation.id, Envelope.state == EnvelopeState.RECEIVED)
        .order_by(Envelope.id)
        .limit(2)
        .options(Envelope.laden())
    ).all()
    if received:
        _conclude(installation, integration, desk, received[0])
    done = None if len(received) > 1 else True
    if done and installation.state is InstallationState.CONNECTED and _speaks(desk):
        done = _pack(installation, integration, desk, whole=whole)
    commit()
    return done


def _pack(installation: Installation, integration: PullIntegration, desk: DeskRow, *, whole: bool) -> bool:
    """Have something lie ready. False if more is left to a worker, who packs it while the ledger works on the first."""
    if not desk.asked:
        packing.pack(installation, integration, FIRST)
        return whole or not packing.is_much(installation.id)
    if whole or not packing.is_ready(installation.id, tickets.LITTLE):
        packing.pack(installation, integration)
        return True
    return False


def _conclude(installation: Installation, integration: PullIntegration, desk: DeskRow, envelope: Envelope) -> None:
    for delivery in concluding.deliveries(envelope):
        if delivery.state in {DeliveryState.QUEUED, DeliveryState.IN_DOUBT}:
            delivery.move(DeliveryState.SENDING)
    answer = _read(integration, envelope)
    envelope.received = ""
    envelope.move(EnvelopeState.OPEN)
    conclude(installation, integration, desk, envelope, answer)


def conclude(
    installation: Installation,
    integration: PullIntegration,
    desk: DeskRow,
    envelope: Envelope,
    answer: concluding.Answer,
) -> None:
    """Let follow what follows from an answer, and tell the person at the ledger if it cannot go on."""
    concluding.conclude(installation, integration, envelope, answer)
    if isinstance(answer, Unavailable) and not isinstance(answer, InDoubt):
        desk.complaint = _sentence(envelope, str(answer))


def _read(integration: PullIntegration, envelope: Envelope) -> concluding.Answer:
    try:
        sealed, answer, size = envelope.sealed(), envelope.received, envelope.size
        return hanging.within(integration.key, "read", step_time(), lambda: vetting.responses(
            integration.read(sealed, answer), size
        ))  # fmt: skip
    except IntegrationError as error:
        return concluding.heard(error)
    except BaseTimeoutException:
        raise  # The job's own time is up; that says nothing about the plugin.
    except (Exception, SystemExit) as error:  # A plugin may do anything; its envelope stops, and nothing else.
        return concluding.Crashed(reference(error))


def _speaks(desk: DeskRow) -> bool:
    """Whether a session has said what it understands. If it died since, the next one takes what lies ready."""
    return desk.ticket is not None and bool(desk.dialect) and not desk.complaint


_NAMED = 5
"""Orders that are named in a sentence."""


def _sentence(envelope: Envelope, trouble: str) -> str:
    """What the person at the ledger reads: what was on its way, and what to do."""
    orders = _orders(concluding.deliveries(envelope))
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
    """The orders that deliveries belong to; a new customer belongs to those that wait for it."""
    records = [delivery.id for delivery in deliveries if not delivery.order_id]
    waiting = session().scalars(
        select(Delivery.order_id)
        .join(needs, needs.c.delivery_id == Delivery.id)
        .where(needs.c.needed_id.in_(records), Delivery.order_id.is_not(None))
    )
    return sorted({found for found in (*(delivery.order_id for delivery in deliveries), *waiting) if found})
