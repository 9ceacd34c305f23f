"""Names of new records that are taken in the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from hub.plugin.batches import Conversation
from hub.plugin.capabilities import SUFFIX, TAKEN_NAMES
from hub.plugin.problems import FixKind, Rejected

R = TypeVar("R")


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
