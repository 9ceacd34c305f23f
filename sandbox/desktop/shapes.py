"""Parse the notation of request shapes: one line per element, with its type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element of a request. `kind` is text, ref, group, bool, date, id, guid, int, amount or price."""

    name: str
    kind: str = "text"
    required: bool = False
    many: bool = False
    length: int = 0
    choices: tuple[str, ...] = ()
    within: tuple[Element, ...] = ()


_KINDS = {"ref", "bool", "date", "id", "guid", "int", "amount", "price"}


def read(text: str) -> tuple[Element, ...]:
    """Return the elements of a shape."""
    return tuple(_elements([line for line in text.splitlines() if line.strip()], 0))


def _elements(lines: list[str], depth: int) -> Iterator[Element]:
    while lines:
        indent = len(lines[0]) - len(lines[0].lstrip())
        if indent < depth:
            return
        words = lines.pop(0).split()
        within: tuple[Element, ...] = ()
        if lines and (deeper := len(lines[0]) - len(lines[0].lstrip())) > indent:
            within = tuple(_elements(lines, deeper))
        yield _element(words, within)


def _element(words: list[str], within: tuple[Element, ...]) -> Element:
    name, *rest = words
    kind = next((word for word in rest if word in _KINDS), "group" if within else "text")
    length = next((int(word) for word in rest if word.isdigit()), 159 if kind == "ref" else 0)
    if kind == "ref":
        within = (Element(name="ListID", kind="id"), Element(name="FullName", length=length))
    return Element(
        name=re.sub(r"[!*]", "", name),
        kind="group" if kind == "ref" else kind,
        required="!" in name,
        many="*" in name,
        length=36 if kind == "id" else length,
        choices=tuple(word for word in rest if word not in _KINDS and not word.isdigit()),
        within=within,
    )
