"""Polling: the session in which a ledger that polls us collects batches and returns its answers."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from hub.plugin.books import Books
from hub.plugin.problems import IntegrationError


class LoginResult(enum.Enum):
    """The result of a login."""

    OPEN = "open"
    NOTHING = "nothing"  # It is known, and there is nothing to do.
    BUSY = "busy"  # Another session of this installation is going on.
    STRANGER = "stranger"  # Name and password are not those of this installation, or it was tried too often.


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The answer to a login. `ticket` names the session and is empty unless `result` is OPEN.

    `wait` is after how many seconds it is worth calling again, 0 if the caller's own rhythm will do.
    """

    result: LoginResult
    ticket: str = ""
    wait: int = 0


class NoBatch(enum.Enum):
    """The reason why there is no batch to collect."""

    FINISHED = "finished"
    PREPARING = "preparing"  # Something is being made ready; it is worth asking again in a few seconds.
    CLOSED = "closed"  # The ticket is not, or not any more, that of a session.


class PollingSession(Protocol):
    """The sessions in which a ledger that polls us collects batches.

    Every call is a transaction of its own, so that any web process may serve it.

    No method raises for an unknown ticket, because a caller that was away for too long is no error.
    """

    @property
    def login(self) -> str:
        """The name with which the caller of this installation signs in."""

    @property
    def books(self) -> Books | None:
        """The books that were recognised here before, if any were."""

    @property
    def former_ids(self) -> Collection[str]:
        """The ids by which the organization's books were recognised in this and in earlier installations."""

    def note_version(self, client: str) -> None:
        """Note which version the caller says it is."""

    def log_in(self, login: str, password: str) -> Login:
        """Open a session, if name and password are right and no other session is going on."""

    def identify_books(self, ticket: str, books: Books, dialect: str) -> None:
        """Say whose books are at the other end and what they understand, before the first batch is collected."""

    def next_batch(self, ticket: str) -> str | NoBatch:
        """Return the batch that travels next, as `Integration.encode` wrote it. The same again until it is answered."""

    def receive_answer(self, ticket: str, answer: str | IntegrationError) -> int:
        """Hand in what came of the batch that was collected: the answer as it was received, which
        `PullIntegration.decode` is asked about later, or why there is none.

        Gives how much of the session is done, 0 to 99, and 100 if nothing is left; -1 if the session cannot go on, for
        an unknown ticket or for what `last_error` says. What is handed in twice is taken once.
        """

    def is_open(self, ticket: str) -> bool:
        """Return True if the ticket is that of the session that goes on: its caller has shown the password."""

    def is_preparing(self, ticket: str) -> bool:
        """Return True if nothing went wrong, and `next_batch` said that something is being made ready."""

    def report_moved(self, ticket: str, place: str, sentence: str) -> None:
        """Keep a sentence, as `report_error` does: the books are in another place than before. Nothing is handed out
        until an admin has confirmed that `place` has the books, and not a copy of them."""

    def report_error(self, ticket: str, sentence: str) -> None:
        """Keep a sentence for `last_error`, and show it to the admins."""

    def report_crash(self, ticket: str, error: Exception) -> None:
        """Log a bug of the endpoint under a reference, and keep a sentence with that for `last_error`."""

    def last_error(self, ticket: str) -> str:
        """Return what went wrong in this session, in a bookkeeper's words, empty if nothing did."""

    def close(self, ticket: str) -> None:
        """End a session. Harmless for one that has ended, or was never opened."""
