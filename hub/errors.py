"""Errors that the hub raises. Plugins raise the families of `hub.plugin`.

They are caught in three places only: the job, the endpoint and the view.
"""

from __future__ import annotations

from hub.plugin import Problem


class HubError(Exception):
    """An error that the hub foresaw. Its text is a sentence for people."""


class NotFound(HubError):
    """There is no such row, or it belongs to another organization. The answer is the same for both."""


class Forbidden(HubError):
    """The user is signed in and may not do this."""


class NotPossible(HubError):
    """The current state does not allow it: a delivery that is being sent cannot be cancelled."""


class ChangedMeanwhile(NotPossible):
    """Another person changed this since the page was opened. Nothing was written."""


class Busy(NotPossible):
    """Another transaction has kept the lock for too long. Try again."""


class Incomplete(HubError):
    """The user must correct the input before it can be sent or saved."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems


class NotConfigured(HubError):
    """The operator left out a setting; the text names it."""


class LeaseLost(HubError):
    """Another process has the lease of this installation. The process that sees this stops without writing anything."""


class Locked(HubError):
    """A user's command holds the lock of this installation at this moment. The worker comes back to it."""
