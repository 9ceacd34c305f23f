"""Tests and benchmarks share code through `tests.support` alone, and use public names of the product."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
PRODUCT = ("hub", "quickbooks_online", "quickbooks_desktop", "sandbox", "demo", "xero_books", "xero_sandbox")
FILES = sorted(
    path
    for folder in ("tests", "benchmarks", "examples/xero/tests")
    for path in (TOP / folder).rglob("*.py")
    if "mutants" not in path.name  # They import a plugin that is generated when they run.
)


def imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the module and the name of each import, relative ones with their dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, one.name, "") for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, "." * node.level + (node.module or ""), one.name) for one in node.names)


def forbidden_imports(source: str) -> list[str]:
    """Return the imports of test modules, of conftest, of siblings by dots, and of private names of the product."""
    found = []
    for line, module, name in imports(ast.parse(source)):
        parts = [*module.split("."), name]
        is_test = any(part.startswith("test_") or part == "conftest" for part in parts)
        is_outside = parts[0] == "tests" and parts[1] != "support"
        is_private = parts[0] in PRODUCT and any(part.startswith("_") and not part.startswith("__") for part in parts)
        if is_test or is_outside or is_private or module.startswith("."):
            found.append(f"{line}: {module} {name}".strip())
    return found


def private_names(source: str) -> list[str]:
    """Return the uses of private attributes of anything but `self`, `cls` and what other distributions bring."""
    tree = ast.parse(source)
    foreign = {name or module for _, module, name in imports(tree) if module.split(".")[0] not in PRODUCT}
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in foreign | {"self", "cls"})
        and not (isinstance(node.value, ast.Call) and ast.unparse(node.value) == "super()")
    ]  # fmt: skip


def test_no_test_module_imports_another_one() -> None:
    found = {str(path.relative_to(TOP)): wrong for path in FILES if (wrong := forbidden_imports(path.read_text()))}
    assert found == {}


def test_tests_use_public_names_of_the_product() -> None:
    found = {str(path.relative_to(TOP)): wrong for path in FILES if (wrong := private_names(path.read_text()))}
    assert found == {}


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("from tests.hub.test_web import x", 1), ("from tests.hub import test_web", 1), ("from .conftest import x", 1),
        ("from tests.hub.conftest import x", 1), ("from tests.journeys import orders", 1), ("import test_web", 1),
        ("from hub.queue import _connection", 1), ("from .orders import x", 1),
        ("from tests.support.host import ADA", 0), ("from tests.support import redis", 0), ("import hub", 0),
    ],
)  # fmt: skip
def test_a_forbidden_import_is_found(source: str, count: int) -> None:
    assert len(forbidden_imports(source)) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("from hub import queue\nqueue._pool.clear()", 1), ("ledger._one = 1", 1), ("self._one = 1", 0),
        ("from lxml import etree\nx: etree._Element", 0), ("super()._call()", 0), ("a.__dict__", 0),
    ],
)  # fmt: skip
def test_a_private_name_is_found(source: str, count: int) -> None:
    assert len(private_names(source)) == count
