"""Events: one call writes a structured log line and moves a metric.

::

    events.emit(events.SWEPT, seconds=0.02, size=3)                    # now
    events.later(session(), events.NOTICE_GIVEN, installation=7, …)     # after the commit, unless it is rolled back

Each event is declared here once, with its level and what it counts. An event costs a few microseconds while no handler
listens at its level. It has the fields of `Fields` and no others: payloads, passwords and tokens never get in.

Metrics have few label values on purpose: they tell integrations and kinds of document apart, the log tells
organizations, orders and deliveries apart.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, TypeAlias, TypedDict, TypeVar, Unpack

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
"""The metrics of this process. `hub.operations.metrics` serves them."""

METRICS: dict[str, tuple[str, tuple[str, ...]]] = {}
"""The meaning and the labels of each metric."""

_NOTED = "hub_noted_events"
_LONGEST = 200  # Characters of one value in a log line.

log = logging.getLogger(__name__)


class Fields(TypedDict, total=False):
    """The fields that an event may have."""

    organization: str
    installation: int
    integration: str
    order: str | None
    document: str
    """The kind: "invoice", "customer"."""
    number: str
    delivery: int
    batch: int
    seconds: float
    size: int
    """How many: requests of a batch, installations that were woken."""
    outcome: str
    code: str
    """The code of the first problem."""
    reason: str


# ── Metrics ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_Measure: TypeAlias = Callable[[Mapping[str, Any]], None]
M = TypeVar("M", Counter, Histogram)


def _child_of(metric: M, labels: tuple[str, ...]) -> Callable[[Mapping[str, Any]], M]:
    """Return what finds the child of a metric by the fields of an event, sooner than `labels()` does."""
    if not labels:
        return lambda _: metric
    children: dict[tuple[Any, ...], M] = {}

    def find(fields: Mapping[str, Any]) -> M:
        values = tuple([fields.get(label, "") for label in labels])
        child = children.get(values)
        if child is None:
            child = children[values] = metric.labels(*values)
        return child

    return find


def _counter(name: str, what: str, *labels: str, adds: str = "") -> _Measure:
    """Return what counts an event, or adds up one of its fields."""
    METRICS[name] = what, labels
    child = _child_of(Counter(name, what, labels, registry=REGISTRY), labels)
    if adds:
        return lambda fields: child(fields).inc(fields.get(adds, 0))
    return lambda fields: child(fields).inc()


def _histogram(name: str, what: str, *labels: str, buckets: tuple[float, ...]) -> _Measure:
    """Return what observes the seconds of an event that has any."""
    METRICS[name] = what, labels
    child = _child_of(Histogram(name, what, labels, registry=REGISTRY, buckets=buckets), labels)

    def observe(fields: Mapping[str, Any]) -> None:
        if "seconds" in fields:
            child(fields).observe(fields["seconds"])

    return observe


_deliveries = _counter(
    "hub_deliveries_total", "Deliveries that came into a state (outcome)", "integration", "document", "outcome"
)
_stops = _counter("hub_stops_total", "Deliveries that stopped until a person acts", "integration", "document", "reason")
_delivery_seconds = _histogram(
    "hub_delivery_seconds",
    "Seconds from Send until a document is posted",
    "integration",
    "document",
    buckets=(1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 86400),
)
_trip_seconds = _histogram(
    "hub_trip_seconds",
    "Seconds that one batch takes to a ledger and back",
    "integration",
    "outcome",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 70, 300),
)
_requests = _counter("hub_requests_total", "Requests in these batches", "integration", adds="size")
_refusals = _counter("hub_refusals_total", "Documents and records that ledgers refused", "integration", "document")
_refreshes = _counter(
    "hub_credential_refreshes_total", "Renewals of credentials: renewed, refused, failed", "integration", "outcome"
)
_logins = _counter(
    "hub_logins_total", "Logins of ledgers that poll: open, nothing, busy, stranger", "integration", "outcome"
)
_leases = _counter("hub_lost_leases_total", "Leases that were lost or taken over", "integration", "outcome")
_waits = _histogram(
    "hub_rate_limit_wait_seconds",
    "Seconds of waiting for a rate limit",
    "integration",
    buckets=(0.01, 0.1, 0.5, 1, 2, 5, 15, 60, 300),
)
_webhooks = _counter(
    "hub_webhooks_total", "Webhooks: accepted, unknown (nobody has these books), unsigned", "integration", "outcome"
)
_notices = _counter("hub_notices_total", "Notices for admins: given, mailed, unmailed", "reason", "outcome")
_changes = _counter(
    "hub_installation_changes_total",
    "Changes of installations: installed, authorized, expired, paused, removed, settings …",
    "integration",
    "outcome",
)
_sweep_seconds = _histogram(
    "hub_sweep_seconds", "Seconds that a sweep takes", buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60)
)  # fmt: skip
_woken = _counter("hub_woken_total", "Jobs that sweeps have enqueued", adds="size")
METRICS["hub_trips_in_flight"] = "Batches that are on their way to ledgers", ("integration",)
_in_flight = Gauge(
    "hub_trips_in_flight", *METRICS["hub_trips_in_flight"], registry=REGISTRY, multiprocess_mode="livesum"
)


def set_in_flight(integration: str, number: int) -> None:
    """Set how many trips to the ledgers of an integration this process has under way."""
    _in_flight.labels(integration).set(number)


# ── Declarations ────────────────────────────────────────────────────────────────────────────────────────────────────

EVENTS: dict[str, Event] = {}
"""All events, by name."""


@dataclass(frozen=True, slots=True)
class Event:
    """`text` is what a person reads, with fields in braces; `fields` are those that it is meant to have."""

    name: str
    level: int
    text: str
    fields: tuple[str, ...]
    measures: tuple[_Measure, ...]


def _declare(name: str, level: int, text: str, fields: str, *measures: _Measure) -> Event:
    EVENTS[name] = event = Event(name, level, text, tuple(fields.split()), measures)
    return event


_ROW = "organization installation integration order document number delivery outcome"

DELIVERY = {
    state: _declare(f"delivery {state}", level, text, f"{_ROW} {more}".strip(), _deliveries, *measures)
    for state, level, text, more, measures in (
        ("waiting", logging.DEBUG, "{document} {number} waits for what comes before it", "", ()),
        ("queued", logging.DEBUG, "{document} {number} queued", "", ()),
        ("sending", logging.DEBUG, "{document} {number} sending", "", ()),
        ("posted", logging.INFO, "{document} {number} posted", "seconds", (_delivery_seconds,)),
        ("stopped", logging.INFO, "{document} {number} stopped", "reason code", (_stops,)),
        ("in_doubt", logging.WARNING, "{document} {number} in doubt", "", ()),
        ("cancelled", logging.INFO, "{document} {number} cancelled", "", ()),
    )
}
"""The event of a delivery that comes into a state, by the state; `outcome` is the state, too.
`hub.models.row_events` notes it for every row that moves."""

TRIP = _declare(
    "trip",
    logging.INFO,
    "trip to {integration}: {outcome}",
    "organization integration installation batch size seconds outcome code",
    _trip_seconds,
    _requests,
)
"""A batch came back: `outcome` is answered, unavailable, unknown, expired, refused, crashed or timeout."""
REFUSED = _declare(
    "refused",
    logging.INFO,
    "{document} {number} refused",
    "organization integration installation order document number delivery code",
    _refusals,
)
CREDENTIALS_REFRESHED = _declare(
    "credentials refreshed",
    logging.INFO,
    "credentials of {integration}: {outcome}",
    "organization integration installation seconds outcome",
    _refreshes,
)
"""`outcome` is renewed, refused or failed."""
LOGIN = _declare(
    "login", logging.INFO, "login of {integration}: {outcome}", "organization integration installation outcome", _logins
)
"""A ledger that polls has logged in: `outcome` is that of `LoginResult`: open, nothing, busy or stranger."""
LEASE_LOST = _declare(
    "lease lost", logging.WARNING, "lease {outcome}", "organization integration installation seconds outcome", _leases
)
"""`outcome` is lost (this process found that it has it no more) or taken over (from one that did not renew it)."""
RATE_LIMITED = _declare(
    "rate limit",
    logging.DEBUG,
    "{integration} waits for its rate limit",
    "integration installation seconds outcome",
    _waits,
)
"""`outcome` is waited or paused."""
WEBHOOK = _declare(
    "webhook", logging.INFO, "webhook of {integration}: {outcome}", "integration size outcome", _webhooks
)
"""`size` is how many installations it concerns; `outcome` is accepted, unsigned or unknown."""
NOTICE = _declare(
    "notice",
    logging.INFO,
    "notice {reason} {outcome}",
    "organization integration installation reason outcome",
    _notices,
)
"""`reason` is the kind of the notice; `outcome` is given, mailed or unmailed."""
INSTALLATION = _declare(
    "installation", logging.INFO, "{integration} {outcome}", "organization integration installation outcome", _changes
)
"""`outcome` is installed, authorized, refused, paused, resumed, removed, password, settings or accounts."""
DISCONNECTED = _declare(
    "disconnected",
    logging.WARNING,
    "{integration} disconnected",
    "organization integration installation outcome",
    _changes,
)
"""The authorization has ended, or the books take nothing any more; `outcome` is the state."""
SWEPT = _declare("sweep", logging.DEBUG, "swept", "seconds size", _sweep_seconds, _woken)


# ── Emitting ────────────────────────────────────────────────────────────────────────────────────────────────────────


def emit(event: Event, **fields: Unpack[Fields]) -> None:
    """Write an event to the log and move its metrics. A metric that cannot be written stops nothing."""
    try:
        for measure in event.measures:
            measure(fields)
    except OSError:  # The folder of the metrics is full, or gone.
        log.exception("A metric cannot be written.")
    if is_logged(event):
        log.log(event.level, Line(event, fields))


def is_logged(event: Event) -> bool:
    """Return True if an event is written to the log. Otherwise what its metrics need is enough."""
    return log.isEnabledFor(event.level)


class _HasInfo(Protocol):
    """An SQLAlchemy session."""

    @property
    def info(self) -> dict[Any, Any]: ...
    def flush(self) -> None: ...
    def commit(self) -> None: ...


Noted: TypeAlias = Callable[[], None]


def later(session: _HasInfo, event: Event, **fields: Unpack[Fields]) -> None:
    """Emit an event as soon as the session has committed; never, if it is rolled back."""
    note(session, lambda: partial(emit, event, **fields))


def note(session: _HasInfo, prepare: Callable[[], Noted]) -> None:
    """Emit what `prepare` returns as soon as the session has committed. `prepare` is called right before the commit,
    when a row has all its values and can still be read."""
    session.info.setdefault(_NOTED, []).append(prepare)


def commit(session: _HasInfo) -> None:
    """Commit the session, then emit what was noted for it."""
    session.flush()  # New rows have ids then, and are noted.
    prepared = [prepare() for prepare in session.info.pop(_NOTED, ())]
    session.commit()
    for tell in prepared:
        tell()


def forget(session: _HasInfo) -> None:
    """Forget what was noted for the session, which is rolled back."""
    session.info.pop(_NOTED, None)


# ── The log ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Line:
    """The message of an event in a `LogRecord`. It becomes text only when a handler writes it, and always one line."""

    def __init__(self, event: Event, fields: Mapping[str, Any]) -> None:
        self.event = event
        self.fields = {name: _clean(value) for name, value in fields.items() if value not in {None, ""}}

    @property
    def text(self) -> str:
        return " ".join(self.event.text.format_map(_Known(self.fields)).split())

    def __str__(self) -> str:
        return " ".join([self.text, *(f"{name}={_quoted(value)}" for name, value in self.fields.items())])


class _Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return ""


def _clean(value: Any) -> Any:
    """Return a value on one line, without control characters, and not too long."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 4)
    return one_line(str(value))[:_LONGEST]


