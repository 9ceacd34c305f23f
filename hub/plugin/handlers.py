"""Handlers: a plugin's conversations for each kind of document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from hub.plugin.batches import Conversation
from hub.plugin.books import Books
from hub.plugin.documents import Posting
from hub.plugin.problems import Problem

D = TypeVar("D")

Converse: TypeAlias = Callable[[D, Mapping[str, str], Books], Conversation[Posting]]
"""A conversation about a document, given the options of the installation and the books, as both were when it began,
also on every replay. Raises `Rejected` if the books refuse it."""


def _find_no_problems(*_: object) -> Iterable[Problem]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler(Generic[D]):
    """The conversations about documents of one kind.

    `kind` is the key of a `DocumentKind`. `post` enters a document; `update` makes the posting that `revises` names
    equal to it; `void` brings that posting to nothing, and is given the document as it was posted, for its number and
    party. What is None the ledger cannot do, and the hub does not offer. `validate` names what these books would refuse
    of a document before anything is sent. It is pure.
    """

    kind: str
    post: Converse[D]
    update: Converse[D] | None = None
    void: Converse[D] | None = None
    validate: Callable[[D, Mapping[str, str], Books], Iterable[Problem]] = _find_no_problems

    def conversation_for(self, document: Any) -> Converse[D]:
        """Return the conversation that a document asks for. Raises `LookupError` if there is none."""
        revises = document.revises
        found = self.post if revises is None else self.void if revises.voids else self.update
        if found is None:
            raise LookupError(f"There is no conversation that changes a {self.kind}.")
        return found
