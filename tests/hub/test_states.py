"""States change through their tables and in no other way."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import hub
from hub.database import Base, session
from hub.models import BatchRow, ConversationRow, Delivery, Installation
from hub.models.moves import update_state
from hub.states import (
    TABLES,
    BatchState,
    ConversationState,
    DeliveryState,
    IllegalMove,
    InstallationState,
    next_state,
    states_before,
)
from tests.support.deliveries import send

SOURCES = Path(hub.__file__).parent
MODELS: dict[type[Base], type[enum.StrEnum]] = {
    Installation: InstallationState, Delivery: DeliveryState, ConversationRow: ConversationState, BatchRow: BatchState,
}  # fmt: skip
MOVES = [(now, to) for states in TABLES for now in states for to in states]


def changes_of_state(tree: ast.AST) -> Iterator[int]:
    """Return the lines that set an attribute or a column `state`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="state", ctx=ast.Store(), lineno=line):
                yield line
            case ast.Call(func=ast.Attribute(attr="values"), keywords=given, lineno=line):
                if any(one.arg == "state" for one in given):
                    yield line


def test_only_the_models_and_update_state_set_a_state() -> None:
    found = {
        str(path.relative_to(SOURCES)): len(lines)
        for path in SOURCES.rglob("*.py")
        if (lines := list(changes_of_state(ast.parse(path.read_text()))))
    }
    assert found == {
        "models/installation.py": 1, "models/delivery.py": 1, "models/conversation.py": 2, "models/moves.py": 1,
    }  # fmt: skip


def test_a_state_that_is_set_elsewhere_is_found() -> None:
    wrong = "row.state, row.ended_at = FAILED, now()\nupdate(BatchRow).values(state=PARKED)\nrow.state is OPEN"
    assert sorted(changes_of_state(ast.parse(wrong))) == [1, 2]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_state_of_each_model_is_in_a_table(model: type[Base]) -> None:
    states = MODELS[model]
    assert set(TABLES[states]) == set(states)


@pytest.mark.parametrize(("now", "to"), MOVES, ids=str)
def test_both_forms_allow_the_same_moves(now: enum.StrEnum, to: enum.StrEnum) -> None:
    allowed = to in TABLES[type(now)][now]
    assert (now in states_before(to)) is allowed
    if allowed:
        assert next_state(now, to) is to
        return
    with pytest.raises(IllegalMove):
        next_state(now, to)


@pytest.mark.databases("sqlite", "postgresql")
def test_an_update_leaves_rows_alone_that_may_not_move(installation: Installation) -> None:
    deliveries = send(installation)
    deliveries[0].move(DeliveryState.STOPPED)
    session().commit()
    before = {one.id: one.state for one in session().scalars(select(Delivery))}
    session().execute(update_state(Delivery, DeliveryState.SENDING))
    session().commit()
    after = {one.id: one.state for one in session().scalars(select(Delivery))}
    assert set(before.values()) == {DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.STOPPED}
    assert after == {
        id_: state if state is DeliveryState.WAITING else DeliveryState.SENDING for id_, state in before.items()
    }
