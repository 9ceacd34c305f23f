"""The fixtures that all tests share, and the order of the whole run: the longest tests start first."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.support")

pytest_plugins = (
    "tests.support.app", "tests.support.closed_books", "tests.support.databases", "tests.support.mail",
    "tests.support.screen", "tests.support.send_many", "tests.support.webhooks",
)  # fmt: skip

LONGEST = (
    "tests/conformance/", "tests/processes/", "tests/demo/", "tests/browser/", "examples/",
    "tests/journeys/test_desktop_processes.py", "tests/hub/test_carrying.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
