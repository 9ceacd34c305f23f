"""The registry of builders: for a kind of document, which documents of it an order has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hub.host import Order
from hub.planning.context import Key
from hub.planning.parts import Part, Parts
from hub.plugin import Document, DoesNotAddUp, Problem, say, title_of


def _numbered_title(document: Any) -> str:
    return title_of(document.kind, document.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A document of an order, or the problem that keeps it from being built.

    `part` is the vendor's or payment's id, empty for a document of the whole order. `uses` are the customer, vendor and
    items that it names, `waits_for` the keys of documents that must be in the books first. `problems` are those of the
    order's own figures. `title` says what a person calls the document.
    """

    source: str
    part: str = ""
    document: Document | None
    uses: Sequence[Part] = ()
    waits_for: tuple[Key, ...] = ()
    problems: tuple[Problem, ...] = ()
    title: Callable[[Any], str] = _numbered_title


class Builder(Protocol):
    """The builder of the documents of a kind. Pure: it uses nothing but its arguments."""

    kind: str

    def applies_to(self, order: Order) -> bool:
        """Return True if an order of this shape has documents of the kind at all."""

    def build(self, parts: Parts) -> Iterable[Built]:
        """Return the documents of the kind that an order has, whether they are wanted or not."""


_BUILDERS: dict[str, Builder] = {}


def add_builder(builder: Builder) -> None:
    """Register the builder of a kind. Raises `ValueError` for a second one."""
    if builder.kind in _BUILDERS:
        raise ValueError(f"There is a builder for “{builder.kind}” already.")
    _BUILDERS[builder.kind] = builder


def document_builders() -> Mapping[str, Builder]:
    """Return the registered builders by kind."""
    return _BUILDERS


def builder_of(kind: str) -> Builder | None:
    """Return the builder of a kind; None for a kind of which orders have no documents."""
    return _BUILDERS.get(kind)


def built_or_problem(make: Callable[[], Document]) -> tuple[Document | None, tuple[Problem, ...]]:
    """Return the document, or the problem that the order's figures contradict each other."""
    try:
        return make(), ()
    except DoesNotAddUp as error:
        return None, (Problem(
            code="does-not-add-up", what=say("The order does not add up."), why=str(error),
            cure=say("Correct the order, then send it."), field="lines",
        ),)  # fmt: skip
