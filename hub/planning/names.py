"""Names of new records that the books use already: for whom, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from hub.planning.context import KnownRecord
from hub.plugin import (
    SUFFIX,
    TAKEN_NAMES,
    Fix,
    FixKind,
    NewCustomer,
    NewVendor,
    Problem,
    RecordKind,
    name_key,
    noun,
    say,
    suffixed,
)

Party: TypeAlias = NewCustomer | NewVendor


def find_free_name(
    record: Party, names: Mapping[str, Sequence[KnownRecord]], options: Mapping[str, str], *, is_wanted: bool
) -> tuple[Party, tuple[Problem, ...]]:
    """Return a new party under a name that is free as far as we know; or the problem that its name is taken.

    With the option to add a suffix it gets one. An active entry of its own kind is the one that is meant, unless a
    person asked for a new one (`is_wanted`).
    """
    there = _in_the_way(record, names, is_wanted=is_wanted)
    if there is None:
        return record, ()
    renamed = replace(record, name=suffixed(record.name, record.kind))
    if options.get(TAKEN_NAMES.key) == SUFFIX and _in_the_way(renamed, names) is None:
        return renamed, ()
    return record, (_problem(record, there),)


def _in_the_way(
    record: Party, names: Mapping[str, Sequence[KnownRecord]], *, is_wanted: bool = False
) -> KnownRecord | None:
    rows = names.get(name_key(record.name), ())
    own = next((row for row in rows if row.kind is record.kind), None)
    if own is not None and own.active:
        return own if is_wanted else None
    return own or next(iter(rows), None)


def _problem(record: Party, there: KnownRecord) -> Problem:
    field, word, name = str(record.kind), noun(record.kind), there.ref.name
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
    link = Fix(label=say("Use “%(name)s”", name=name), kind=FixKind.CUSTOMER, value=there.ref.id)
    return Problem(
        code="name-taken", what=say("The books have a %(word)s “%(name)s” already.", word=word, name=name),
        why=say("No two entries can have the same name."),
        cure=say("Use the one that is there, or enter a new one under another name."), field=field,
        fixes=(link, other) if record.kind is RecordKind.CUSTOMER else (other,),
    )  # fmt: skip
