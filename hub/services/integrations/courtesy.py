"""What we ask plugins for and can do without: if one fails at it, that is logged, and we go on as if it said nothing.

Pages and carriers rest on these, so a plugin must not be able to take them down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hub.extension import settings_of
from hub.plugin import Books, DocumentKind, Integration, Postage, Problem, Request
from hub.services.integrations import vetting
from hub.services.integrations.bugs import reference
from hub.services.snapshots import Subject

T = TypeVar("T")


def review(
    integration: Integration, subject: Subject, options: Mapping[str, str], books: Books
) -> tuple[Problem, ...]:
    """What these books would refuse. If nobody can tell, the books themselves will."""
    return _asked(lambda: tuple(integration.review(subject, options, books)), tuple[Problem, ...], ())


def address(integration: Integration, kind: DocumentKind, posting_id: str, books: Books) -> str | None:
    """The page of a posting, if there is one and it is one of the web."""
    found = _asked(
        lambda: integration.address(kind, posting_id, books, settings_of(integration)), str | None, None
    )
    return found if found is not None and found.startswith(("https://", "http://")) else None


def postage(integration: Integration, requests: Sequence[Request]) -> Postage:
    """What a trip costs; if nobody can tell, what it costs at most ledgers."""
    return _asked(lambda: integration.postage(requests), Postage, Integration.postage(integration, requests))


def destination(integration: Integration, request: Request) -> str:
    """Where a request goes; if nobody can tell, where all others go."""
    return _asked(lambda: integration.destination(request), str, "")


def _asked(ask: Callable[[], T], kind: object, otherwise: T) -> T:
    try:
        found = ask()
        vetting.demand(found, kind, "An answer")
    except Exception as error:  # A plugin may do anything.
        reference(error)
        return otherwise
    return found
