"""What sending an order would bring into the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.planning.purchases import Purchase
from hub.plugin import CreditMemo, Invoice, NewCustomer, NewItem, Payment, Problem, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """New records first, then the documents of an order by their source.

    Nothing may be sent while there are problems.
    """

    customer: Ref
    new_customer: NewCustomer | None = None
    new_items: tuple[NewItem, ...] = ()
    sale: Invoice | CreditMemo | None = None
    payments: Mapping[str, Payment] = field(default_factory=dict)
    purchases: tuple[Purchase, ...] = ()
    problems: tuple[Problem, ...] = ()
