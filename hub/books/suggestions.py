"""Suggestions for links: the customer or vendor with the same name, email or phone as a company."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from hub import scope
from hub.books import links
from hub.database import session
from hub.extension import host
from hub.host import Company, CompanyQuery, Page
from hub.models import Installation, Link, RecordRow
from hub.models.books import email_key, phone_key
from hub.plugin import RecordKind, Sentence, name_key, say

PER_PAGE = 50
_LOOKED = 200  # Companies that are asked for at once while unlinked ones are looked for,
_LOOKS = 5  # and how often in one request.


class MatchedBy(enum.StrEnum):
    """A way in which a company and a record are the same."""

    NAME = "name"
    EMAIL = "e-mail"
    PHONE = "phone"


SAME = {MatchedBy.NAME: say("same name"), MatchedBy.EMAIL: say("same email"), MatchedBy.PHONE: say("same phone")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The only record that matches a company in these `ways`, and that is not linked to another company."""

    record: RecordRow
    ways: tuple[MatchedBy, ...]

    @property
    def same(self) -> list[Sentence]:
        """The ways in which they match, in words."""
        return [SAME[way] for way in self.ways]

    @property
    def exact(self) -> bool:
        """True if it may be accepted together with others, without being looked at."""
        return MatchedBy.NAME in self.ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A company of the host, with its link or the suggestion for one."""

    company: Company
    link: Link | None = None
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyFilter:
    """The filter of the Customers tab. `after` is the id of the last company on the page before."""

    kind: RecordKind = RecordKind.CUSTOMER
    text: str = ""
    unlinked: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The progress of accepting all exact matches: `looked` companies were checked and `linked` of them linked. `after`
    is where to continue, empty at the end; `total` is the number of companies, if the host gives it."""

    linked: int
    looked: int
    after: str
    total: int | None


def list_pairs(installation: Installation, wanted: CompanyFilter) -> tuple[list[Pair], str]:
    """Return the next 50 companies with their links or suggestions, and the id after which to continue, empty at the
    end.

    For unlinked companies only, a thousand companies are searched at most, so that there may be fewer than 50, even
    none, and more to come. The number of queries is limited.
    """
    companies: list[Company] = []
    after = wanted.after
    for look in range(_LOOKS):
        found = _ask_host(installation, wanted, after, _LOOKED if look else PER_PAGE)
        ids = [(wanted.kind, one.id) for one in found.rows] if wanted.unlinked else []
        linked = links.find_linked_refs(installation.id, ids) if ids else {}
        for company in found.rows:
            after = company.id
            if (wanted.kind, company.id) not in linked:
                companies.append(company)
            if len(companies) == PER_PAGE:
                last = company is found.rows[-1] and not found.more
                return pair_companies(installation.id, wanted.kind, companies), "" if last else after
        if not found.more:
            return pair_companies(installation.id, wanted.kind, companies), ""
    return pair_companies(installation.id, wanted.kind, companies), after


def accept_all(installation_id: int, wanted: CompanyFilter, by: str) -> Accepted:
    """Link the next companies to the records with exactly their names. Call it again with `after` until that is empty.
    Companies that share a name are left to the user."""
    installation = scope.lock_installation(installation_id)
    found = _ask_host(installation, wanted, wanted.after, _LOOKED)
    names = [name_key(one.name) for one in found.rows]
    exact = [
        (pair.company, pair.suggestion.record)
        for pair in pair_companies(installation_id, wanted.kind, found.rows)
        if pair.suggestion and pair.suggestion.exact and names.count(name_key(pair.company.name)) == 1
    ]
    links.link_companies(installation_id, {(wanted.kind, company.id): record.ref for company, record in exact}, by)
    after = found.rows[-1].id if found.more else ""
    return Accepted(linked=len(exact), looked=len(found.rows), after=after, total=found.total)


def pair_companies(installation_id: int, kind: RecordKind, companies: Sequence[Company]) -> list[Pair]:
    """Return companies with their links, or with suggestions for those that are not linked. Four queries."""
    linked = links.find_links(installation_id, [(kind, one.id) for one in companies])
    free = [one for one in companies if (kind, one.id) not in linked]
    found = _find_suggestions(installation_id, kind, free) if free else {}
    return [
        Pair(company=one, link=linked.get((kind, one.id)), suggestion=found.get(one.id)) for one in companies
    ]  # fmt: skip


def _ask_host(installation: Installation, wanted: CompanyFilter, after: str, limit: int) -> Page[Company]:
    query = CompanyQuery(text=wanted.text, vendors=wanted.kind is RecordKind.VENDOR, after=after, limit=limit)
    return host().companies(installation.organization_id, query)


def _match_keys(company: Company) -> dict[MatchedBy, str]:
    keys = {
        MatchedBy.NAME: name_key(company.name), MatchedBy.EMAIL: email_key(company.email),
        MatchedBy.PHONE: phone_key(company.phone),
    }  # fmt: skip
    return {way: key for way, key in keys.items() if key}


def _find_suggestions(installation_id: int, kind: RecordKind, companies: Iterable[Company]) -> dict[str, Suggestion]:
    """Return suggestions by company id. A name, email or phone that several records share suggests none of them."""
    wanted = {one.id: _match_keys(one) for one in companies}
    queries = [
        _find_only_matches(installation_id, kind, way, column, {keys[way] for keys in wanted.values() if way in keys})
        for way, column in (
            (MatchedBy.NAME, RecordRow.name_key), (MatchedBy.EMAIL, RecordRow.email_key),
            (MatchedBy.PHONE, RecordRow.phone_key),
        )
    ]  # fmt: skip
    ids = {(MatchedBy(row.way), row.key): row.id for row in session().execute(union_all(*queries))}
    rows = {row.id: row for row in session().scalars(select(RecordRow).where(RecordRow.id.in_(set(ids.values()))))}
    linked_ids = links.find_linked_ids(installation_id, kind, [row.record_id for row in rows.values()])
    free = {way_key: rows[found] for way_key, found in ids.items() if rows[found].record_id not in linked_ids}
    return {company_id: found for company_id, keys in wanted.items() if (found := _best_suggestion(keys, free))}


def _find_only_matches(
    installation_id: int, kind: RecordKind, way: MatchedBy, column: InstrumentedAttribute[str], keys: Iterable[str]
) -> Select[str, str, int]:
    """Return a query for the active record of each key that exactly one record has."""
    return (
        select(literal(str(way)).label("way"), column.label("key"), func.min(RecordRow.id).label("id"))
        .where(
            RecordRow.installation_id == installation_id, RecordRow.kind == kind, column.in_(sorted(keys)),
            RecordRow.active.is_(True),
        )
        .group_by(column)
        .having(func.count() == 1)
    )  # fmt: skip


def _best_suggestion(
    keys: Mapping[MatchedBy, str], free: Mapping[tuple[MatchedBy, str], RecordRow]
) -> Suggestion | None:
    """Return the best match: by name before by email before by phone."""
    found = {way: free[way, key] for way, key in keys.items() if (way, key) in free}
    for record in found.values():
        return Suggestion(record=record, ways=tuple(way for way, one in found.items() if one is record))
    return None
