"""The tests that docs/security.md names exist."""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).parent.parent


def test_each_promise_names_a_test_that_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (TOP / "docs" / "security.md").read_text(encoding="utf-8"))
    assert len(named) >= 12
    missing = [
        f"{path}::{name}" for path, name in named
        if not (TOP / path).is_file() or f"def {name}(" not in (TOP / path).read_text(encoding="utf-8")
    ]  # fmt: skip
    assert not missing
