"""Names of new records that the books use already: for whom, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import select

from hub.database import session
from hub.models import Installation, RecordRow
from hub.plugin import (
    SUFFIX,
    TAKEN_NAMES,
    Fix,
    FixKind,
    Integration,
    NewCustomer,
    NewVendor,
    Problem,
    RecordKind,
    name_key,
    noun,
    say,
    suffixed,
)

Party = TypeVar("Party", NewCustomer, NewVendor)


def holders(installation: Installation, integration: Integration, names: Sequence[str]) -> dict[str, list[RecordRow]]:
    """Return who has some names, in the lists that share them, the inactive ones included. One query."""
    kinds, found = integration.capabilities.shared_names, dict[str, list[RecordRow]]()
    if not kinds or not names:
        return found
    rows = session().scalars(
        select(RecordRow).where(
            RecordRow.installation_id == installation.id,
            RecordRow.kind.in_(kinds),
            RecordRow.name_key.in_([name_key(name) for name in names]),
        )
    )
    for row in rows:
        found.setdefault(row.name_key, []).append(row)
    return found


def settled(
    record: Party, held: Mapping[str, Sequence[RecordRow]], options: Mapping[str, str], *, wanted_new: bool
) -> tuple[Party, list[Problem]]:
    """Return a new party under a name that is free as far as we know; or the problem that its name is taken.

    With the option to add a suffix it gets one. An active entry of its own kind is the one that is meant, unless a
    person asked for a new one (`wanted_new`).
    """
    there = _in_the_way(record, held, wanted_new=wanted_new)
    if there is None:
        return record, []
    other = suffixed(record.name, record.kind)
    if options.get(TAKEN_NAMES.key) == SUFFIX and _in_the_way(renamed := replace(record, name=other), held) is None:
        return renamed, []
    return record, [_problem(record, there)]


def _in_the_way(
    record: NewCustomer | NewVendor, held: Mapping[str, Sequence[RecordRow]], *, wanted_new: bool = False
) -> RecordRow | None:
    rows = held.get(name_key(record.name), ())
    own = next((row for row in rows if row.kind is record.kind), None)
    if own is not None and own.active:
        return own if wanted_new else None
    return own or next(iter(rows), None)


def _problem(record: NewCustomer | NewVendor, there: RecordRow) -> Problem:
    field, word, name = str(record.kind), noun(record.kind), there.name
    other = Fix.other_name(record.name, record.kind)
    if there.kind is not record.kind:
        taken = {"name": name, "kind": noun(there.kind), "word": word}
        return Problem(
            code="name-of-another-kind",
            what=say("In the books “%(name)s” is a %(kind)s, so no %(word)s can have that name.", **taken)
            if there.active
            else say("In the books “%(name)s” is an inactive %(kind)s, so no %(word)s can have that name.", **taken),
            why=say("Customers, vendors and employees share one list of names there."),
            cure=say("Choose another %(word)s, or enter it under another name.", word=word),
            field=field, fixes=(other,),
        )  # fmt: skip
    if not there.active:
        return Problem(
            code="name-inactive", what=say("The %(word)s “%(name)s” is inactive in the books.", word=word, name=name),
            why=say("Nothing can be posted for an inactive %(word)s, and no other one can have the name.", word=word),
            cure=say(
                "Make the %(word)s active again there, choose another one, or enter it under another name.", word=word
            ),
            field=field, fixes=(other,),
        )  # fmt: skip
    link = Fix(label=say("Use “%(name)s”", name=name), kind=FixKind.CUSTOMER, value=there.record_id)
    return Problem(
        code="name-taken", what=say("The books have a %(word)s “%(name)s” already.", word=word, name=name),
        why=say("No two entries can have the same name."),
        cure=say("Use the one that is there, or enter a new one under another name."), field=field,
        fixes=(link, other) if record.kind is RecordKind.CUSTOMER else (other,),
    )  # fmt: skip
