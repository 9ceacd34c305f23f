"""Check that texts for people go through `say`, whole and with named values, so that they can be translated.

`python -m tests.support.sentences` prints `file:line: message` for each text that does not, and then exits with 1.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parent.parent.parent
FOLDERS = ("hub", "plugins", "examples/xero/xero_books", "templates/plugin")
EXEMPT = {"tests", "testing"}
"""Folders for authors of plugins, whose texts are in English."""

TEXTS = {
    "Problem": ("what", "why", "cure"), "Fix": ("label",), "Field": ("label", "help", "choices"),
    "MappingField": ("label", "help"), "Told": ("what", "why", "button"), "Request": ("name",),
}  # fmt: skip
"""Arguments that hold texts for people, by the name of what is called."""
FIRST = {
    "Unavailable": 1, "OutcomeUnknown": 1, "AuthorizationExpired": 1, "DoesNotAddUp": 1, "NotFound": 1,
    "NotPossible": 1, "Forbidden": 1, "report_error": 2, "problem_page": 1, "Unreadable": 1,
}  # fmt: skip
"""How many of the first arguments may be texts for people."""
MESSAGES = {"say": 1, "say_count": 2, "_": 1, "gettext": 1, "ngettext": 2}
"""How many messages for the catalogue a call begins with."""


def find_wrong_texts(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the fault of each text for people in the source that cannot be translated."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield from _find_bare_texts(name, node)
            yield from _find_wrong_messages(name, node)


def _find_bare_texts(name: str, call: ast.Call) -> Iterator[tuple[int, str]]:
    texts = [one.value for one in call.keywords if one.arg in TEXTS.get(name, ())] + call.args[: FIRST.get(name, 0)]
    yield from ((text.lineno, f"not said: {ast.unparse(text)}") for text in texts if _is_bare(text))


def _is_bare(node: ast.expr) -> bool:  # noqa: PLR0911 – A line for each kind of expression.
    """Return True for an expression that is, or may become, a text that nobody can translate."""
    match node:
        case ast.Constant(value=str(text)):
            return any(sign.isalpha() for sign in text)
        case ast.JoinedStr() | ast.BinOp():
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_bare(one) or _is_bare(other)
        case ast.BoolOp(values=several):
            return any(map(_is_bare, several))
        case ast.Tuple(elts=[ast.Tuple(), *_] as pairs):
            return any(isinstance(pair, ast.Tuple) and _is_bare(pair.elts[1]) for pair in pairs)
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in {"join", "format", "replace", "rstrip", "strip", "lower", "capitalize"}
        case _:
            return False


def _find_wrong_messages(name: str, call: ast.Call) -> Iterator[tuple[int, str]]:
    """Yield messages that are put together, and those whose values are not those that the call gives."""
    count = MESSAGES.get(name, 0)
    messages = call.args[:count]
    if any(isinstance(one, ast.JoinedStr | ast.BinOp) for one in messages):
        yield call.lineno, "put together: the catalogue needs the whole message in one piece"
        return
    if not messages or not all(isinstance(one, ast.Constant) for one in messages):
        return
    named = {value for one in messages for value in re.findall(r"%\((\w+)\)s", str(ast.literal_eval(one)))}
    given = {one.arg for one in call.keywords} | ({"num"} if count > 1 else set())
    if None in given or not (call.keywords or count > 1):
        return
    if unknown := sorted(named - given):
        yield call.lineno, f"names {', '.join(unknown)}, which it is not given"
    if unused := sorted(str(one) for one in given - {"num"} - named):
        yield call.lineno, f"is given {', '.join(unused)}, which it does not name"


def check_files() -> Iterator[str]:
    """Yield `file:line: message` for each wrong text of the product."""
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*.py")):
            where = path.relative_to(TOP)
            if not EXEMPT & set(where.parts):
                for line, fault in find_wrong_texts(path.read_text(encoding="utf-8")):
                    yield f"{where}:{line}: {fault}"


if __name__ == "__main__":
    found = list(check_files())
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)
