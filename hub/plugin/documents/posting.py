"""The posting of a document."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hub.plugin.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A document in the books after delivery: its `id` there, and the `number` and `total` that the ledger returned.

    The hub compares `number`, `total` and `tax` with what was sent and shows a difference with both figures; `tax` is
    None where the ledger does not return it. `version` is what a later update must quote (QuickBooks' SyncToken or
    EditSequence), if anything. `lines` are the ids of its lines in their order, where another document may refer to
    them. `differences` are what else the ledger did otherwise, such as a link that it left out; they are shown beside
    the posted document.
    """

    id: str
    number: str
    total: Decimal
    tax: Decimal | None = None
    version: str = ""
    lines: tuple[str, ...] = ()
    differences: tuple[Problem, ...] = ()
