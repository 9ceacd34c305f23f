"""The fixtures and hooks that all tests share: see `tests/support`."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.support")

pytest_plugins = (
    "tests.support.app", "tests.support.closed_books", "tests.support.databases", "tests.support.event_log",
    "tests.support.hypothesis_profile", "tests.support.mail", "tests.support.screen", "tests.support.selection",
    "tests.support.send_many", "tests.support.stacks", "tests.support.webhooks",
)  # fmt: skip
