"""What the hub itself raises. Plugins raise the families of `hub.plugin`; nobody else's exceptions are part of the hub.

The tree is caught in three places only: the job, the endpoint and the view.
"""

from __future__ import annotations

from hub.plugin import Problem


class HubError(Exception):
    """Something that the hub foresaw. Its text is a sentence that may be shown to a person."""


class NotFound(HubError):
    """There is no such row, or it belongs to another organization: the two look alike on purpose."""


class Forbidden(HubError):
    """The person is known, and may not do this."""


class NotPossible(HubError):
    """The state of things does not allow it (any more): a delivery that is on its way cannot be cancelled."""


class ChangedMeanwhile(NotPossible):
    """Another person changed this since the page was opened. Nothing was written."""


class Busy(NotPossible):
    """Another transaction holds the lock for too long. Trying again in a moment helps."""


class Incomplete(HubError):
    """What a person filled in needs putting right before anything can be sent or saved."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems


class NotConfigured(HubError):
    """The operator left out a setting; the text names it."""


class LeaseLost(HubError):
    """Another process has the lease of this installation. The one that sees this stops without writing anything."""


class Locked(HubError):
    """A person's command holds the lock of this installation at this moment. The worker comes back to it."""
