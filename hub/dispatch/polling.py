"""Polling sessions of a ledger that calls us: what it collects, and what it hands in.

All of it is in rows, because every call may reach another web process. A call hands out what lies ready, or takes an
answer in as it came; `pull` processes the answers, mostly in a worker while the ledger works.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
import threading
import time
from dataclasses import dataclass

from sqlalchemy import case, exists, or_, select, update
from werkzeug.security import check_password_hash

from hub import events, scope
from hub.database import changes_one, now, session
from hub.dispatch import batches, first_session, lost_answers, open_writes, polling_sessions, pull, responses, steps
from hub.extension import seconds
from hub.integrations import registry
from hub.integrations.crashes import log_crash
from hub.models import BatchRow, Endpoint, Installation
from hub.plugin import Books, IntegrationError, Login, LoginResult, NoBatch, PullIntegration, say
from hub.queue import commit, rollback, wake
from hub.states import BatchState, InstallationState
from hub.translating import gettext, speak_language

STOPPED = -1
"""What handing in gives when the session cannot go on: its ticket is not known, or `last_error` says why."""

ENDED = say("This session has ended. The Web Connector begins a new one by itself.")

_REFUSALS, _REST = 5, dt.timedelta(minutes=1)
_slow = threading.BoundedSemaphore(4)
"""Wrong guesses that wait in this process. More are answered at once, so that they do not use up its threads."""

_SPEAKS = (InstallationState.PENDING, InstallationState.CONNECTED)


@dataclass(frozen=True, slots=True)
class StoredPollingSession:
    """The polling session that a plugin sees (`hub.plugin.PollingSession`), kept in the database."""

    installation_id: int

    @property
    def login(self) -> str:
        return self._row().login

    @property
    def books(self) -> Books | None:
        found = self._row().installation
        if not found.books_name:
            return None
        return Books(id=found.books_id, name=found.books_name, place=found.books_place)

    @property
    def former_ids(self) -> frozenset[str]:
        installation = session().get_one(Installation, self.installation_id)
        found = session().scalars(
            select(Installation.books_id).where(
                Installation.organization_id == installation.organization_id,
                Installation.integration == installation.integration,
                Installation.books_id != "",
            )
        )
        return frozenset(found)

    def note_version(self, client: str) -> None:
        row = self._row()
        row.client, row.called_at = client[:40], now()
        commit()

    def log_in(self, login: str, password: str) -> Login:
        answer, installation = self._log_in(login, password), session().get_one(Installation, self.installation_id)
        events.emit(
            events.LOGIN, organization=installation.organization_id, installation=self.installation_id,
            integration=installation.integration, outcome=answer.result.value,
        )  # fmt: skip
        return answer

    def _log_in(self, login: str, password: str) -> Login:
        row = self._row()
        if not _knows(row, login, password):
            is_guessed = _count_refusal(self.installation_id)
            commit()
            if is_guessed:
                _slow_down()
            return Login(result=LoginResult.STRANGER)
        row.called_at, row.refused = now(), 0
        state = row.installation.state
        wanted = state is InstallationState.PENDING or _attended(row) or batches.has_work(self.installation_id)
        commit()
        if state not in _SPEAKS or not wanted:
            return Login(result=LoginResult.NOTHING)
        ticket = self._open()
        if ticket is None:
            return Login(result=LoginResult.BUSY, wait=60)
        return Login(result=LoginResult.OPEN, ticket=ticket)

    def identify_books(self, ticket: str, books: Books, dialect: str) -> None:
        if self._keep(ticket, _between(), dialect=dialect) is None:
            return
        installation = session().get_one(Installation, self.installation_id)
        installation.books_id = books.id or installation.books_id
        installation.books_place = books.place or installation.books_place
        installation.books_moved_to = ""
        if installation.state is InstallationState.CONNECTED:  # It speaks with us again: that trouble is over.
            installation.trouble, installation.trouble_since = "", None
        first_session.connect_on_first_session(installation, registry.find_integration(installation.integration), books)
        commit()

    def next_batch(self, ticket: str) -> str | NoBatch:
        found = polling_sessions.collect_batch(self.installation_id, ticket, _while_it_works())
        if found is None:
            return NoBatch.CLOSED
        if found.complaint or not found.dialect:  # Other books, or nobody said which: nothing is handed out.
            unknown = say("QuickBooks did not say which company file is open. Update again.")
            self._keep(ticket, _while_it_works(), complaint=found.complaint or unknown)
            commit()
            return NoBatch.FINISHED
        impatient = _is_impatient(found)
        if found.body is None and found.is_much and not impatient:
            return NoBatch.PREPARING
        return self._prepare(ticket, whole=impatient) if found.body is None else found.body

    def receive_answer(self, ticket: str, answer: str | IntegrationError) -> int:
        taken = None
        if isinstance(answer, IntegrationError):
            self._fail(ticket, answer)
        else:
            taken = polling_sessions.store_answer(self.installation_id, ticket, answer)
        if taken is not None and (taken.size > polling_sessions.LITTLE or taken.next_id):
            wake(self.installation_id)  # A worker has the time to read it: what goes next lies ready.
            commit()
            return taken.progress
        if self._keep(ticket, _between(), batch_id=None, waits_since=None) is None:
            return STOPPED
        commit()
        if taken is not None:
            steps.process_within_call(self.installation_id, whole=False)
        done = self._done()
        commit()
        return done

    def is_open(self, ticket: str) -> bool:
        found = _holds(self._row(), ticket)
        commit()
        return found

    def is_preparing(self, ticket: str) -> bool:
        row = self._row()
        found = _holds(row, ticket) and not row.complaint and row.waits_since is not None
        commit()
        return found

    def report_error(self, ticket: str, sentence: str) -> None:
        if self._keep(ticket, _between(), complaint=sentence) is not None:
            responses.note_trouble(session().get_one(Installation, self.installation_id), sentence)
            commit()

    def report_moved(self, ticket: str, place: str, sentence: str) -> None:
        if self._keep(ticket, _between(), complaint=sentence) is not None:
            installation = session().get_one(Installation, self.installation_id)
            responses.note_trouble(installation, sentence)
            installation.books_moved_to = place
            commit()

    def report_crash(self, ticket: str, error: Exception) -> None:
        rollback()
        mark = log_crash(error)
        self.report_error(
            ticket,
            say(
                "Something went wrong on our side (reference %(reference)s). Nothing is lost; it is tried again with "
                "the next call. If it stays, give the reference to your support.", reference=mark,
            ),
        )

    def last_error(self, ticket: str) -> str:
        row = self._row()
        with speak_language(""):  # Nobody is signed in here whose language one might know.
            sentence = gettext(row.complaint if _holds(row, ticket) else ENDED)
        commit()
        return sentence

    def close(self, ticket: str) -> None:
        """The session ends. What it has collected and not answered is asked for again by the next."""
        if self._keep(ticket, _between(), ticket=None, ticket_until=None) is not None:
            open_writes.reclaim_deliveries(self.installation_id)
            commit()

    def _row(self) -> Endpoint:
        return session().get_one(Endpoint, self.installation_id)

    def _open(self) -> str | None:
        """Begin a session by one atomic statement; None while another one is going on."""
        ticket, moment, before = secrets.token_hex(16), now(), self._row()
        left = None if before.complaint else before.batch_id
        silent = exists().where(  # It has answered and asks for nothing more, though it had time for that.
            BatchRow.id == Endpoint.batch_id, BatchRow.answered_at < moment - _between(),
            or_(BatchRow.state != BatchState.OPEN, Endpoint.complaint != ""),  # What cannot be read goes again.
        )  # fmt: skip
        free = update(Endpoint).where(
            Endpoint.installation_id == self.installation_id,
            or_(Endpoint.ticket.is_(None), Endpoint.ticket_until < moment, silent),
        )
        values = {
            "ticket": ticket, "ticket_until": moment + _between(), "batch_id": None, "waits_since": None,
            "asked": 0, "remaining": 0, "complaint": "", "dialect": "",
        }  # fmt: skip
        opened = changes_one(free.values(**values))
        if opened:
            session().expire_all()
            self._count_lost_answer(left)
            open_writes.reclaim_deliveries(self.installation_id)
        commit()
        return ticket if opened else None

    def _count_lost_answer(self, batch_id: int | None) -> None:
        """The session before was handed a batch, and its answer never came."""
        batch = session().get(BatchRow, batch_id) if batch_id is not None else None
        if batch is None or batch.state is not BatchState.OPEN:
            return
        why = say("It was handed out, and no answer arrived.")
        if lost_answers.count_lost_answer(batch, why):
            installation = scope.lock_installation(self.installation_id, scope.PATIENT_SECONDS)
            responses.open_lost_batch(installation, registry.find_integration(installation.integration), batch)

    def _keep(self, ticket: str, silence: dt.timedelta, /, **changes: object) -> polling_sessions.Session | None:
        return polling_sessions.keep_session(self.installation_id, ticket, silence, **changes)

    def _prepare(self, ticket: str, *, whole: bool) -> str | NoBatch:
        """Nothing lies ready: have something lie ready, if that is quickly done."""
        worth_it = batches.has_work(self.installation_id)
        commit()
        busy = worth_it and not steps.process_within_call(self.installation_id, whole=whole)
        found = polling_sessions.collect_batch(self.installation_id, ticket, _while_it_works())
        if found is None:
            return NoBatch.CLOSED
        waits = found.body is None and (busy or found.is_attended) and not found.complaint
        if found.body is None and not waits:
            self._keep(ticket, _while_it_works(), waits_since=None)
            commit()
        return found.body if found.body is not None else NoBatch.PREPARING if waits else NoBatch.FINISHED

    def _fail(self, ticket: str, failure: IntegrationError) -> None:
        """Handle a call that brought an error instead of an answer."""
        installation, row = scope.lock_installation(self.installation_id, scope.PATIENT_SECONDS), self._row()
        if _holds(row, ticket) and row.batch_id is not None:
            batch = session().get_one(BatchRow, row.batch_id)
            integration = registry.find_integration(installation.integration)
            assert isinstance(integration, PullIntegration)
            if batch.state is BatchState.OPEN:
                pull.conclude_batch(installation, integration, row, batch, failure)

    def _done(self) -> int:
        """Return how much of the session is done when all that it handed in is read. 100 ends it: nothing must be left.
        """
        row = self._row()
        if row.complaint:
            return STOPPED
        if _attended(row) or _is_open(self.installation_id) or batches.has_work(self.installation_id):
            return polling_sessions.percent_done(row.asked, row.remaining)
        return 100


def _knows(row: Endpoint, login: str, password: str) -> bool:
    """Return True if name and password are right. The right ones always get in, however many wrong ones came before:
    whoever knows the address must not be able to keep the ledger out."""
    right = check_password_hash(row.password_hash or "scrypt:32768:8:1$none$00", password)
    return hmac.compare_digest(row.login.encode(), login.encode(errors="replace")) and right


def _count_refusal(installation_id: int) -> bool:
    """Count a wrong login, also among many at once. Return True if there were more than `_REFUSALS`, none of them more
    than `_REST` after the one before."""
    is_new = or_(Endpoint.refused_at.is_(None), Endpoint.refused_at < now() - _REST)
    counted = update(Endpoint).where(Endpoint.installation_id == installation_id).values(
        refused=case((is_new, 1), else_=Endpoint.refused + 1), refused_at=now()
    ).returning(Endpoint.refused)  # fmt: skip
    return session().execute(counted.execution_options(synchronize_session=False)).scalar_one() > _REFUSALS


def _slow_down() -> None:
    """Keep a guesser waiting for a second, outside of any transaction."""
    if _slow.acquire(blocking=False):
        try:
            time.sleep(seconds("HUB_WRONG_PASSWORD_SECONDS", 1).total_seconds())
        finally:
            _slow.release()


def _holds(row: Endpoint, ticket: str) -> bool:
    """Return True if the ticket is that of the session that goes on."""
    return bool(ticket) and hmac.compare_digest((row.ticket or "").encode(), ticket.encode(errors="replace"))


def _attended(row: Endpoint) -> bool:
    return row.attended_until is not None and row.attended_until > now()


def note_attendance(installation_id: int) -> None:
    """Note that a person has the send dialog open, so that a session that goes on waits for what will be sent."""
    row = session().get(Endpoint, installation_id)
    if row is not None:
        row.attended_until = now() + seconds("HUB_ATTENDED_SECONDS", 60)
        commit()


def end_attendance(installation_id: int) -> None:
    """Note that the person has sent, or closed the dialog, so that the session need not wait."""
    row = session().get(Endpoint, installation_id)
    if row is not None:
        row.attended_until = None
        commit()


def _is_impatient(state: polling_sessions.Session) -> bool:
    """Return True if the session has waited for a worker long enough; the call then does the work itself."""
    patience = seconds("HUB_POLLING_PATIENCE_SECONDS", 10)
    return now() - (state.waits_since or now()) >= patience


def _is_open(installation_id: int) -> bool:
    """Return True if a batch is ready, is at the ledger, or has an answer that is not processed."""
    going = (BatchState.OPEN, BatchState.RECEIVED)
    query = select(BatchRow.id).where(BatchRow.installation_id == installation_id, BatchRow.state.in_(going)).limit(1)
    return session().scalar(query) is not None


def _between() -> dt.timedelta:
    """Return how long a session may be silent between an answer and the next question: it asks again at once."""
    return seconds("HUB_POLLING_SECONDS", 60)


def _while_it_works() -> dt.timedelta:
    """Return how long the accounting program may take over one batch."""
    return seconds("HUB_POLLING_WORK_SECONDS", 300)
