"""Spans for OpenTelemetry, where `opentelemetry-api` is installed; without it, nothing is done.

A trace begins with a click and ends when the document is in the books. Rows outlive jobs, so the context travels in the
database: `current_trace()` is stored with what was sent, and `follow` goes on with it in whichever process does the
rest.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any

IS_INSTALLED = find_spec("opentelemetry") is not None and find_spec("opentelemetry.trace") is not None

_NOTHING = nullcontext()


def span(name: str, **fields: str | int) -> AbstractContextManager[Any]:
    """Measure a part of the work as a span of the current trace; it begins a trace if there is none."""
    return _span(name, (), fields) if IS_INSTALLED else _NOTHING


def follow(name: str, traces: Collection[str], **fields: str | int) -> AbstractContextManager[Any]:
    """Measure a part of the work that was begun elsewhere, as a span of the first of `traces`, with a link to each of
    the others.

    `traces` are what `current_trace` returned where the work began. Without any, nothing is measured.
    """
    known = [one for one in dict.fromkeys(traces) if one] if IS_INSTALLED else ()
    return _span(name, known, fields) if known else _NOTHING


def _span(name: str, traces: Collection[str], fields: dict[str, str | int]) -> AbstractContextManager[Any]:
    from opentelemetry import trace  # noqa: PLC0415 – Where it is installed.
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    contexts = [TraceContextTextMapPropagator().extract({"traceparent": one}) for one in traces]
    links = [trace.Link(trace.get_current_span(one).get_span_context()) for one in contexts[1:]]
    attributes = {f"hub.{field}": value for field, value in fields.items()}
    return trace.get_tracer("hub").start_as_current_span(
        name, context=contexts[0] if contexts else None, links=links, attributes=attributes
    )


def current_trace() -> str:
    """Return the context of the current span as a W3C `traceparent` (55 characters); empty without one."""
    if not IS_INSTALLED:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")
