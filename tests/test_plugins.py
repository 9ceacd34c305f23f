"""docs/plugins.md is the page that an author needs: its snippets run, and it knows every public name."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from hub import plugin, testing
from hub.testing.suite import IntegrationSuite

PAGE = (Path(__file__).parent.parent / "docs" / "plugins.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))
WORDS = {word for code in NAMED for word in re.findall(r"\w+", code)}


def test_every_public_name_is_documented() -> None:
    assert set(plugin.__all__) - WORDS == set()
    assert set(testing.__all__) - WORDS - {"IntegrationSuite"} == set()
    assert "class TestAcme(IntegrationSuite)" in PAGE


def test_every_method_that_an_author_may_write_or_call_is_documented() -> None:
    kinds = (plugin.PushIntegration, plugin.PullIntegration, plugin.PollingSession)
    methods = {name for kind in kinds for name, _ in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}
    assert methods - WORDS == set()


def test_every_family_of_the_kit_is_documented() -> None:
    assert {kind.__name__ for kind in IntegrationSuite.__bases__} - WORDS == set()


def test_the_snippets_run() -> None:
    names: dict[str, object] = {"__name__": "page", "Acme": object, "PretendAcme": object}
    snippets = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(snippets) == 6
    for snippet in snippets:
        exec(snippet, names)  # noqa: S102 – It is our own page.
    assert issubclass(names["TestAcme"], IntegrationSuite)  # type: ignore[arg-type]  # It is a class.


def test_the_commands_are_those_that_there_are() -> None:
    from hub.cli import cli

    named = set(re.findall(r"flask hub ([a-z-]+)", PAGE))
    assert named
    assert named <= set(cli.commands)
