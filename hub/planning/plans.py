"""A plan: what an order would become in the books, step by step."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from hub.host import Order
from hub.planning.choices import Choices
from hub.planning.context import Existing, Key
from hub.planning.differences import Difference
from hub.plugin import Problem, RecordKind, Ref, Subject, Transaction, document_kinds


class Action(enum.StrEnum):
    """The action of a step."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"  # It is gone there, or another customer or vendor is to be created.
    VOID = "void"
    LINK = "link"  # A person says that it is there already: nothing is sent.
    CANCEL = "cancel"  # It waits, and nothing needs it any more.
    NOTHING = "nothing"  # It is there or on its way, or a person puts it right by hand.


WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.RECREATE, Action.VOID, Action.LINK})


class ByHand(enum.StrEnum):
    """An action that only a person can take, in the books."""

    CHANGE = "change"
    DELETE = "delete"
    CONFIRM_DELETED = "confirm_deleted"  # Delete it; we cannot see there whether it is done, so the person says so.


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One document or record of a plan.

    `about` names it within the order, as choices and fixes do. With `wanted` it is chosen, or needed by a chosen step;
    otherwise it is only offered and not written. With `asked` a person asked for the document, though it may be in the
    books already. With `needs_tick` it is wanted only if `about` is among the chosen updates. `subject` is None if it
    cannot be built, or need not be. `needs` are the keys that must be in the books first. `changes` are differences
    from what was posted, `meanwhile` says what a person changed in the books.
    """

    key: Key
    about: str
    title: str
    action: Action
    wanted: bool
    asked: bool = False
    needs_tick: bool = False
    subject: Subject | None = None
    needs: tuple[Key, ...] = ()
    existing: Existing | None = None
    changes: tuple[Difference, ...] = ()
    by_hand: ByHand | None = None
    meanwhile: str = ""
    there: Transaction | None = None
    stays: Ref | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def kind(self) -> str:
        return self.key[1]

    @property
    def source(self) -> str:
        return self.key[0]

    @property
    def is_document(self) -> bool:
        return self.kind in document_kinds()

    @property
    def will_write(self) -> bool:
        return self.wanted and self.action in WRITES

    def frees_only(self, written: Set[int]) -> bool:
        """Return True if it cancels what nothing but these deliveries waits for."""
        return self.action is Action.CANCEL and self.existing is not None and self.existing.needed_by <= written

    @property
    def is_difference(self) -> bool:
        """True if the books differ from the order, so that a person should know."""
        if self.existing is None or not self.existing.is_posted:
            return False
        return bool(self.by_hand or self.changes or self.action in {Action.RECREATE, Action.VOID})

    @property
    def way(self) -> Action | ByHand:
        """The action that removes the difference."""
        return self.by_hand or self.action


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of an order. `choices` are completed with suggestions. `links` are the records of its companies, by kind
    and company. `problems` are those of the order as a whole."""

    order: Order
    choices: Choices
    steps: tuple[Step, ...]
    links: Mapping[tuple[RecordKind, str], Ref]
    problems: tuple[Problem, ...] = ()

    @property
    def blockers(self) -> tuple[Problem, ...]:
        """The problems of the order and of the steps that would be written, each cause once."""
        own = (problem for step in self.steps if step.will_write for problem in step.problems)
        return tuple(dict.fromkeys([*own, *self.problems]))

    @property
    def differences(self) -> tuple[Step, ...]:
        """The steps that differ from the books: documents first, then the customer."""
        found = (step for step in self.steps if step.is_difference)
        return tuple(sorted(found, key=lambda step: not step.is_document))

    @property
    def documents(self) -> tuple[Step, ...]:
        """The steps of the documents that a person asked for, whether they would be written or exist already."""
        return tuple(step for step in self.steps if step.asked)

    def step(self, key: Key) -> Step | None:
        """Return the step of a key."""
        return next((step for step in self.steps if step.key == key), None)

    def only(self, keys: Iterable[Key]) -> Plan:
        """Return the plan of these documents or records alone, with the records that they need."""
        kept = set(keys)
        kept |= {need for step in self.steps if step.key in kept for need in step.needs if need[1] in set(RecordKind)}
        written = {step.existing.id for step in self.steps if step.key in kept and step.existing is not None}
        return replace(self, steps=tuple(
            step if step.key in kept or step.frees_only(written) else replace(step, wanted=False) for step in self.steps
        ))  # fmt: skip
