"""Calls of plugins that may fail: a failure is logged, and a default is returned.

Pages and workers rely on them, so that a plugin cannot break either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hub.extension import answer_time, current, settings_of
from hub.integrations import timeouts, validation
from hub.integrations.crashes import log_crash
from hub.plugin import Books, Integration, Problem, Request, RequestCost, Subject

T = TypeVar("T")


_SILENCE = 60.0
"""For so many seconds a plugin is not asked again for what it hung over, so that no page waits for it over and over."""


def validate_subject(
    integration: Integration, subject: Subject, options: Mapping[str, str], books: Books
) -> tuple[Problem, ...]:
    """Return the problems that the plugin finds in a document or record; none if the plugin fails."""
    return _call_or_default(
        integration, "validate", lambda: tuple(integration.validate(subject, options, books)), tuple[Problem, ...], ()
    )


def document_url(integration: Integration, kind: str, posting_id: str, books: Books) -> str | None:
    """Return the web page of a posting, or None."""
    found = _call_or_default(
        integration, "document_url",
        lambda: integration.document_url(kind, posting_id, books, settings_of(integration)), str | None, None,
    )  # fmt: skip
    return found if found is not None and found.startswith(("https://", "http://")) else None


def request_cost(integration: Integration, requests: Sequence[Request]) -> RequestCost:
    """Return the cost of a trip; if the plugin fails, the usual cost."""
    usual = Integration.cost(integration, requests)
    return _call_or_default(integration, "cost", lambda: integration.cost(requests), RequestCost, usual)


def request_destination(integration: Integration, request: Request) -> str:
    """Return the destination of a request; if the plugin fails, the common one."""
    return _call_or_default(integration, "destination", lambda: integration.destination(request), str, "")


def _call_or_default(integration: Integration, what: str, ask: Callable[[], T], kind: object, otherwise: T) -> T:
    if getattr(getattr(integration, what), "__func__", None) is getattr(Integration, what):
        return otherwise  # It says nothing, and that need not be asked: this is on the way of every request.
    silent_until = current().silent_until
    if time.monotonic() < silent_until.get((integration.key, what), 0.0):
        return otherwise
    try:
        found = timeouts.call_within(integration.key, what, answer_time(), ask)
        validation.check_type(found, kind, "An answer")
    except Exception as error:  # A plugin may do anything.
        if isinstance(error, timeouts.Hung):
            silent_until[integration.key, what] = time.monotonic() + _SILENCE
        log_crash(error)
        return otherwise
    return found
