"""What we ask plugins for and can do without: if one fails at it, that is logged, and we go on as if it said nothing.

Pages and carriers rest on these, so a plugin must not be able to take them down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hub.extension import answer_time, current, settings_of
from hub.plugin import Books, DocumentKind, Integration, Postage, Problem, Request
from hub.services.integrations import hanging, vetting
from hub.services.integrations.bugs import reference
from hub.services.snapshots import Subject

T = TypeVar("T")


_SILENCE = 60.0
"""For so many seconds a plugin is not asked again for what it hung over, so that no page waits for it over and over."""


def review(
    integration: Integration, subject: Subject, options: Mapping[str, str], books: Books
) -> tuple[Problem, ...]:
    """What these books would refuse. If nobody can tell, the books themselves will."""
    return _asked(
        integration, "review", lambda: tuple(integration.review(subject, options, books)), tuple[Problem, ...], ()
    )


def address(integration: Integration, kind: DocumentKind, posting_id: str, books: Books) -> str | None:
    """The page of a posting, if there is one and it is one of the web."""
    found = _asked(
        integration, "address", lambda: integration.address(kind, posting_id, books, settings_of(integration)),
        str | None, None,
    )  # fmt: skip
    return found if found is not None and found.startswith(("https://", "http://")) else None


def postage(integration: Integration, requests: Sequence[Request]) -> Postage:
    """What a trip costs; if nobody can tell, what it costs at most ledgers."""
    usual = Integration.postage(integration, requests)
    return _asked(integration, "postage", lambda: integration.postage(requests), Postage, usual)


def destination(integration: Integration, request: Request) -> str:
    """Where a request goes; if nobody can tell, where all others go."""
    return _asked(integration, "destination", lambda: integration.destination(request), str, "")


def _asked(integration: Integration, what: str, ask: Callable[[], T], kind: object, otherwise: T) -> T:
    if getattr(getattr(integration, what), "__func__", None) is getattr(Integration, what):
        return otherwise  # It says nothing, and that need not be asked: this is on the way of every request.
    silent_until = current().silent_until
    if time.monotonic() < silent_until.get((integration.key, what), 0.0):
        return otherwise
    try:
        found = hanging.within(integration.key, what, answer_time(), ask)
        vetting.demand(found, kind, "An answer")
    except Exception as error:  # A plugin may do anything.
        if isinstance(error, hanging.Hung):
            silent_until[integration.key, what] = time.monotonic() + _SILENCE
        reference(error)
        return otherwise
    return found
