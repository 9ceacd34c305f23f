"""The events of a test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from hub import events
from hub.database import session


class EventLog(logging.Handler):
    """All events since the fixture was set up, as they were logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[events.Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, events.Line):
            self.lines.append(record.msg)

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the fields of the events of a name; what was noted and committed is told first."""
        events.commit(session())
        return [dict(line.fields) for line in self.lines if line.event.name == name]


@pytest.fixture
def told() -> Iterator[EventLog]:
    """Return what collects the events at every level."""
    handler, logger = EventLog(), logging.getLogger("hub.events")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


def sample(name: str, registry: CollectorRegistry = events.REGISTRY, **labels: str) -> float:
    """Return the value of a metric; 0 if nothing has moved it yet."""
    return registry.get_sample_value(name, labels) or 0.0
