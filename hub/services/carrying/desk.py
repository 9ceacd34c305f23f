"""The desk of an installation whose ledger calls us: sessions, and what is handed over in them.

All of it is in rows, because every call may reach another web process. A call hands out what lies ready, or takes an
answer in as it came; what follows from an answer is `sorting`'s, and mostly done by a worker while the ledger works.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import exists, or_, select, update
from werkzeug.security import check_password_hash

from hub.database import changes_one, now, session
from hub.extension import seconds
from hub.models import DeskRow, Envelope, Installation
from hub.plugin import Admission, Books, Idle, IntegrationError, PullIntegration, Welcome, say
from hub.queue import commit, rollback, wake
from hub.services import scope
from hub.services.carrying import concluding, line, meeting, packing, sorting, tickets
from hub.services.integrations import registry
from hub.services.integrations.bugs import reference
from hub.states import EnvelopeState, InstallationState
from hub.translating import gettext, speaking

STOPPED = -1
"""What handing in gives when the session cannot go on: its ticket is not known, or `last_error` says why."""

ENDED = say("This session has ended. The Web Connector begins a new one by itself.")

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
        wanted = state is InstallationState.PENDING or _attended(row) or packing.has_work(self.installation_id)
        commit()
        if state not in _SPEAKS or not wanted:
            return Admission(welcome=Welcome.NOTHING)
        ticket = self._open()
        if ticket is None:
            return Admission(welcome=Welcome.BUSY, wait=60)
        return Admission(welcome=Welcome.OPEN, ticket=ticket)

    def recognise(self, ticket: str, books: Books, dialect: str) -> None:
        if self._keep(ticket, _between(), dialect=dialect) is None:
            return
        installation = session().get_one(Installation, self.installation_id)
        installation.books_id = books.id or installation.books_id
        meeting.meet(installation, registry.integration(installation.integration), books)
        commit()

    def collect(self, ticket: str) -> str | Idle:
        found = tickets.collect(self.installation_id, ticket, _while_it_works())
        if found is None:
            return Idle.CLOSED
        if found.complaint or not found.dialect:  # Other books, or nobody said which: nothing is handed out.
            unknown = say("QuickBooks did not say which company file is open. Update again.")
            self._keep(ticket, _while_it_works(), complaint=found.complaint or unknown)
            commit()
            return Idle.FINISHED
        impatient = _is_impatient(found)
        if found.body is None and found.is_much and not impatient:
            return Idle.PREPARING
        return self._prepare(ticket, whole=impatient) if found.body is None else found.body

    def hand_in(self, ticket: str, answer: str | IntegrationError) -> int:
        taken = None
        if isinstance(answer, IntegrationError):
            self._fail(ticket, answer)
        else:
            taken = tickets.take(self.installation_id, ticket, answer)
        if taken is not None and (taken.size > tickets.LITTLE or taken.next_id):
            wake(self.installation_id)  # A worker has the time to read it: what goes next lies ready.
            commit()
            return taken.progress
        if self._keep(ticket, _between(), envelope_id=None, waits_since=None) is None:
            return STOPPED
        commit()
        if taken is not None:
            sorting.turn(self.installation_id, whole=False)
        done = self._done()
        commit()
        return done

    def preparing(self, ticket: str) -> bool:
        row = self._row()
        found = _holds(row, ticket) and not row.complaint and row.waits_since is not None
        commit()
        return found

    def complain(self, ticket: str, sentence: str) -> None:
        if self._keep(ticket, _between(), complaint=sentence) is not None:
            concluding.trouble(session().get_one(Installation, self.installation_id), sentence)
            commit()

    def crashed(self, ticket: str, error: Exception) -> None:
        rollback()
        mark = reference(error)
        self.complain(
            ticket,
            say(
                "Something went wrong on our side (reference %(reference)s). Nothing is lost; it is tried again with "
                "the next call. If it stays, give the reference to your support.", reference=mark,
            ),
        )

    def last_error(self, ticket: str) -> str:
        row = self._row()
        with speaking(""):  # Nobody is signed in here whose language one might know.
            sentence = gettext(row.complaint if _holds(row, ticket) else ENDED)
        commit()
        return sentence

    def close(self, ticket: str) -> None:
        """The session ends. What it has collected and not answered is asked for again by the next."""
        if self._keep(ticket, _between(), ticket=None, ticket_until=None) is not None:
            line.reclaim(self.installation_id)
            commit()

    def _row(self) -> DeskRow:
        return session().get_one(DeskRow, self.installation_id)

    def _open(self) -> str | None:
        """Begin a session by one atomic statement; None while another one is going on."""
        ticket, moment = secrets.token_hex(16), now()
        silent = exists().where(  # It has answered and asks for nothing more, though it had time for that.
            Envelope.id == DeskRow.envelope_id, Envelope.answered_at < moment - _between(),
            or_(Envelope.state != EnvelopeState.OPEN, DeskRow.complaint != ""),  # What cannot be read goes again.
        )  # fmt: skip
        free = update(DeskRow).where(
            DeskRow.installation_id == self.installation_id,
            or_(DeskRow.ticket.is_(None), DeskRow.ticket_until < moment, silent),
        )
        values = {
            "ticket": ticket, "ticket_until": moment + _between(), "envelope_id": None, "waits_since": None,
            "asked": 0, "remaining": 0, "complaint": "", "dialect": "",
        }  # fmt: skip
        opened = changes_one(free.values(**values))
        if opened:
            session().expire_all()
            line.reclaim(self.installation_id)
        commit()
        return ticket if opened else None

    def _keep(self, ticket: str, silence: dt.timedelta, /, **changes: object) -> tickets.Session | None:
        return tickets.keep(self.installation_id, ticket, silence, **changes)

    def _prepare(self, ticket: str, *, whole: bool) -> str | Idle:
        """Nothing lies ready: have something lie ready, if that is quickly done."""
        worth_it = packing.has_work(self.installation_id)
        commit()
        busy = worth_it and not sorting.turn(self.installation_id, whole=whole)
        found = tickets.collect(self.installation_id, ticket, _while_it_works())
        if found is None:
            return Idle.CLOSED
        waits = found.body is None and (busy or found.is_attended) and not found.complaint
        if found.body is None and not waits:
            self._keep(ticket, _while_it_works(), waits_since=None)
            commit()
        return found.body if found.body is not None else Idle.PREPARING if waits else Idle.FINISHED

    def _fail(self, ticket: str, failure: IntegrationError) -> None:
        """Let follow what follows from there being no answer. Nothing is to be read then."""
        installation, row = scope.lock(self.installation_id), self._row()
        if _holds(row, ticket) and row.envelope_id is not None:
            envelope = session().get_one(Envelope, row.envelope_id)
            integration = registry.integration(installation.integration)
            assert isinstance(integration, PullIntegration)
            if envelope.state is EnvelopeState.OPEN:
                sorting.conclude(installation, integration, row, envelope, failure)

    def _done(self) -> int:
        """How much of the session is done when all that it handed in is read. 100 ends it: nothing must be left."""
        row = self._row()
        if row.complaint:
            return STOPPED
        if _attended(row) or _is_open(self.installation_id) or packing.has_work(self.installation_id):
            return tickets.progress(row.asked, row.remaining)
        return 100


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


def _is_impatient(state: tickets.Session) -> bool:
    """Whether a worker should have come by now; there may be none, and the call does the work itself."""
    patience = seconds("HUB_DESK_PATIENCE_SECONDS", 10)
    return now() - (state.waits_since or now()) >= patience


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
