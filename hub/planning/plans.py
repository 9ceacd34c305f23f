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
    """What a step does in the books."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"  # It is gone there, or another customer or vendor is to be created.
    VOID = "void"
    LINK = "link"  # A person says that it is there already: nothing is sent.
    CANCEL = "cancel"  # It waits, and nothing needs it any more.
    NOTHING = "nothing"  # It is there or on its way, or a person puts it right by hand.


WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.RECREATE, Action.VOID, Action.LINK})


class ByHand(enum.StrEnum):
    """What only a person can do in the books."""

    CHANGE = "change"
    DELETE = "delete"
    CONFIRM_DELETED = "confirm_deleted"  # Delete it; we cannot see there whether it is done, so the person says so.


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One document or record of a plan.

    `about` is what of the order it is, as choices and fixes name it. With `wanted` it is chosen or implied by what is;
    otherwise it is offered only, and nobody writes it. `asked` says that a person asked for the document, though it may
    be there already; `needs_tick` that it is wanted only if `about` is among the updates that were chosen. `subject` is
    None if it cannot be built, or need not be. `needs` are keys of what must be in the books first. `changes` is what
    differs from what was posted, `meanwhile` what somebody did to it there. `there` is what it is linked to.
    Beside an entry that `stays` another one is created, and what waited for that goes to it.
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
        """Whether the books have it otherwise than the order, so that a person should know."""
        if self.existing is None or not self.existing.is_posted:
            return False
        return bool(self.by_hand or self.changes or self.action in {Action.RECREATE, Action.VOID})

    @property
    def way(self) -> Action | ByHand:
        """How a difference is put right."""
        return self.by_hand or self.action


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an order would become. `choices` are completed with what was suggested, `links` is who its companies are
    in the books, by kind and company. `problems` are those of the order as a whole."""

    order: Order
    choices: Choices
    steps: tuple[Step, ...]
    links: Mapping[tuple[RecordKind, str], Ref]
    problems: tuple[Problem, ...] = ()

    @property
    def blockers(self) -> tuple[Problem, ...]:
        """The problems of the order and of what would be written, each cause once."""
        own = (problem for step in self.steps if step.will_write for problem in step.problems)
        return tuple(dict.fromkeys([*own, *self.problems]))

    @property
    def differences(self) -> tuple[Step, ...]:
        """What the books have otherwise than the order: documents first, then the customer."""
        found = (step for step in self.steps if step.is_difference)
        return tuple(sorted(found, key=lambda step: not step.is_document))

    @property
    def documents(self) -> tuple[Step, ...]:
        """The steps of the documents that a person asked for, whether they would be written or are there."""
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
