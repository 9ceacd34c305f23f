"""Names of new records that the books use already: for whom, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from hub.planning.context import KnownRecord, PlanningContext
from hub.plugin import (
    SUFFIX,
    TAKEN_NAMES,
    Fix,
    FixKind,
    NewCustomer,
    NewVendor,
    Problem,
    RecordKind,
    StandardProblems,
    name_key,
    noun,
    say,
    suffixed,
)

Party: TypeAlias = NewCustomer | NewVendor


def find_free_name(record: Party, context: PlanningContext, *, is_wanted: bool) -> tuple[Party, tuple[Problem, ...]]:
    """Return a new party under a name that is free as far as we know; or the problem that its name is taken.

    With the option to add a suffix it gets one. An active entry of its own kind is the one that is meant, unless a
    person asked for a new one (`is_wanted`).
    """
    there = _in_the_way(record, context.names, is_wanted=is_wanted)
    if there is None:
        return record, ()
    renamed = replace(record, name=suffixed(record.name, record.kind))
    if TAKEN_NAMES.value_in(context.options) == SUFFIX and _in_the_way(renamed, context.names) is None:
        return renamed, ()
    return record, (_problem(record, there, context.product),)


def _in_the_way(
    record: Party, names: Mapping[str, Sequence[KnownRecord]], *, is_wanted: bool = False
) -> KnownRecord | None:
    rows = names.get(name_key(record.name), ())
    own = next((row for row in rows if row.kind is record.kind), None)
    if own is not None and own.active:
        return own if is_wanted else None
    return own or next(iter(rows), None)


def _problem(record: Party, there: KnownRecord, product: str) -> Problem:
    standard, kind, name = StandardProblems(product=product), str(record.kind), there.ref.name
    if there.kind is not record.kind:
        holder = say("a %(kind)s", kind=noun(there.kind))
        if not there.active:
            holder = say("an inactive %(kind)s", kind=noun(there.kind))
        return standard.name_of_another_kind(record.name, kind, holder)
    if not there.active:
        return standard.name_inactive(record.name, kind)
    other = Fix.other_name(record.name, kind)
    link = Fix(label=say("Use “%(name)s”", name=name), kind=FixKind.CUSTOMER, value=there.ref.id)
    return Problem(
        code="name-taken",
        what=say("%(product)s has a %(kind)s “%(name)s” already.", product=product, kind=noun(kind), name=name),
        why=say("No two entries can have the same name."),
        cure=say("Use the one that is there, or enter a new one under another name."), field=kind,
        fixes=(link, other) if record.kind is RecordKind.CUSTOMER else (other,),
    )  # fmt: skip
