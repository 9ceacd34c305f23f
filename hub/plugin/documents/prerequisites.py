"""The ids of what a document waited for, put into the refs that were empty until then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hub.plugin.books import RecordKind, Ref, name_key
from hub.plugin.documents.parts import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """A record or document that another one waited for, with its ref in the books. `lines` are the ids of its lines."""

    kind: str
    ref: Ref
    lines: tuple[str, ...] = ()
    name: str = ""
    """For an item the key of its name (`name_key`); an order may wait for several."""


class Prerequisites:
    """The prerequisites of one document. Look-ups raise `LookupError` for what is not there."""

    def __init__(self, found: Iterable[Prerequisite]) -> None:
        self._found = tuple(found)

    def get(self, kind: str) -> Prerequisite | None:
        """Return the one of a kind, of which a document waits for one at most."""
        return next((one for one in self._found if one.kind == kind), None)

    def bound(self, ref: Ref, kind: str) -> Ref:
        """Return the ref itself if it has an id, else the one of what was created."""
        if ref.id:
            return ref
        found = self.get(kind)
        if found is None:
            raise LookupError(f"No {kind} was created for “{ref.name}”.")
        return found.ref

    def bound_item(self, ref: Ref) -> Ref:
        """Return the ref of an item itself if it has an id, else the one of the item that was created."""
        if ref.id:
            return ref
        key = name_key(ref.name)
        for one in self._found:
            if one.kind == RecordKind.ITEM and one.name == key:
                return one.ref
        raise LookupError(f"No item was created for “{ref.name}”.")

    def bound_lines(self, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        """Return lines with the ids of their items and of the customers that they are billable to."""
        return tuple(
            replace(
                line, item=self.bound_item(line.item),
                customer=line.customer and self.bound(line.customer, RecordKind.CUSTOMER),
            )
            for line in lines
        )  # fmt: skip
