"""Spans: one trace over several processes where OpenTelemetry is installed, and nothing at all where it is not."""

from __future__ import annotations

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span, use_span

from hub import tracing

CLICK = SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=False, trace_flags=TraceFlags(1))
TRACE = f"00-{0xABC:032x}-{0xDEF:016x}-01"


def test_a_trace_is_stored_and_gone_on_with() -> None:
    with use_span(NonRecordingSpan(CLICK)):
        stored = tracing.current_trace()
    assert stored == TRACE
    assert tracing.current_trace() == ""
    with tracing.span("trip", stored, installation=7):
        assert get_current_span().get_span_context().trace_id == CLICK.trace_id
        assert tracing.current_trace() == TRACE


def test_a_span_of_its_own_needs_no_trace() -> None:
    with tracing.span("sweep"):
        pass
    with tracing.span("trip", "nonsense"):
        assert tracing.current_trace() == ""


def test_an_error_goes_through() -> None:
    with pytest.raises(ZeroDivisionError), tracing.span("trip", TRACE):
        raise ZeroDivisionError


def test_without_the_library_it_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "IS_INSTALLED", False)
    with use_span(NonRecordingSpan(CLICK)), tracing.span("trip", TRACE):
        assert tracing.current_trace() == ""
