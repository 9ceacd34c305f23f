"""The order of the whole run: what takes longest comes first, so that no worker is left alone with it at the end."""

from __future__ import annotations

import pytest

LONGEST = (
    "tests/conformance/", "tests/processes/", "tests/demo/", "tests/browser/", "examples/",
    "tests/journeys/test_desktop_processes.py", "tests/hub/test_postgresql.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
