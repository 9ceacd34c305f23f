"""Search for records while the user types, fast on lists of any length."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, true, union_all
from sqlalchemy.orm import aliased

from hub.database import begins_with, session
from hub.models import RecordRow, Word
from hub.models.books import keep_digits, phone_key, split_words
from hub.plugin import AccountKind, RecordKind, name_key
from hub.translating import _

SHOWN = 20
"""The number of records shown."""

_COUNTED = 200  # Entries that are counted; nobody needs to know more exactly how much is left to type.
_READ = 1000  # Entries with the rarest of several words that are looked through for the other words.
_TERMS = 8  # Words of one search.
_PHONE = 3  # Digits from which on a phone number may be meant.


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a search: the first records, and how many more there are. With `uncounted` there are more than
    `more`."""

    rows: Sequence[RecordRow]
    more: int = 0
    uncounted: bool = False

    @property
    def sentence(self) -> str:
        """The status shown beside the list."""
        if not self.rows:
            return _("Nothing found.")
        if not self.more:
            return _("%(num)s found.", num=len(self.rows))
        if self.uncounted:
            return _("More than %(num)s more, keep typing.", num=self.more)
        return _("%(num)s more, keep typing.", num=self.more)


def search_records(
    installation_id: int, kind: RecordKind, text: str, *, accounts: Collection[AccountKind] = (), limit: int = SHOWN
) -> Found:
    """Return the active records whose name, email or phone begins with the text; then those that have words that begin
    with its words, in any order.

    `accounts` limits the search to accounts of these kinds. The number of queries, and of rows that are read, is
    limited.
    """
    of = [RecordRow.installation_id == installation_id, RecordRow.kind == kind, *_is_usable(accounts)]
    order = [RecordRow.number, RecordRow.name_key] if accounts else [RecordRow.name_key]
    ids: dict[int, None] = {}
    for beginning in _match_beginnings(text):
        query = select(RecordRow.id).where(*of, beginning).order_by(*order)
        ids |= dict.fromkeys(session().scalars(query.limit(_COUNTED + 1)))
    if len(ids) <= _COUNTED and (terms := list(dict.fromkeys(split_words(text)))[:_TERMS]):
        words = session().execute(_with_words(installation_id, kind, terms, _is_usable(accounts)).limit(_COUNTED + 1))
        ids |= dict.fromkeys(row.id for row in sorted(words, key=lambda row: row.name_key))
    shown = list(ids)[:limit]
    by_id = {row.id: row for row in session().scalars(select(RecordRow).where(RecordRow.id.in_(shown)))}
    return Found(
        rows=[by_id[one] for one in shown], more=min(len(ids), _COUNTED) - len(shown), uncounted=len(ids) > _COUNTED
    )


def _match_beginnings(text: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a text begins a name, an email address or a phone number."""
    key = name_key(text)
    if not key:
        return [true()]
    found = [begins_with(RecordRow.name_key, key)]
    if "@" in key:
        found.append(begins_with(RecordRow.email_key, key))
    elif len(number := phone_key(text) or keep_digits(text)) >= _PHONE and not any(sign.isalpha() for sign in text):
        found.append(begins_with(RecordRow.phone_key, number))
    return found


def _is_usable(accounts: Collection[AccountKind]) -> list[ColumnElement[bool]]:
    return [RecordRow.active.is_(True), *([RecordRow.account.in_(accounts)] if accounts else [])]


def _with_words(
    installation_id: int, kind: RecordKind, terms: list[str], usable: Sequence[ColumnElement[bool]]
) -> Select[int, str]:
    """Return a query for records with words that begin with each of the terms. It follows the index for the rarest
    term, and checks the others on the records found."""
    rarest, *others = _by_rarity(installation_id, kind, terms)
    candidates = select(Word.record_id).where(_has_word(installation_id, kind, rarest)).order_by(Word.word)
    found = candidates.limit(_READ).subquery()
    query = select(RecordRow.id, RecordRow.name_key).join(found, found.c.record_id == RecordRow.id).where(*usable)
    for term in others:
        word = aliased(Word)
        query = query.where(exists().where(word.record_id == RecordRow.id, begins_with(word.word, term)))
    return query.distinct()


def _by_rarity(installation_id: int, kind: RecordKind, terms: list[str]) -> list[str]:
    if len(terms) == 1:
        return terms
    counts = [
        select(literal(place).label("place"), func.count().label("number")).select_from(
            select(Word.record_id).where(_has_word(installation_id, kind, term)).limit(_READ).subquery()
        )
        for place, term in enumerate(terms)
    ]
    numbers = {row.place: row.number for row in session().execute(union_all(*counts))}
    return sorted(terms, key=lambda term: numbers[terms.index(term)])


def _has_word(installation_id: int, kind: RecordKind, term: str) -> ColumnElement[bool]:
    return (Word.installation_id == installation_id) & (Word.kind == kind) & begins_with(Word.word, term)
