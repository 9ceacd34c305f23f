"""State changes of many rows, or of one in a single round trip."""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy import Update, update

from hub.database import Base
from hub.states import states_before


def update_state(model: type[Base], to: enum.StrEnum) -> Update:
    """Return an UPDATE of a model's table that moves rows to a state, guarded by the state table.

    Rows in a state from which `to` is not allowed are left alone. The caller adds conditions and further values, and
    counts the rows or uses RETURNING where it must know which rows moved.
    """
    table: Any = model.__table__
    before = sorted(states_before(to))
    return update(table).where(table.c.state.in_(before)).values(state=to)
