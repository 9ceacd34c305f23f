"""The desk of an installation whose ledger calls us: sessions, and what is handed over in them.

All of it is in rows, because every call may reach another web process. A session's ticket is the token of the
installation's line, so that a session that died blocks nobody for longer than it may be silent.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from hub.database import now, session
from hub.errors import LineLost
from hub.extension import seconds
from hub.models import ConversationRow, Delivery, DeskRow, Envelope, Installation, Listing, needs
from hub.plugin import Admission, Books, Idle, InDoubt, IntegrationError, Response, Unavailable, Welcome
from hub.plugin import Envelope as SealedEnvelope
from hub.queue import commit, rollback
from hub.services import concluding, fetching, installing, line, packing, registry
from hub.services.conversing import reference
from hub.services.line import Line
from hub.states import ConversationState, DeliveryState, EnvelopeState, InstallationState

FIRST = 10
"""How many requests the first envelope of a session holds: if something is wrong, little is at stake."""

ENDED = "This session has ended. The Web Connector begins a new one by itself."

_REFUSALS, _REST = 5, dt.timedelta(minutes=1)
_SPEAKS = (InstallationState.PENDING, InstallationState.CONNECTED)


@dataclass(frozen=True, slots=True)
class InstallationDesk:
    """The desk as a plugin sees it (`hub.plugin.Desk`)."""

    installation_id: int

    @property
    def login(self) -> str:
        return self._row().login

    @property
    def books(self) -> Books | None:
        found = self._row().installation
        return Books(id=found.books_id, name=found.books_name) if found.books_name else None

    def greet(self, client: str) -> None:
        row = self._row()
        row.client, row.called_at = client[:40], now()
        commit()

    def admit(self, login: str, password: str) -> Admission:
        row = self._row()
        if not _knows(row, login, password):
            commit()
            return Admission(welcome=Welcome.STRANGER)
        row.called_at, row.refused = now(), 0
        state = row.installation.state
        wanted = state is InstallationState.PENDING or _attended(row) or packing.has_work(row.installation)
        if state not in _SPEAKS or not wanted:
            commit()
            return Admission(welcome=Welcome.NOTHING)
        commit()
        held = line.take(self.installation_id, _SPEAKS)
        if held is None:
            return Admission(welcome=Welcome.BUSY, wait=60)
        held.fence(_between())
        row = self._row()
        row.envelope_id, row.collected, row.answered = None, False, 0
        row.complaint, row.dialect = "", ""
        commit()
        return Admission(welcome=Welcome.OPEN, ticket=held.token)

    def recognise(self, ticket: str, books: Books, dialect: str) -> None:
        installation = self._fence(ticket)
        if installation is None:
            return
        self._row().dialect = dialect
        installation.books_id = books.id or installation.books_id
        installing.meet(installation, registry.integration(installation.integration), books)
        commit()

    def collect(self, ticket: str) -> SealedEnvelope | Idle:
        installation = self._fence(ticket, _while_it_works())
        if installation is None:
            return Idle.CLOSED
        row = self._row()
        if row.complaint or not row.dialect:  # Other books, or nobody said which: nothing is handed out.
            row.complaint = row.complaint or "QuickBooks did not say which company file is open. Update again."
            commit()
            return Idle.FINISHED
        out = session().get(Envelope, row.envelope_id) if row.envelope_id else None
        if out is None or out.state is not EnvelopeState.OPEN:
            out = self._following(installation, row)
            row.envelope_id = out.id if out else None
        row.collected = out is not None
        sealed = out.sealed() if out else None
        idle = Idle.PREPARING if _attended(row) else Idle.FINISHED
        if sealed is None and idle is Idle.PREPARING:
            Line(self.installation_id, ticket).fence(_between())
        commit()
        return sealed or idle

    def awaited(self, ticket: str) -> SealedEnvelope | None:
        installation = self._fence(ticket)
        row = self._row()
        out = _collected(row) if installation is not None else None
        sealed = out.sealed() if out else None
        commit()
        return sealed

    def hand_in(self, ticket: str, key: str, answer: Sequence[Response] | IntegrationError) -> int | None:
        installation = self._fence(ticket, _between())
        if installation is None:
            return None
        row, integration = self._row(), registry.integration(installation.integration)
        envelope = _collected(row)
        if envelope is not None and envelope.key == key:
            row.envelope_id, row.collected, row.answered = None, False, row.answered + len(envelope.exchanges)
            concluding.conclude(installation, integration, envelope, answer)
            if isinstance(answer, Unavailable) and not isinstance(answer, InDoubt):
                row.complaint = _sentence(envelope, str(answer))
            else:  # What follows is settled now, so that the last answer ends the session.
                following = self._following(installation, row)
                row.envelope_id = following.id if following else None
        done = _progress(installation, row)
        commit()
        return done

    def preparing(self, ticket: str) -> bool:
        row = self._row()
        found = _holds(row, ticket) and not row.complaint and _attended(row)
        commit()
        return found

    def complain(self, ticket: str, sentence: str) -> None:
        installation = self._fence(ticket)
        if installation is not None:
            self._row().complaint = sentence
            concluding.trouble(installation, sentence)
            commit()

    def crashed(self, ticket: str, error: Exception) -> None:
        rollback()
        mark = reference(error)
        self.complain(
            ticket,
            f"Something went wrong on our side (reference {mark}). Nothing is lost; it is tried again with the next "
            "call. If it stays, give the reference to your support.",
        )

    def last_error(self, ticket: str) -> str:
        row = self._row()
        sentence = row.complaint if _holds(row, ticket) else ENDED
        commit()
        return sentence

    def close(self, ticket: str) -> None:
        if ticket:
            Line(self.installation_id, ticket).hang_up()

    def _row(self) -> DeskRow:
        return session().get_one(DeskRow, self.installation_id)

    def _fence(self, ticket: str, silence: dt.timedelta | None = None) -> Installation | None:
        """Begin a transaction of the session; None if the ticket is not that of the session that goes on."""
        try:
            return Line(self.installation_id, ticket).fence(silence or _between()) if ticket else None
        except LineLost:
            rollback()
            return None

    def _following(self, installation: Installation, row: DeskRow) -> Envelope | None:
        if installation.state is not InstallationState.CONNECTED:
            return None
        integration = registry.integration(installation.integration)
        return packing.next_envelope(installation, integration, None if row.answered else FIRST)


def _knows(row: DeskRow, login: str, password: str) -> bool:
    """Whether name and password are right. After five wrong ones in a row nothing is tried for a minute."""
    if row.refused >= _REFUSALS and row.refused_at is not None and row.refused_at > now() - _REST:
        return False
    right = check_password_hash(row.password_hash or "scrypt:32768:8:1$none$00", password)
    if hmac.compare_digest(row.login.encode(), login.encode()) and right:
        return True
    row.refused, row.refused_at = row.refused + 1, now()
    return False


def _holds(row: DeskRow, ticket: str) -> bool:
    """Whether the ticket is that of the session that goes on."""
    token = row.installation.line_token or ""
    return bool(ticket) and hmac.compare_digest(token.encode(), ticket.encode())


def _collected(row: DeskRow) -> Envelope | None:
    """The envelope that the ledger has, and has not answered yet."""
    out = session().get(Envelope, row.envelope_id) if row.envelope_id and row.collected else None
    return out if out is not None and out.state is EnvelopeState.OPEN else None


def _attended(row: DeskRow) -> bool:
    return row.attended_until is not None and row.attended_until > now()


def attend(installation_id: int) -> None:
    """Somebody has the send dialog open: a session that is going on waits a little for what will be sent."""
    row = session().get(DeskRow, installation_id)
    if row is not None:
        row.attended_until = now() + seconds("HUB_ATTENDED_SECONDS", 60)
        commit()


def leave(installation_id: int) -> None:
    """What was prepared is sent: there is nothing more to wait for."""
    row = session().get(DeskRow, installation_id)
    if row is not None:
        row.attended_until = None
        commit()


def _sentence(envelope: Envelope, trouble: str) -> str:
    """What the Web Connector's user reads: what was on its way, and what to do."""
    orders = _orders(concluding.deliveries(envelope))
    named = f" On its way: order{'s' if len(orders) > 1 else ''} {', '.join(orders[:5])}" if orders else ""
    more = f" and {len(orders) - 5} more" if len(orders) > 5 else ""  # noqa: PLR2004
    waits = f"{named}{more}. Nothing is lost; it goes again with the next call." if named else ""
    return f"{trouble}{waits}"


