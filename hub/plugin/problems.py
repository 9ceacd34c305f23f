"""What can go wrong, and how it is told to a person."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from hub.plugin.sentences import say

SUFFIXES = {"customer": "C", "vendor": "V", "item": "P"}
"""What tells an entry from another of the same name, in brackets behind it."""


class FixKind(enum.StrEnum):
    """What a person can answer to a problem; the hub puts it into what is sent."""

    DATE = "date"
    """Documents of the order that are dated earlier are posted on this day (ISO 8601)."""
    NUMBER = "number"
    """The document has this number instead."""
    REPEATS = "repeats_number"
    """Its number may be one that is there already ("yes")."""
    SAME_AS = "same_as"
    """It is the document of this id that is in the books already."""
    NAME = "name"
    """The new record is entered under this name."""
    OVERWRITES = "overwrites"
    """What somebody made of it in the books, which comes to this total, is replaced by what the order says."""
    ANEW = "anew"
    """The document of this id is not in the books any more, and is entered once more."""
    CUSTOMER = "customer"
    """The order's customer is the one of this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A way out of a problem that a person can take by pressing it: the text on the button, and the answer it gives.

    An `editable` value is shown in a field, and what the person makes of it is the answer.
    """

    label: str
    kind: FixKind
    value: str
    editable: bool = False

    @classmethod
    def day(cls, day: dt.date) -> Fix:
        """Post on another day."""
        return cls(label=say("Post on %(day)s", day=day), kind=FixKind.DATE, value=day.isoformat())

    @classmethod
    def other_name(cls, name: str, kind: str) -> Fix:
        """Enter a new record under a name that tells it from whoever has the name."""
        return cls(label=say("Enter it as"), kind=FixKind.NAME, value=suffixed(name, kind), editable=True)

    @classmethod
    def other_number(cls, number: str) -> Fix:
        """Send a document under another number."""
        return cls(label=say("Number it"), kind=FixKind.NUMBER, value=number, editable=True)


def suffixed(name: str, kind: str) -> str:
    """Return a name that tells an entry of a kind (`RecordKind`) from another of the same name: "ABC Company (C)"."""
    return f"{name} ({SUFFIXES.get(kind, '2')})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a person must put right, in that person's words.

    `what` is the sentence that is always shown; `why` and `cure` follow where there is room. `field` names the field of
    the send dialog or of the settings that cures it (a mapping's or an option's key, "customer", "number", "lines",
    "item"), and is empty if none does. `fixes` are ways out that the person can take with one click. `about` is filled
    in by the hub: which of an order's documents or new records it is. Texts are made with `say`, so that whoever reads
    them is told in their own language.

    `code` is the ledger's own code where the ledger refused. Otherwise it is a short code of ours in kebab case, such
    as "customer-inactive" or "does-not-add-up", that stays the same when the sentences are rewritten. Programs and
    tests rely on it; people never need it to understand.
    """

    what: str
    why: str = ""
    cure: str = ""
    field: str = ""
    code: str = ""
    fixes: tuple[Fix, ...] = ()
    about: str = ""


class IntegrationError(Exception):
    """The three families of failure that a plugin may raise. Anything else that it raises is a bug of the plugin."""


class UnexpectedAnswer(Exception):
    """An answer that the ledger's documentation does not describe; guessing could put wrong figures into the books.

    It is no `IntegrationError`: that delivery stops with a reference, as after a bug of the plugin.
    """


class Unavailable(IntegrationError):
    """The ledger could not be reached or asked us to come later; the hub tries again by itself.

    `retry_after` is the number of seconds the ledger asked for, if it did. What may have been carried out all the same
    (a connection that broke after the question left) is raised as this too: the batch goes again under its key.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(Unavailable):
    """The ledger was asked under the key and cannot say any more whether it carried the batch out.

    The hub holds `Integration.recover` about it, and asks nothing again that was carried out.
    """


class AuthorizationExpired(IntegrationError):
    """The credentials are not accepted. The hub renews them once and asks again; then an admin must authorize."""


class Rejected(IntegrationError):
    """A person must act. Raised by a conversation for its document; by `send` for a batch refused as a whole.

    A carrier raises it only when *nothing* of the batch was carried out, as after a parse error: the hub opens the
    batch into smaller ones, so that the guilty request stands alone.

    `pauses` says that the books take nothing at all at present, as after a subscription that lapsed: the hub pauses the
    installation, nothing is stopped, and all goes on when an admin resumes.
    """

    def __init__(self, *problems: Problem, pauses: bool = False) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems
        self.pauses = pauses


def parse_retry_after(header: str, most: float) -> float | None:
    """Return the seconds that an HTTP header `Retry-After` asks for, at most `most`. A date in it is ignored."""
    return min(float(header), most) if header.isdecimal() else None
