"""The desk of an installation whose ledger calls us: sessions, and what is handed over in them.

All of it is in rows, because every call may reach another web process. A call hands out what lies ready, or takes an
answer in as it came; what follows from an answer is `sorting`'s, and mostly done by a worker while the ledger works.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from werkzeug.security import check_password_hash

from hub.database import changes_one, now, session
from hub.extension import seconds
from hub.models import Delivery, DeskRow, Envelope, Listing
from hub.plugin import Admission, Books, Idle, IntegrationError, PullIntegration, Welcome
from hub.queue import commit, rollback, wake
from hub.services import scope
from hub.services.carrying import concluding, line, meeting, packing, sorting
from hub.services.integrations import registry
from hub.services.integrations.bugs import reference
from hub.states import DeliveryState, EnvelopeState, InstallationState

STOPPED = -1
"""What handing in gives when the session cannot go on: its ticket is not known, or `last_error` says why."""

ENDED = "This session has ended. The Web Connector begins a new one by itself."

_REFUSALS, _REST = 5, dt.timedelta(minutes=1)
_PAGE = 500  # About how many entries of a list an answer holds.
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
        commit()
        if state not in _SPEAKS or not wanted:
            return Admission(welcome=Welcome.NOTHING)
        ticket = self._open()
        if ticket is None:
            return Admission(welcome=Welcome.BUSY, wait=60)
        return Admission(welcome=Welcome.OPEN, ticket=ticket)

    def recognise(self, ticket: str, books: Books, dialect: str) -> None:
        row = self._session(ticket, _between())
        if row is None:
            return
        row.dialect = dialect
        installation = row.installation
        installation.books_id = books.id or installation.books_id
        meeting.meet(installation, registry.integration(installation.integration), books)
        commit()

    def collect(self, ticket: str) -> str | Idle:
        row = self._session(ticket, _while_it_works())
        if row is None:
            return Idle.CLOSED
        if row.complaint or not row.dialect:  # Other books, or nobody said which: nothing is handed out.
            row.complaint = row.complaint or "QuickBooks did not say which company file is open. Update again."
            commit()
            return Idle.FINISHED
        out, busy = packing.ready(self.installation_id), False
        if out is None:
            commit()
            busy = not sorting.turn(self.installation_id, whole=_is_impatient(row))
            row = self._row()
            out = packing.ready(self.installation_id)
        row.envelope_id = out.id if out else None
        waits = out is None and (busy or _attended(row)) and not row.complaint
        row.waits_since = row.waits_since or now() if waits else None
        commit()
        return out.body if out else Idle.PREPARING if waits else Idle.FINISHED

    def hand_in(self, ticket: str, answer: str | IntegrationError) -> int:
        row = self._session(ticket, _between())
        if row is None:
            return STOPPED
        size = self._take(row, answer)
        row.envelope_id, row.answered = None, row.answered + size
        if size > sorting.LITTLE:
            wake(self.installation_id)
            done = _progress(row)
        else:
            commit()
            if size:
                sorting.turn(self.installation_id, whole=False)
            done = _done(self._row())
        commit()
        return done

    def preparing(self, ticket: str) -> bool:
        row = self._row()
        found = _holds(row, ticket) and not row.complaint and row.waits_since is not None
        commit()
        return found

    def complain(self, ticket: str, sentence: str) -> None:
        row = self._session(ticket, _between())
        if row is not None:
            row.complaint = sentence
            concluding.trouble(row.installation, sentence)
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
        """The session ends. What it has collected and not answered is asked for again by the next."""
        row = self._session(ticket, _between())
        if row is not None:
            row.ticket = row.ticket_until = None
            line.reclaim(self.installation_id)
            commit()

    def _row(self) -> DeskRow:
        return session().get_one(DeskRow, self.installation_id)

    def _open(self) -> str | None:
        """Begin a session by one atomic statement; None while another one is going on."""
        ticket, moment = secrets.token_hex(16), now()
        free = update(DeskRow).where(
            DeskRow.installation_id == self.installation_id,
            or_(DeskRow.ticket.is_(None), DeskRow.ticket_until < moment),
        )
        values = {
            "ticket": ticket, "ticket_until": moment + _between(), "envelope_id": None, "waits_since": None,
            "answered": 0, "complaint": "", "dialect": "",
        }  # fmt: skip
        opened = changes_one(free.values(**values))
        if opened:
            session().expire_all()
            line.reclaim(self.installation_id)
        commit()
        return ticket if opened else None

    def _session(self, ticket: str, silence: dt.timedelta) -> DeskRow | None:
        """Begin a transaction of the session, which may be silent for so long afterwards. None if the ticket is not
        that of the session that goes on.
        """
        mine = update(DeskRow).where(DeskRow.installation_id == self.installation_id, DeskRow.ticket == ticket)
        fresh = mine.values(ticket_until=now() + silence).returning(DeskRow)
        row = session().scalar(fresh, execution_options={"populate_existing": True}) if ticket else None
        if row is None:
            rollback()
        return row

    def _take(self, row: DeskRow, answer: str | IntegrationError) -> int:
        """Take an answer in. Gives how many requests it is about: 0 if nothing was to be answered."""
        out = row.envelope_id
        if out is None:
            return 0
        if isinstance(answer, IntegrationError):
            return self._fail(row, out, answer)
        taken = (
            update(Envelope)
            .where(Envelope.id == out, Envelope.state == EnvelopeState.OPEN)
            .values(received=answer, state=EnvelopeState.RECEIVED, answered_at=now())
            .returning(Envelope.size)
        )
        return session().scalar(taken) or 0

    def _fail(self, row: DeskRow, envelope_id: int, failure: IntegrationError) -> int:
        installation = scope.lock(self.installation_id)
        envelope = session().get_one(Envelope, envelope_id)
        integration = registry.integration(installation.integration)
        assert isinstance(integration, PullIntegration)
        if envelope.state is EnvelopeState.OPEN:
            sorting.conclude(installation, integration, row, envelope, failure)
        return 0


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
    return bool(ticket) and hmac.compare_digest((row.ticket or "").encode(), ticket.encode())


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


def _is_impatient(row: DeskRow) -> bool:
    """Whether a worker should have come by now; there may be none, and the call does the work itself."""
    patience = seconds("HUB_DESK_PATIENCE_SECONDS", 10)
    return now() - (row.waits_since or now()) >= patience


def _done(row: DeskRow) -> int:
    """How much of the session is done when all that it handed in is read. 100 ends it, so nothing must be left."""
    if row.complaint:
        return STOPPED
    if _attended(row) or _is_open(row.installation_id) or packing.has_work(row.installation):
        return _progress(row)
    return 100


def _progress(row: DeskRow) -> int:
    """How much of the session is done in percent, as far as can be told while something is left."""
    going = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.IN_DOUBT)
    deliveries = select(func.count(Delivery.id)).where(
        Delivery.installation_id == row.installation_id, Delivery.state.in_(going)
    )
    pages = select(func.sum(1 + (func.coalesce(Listing.total, Listing.loaded) - Listing.loaded) / _PAGE)).where(
        Listing.installation_id == row.installation_id, Listing.loading
    )
    left = sum(int(one or 0) for one in session().execute(
        select(deliveries.scalar_subquery(), pages.scalar_subquery())
    ).one())  # fmt: skip
    return min(99, 100 * row.answered // (row.answered + max(left, 1)))


def _is_open(installation_id: int) -> bool:
    """Whether an envelope lies ready, is at the ledger, or has an answer that nobody has read."""
    going = (EnvelopeState.OPEN, EnvelopeState.RECEIVED)
    query = select(Envelope.id).where(Envelope.installation_id == installation_id, Envelope.state.in_(going)).limit(1)
    return session().scalar(query) is not None


def _between() -> dt.timedelta:
    """How long a session may be silent between an answer and the next question: it asks again at once."""
    return seconds("HUB_DESK_SECONDS", 60)


def _while_it_works() -> dt.timedelta:
    """How long the accounting program may take over one envelope."""
    return seconds("HUB_DESK_WORK_SECONDS", 300)
