"""What can go wrong, and how it is told to a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a person must put right, in that person's words.

    `what` is the sentence that is always shown; `why` and `cure` follow where there is room. `field` names the field of
    the send dialog or of the settings that cures it (a mapping's or an option's key, "customer", "number", "lines",
    "item"), and is empty if none does. `code` is the ledger's own, for support; it is never needed to understand.
    """

    what: str
    why: str = ""
    cure: str = ""
    field: str = ""
    code: str = ""


class IntegrationError(Exception):
    """The three families of failure that a plugin may raise. Anything else that it raises is a bug of the plugin."""


class Unavailable(IntegrationError):
    """The ledger could not be reached or asked us to come later; the hub tries again by itself.

    `retry_after` is the number of seconds the ledger asked for, if it did. What may have been carried out all the same
    (a connection that broke after the question left) is raised as this too: the envelope goes again under its key.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InDoubt(Unavailable):
    """The ledger was asked under the key and cannot say any more whether it carried the envelope out.

    The hub holds `Integration.recover` about it, and asks nothing again that was carried out.
    """


class AuthorizationExpired(IntegrationError):
    """The credentials are not accepted. The hub renews them once and asks again; then an admin must authorize."""


class Rejected(IntegrationError):
    """A person must act. Raised by a conversation for its document; by `perform` for an envelope refused as a whole.

    A carrier raises it only when *nothing* of the envelope was carried out, as after a parse error: the hub opens the
    envelope into smaller ones, so that the guilty request stands alone.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems
