"""Steps of a conversation that creates a record whose name may be taken in the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from hub.plugin.batches import Conversation
from hub.plugin.capabilities import SUFFIX, TAKEN_NAMES
from hub.plugin.problems import FixKind, Problem, Rejected

R = TypeVar("R")


def create_or_find(
    create: Conversation[R], taken: str, find: Callable[[Problem], Conversation[R | None]]
) -> Conversation[R]:
    """Return what `create` returns; if it raises `Rejected` because its name is taken, what `find` returns.

    `taken` is the ledger's code for that, and `find` is given its problem. If it finds nothing, the refusal is raised.
    """
    try:
        return (yield from create)
    except Rejected as refusal:
        problem = next((one for one in refusal.problems if one.code == taken), None)
        found = (yield from find(problem)) if problem is not None else None
        if found is None:
            raise
    return found


def create_under_free_name(
    name: str, options: Mapping[str, str], create: Callable[[str], Conversation[R]]
) -> Conversation[R]:
    """Return what `create` returns for a name. If it raises `Rejected` with another name as a fix (`FixKind.NAME`), and
    the option `TAKEN_NAMES` is to add a suffix, return what it returns for that other name."""
    try:
        return (yield from create(name))
    except Rejected as refusal:
        fixes = [fix for problem in refusal.problems for fix in problem.fixes]
        other = next((fix.value for fix in fixes if fix.kind is FixKind.NAME), "")
        if not other or TAKEN_NAMES.value_in(options) != SUFFIX:
            raise
    return (yield from create(other))
