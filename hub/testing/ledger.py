"""The pretend ledger that the author of an integration provides.

It need not be large, but it must be strict where the real one is strict: it carries out a key only once, refuses
references to what does not exist, and calculates its own totals.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from hub.plugin import Download, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A document in the ledger. `total` is the ledger's own total; `party` is the id of its customer or vendor.

    `number` is the one that people see there, of a payment the payer's reference.
    """

    kind: str
    id: str
    number: str
    total: Decimal
    party: str


class Lost(enum.StrEnum):
    """The message that is lost when the connection breaks: the question, and nothing was done; or the answer, when all
    is done."""

    QUESTION = "question"
    ANSWER = "answer"


class Decision(enum.StrEnum):
    """The decision of an admin at the sign-in."""

    CONSENT = "consent"
    DECLINE = "decline"
    OTHER_BOOKS = "other_books"
    """Consents, and chooses another company than with CONSENT."""


@runtime_checkable
class Ledger(Protocol):
    """Either a `PushLedger` or a `PullLedger`. It begins with the accounts that `Integration.mappings` asks for."""

    def documents(self) -> Iterable[Entered]:
        """Return all documents in the books of `Decision.CONSENT`, including those entered by others."""

    def cut(self, lost: Lost) -> None:
        """Have the connection break on the next trip, and only on that one."""

    def turn_away(self) -> None:
        """Answer the next trip that it should come again later, as the real one does when it is busy."""

    def forget(self) -> None:
        """Forget every key and its answer, as the real one does in time. Called only where
        `Capabilities.idempotency_window` is set."""


@runtime_checkable
class Restorable(Protocol):
    """A ledger that can return to an earlier state. Optional, for any `Ledger`: it saves about half of the kit's time.

    The kit then connects once per suite class and process, and restores that state before each further test.
    """

    def save(self) -> object:
        """Return a copy of the whole state: documents, lists, keys and their answers, tokens, the opened file."""

    def restore(self, saved: object) -> None:
        """Return to a saved state, as often as needed, and drop everything that `cut` and `turn_away` have asked for.

        `saved` may come from another object of this class, at another address.
        """


@runtime_checkable
class PushLedger(Ledger, Protocol):
    """A ledger that is called."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The operator's settings, by `Setting.name`, with which an integration finds it."""

    def sign_in(self, address: str, decision: Decision) -> str:
        """Do in the place of an admin what is to be done at `Redirect.url`. Gives the address to which the browser is
        sent back, with all its parameters; it is never called."""

    def expire(self) -> None:
        """Accept none of the credentials any more that were given so far; renewing them still works."""


@runtime_checkable
class ChoosingLedger(PushLedger, Protocol):
    """One whose integration asks (`hub.plugin.Ask`) which of several books are meant."""

    def choose(self, question: Field, decision: Decision) -> str:
        """Return the value of the choice that an admin makes."""


@runtime_checkable
class PullLedger(Ledger, Protocol):
    """A ledger that calls."""

    def invite(self, file: Download, password: str) -> None:
        """Open the file at the other end, say yes to all that is asked, and type the password."""

    def call(self) -> None:
        """Call once, as it does every few minutes, until it is told that nothing is left, or something breaks. What
        breaks is not raised: the real one tries again with its next call."""
