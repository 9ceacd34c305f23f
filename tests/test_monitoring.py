"""The operator's page, the dashboard and the alerts name the events and metrics that there are, and no others."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub import events
from hub.operations import gauges

DOCS = Path(__file__).parent.parent / "docs"
METRICS = {**events.METRICS, **gauges.GAUGES}
PAGE = (DOCS / "operations.md").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((DOCS / "grafana.json").read_text(encoding="utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = [
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]), *(rule["expr"] for rule in RULES)
]  # fmt: skip


def table(head: str) -> dict[str, tuple[str, ...]]:
    """Return the rows of a table of the page by their first cell."""
    rows = PAGE.split(f"| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]
    return {first.strip("`"): tuple(others) for first, *others in cells}


def names_in(expression: str) -> set[str]:
    """Return the metrics that an expression reads, without the suffixes of a histogram."""
    found = set(re.findall(r"\bhub_[a-z_]+", expression))
    return {name if name in METRICS else re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def labels_in(expression: str) -> set[str]:
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    matched = [re.sub(r'"[^"]*"', "", one) for one in re.findall(r"\{([^}]*)\}", expression)]
    return {label for one in [*grouped, *matched] for label in re.findall(r"[a-z_]+", one)} - {"le"}


def test_each_event_is_on_the_page_as_it_is_declared() -> None:
    declared = {
        one.name: (logging.getLevelName(one.level).lower(), ", ".join(one.fields)) for one in events.EVENTS.values()
    }
    assert table("event") == declared


def test_each_metric_is_on_the_page_as_it_is_declared() -> None:
    assert table("metric") == {name: (", ".join(labels), what) for name, (what, labels) in METRICS.items()}


def test_each_metric_that_is_registered_is_declared() -> None:
    found = {one.name + ("_total" if one.type == "counter" else "") for one in events.REGISTRY.collect()}
    assert found == set(events.METRICS)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_dashboard_and_alerts_read_what_there_is(expression: str) -> None:
    names = names_in(expression)
    assert names
    assert names <= set(METRICS)
    assert labels_in(expression) <= {label for name in names for label in METRICS[name][1]}
    assert expression.count("(") == expression.count(")")


def test_the_dashboard_shows_every_metric() -> None:
    shown = set().union(*(names_in(one["expr"]) for panel in DASHBOARD["panels"] for one in panel["targets"]))
    assert set(METRICS) - shown == set()
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_each_alert_has_a_paragraph_and_each_paragraph_an_alert() -> None:
    assert re.findall(r"^### (Hub\w+)$", PAGE, re.MULTILINE) == [rule["alert"] for rule in RULES]


@pytest.mark.parametrize(
    ("expression", "names", "labels"),
    [
        ('sum by (a) (rate(hub_trip_seconds_bucket{b!="c d"}[5m]))', {"hub_trip_seconds"}, {"a", "b"}),
        ("max(hub_queue_depth)", {"hub_queue_depth"}, set()), ("hub_unknown_total", {"hub_unknown_total"}, set()),
    ],
)  # fmt: skip
def test_names_and_labels_of_an_expression_are_found(expression: str, names: set[str], labels: set[str]) -> None:
    assert (names_in(expression), labels_in(expression)) == (names, labels)