def one_line(text: str) -> str:
    """Return a text without control characters, line breaks and invisible signs; each becomes a blank."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def _quoted(value: Any) -> str:
    text = str(value)
    return text if text and not set(text) & {" ", "=", '"', "\\"} else json.dumps(text, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Time, level, logger and message; a stack trace follows on lines of its own."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 – The name is logging's.
        return one_line(super().formatMessage(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the fields of an event beside `event`."""

    def format(self, record: logging.LogRecord) -> str:
        line = record.msg if isinstance(record.msg, Line) else None
        found = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": line.text if line else record.getMessage(),
            **({"event": line.event.name, **line.fields} if line else {}),
        }
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=False)


_FORMATTERS = {"text": TextFormatter, "json": JsonFormatter}
_HANDLER = "hub"


def write_log(form: str) -> None:
    """Write the log of the hub to the standard error from INFO on, in this form ("text" or "json"), instead of to what
    the application has set up. Raises `ValueError` for another form."""
    if form not in _FORMATTERS:
        raise ValueError(f"HUB_LOG_FORMAT is “text” or “json”, not “{form}”.")
    logger = logging.getLogger("hub")
    logger.handlers = [one for one in logger.handlers if one.name != _HANDLER]
    handler = logging.StreamHandler(sys.stderr)
    handler.name = _HANDLER
    handler.setFormatter(_FORMATTERS[form]())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
