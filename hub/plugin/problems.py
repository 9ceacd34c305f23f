"""Problems, their fixes, and the errors that plugins raise."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from hub.plugin.sentences import say

SUFFIXES = {"customer": "C", "vendor": "V", "item": "P"}
"""The suffix in brackets that tells a record from another one of the same name."""


class FixKind(enum.StrEnum):
    """The kinds of fix. The hub puts the chosen value into the document or record that is sent."""

    DATE = "date"
    """Documents of the order that are dated earlier are posted on this day (ISO 8601)."""
    NUMBER = "number"
    """The document has this number instead."""
    REPEATS = "repeats_number"
    """Its number may be one that is there already ("yes")."""
    SAME_AS = "same_as"
    """The document is the one with this id that is in the books already."""
    NAME = "name"
    """The new record is entered under this name."""
    OVERWRITES = "overwrites"
    """The document was changed in the books, and now has this total; the order overwrites it."""
    ANEW = "anew"
    """The document of this id is not in the books any more, and is entered once more."""
    LEAVES_OUT = "leaves_out"
    """The document or record goes without these of its fields: names of `OPTIONAL`, with commas between them."""
    CUSTOMER = "customer"
    """The order's customer is the one of this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A way out of a problem that takes one click: the label of the button, and the value that it sets.

    The user can edit an `editable` value before.
    """

    label: str
    kind: FixKind
    value: str
    editable: bool = False

    @classmethod
    def day(cls, day: dt.date) -> Fix:
        """Return a fix that posts on another day."""
        return cls(label=say("Post on %(day)s", day=day), kind=FixKind.DATE, value=day.isoformat())

    @classmethod
    def other_name(cls, name: str, kind: str) -> Fix:
        """Return a fix that enters a new record under a name that is not used yet."""
        return cls(label=say("Enter it as"), kind=FixKind.NAME, value=suffixed(name, kind), editable=True)

    @classmethod
    def leave_out(cls, field: str, label: str) -> Fix:
        """Return a fix that sends a document or record without one of its `OPTIONAL` fields."""
        return cls(label=label, kind=FixKind.LEAVES_OUT, value=field)

    @classmethod
    def other_number(cls, number: str) -> Fix:
        """Send a document under another number."""
        return cls(label=say("Number it"), kind=FixKind.NUMBER, value=number, editable=True)


def suffixed(name: str, kind: str) -> str:
    """Return a name that tells an entry of a kind (`RecordKind`) from another of the same name: "ABC Company (C)"."""
    return f"{name} ({SUFFIXES.get(kind, '2')})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem that a person must correct, in their words.

    `what` is the sentence that is always shown; `why` and `cure` follow where there is room. `field` names the field of
    the send dialog or of the settings that solves it (a mapping's or an option's key, "customer", "number", "lines",
    "item"), and is empty if none does. `fixes` are ways out that take one click. `about` is filled in by the hub: the
    document or new record of an order. Texts are made with `say`, so that each reader sees their own language.

    `code` is the ledger's own code if the ledger refused. Otherwise it is a short code of ours in kebab case, such as
    "customer-inactive" or "does-not-add-up", that stays the same when the sentences are rewritten. Programs and tests
    rely on it; people never need it to understand.
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


class AnswerUnreadable(Unavailable):
    """An answer arrived that cannot be used: it is cut, or no answer to the batch. After three in a row the hub tells
    the admins, and opens the batch into smaller ones, so that one bad request does not hold up the others."""


class AuthorizationExpired(IntegrationError):
    """The credentials are not accepted. The hub renews them once and asks again; then an admin must authorize."""


class Rejected(IntegrationError):
    """A person must act. Raised by a conversation for its document; by `send` for a batch that was refused as a whole.

    Raise it from `send` only if *nothing* of the batch was carried out, as after a parse error: the hub then splits the
    batch into smaller ones, so that the wrong request is found. With `pauses` the books refuse everything, as after a
    subscription has lapsed: the hub pauses the installation, nothing is stopped, and an admin resumes.
    """

    def __init__(self, *problems: Problem, pauses: bool = False) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems
        self.pauses = pauses


def parse_retry_after(header: str, most: float) -> float | None:
    """Return the seconds that an HTTP header `Retry-After` asks for, at most `most`. A date in it is ignored."""
    return min(float(header), most) if header.isdecimal() else None