def _orders(deliveries: Sequence[Delivery]) -> list[str]:
    """The orders that deliveries belong to; a new customer belongs to those that wait for it."""
    records = [delivery.id for delivery in deliveries if not delivery.order_id]
    waiting = session().scalars(
        select(Delivery.order_id)
        .join(needs, needs.c.delivery_id == Delivery.id)
        .where(needs.c.needed_id.in_(records), Delivery.order_id.is_not(None))
    )
    return sorted({found for found in (*(delivery.order_id for delivery in deliveries), *waiting) if found})


def _progress(installation: Installation, row: DeskRow) -> int:
    """How much of the session is done in percent. 100 ends it, so that is said only when nothing is left."""
    if row.envelope_id is None:
        return 99 if _attended(row) else 100
    live = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.IN_DOUBT)
    left = _count(Delivery.id, Delivery.installation_id == installation.id, Delivery.state.in_(live))
    left += _count(
        ConversationRow.id,
        ConversationRow.installation_id == installation.id,
        ConversationRow.state == ConversationState.OPEN,
        ConversationRow.delivery_id.is_(None),
    )
    left += sum(max(0, (one.total or 0) - one.loaded) // 500 for one in fetching.listings(installation.id))
    left += _count(Listing.kind, Listing.installation_id == installation.id, Listing.due_at <= now())
    return min(99, 100 * row.answered // (row.answered + max(left, 1)))


def _count(column: object, *where: object) -> int:
    return session().scalar(select(func.count(column)).where(*where)) or 0  # type: ignore[arg-type]  # Columns.


def _between() -> dt.timedelta:
    """How long a session may be silent between an answer and the next question: it asks again at once."""
    return seconds("HUB_DESK_SECONDS", 60)


def _while_it_works() -> dt.timedelta:
    """How long the accounting program may take over one envelope."""
    return seconds("HUB_DESK_WORK_SECONDS", 300)
