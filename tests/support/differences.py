"""What the books have otherwise than an order."""

from __future__ import annotations

from hub.host import Order
from hub.models import Installation
from hub.orders.context import load_context
from hub.planning.choices import Choices
from hub.planning.plan import plan
from hub.planning.plans import Step


def find_differences(installation: Installation, order: Order, choices: Choices) -> list[Step]:
    """Return the steps of an order's plan that a person is told as differences."""
    return list(plan(order, choices, load_context(installation, [(order, choices)])).differences)
