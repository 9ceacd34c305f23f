"""What we ask plugins for and can do without: if one fails at it, that is logged, and we go on as if it said nothing.

Pages and carriers rest on these, so a plugin must not be able to take them down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hub.extension import answer_time, current, settings_of
from hub.integrations import timeouts, validation
from hub.integrations.crashes import reference
from hub.plugin import Books, Integration, Problem, Request, RequestCost, Subject

T = TypeVar("T")


_SILENCE = 60.0
"""For so many seconds a plugin is not asked again for what it hung over, so that no page waits for it over and over."""


def validate_subject(
    integration: Integration, subject: Subject, options: Mapping[str, str], books: Books
) -> tuple[Problem, ...]:
    """Return what these books would refuse. If nobody can tell, the books themselves will."""
    return _call_or_default(
        integration, "validate", lambda: tuple(integration.validate(subject, options, books)), tuple[Problem, ...], ()
    )


def document_url(integration: Integration, kind: str, posting_id: str, books: Books) -> str | None:
    """Return the page of a posting, if there is one and it is one of the web."""
    found = _call_or_default(
        integration, "document_url",
        lambda: integration.document_url(kind, posting_id, books, settings_of(integration)), str | None, None,
    )  # fmt: skip
    return found if found is not None and found.startswith(("https://", "http://")) else None


def cost(integration: Integration, requests: Sequence[Request]) -> RequestCost:
    """Return what a trip costs; if nobody can tell, what it costs at most ledgers."""
    usual = Integration.cost(integration, requests)
    return _call_or_default(integration, "cost", lambda: integration.cost(requests), RequestCost, usual)


def destination(integration: Integration, request: Request) -> str:
    """Return where a request goes; if nobody can tell, where all others go."""
    return _call_or_default(integration, "destination", lambda: integration.destination(request), str, "")


def _call_or_default(integration: Integration, what: str, ask: Callable[[], T], kind: object, otherwise: T) -> T:
    if getattr(getattr(integration, what), "__func__", None) is getattr(Integration, what):
        return otherwise  # It says nothing, and that need not be asked: this is on the way of every request.
    silent_until = current().silent_until
    if time.monotonic() < silent_until.get((integration.key, what), 0.0):
        return otherwise
    try:
        found = timeouts.within(integration.key, what, answer_time(), ask)
        validation.demand(found, kind, "An answer")
    except Exception as error:  # A plugin may do anything.
        if isinstance(error, timeouts.Hung):
            silent_until[integration.key, what] = time.monotonic() + _SILENCE
        reference(error)
        return otherwise
    return found
