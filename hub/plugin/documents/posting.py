"""A document as it stands in the books."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A document as it stands in the books after delivery: their `id`, and the `number` and `total` that they echo.

    The hub compares `number`, `total` and `tax` with what was sent and shows a difference with both figures; `tax` is
    None where the books do not tell it.
    `version` is what a later update must quote (QuickBooks' SyncToken or EditSequence), if anything. `lines` are the
    ids of its lines in their order, where another document may refer to them.
    """

    id: str
    number: str
    total: Decimal
    tax: Decimal | None = None
    version: str = ""
    lines: tuple[str, ...] = ()
