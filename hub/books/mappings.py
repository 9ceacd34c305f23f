"""Mappings of roles to records, such as accounts receivable → 1100 Accounts Receivable. They are resolved before a
plugin receives a document."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass
from functools import reduce

from sqlalchemy import select

from hub.books import description, links, search
from hub.database import session
from hub.errors import Incomplete
from hub.models import Installation, Mapping, RecordRow
from hub.plugin import Integration, MappingField, Problem, RecordKind, Ref, noun, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A dropdown of the Accounts tab, with its current choice. `candidates` are all accounts that fit; of another list,
    which may be long, the first records and the chosen one."""

    field: MappingField
    chosen: Ref | None
    candidates: tuple[RecordRow, ...]
    suggested: bool = False
    """`chosen` is a suggestion that is not saved yet."""

    @property
    def why_empty(self) -> str:
        if self.candidates:
            return ""
        if not self.field.accepts:
            return say("There is no active %(kind)s yet.", kind=noun(self.field.kind))
        first, *others = map(noun, self.field.accepts)
        kinds = reduce(lambda kinds, kind: say("%(kinds)s or %(kind)s", kinds=kinds, kind=kind), others, first)
        return say("There is no active %(kinds)s account yet.", kinds=kinds)


def find_mappings(installation_id: int) -> dict[str, Ref]:
    """Return the saved records, by role."""
    rows = session().scalars(select(Mapping).where(Mapping.installation_id == installation_id))
    return {row.role: row.ref for row in rows}


def list_choices(installation: Installation, integration: Integration) -> list[Choice]:
    """Return the dropdowns of the Accounts tab, with a suggestion where nothing is saved. Two queries."""
    saved, books = find_mappings(installation.id), description.known_books(installation)
    kinds = {field.kind for field in integration.mappings if field.kind is RecordKind.ACCOUNT}
    rows = session().scalars(
        select(RecordRow)
        .where(RecordRow.installation_id == installation.id, RecordRow.kind.in_(kinds), RecordRow.active)
        .order_by(RecordRow.number, RecordRow.name_key)
    )
    accounts = list(rows)
    return [
        _build_choice(field, saved.get(field.key), accounts, installation.id)
        for field in integration.mappings if books.tracks(field.kind)
    ]  # fmt: skip


def describe_choices(installation: Installation, integration: Integration, chosen: Map[str, str]) -> dict[str, str]:
    """Return the Accounts tab in words: the label of each role with the label of its record. One query."""
    books = description.known_books(installation)
    fields = [field for field in integration.mappings if books.tracks(field.kind)]
    rows = session().scalars(select(RecordRow).where(
        RecordRow.installation_id == installation.id, RecordRow.kind.in_({field.kind for field in fields}),
        RecordRow.record_id.in_({chosen.get(field.key, "") for field in fields}),
    ))  # fmt: skip
    found = {(row.kind, row.record_id): row.label for row in rows}
    return {say(field.label): found.get((field.kind, chosen.get(field.key, "")), "–") for field in fields}


def suggest_mappings(installation: Installation, integration: Integration) -> dict[str, str]:
    """Return the suggested record ids, by role, for roles without a saved one."""
    found = list_choices(installation, integration)
    return {one.field.key: one.chosen.id for one in found if one.suggested and one.chosen is not None}


def save_mappings(installation: Installation, integration: Integration, chosen: Map[str, str]) -> None:
    """Save the Accounts tab: record ids by role, empty for none. Raises `Incomplete` for records that do not fit their
    role."""
    problems = []
    for choice in list_choices(installation, integration):
        role, record_id = choice.field.key, chosen.get(choice.field.key)
        if record_id is None:
            continue
        row = _find_fitting(installation.id, choice.field, record_id)
        if record_id and row is None:
            problems.append(Problem(
                code="entry-not-accepted",
                what=say("%(role)s: this entry can’t be used here.", role=say(choice.field.label)),
                cure=say("Choose another one."), field=role,
            ))  # fmt: skip
            continue
        _store_mapping(installation.id, role, row)
    if problems:
        raise Incomplete(*problems)


def _find_fitting(installation_id: int, field: MappingField, record_id: str) -> RecordRow | None:
    """Return the record if it exists, is active, and fits the role."""
    row = links.find_record(installation_id, field.kind, record_id) if record_id else None
    fits = row is not None and row.active and (not field.accepts or row.account in field.accepts)
    return row if fits else None


def _store_mapping(installation_id: int, role: str, row: RecordRow | None) -> None:
    saved = session().get(Mapping, (installation_id, role))
    if row is None:
        if saved is not None:
            session().delete(saved)
    elif saved is None:
        session().add(Mapping(installation_id=installation_id, role=role, record_id=row.record_id, name=row.label))
    else:
        saved.record_id, saved.name = row.record_id, row.label


def _build_choice(field: MappingField, saved: Ref | None, accounts: list[RecordRow], installation_id: int) -> Choice:
    if field.kind is RecordKind.ACCOUNT:
        fitting = [row for row in accounts if not field.accepts or row.account in field.accepts]
        guess = _suggest_account(field, fitting) if saved is None else None
    else:
        fitting = list(search.search_records(installation_id, field.kind, "", limit=search.SHOWN + 1).rows)
        guess = _suggest_only_preferred(installation_id, field) if saved is None else None
        known = guess if saved is None else links.find_record(installation_id, field.kind, saved.id)
        fitting += [known] if known is not None and known not in fitting else []
    chosen = saved if guess is None else guess.ref
    return Choice(field=field, chosen=chosen, candidates=tuple(fitting), suggested=guess is not None)


def _suggest_account(field: MappingField, fitting: list[RecordRow]) -> RecordRow | None:
    """Return the account to suggest: the first of a preferred kind, else the first with one of the role's words in its
    name, else the only one that fits."""
    fitting = [row for row in fitting if not any(word in row.name.casefold() for word in field.avoids)]
    preferred = [row for row in fitting if row.detail in field.prefers]
    preferred += [row for row in fitting if any(word in row.name.casefold() for word in field.named)]
    return next(iter(preferred or (fitting if len(fitting) == 1 else [])), None)


def _suggest_only_preferred(installation_id: int, field: MappingField) -> RecordRow | None:
    """Return the record of a long list to suggest: the one that the integration prefers, if there is just one. With
    several, nothing tells which of them is meant."""
    preferred = session().scalars(
        select(RecordRow)
        .where(
            RecordRow.installation_id == installation_id, RecordRow.kind == field.kind, RecordRow.active,
            RecordRow.detail.in_(field.prefers),
        )
        .limit(2)
    ).all()  # fmt: skip
    return preferred[0] if len(preferred) == 1 else None
