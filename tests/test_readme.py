"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


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
    assert (Path(__file__).parent.parent / path).exists()


def test_every_command_of_make_that_it_names_exists() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")
    assert {name for name in re.findall(r"make (\w+)", README) if f"\n{name}:" not in makefile} == set()
