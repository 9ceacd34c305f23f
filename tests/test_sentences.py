"""What people read is said with `say`, whole and with named values, so that it can be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
FILES = sorted(
    path
    for folder in ("hub", "plugins", "examples/xero/xero_books", "templates/plugin")
    for path in (TOP / folder).rglob("*.py")
    if "tests" not in path.parts and "testing" not in path.parts
)

TEXTS = {
    "Problem": ("what", "why", "cure"), "Offer": ("label",), "Field": ("label", "help", "choices"),
    "MappingField": ("label", "help"), "Told": ("what", "why", "button"), "Request": ("name",),
}  # fmt: skip
"""Where texts for people stand, by the name of an argument."""
FIRST = {
    "Unavailable", "InDoubt", "AuthorizationExpired", "DoesNotAddUp", "NotFound", "NotPossible", "Forbidden",
    "complain", "problem_page", "Unreadable",
}  # fmt: skip
"""Whose first (or only) text is one for people."""
MESSAGES = {"say": 1, "say_count": 2, "_": 1, "gettext": 1, "ngettext": 2}
"""How many messages for the catalogue a call begins with."""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def bare(node: ast.expr) -> bool:  # noqa: PLR0911 – A line for each kind of expression.
    """Whether an expression is, or may come to, a text of its own that nobody can translate."""
    match node:
        case ast.Constant(value=str(text)):
            return any(sign.isalpha() for sign in text)
        case ast.JoinedStr() | ast.BinOp():
            return True
        case ast.IfExp(body=one, orelse=other):
            return bare(one) or bare(other)
        case ast.BoolOp(values=several):
            return any(map(bare, several))
        case ast.Tuple(elts=[ast.Tuple(), *_] as pairs):
            return any(isinstance(pair, ast.Tuple) and bare(pair.elts[1]) for pair in pairs)
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in {"join", "format", "replace", "rstrip", "strip", "lower", "capitalize"}
        case _:
            return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_texts_for_people_are_said(path: Path) -> None:
    found = []
    for name, call in calls(path):
        texts = [one.value for one in call.keywords if one.arg in TEXTS.get(name, ())]
        texts += call.args[:2] if name == "complain" else call.args[:1] if name in FIRST else []
        found += [f"line {text.lineno}: {ast.unparse(text)}" for text in texts if bare(text)]
    assert found == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_what_is_said_stands_there_for_the_catalogue_with_all_its_values(path: Path) -> None:
    for name, call in calls(path):
        messages = call.args[: MESSAGES.get(name, 0)]
        if not messages or not all(isinstance(one, ast.Constant) for one in messages):
            assert not any(isinstance(one, ast.JoinedStr | ast.BinOp) for one in messages), f"{path}:{call.lineno}"
            continue
        named = {value for one in messages for value in re.findall(r"%\((\w+)\)s", str(ast.literal_eval(one)))}
        given = {one.arg for one in call.keywords} | ({"num"} if MESSAGES[name] == 2 else set())
        if None not in given and (call.keywords or MESSAGES[name] == 2):
            assert named <= given, f"{path}:{call.lineno} names {named - given}"
            assert given - {"num"} <= named, f"{path}:{call.lineno} does not name {given - named}"
