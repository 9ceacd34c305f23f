"""An entry before it is stored, and checks of its fields."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.online.refusals import bad_characters
from sandbox.online.storage import Books, Entry

_NEVER_IN_NAMES = frozenset(":\t\n\r")


@dataclass(kw_only=True)
class Draft:
    """An entry that is checked, completed and then stored. `before` is the entry that it changes, if any."""

    books: Books
    kind: str
    entry: Entry
    before: Entry | None = None
    allow_duplicate: bool = False

    @property
    def id(self) -> str:
        """Return the id of the entry that is changed; empty for a new one."""
        return self.before["Id"] if self.before else ""

    def keeps(self, element: str) -> bool:
        """Return True if a ref stays as it was. That is allowed even if its entry has become inactive."""
        value = (self.entry.get(element) or {}).get("value")
        return bool(self.before and value and value == (self.before.get(element) or {}).get("value"))

    def ref(self, element: str, kind: str) -> Entry | None:
        """Return the entry that a ref of this one points to, or None if there is no ref. Raises 2500 and 610."""
        if self.keeps(element):
            return self.books.find(kind, self.entry[element]["value"])
        return self.books.referred(self.entry, element, kind)


def check_characters(entry: Entry, *elements: str, forbidden: frozenset[str] = _NEVER_IN_NAMES) -> None:
    """Raise the refusal 2040 for characters that names must not have: by default colon, tab and line breaks."""
    for element in elements:
        if forbidden & set(str(entry.get(element) or "")):
            raise bad_characters(element)
