"""What an order would become in the books, by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from hub.host import Order
from hub.models import Installation
from hub.orders.context import load_context
from hub.planning.choices import Choices
from hub.planning.plan import plan
from hub.planning.plans import Plan
from hub.plugin import CreditMemo, Invoice, NewItem, Payment, Problem, Sale

T = TypeVar("T")


@dataclass(frozen=True)
class Planned:
    """A plan, and the documents and records that are wanted in it."""

    plan: Plan

    @property
    def blockers(self) -> tuple[Problem, ...]:
        return self.plan.blockers

    @property
    def sale(self) -> Invoice | CreditMemo | None:
        found = [one for one in self.of_kind(Sale) if isinstance(one, Invoice | CreditMemo)]
        return found[0] if found else None

    @property
    def payments(self) -> list[Payment]:
        return self.of_kind(Payment)

    @property
    def new_items(self) -> list[NewItem]:
        return self.of_kind(NewItem)

    def of_kind(self, kind: type[T]) -> list[T]:
        return [step.subject for step in self.plan.steps if step.wanted and isinstance(step.subject, kind)]


def planned_order(installation: Installation, order: Order, choices: Choices) -> Planned:
    """Return the plan of an order, loaded and made now."""
    return Planned(plan(order, choices, load_context(installation, [(order, choices)])))
