"""The order of the tests, what `make test-fast` leaves out, and how long each part of the suite took."""

from __future__ import annotations

from collections import defaultdict

import pytest

LONGEST = (
    "tests/conformance/", "tests/processes/", "tests/demo/", "tests/browser/", "examples/",
    "tests/journeys/test_desktop_processes.py", "tests/journeys/test_desktop.py", "tests/hub/test_hanging_plugins.py",
    "tests/hub/test_push.py",
)  # fmt: skip
"""What takes longest starts first, so that no process is left alone with it at the end."""

FAST = (
    "tests/hub/", "tests/plugins/", "tests/test_imports.py", "tests/test_sentences.py",
    "tests/journeys/test_order_1042.py", "tests/journeys/test_refusals.py",
)  # fmt: skip
"""What `make test-fast` runs, on SQLite: everything else is marked `slow`."""

WAITING = ("tests/hub/test_hanging_plugins.py", "tests/hub/test_rate_limits.py")
"""Slow as well: what waits for limits of time."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: left out by `make test-fast`")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        is_fast = item.nodeid.startswith(FAST) and not item.nodeid.startswith(WAITING)
        if not is_fast or "postgresql" in item.nodeid:
            item.add_marker("slow")
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seconds of each folder of tests, all processes together."""
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds["/".join(report.nodeid.split("::")[0].split("/")[:2])] += report.duration
    if sum(seconds.values()) > 1:
        longest_first = sorted(seconds.items(), key=lambda part: -part[1])
        parts = ", ".join(f"{name} {took:.0f} s" for name, took in longest_first if took >= 1)
        terminalreporter.write_line(f"By part, all processes together: {parts}")
