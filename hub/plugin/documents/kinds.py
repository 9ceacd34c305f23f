"""The registry of document kinds: everything that differs between an invoice, a bill and the next kind.

A kind is declared in a module of its own beside this one. How its documents are built from an order is in
`hub/planning`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hub.plugin.books import RecordKind
from hub.plugin.documents.prerequisites import Prerequisites
from hub.plugin.sentences import Sentence, say

D = TypeVar("D")


class Per(enum.StrEnum):
    """For what of an order there is one document of a kind."""

    ORDER = "order"
    VENDOR = "vendor"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind(Generic[D]):
    """A kind of document.

    `key` is stored and sent in forms. `noun` and `plural` stand within a sentence and as a label; `title` is used
    without a number, `numbered_title` has `%(number)s`, and `void_title`, if the kind can be voided, too. `describe`
    says within a sentence which document is meant: "invoice 1042 for ABC Company".

    `party` is the field of the document that names the customer or vendor. There is one document of the kind for the
    order, for each of its vendors or for each payment (`per`), and never one of a kind that it `excludes` as well. A
    kind with `sent_with` follows the choice and the permission of that kind. `after` are kinds that are sent before it.
    `bind` puts the ids of what the document waited for into its empty refs. With `has_our_number` a difference between
    the number that was sent and the number that the ledger answers is reported.
    """

    key: str
    document: type[D]
    noun: Sentence
    plural: Sentence
    title: Sentence
    numbered_title: Sentence
    void_title: Sentence | None = None
    describe: Callable[[D], Sentence]
    party: RecordKind
    per: Per
    excludes: frozenset[str] = frozenset()
    sent_with: str = ""
    after: tuple[str, ...] = ()
    bind: Callable[[D, Prerequisites], D]
    has_our_number: bool = False


_KINDS: dict[str, DocumentKind[Any]] = {}


def register(kind: DocumentKind[D]) -> DocumentKind[D]:
    """Add a kind to the registry and return it. Raises `ValueError` for a second kind of the same key."""
    if kind.key in _KINDS:
        raise ValueError(f"There is a kind of document “{kind.key}” already.")
    _KINDS[kind.key] = kind
    return kind


def document_kinds() -> Mapping[str, DocumentKind[Any]]:
    """Return the registered kinds by key, in the order in which they were registered."""
    return _KINDS


def kinds_per(per: Per) -> frozenset[str]:
    """Return the keys of the kinds of which there is one document for each vendor, payment or order."""
    return frozenset(key for key, kind in _KINDS.items() if kind.per is per)


def kind_of(key: str) -> DocumentKind[Any]:
    """Return the kind of a key; a placeholder for a key in a row whose kind is not registered any more."""
    return _KINDS.get(key) or _placeholder(key)


def _placeholder(key: str) -> DocumentKind[Any]:
    word = say("document")
    return DocumentKind(
        key=key, document=object, noun=word, plural=say("Documents"), title=say("Document"),
        numbered_title=say("Document %(number)s"), describe=lambda _: word, party=RecordKind.CUSTOMER, per=Per.ORDER,
        bind=lambda document, _: document,
    )  # fmt: skip


def title_of(key: str, number: str = "") -> Sentence:
    """Return the title of a document: "Purchase order 1042"; without a number, "Purchase order"."""
    kind = kind_of(key)
    return say(kind.numbered_title.message, number=number) if number else kind.title


def describe(document: Any) -> Sentence:
    """Return words for a document within a sentence: "invoice 1042 for ABC Company"."""
    return kind_of(document.kind).describe(document)
