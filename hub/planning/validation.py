"""What stands in the way of a draft before anything is sent, and what a person has answered to it already."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from hub.host import Order
from hub.planning import answers, names
from hub.planning.choices import Choices
from hub.planning.context import Gathered
from hub.planning.drafts import Draft
from hub.plugin import Problem
from hub.serialization import Subject

Review: TypeAlias = Callable[[Subject], Sequence[Problem]]
"""`Integration.validate` with the options and the books."""


def answered(
    outline: Draft, known: Gathered, choices: Choices, options: Mapping[str, str]
) -> tuple[Draft, list[Problem]]:
    """Return the draft with what the person answered put into it, and the names in it that the books use already."""
    given, problems = choices.answers, list[Problem]()
    customer = outline.new_customer
    if customer is not None:
        customer = answers.put(customer, "customer", given)
    purchases = [
        replace(
            one,
            new_vendor=one.new_vendor and answers.put(one.new_vendor, f"vendor/{one.vendor.id}", given),
            order=one.order and answers.put(one.order, f"purchase_order/{one.vendor.id}", given),
            bill=one.bill and answers.put(one.bill, f"bill/{one.vendor.id}", given),
        )
        for one in outline.purchases
    ]
    held = known.held
    if customer is not None:
        customer, found = names.settled(customer, held, options, wanted_new=choices.customer == "new")
        problems += answers.mark(found, "customer")
    for place, one in enumerate(purchases):
        if one.new_vendor is not None:
            vendor, found = names.settled(
                one.new_vendor, held, options, wanted_new=choices.vendors.get(one.vendor.id) == "new"
            )
            purchases[place] = replace(one, new_vendor=vendor)
            problems += answers.mark(found, f"vendor/{one.vendor.id}")
    return replace(
        outline, new_customer=customer, purchases=tuple(purchases),
        sale=outline.sale and answers.put(outline.sale, outline.sale.kind, given),
        payments={name: answers.put(one, "payment", given) for name, one in outline.payments.items()},
    ), problems  # fmt: skip


def reviewed(
    outline: Draft, known: Gathered, order: Order, updates: Collection[str], review: Review
) -> list[Problem]:
    """Return what these books would refuse of a draft. What is in them already, and is not to be changed, is not looked
    at: its period may have been closed since."""
    settled = known.settled.get(order.id, frozenset())
    problems = []
    for source, about, subject in parts(outline, order):
        if (source, subject.kind) not in settled or about in updates:
            problems += answers.mark(review(subject), about)
    return problems


def parts(outline: Draft, order: Order) -> Iterator[tuple[str, str, Subject]]:
    """Return each part of a draft with the source of its delivery and what answers about it are kept under."""
    if outline.new_customer is not None:
        yield f"company/{order.company.id}", "customer", outline.new_customer
    for item in outline.new_items:
        yield "", "item", item
    if outline.sale is not None:
        yield f"order/{order.id}", outline.sale.kind, outline.sale
    for name, payment in outline.payments.items():
        yield f"order/{order.id}/payment/{name}", "payment", payment
    for one in outline.purchases:
        source, vendor = f"order/{order.id}/vendor/{one.vendor.id}", one.vendor.id
        for subject in (one.new_vendor, one.order, one.bill):
            if subject is not None:
                yield source, f"{subject.kind}/{vendor}", subject
