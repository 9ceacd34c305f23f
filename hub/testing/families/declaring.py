"""Tests of an integration's declarations and imports."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from hub import plugin
from hub.integrations.registry import GROUP
from hub.plugin import (
    API_VERSION,
    FieldKind,
    Integration,
    Invoice,
    PullIntegration,
    PushIntegration,
    RecordKind,
    Role,
    TransactionKind,
)
from hub.testing.families.base import Family

_CREATED = frozenset({RecordKind.CUSTOMER, RecordKind.VENDOR, RecordKind.ITEM})


class Declares(Family):
    """It is registered, is what it says, and contradicts itself nowhere."""

    def test_it_is_registered_under_its_key(self, integration: Integration) -> None:
        points = entry_points(group=GROUP, name=integration.key)
        assert points, f"No distribution registers {integration.key!r} in the entry-point group {GROUP!r}."
        assert all(isinstance(integration, point.load()) for point in points)

    def test_it_is_created_without_arguments_and_keeps_no_state(self, integration: Integration) -> None:
        assert vars(type(integration)()) == {}

    def test_it_pushes_or_pulls(self, integration: Integration) -> None:
        assert isinstance(integration, PushIntegration) != isinstance(integration, PullIntegration)

    def test_it_was_written_for_this_interface(self, integration: Integration) -> None:
        assert integration.api_version == API_VERSION

    def test_it_has_a_key_and_a_label(self, integration: Integration) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", integration.key)
        assert integration.label.strip()

    def test_it_says_what_it_can_without_contradictions(self, integration: Integration) -> None:
        can = integration.capabilities
        assert Invoice.kind in can.documents, "An order is an invoice first."
        assert set(can.creates) <= _CREATED, "Only customers, vendors and items are created."
        assert set(can.creates) <= set(can.lists), "What is created must be found again, so its list is fetched."
        assert RecordKind.ACCOUNT in can.lists or not integration.mappings
        asked = {field.key for field in integration.mappings}
        assert RecordKind.ITEM not in can.creates or Role.INCOME in asked, "A new item is sold into `Role.INCOME`."
        assert len(set(can.lists)) == len(can.lists)
        assert set(can.history) <= set(TransactionKind)
        assert can.revises <= can.documents | can.creates, "What is changed must first have been posted."
        assert can.voids <= can.documents, "What is voided must first have been posted."
        assert can.requests_per_batch >= 1
        assert can.bytes_per_batch >= 0
        assert all(limit.most >= 1 and limit.seconds >= 1 for limit in can.limits)

    def test_its_options_and_mappings_can_be_rendered(self, integration: Integration) -> None:
        for option in integration.options:
            assert option.label, f"The option {option.key} has no label."
            if option.kind is FieldKind.CHOICE:
                assert option.default in dict(option.choices), f"The default of {option.key} is none of its choices."
            if option.kind is FieldKind.SWITCH:
                assert option.default in {"", "yes"}, f"A switch is “yes” or empty, and {option.key} is neither."
        for field in integration.mappings:
            assert field.label, f"The mapping {field.key} has no label."
            assert field.kind in integration.capabilities.lists, f"What {field.key} chooses from is not fetched."
            assert field.needed_for <= integration.capabilities.documents
        keys = [option.key for option in integration.options] + [str(field.key) for field in integration.mappings]
        assert len(set(keys)) == len(keys), "A key is used twice."

    def test_its_settings_have_names_that_an_operator_can_set(self, integration: Integration) -> None:
        for setting in integration.settings:
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", setting.name)
            assert setting.default is not None or setting.help, f"{setting.name} is required, and nothing explains it."


class Imports(Family):
    """It knows the hub's face to plugins, and nothing else of it."""

    def test_it_imports_nothing_of_the_hub_but_its_face_to_plugins(self, integration: Integration) -> None:
        wrong = [
            f"{path.name}:{line}: {name}"
            for path in _sources(integration)
            for line, name in _imported(path)
            if name.partition(".")[0] == "hub" and name.rpartition(".")[0] != "hub.plugin"
        ]
        assert not wrong, f"A plugin imports from `hub.plugin` only: {', '.join(wrong)}"

    def test_it_uses_public_names_only(self, integration: Integration) -> None:
        prefix = "hub.plugin."
        names = {
            name.removeprefix(prefix)
            for path in _sources(integration)
            for _, name in _imported(path)
            if name.startswith(prefix)
        }
        assert names <= set(plugin.__all__)


def _sources(integration: Integration) -> list[Path]:
    """Return the modules of the package that the integration's class lives in."""
    package = type(integration).__module__.partition(".")[0]
    source = inspect.getsourcefile(__import__(package))
    assert source is not None, f"{package} has no source to look at."
    return sorted(Path(source).parent.rglob("*.py")) if source.endswith("__init__.py") else [Path(source)]


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    """Return what a module imports, by full names: "hub.plugin.Request", and "hub.plugin." for the module itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for one in node.names:
                yield node.lineno, f"{one.name}." if one.name == "hub.plugin" else one.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for one in node.names:
                whole = f"{node.module}.{one.name}"
                yield node.lineno, f"{whole}." if whole == "hub.plugin" else whole
