"""What a person answered to a problem: another date, another number, the existing entry instead of a new one.

An answer is kept in the choices of an order under its key: `date` for all its documents, else `<about>:<answer>`, where
`about` is "invoice", "bill/<vendor>", "customer", "vendor/<vendor>" or "item/<name>". So it is found again when the
order is sent once more, and put into the documents whenever these are built.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from hub.models import Delivery
from hub.plugin import FixKind, Payment, Problem, RecordKind, Ref, noun, say
from hub.serialization import Subject

S = TypeVar("S", bound=Subject)

LABELS = {
    FixKind.DATE: say("Post on"), FixKind.NUMBER: say("Number"), FixKind.NAME: say("Name in the books"),
    FixKind.SAME_AS: say("Link to what is in the books already"),
    FixKind.REPEATS: say("Use the number although it is taken"),
}  # fmt: skip
TICKED = frozenset({FixKind.SAME_AS, FixKind.REPEATS})
"""Answers that are a yes or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer, as the dialog shows it again so that it can be changed or taken back."""

    key: str
    kind: FixKind
    about: str
    label: str
    value: str


def key(about: str, answer: str) -> str:
    """Under which key an answer is kept."""
    return answer if answer in {FixKind.DATE, FixKind.CUSTOMER} or not about else f"{about}:{answer}"


def about(delivery: Delivery) -> str:
    """Return what of its order a delivery is, as the keys of answers name it."""
    vendor = delivery.source.partition("/vendor/")[2]
    return f"{delivery.kind}/{vendor}" if vendor else delivery.kind


def of(delivery: Delivery, answer: FixKind) -> str:
    """Return what was answered about a delivery, empty if nothing was."""
    what = about(delivery) if delivery.order_id else ""
    return str(delivery.choices.get("answers", {}).get(key(what, answer), ""))


def latest(answers: Mapping[str, str], live: Iterable[Delivery]) -> dict[str, str]:
    """Return the answers of an order's last sending; what is about one of its documents, as it was answered about that.
    """
    found = dict(answers)
    for delivery in live:
        own = f"{about(delivery)}:"
        found = {name: value for name, value in found.items() if not name.startswith(own)}
        found |= {name: value for name, value in delivery.choices.get("answers", {}).items() if name.startswith(own)}
    return found


def put(subject: S, about: str, answers: Mapping[str, str]) -> S:
    """Return the subject as it is with what was answered about it. What cannot be understood is left out."""
    own = {answer: answers.get(key(about, answer), "").strip() for answer in FixKind}
    if subject.kind in set(RecordKind):
        values: dict[str, Any] = {"name": own[FixKind.NAME]} if own[FixKind.NAME] else {}
        return replace(subject, **values)
    values = {}
    if (day := _day(own[FixKind.DATE])) and day > subject.date:  # type: ignore[union-attr]  # A document has one.
        values["date"] = day
    if not isinstance(subject, Payment):
        if own[FixKind.NUMBER]:
            values["number"] = own[FixKind.NUMBER]
        if own[FixKind.SAME_AS]:
            values["same_as"] = Ref(id=own[FixKind.SAME_AS])
        values["repeats_number"] = bool(own[FixKind.REPEATS])
    return replace(subject, **values)


def mark(problems: Iterable[Problem], about: str) -> list[Problem]:
    """Return the problems of a subject, marked with what they are about."""
    return [replace(problem, about=about) for problem in problems]


def take(answers: Mapping[str, str], taken: str) -> dict[str, str]:
    """Return the answers, with the offer that a person pressed: its key, an equals sign and the value."""
    name, _, value = taken.partition("=")
    return {**answers, name: value} if name else dict(answers)


def given(answers: Mapping[str, str]) -> list[Given]:
    """Return what was answered so far, apart from the date and the customer, which have places of their own."""
    found = []
    for name, value in answers.items():
        of, _, answer = name.rpartition(":")
        if value and answer in LABELS and answer != FixKind.DATE:
            label = LABELS[FixKind(answer)]
            label = say("%(label)s (%(of)s)", label=label, of=noun(of.partition("/")[0])) if of else label
            found.append(Given(key=name, kind=FixKind(answer), about=of, label=label, value=value))
    return found


def amount(text: str) -> Decimal | None:
    """Return an amount that was answered. What is none is nothing."""
    return Decimal(text) if re.fullmatch(r"\d{1,15}\.\d\d", text) else None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
