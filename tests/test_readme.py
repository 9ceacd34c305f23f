"""What the README and the docs say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")


def test_the_snippet_that_mounts_the_hub_mounts_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEMO_DATA", str(tmp_path))
    snippet = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert snippet is not None
    names: dict[str, object] = {"__name__": "readme"}
    exec(snippet.group(1), names)  # noqa: S102 – It is our own README.
    app = names["app"]
    assert isinstance(app, Flask)
    with app.test_request_context():
        assert app.url_for("hub.send", order_id="1042") in README
        assert app.url_for("hub.order_status", order_id="1042") in README
    assert "quickbooks_online" in app.extensions["hub"].integrations


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", README))
def test_what_it_links_to_is_there(path: str) -> None:
    assert (TOP / path).exists()


def test_every_command_of_make_that_it_names_exists() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    assert {name for name in re.findall(r"make (\w+)", README) if f"\n{name}:" not in makefile} == set()


def test_every_setting_that_the_hub_reads_is_in_the_operators_table_and_no_other() -> None:
    read = {name for path in (TOP / "hub").rglob("*.py")
            for name in re.findall(r"\"(HUB_[A-Z_]*[A-Z])\"", path.read_text(encoding="utf-8"))}  # fmt: skip
    page = (TOP / "docs" / "operations.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(HUB_[A-Z_]+)` \|", page, re.MULTILINE)
    assert set(table) == read
    assert len(table) == len(set(table))
