"""Spans for OpenTelemetry, where `opentelemetry-api` is installed; without it, `span` does nothing.

A trace begins with a click and ends with the last trip to the ledger. Rows outlive jobs, so the context travels in the
database: `current_trace()` is stored with what was sent, and handed to `span` by whichever process goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

IS_INSTALLED = find_spec("opentelemetry") is not None and find_spec("opentelemetry.propagate") is not None


@contextmanager
def span(name: str, trace: str = "", **fields: str | int | float) -> Iterator[None]:
    """Measure a part of the work as a span. `trace` is what `current_trace` returned where the work began."""
    if not IS_INSTALLED:
        yield
        return
    from opentelemetry import propagate  # noqa: PLC0415 – Where it is installed.
    from opentelemetry.trace import get_tracer  # noqa: PLC0415

    context = propagate.extract({"traceparent": trace}) if trace else None
    attributes = {f"hub.{field}": value for field, value in fields.items()}
    with get_tracer("hub").start_as_current_span(name, context=context, attributes=attributes):
        yield


def current_trace() -> str:
    """Return the context of the current span as a W3C `traceparent` (55 characters); empty without one."""
    if not IS_INSTALLED:
        return ""
    from opentelemetry import propagate  # noqa: PLC0415 – Where it is installed.

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")
