"""Spans: one trace over several processes where OpenTelemetry is installed, and nothing at all where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext
from sqlalchemy import select

from hub import tracing
from hub.database import session
from hub.dispatch import pump
from hub.models import Bundle, Delivery, Installation
from hub.orders.retry import retry_delivery
from hub.states import DeliveryState
from tests.support.deliveries import everything_posted, pass_time, send
from tests.support.host import ADA_AT_ACME, Desk
from tests.support.pages import Browser
from tests.support.pretend import Ledger
from tests.support.send_many import FEW, press, work


@pytest.fixture(scope="module")
def exporter() -> Iterator[InMemorySpanExporter]:
    """The process's tracer provider can be set once only."""
    found, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(found))
    trace.set_tracer_provider(provider)
    yield found
    provider.shutdown()


@pytest.fixture(autouse=True)
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    exporter.clear()
    yield exporter
    exporter.clear()


def named(spans: InMemorySpanExporter, name: str) -> Sequence[ReadableSpan]:
    return [one for one in spans.get_finished_spans() if one.name == name]


def trace_ids(spans: Sequence[ReadableSpan]) -> set[int]:
    return {one.context.trace_id for one in spans if one.context}


def parents(spans: Sequence[ReadableSpan]) -> list[SpanContext | None]:
    """Return the parent of each span, as a span of this process has its own context."""
    return [one.parent and SpanContext(one.parent.trace_id, one.parent.span_id, is_remote=False,
            trace_flags=one.parent.trace_flags, trace_state=one.parent.trace_state) for one in spans]  # fmt: skip


def test_a_trace_is_stored_and_followed_elsewhere(spans: InMemorySpanExporter) -> None:
    with tracing.span("click", order="1042"):
        stored = tracing.current_trace()
    assert len(stored) == 55
    assert tracing.current_trace() == ""
    with tracing.follow("trip", ["", stored, stored], batch=7):
        pass
    click, trip = spans.get_finished_spans()
    assert parents([trip]) == [click.context]
    assert trace_ids([trip]) == trace_ids([click])
    assert (dict(trip.attributes or {}), list(trip.links)) == ({"hub.batch": 7}, [])


def test_what_carries_several_is_linked_to_the_others(spans: InMemorySpanExporter) -> None:
    traces = []
    for order in ("1", "2", "3"):
        with tracing.span("click", order=order):
            traces.append(tracing.current_trace())
    with tracing.follow("trip", traces):
        pass
    *clicks, trip = spans.get_finished_spans()
    assert trace_ids([trip]) == trace_ids(clicks[:1])
    assert {one.context.trace_id for one in trip.links} == trace_ids(clicks[1:])


def test_without_a_beginning_nothing_is_followed(spans: InMemorySpanExporter) -> None:
    with tracing.follow("trip", [""]):
        assert tracing.current_trace() == ""
    with tracing.follow("trip", ["nonsense"]):
        pass
    assert [one.parent for one in spans.get_finished_spans()] == [None]


def test_an_error_goes_through() -> None:
    with pytest.raises(ZeroDivisionError), tracing.span("trip"):
        raise ZeroDivisionError


def test_without_the_library_it_does_nothing(spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "IS_INSTALLED", False)
    with tracing.span("click"), tracing.follow("trip", ["00-" + 32 * "a" + "-" + 16 * "b" + "-01"]):
        assert tracing.current_trace() == ""
    assert not spans.get_finished_spans()


def test_one_trace_leads_from_send_to_the_last_trip(
    installation: Installation, ledger: Ledger, spans: InMemorySpanExporter
) -> None:
    before = len(ledger.trips)
    send(installation)
    pump.deliver(installation.id)
    assert everything_posted()
    assert len(named(spans, "send order")) == 1
    assert len(named(spans, "send")) == len(ledger.trips) - before
    documents = session().scalars(select(Delivery)).all()
    assert len(named(spans, "proceed")) == sum(len(trip.requests) for trip in ledger.trips[before:]) + len(documents)
    assert len(trace_ids(spans.get_finished_spans())) == 1


def test_a_retry_begins_a_trace_of_its_own(
    installation: Installation, ledger: Ledger, spans: InMemorySpanExporter
) -> None:
    ledger.refuses = lambda asked: "No." if "invoices" in asked else ""
    send(installation)
    pump.deliver(installation.id)
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).one()
    ledger.refuses = lambda asked: ""
    spans.clear()
    retry_delivery(ADA_AT_ACME, stopped.id)
    pump.deliver(installation.id)
    (retry,) = named(spans, "retry")
    assert parents(named(spans, "send")[:1]) == [retry.context]
    assert everything_posted()


def test_what_may_have_left_goes_on_in_the_trace_of_the_retry(
    installation: Installation, ledger: Ledger, spans: InMemorySpanExporter
) -> None:
    ledger.before = [KeyError("A bug of the plugin.")]
    send(installation)
    pump.deliver(installation.id)
    spans.clear()
    query = select(Delivery.id).where(Delivery.state == DeliveryState.STOPPED).order_by(Delivery.id).limit(1)
    retry_delivery(ADA_AT_ACME, session().scalars(query).one())
    pass_time(installation)
    pump.deliver(installation.id)
    assert trace_ids(named(spans, "send")[:1]) == trace_ids(named(spans, "retry"))


def test_many_orders_that_are_sent_together_are_one_trace(
    browser: Browser, installation: Installation, orders: Desk, spans: InMemorySpanExporter
) -> None:
    press(browser, FEW)
    work()
    pump.deliver(installation.id)
    (click,) = named(spans, "send orders")
    assert session().scalars(select(Bundle)).one().trace
    assert {one.trace != "" for one in session().scalars(select(Delivery))} == {True}
    assert trace_ids([*named(spans, "queue orders"), *named(spans, "send")]) == trace_ids([click])
