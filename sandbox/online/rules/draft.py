"""An entry on its way into the books."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.online.refusals import bad_characters, too_long
from sandbox.online.storage import Books, Entry

_NEVER_IN_NAMES = frozenset(":\t\n\r")


@dataclass(kw_only=True)
class Draft:
    """What is checked, completed and then entered. `before` is the entry that it changes, if it changes one."""

    books: Books
    kind: str
    entry: Entry
    before: Entry | None = None
    allow_duplicate: bool = False

    @property
    def id(self) -> str:
        """The id of the entry that is changed; a new one has none."""
        return self.before["Id"] if self.before else ""

    def keeps(self, element: str) -> bool:
        """Return True if a ref stays as it was. Entries that were made inactive since do not stand in the way of that.
        """
        value = (self.entry.get(element) or {}).get("value")
        return bool(self.before and value and value == (self.before.get(element) or {}).get("value"))

    def ref(self, element: str, kind: str) -> Entry | None:
        """Return the entry that a ref of this one points to, or None if there is no ref. Raises 2500 and 610."""
        if self.keeps(element):
            return self.books.find(kind, self.entry[element]["value"])
        return self.books.referred(self.entry, element, kind)


def check_lengths(entry: Entry, limits: dict[str, int]) -> None:
    """Refuse texts that are too long (2050). `Part.Of` names a part of a group."""
    for element, limit in limits.items():
        value: object = entry
        for part in element.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str) and len(value) > limit:
            raise too_long(element, limit, len(value))


def check_characters(entry: Entry, *elements: str, forbidden: frozenset[str] = _NEVER_IN_NAMES) -> None:
    """Refuse characters that names must not have (2040): colon, tab, line break."""
    for element in elements:
        if forbidden & set(str(entry.get(element) or "")):
            raise bad_characters(element)
