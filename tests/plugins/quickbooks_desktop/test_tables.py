"""The plugin's tables of order and length beside the sandbox's, which were written independently of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from quickbooks_desktop.tables import REQUESTS, Element, Kind
from sandbox.desktop.schema import QUERIES, REMOVALS, WRITES
from sandbox.desktop.shapes import Element as Theirs

KINDS = {
    Kind.TEXT: "text", Kind.ID: "id", Kind.GUID: "guid", Kind.AMOUNT: "amount", Kind.PRICE: "price", Kind.DATE: "date",
    Kind.MOMENT: "date", Kind.SWITCH: "bool", Kind.NUMBER: "int", Kind.GROUP: "group",
}  # fmt: skip


def differences(path: str, ours: Sequence[Element], theirs: Sequence[Theirs]) -> Iterator[str]:
    """Where an element of ours is unknown to them, misplaced, or of another kind or length."""
    place = 0
    for element in ours:
        at = next((index for index in range(place, len(theirs)) if theirs[index].name == element.name), None)
        if at is None:
            yield f"{path}/{element.name} is unknown or out of its place"
            continue
        place, other = at, theirs[at]
        if other.kind != KINDS[element.kind] or other.many != element.many:
            yield f"{path}/{element.name}: {element.kind} and {other.kind}"
        if element.kind is Kind.TEXT and element.length and element.length != other.length:
            yield f"{path}/{element.name}: {element.length} and {other.length} characters"
        if not set(element.choices) <= set(other.choices):
            yield f"{path}/{element.name}: {element.choices} and {other.choices}"
        yield from differences(f"{path}/{element.name}", element.fields, other.within)
    named = {element.name for element in ours}
    for other in theirs:
        if other.required and other.name not in named:
            yield f"{path}/{other.name} is required"


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_each_request_is_known_to_the_sandbox_in_the_same_order_and_length(name: str) -> None:
    shape = REQUESTS[name]
    if name in WRITES:
        assert list(differences(name, shape[0].fields, WRITES[name])) == []
    else:
        assert list(differences(name, shape, {**QUERIES, **REMOVALS}[name])) == []
