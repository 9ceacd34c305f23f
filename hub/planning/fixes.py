"""The fixes that a person took: another date, another number, the existing entry instead of a new one.

A fix is kept in the choices of an order under its key: `date` for all its documents, else `<about>:<fix>`, where
`about` is "invoice", "bill/<vendor>", "payment/<id>", "customer", "vendor/<vendor>" or "item/<name key>". So it is
found again when the order is sent once more, and is put into the documents whenever these are built.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from hub.planning.choices import Choices
from hub.plugin import FixKind, Payment, Problem, RecordKind, Ref, Subject, name_key, noun, say, without_fields

S = TypeVar("S", bound=Subject)

LABELS = {
    FixKind.DATE: say("Post on"), FixKind.NUMBER: say("Number"), FixKind.NAME: say("Name in the books"),
    FixKind.SAME_AS: say("Link to what is in the books already"),
    FixKind.REPEATS: say("Use the number although it is taken"), FixKind.LEAVES_OUT: say("Leave out"),
    FixKind.ANEW: say("It is not there: send it"),
}  # fmt: skip

CONSENTS = frozenset({FixKind.REPEATS, FixKind.OVERWRITES, FixKind.ANEW, FixKind.LEAVES_OUT})
"""Fixes that stay with a delivery for every later write of its document."""


_OPPOSED: Mapping[str, Iterable[FixKind]] = {
    FixKind.SAME_AS: (FixKind.ANEW,), FixKind.ANEW: (FixKind.SAME_AS,), FixKind.NUMBER: (FixKind.SAME_AS,),
    FixKind.REPEATS: (FixKind.SAME_AS,),
}  # fmt: skip
"""Whoever takes a fix takes back what was said against it: a document is one that is there, or another one."""

_PARTS = ("/vendor/", "/payment/")
"""The part of a source between the order and its vendor or payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A fix that was chosen, as the dialog shows it again so that it can be changed or removed."""

    key: str
    kind: FixKind
    about: str
    label: str
    value: str


def key(about: str, fix: str) -> str:
    """Return the key under which a fix is kept."""
    return fix if fix in {FixKind.DATE, FixKind.CUSTOMER} or not about else f"{about}:{fix}"


def about_delivery(source: str, kind: str) -> str:
    """Return what of its order a delivery is, as the keys of fixes name it. `source` and `kind` identify it."""
    place, _, name = source.partition("/")
    if place == "company":
        return kind if kind == RecordKind.CUSTOMER else f"{kind}/{name}"
    if place == "item":
        return f"{kind}/{name}"
    part = next((found for mark in _PARTS if (found := source.partition(mark)[2])), "")
    return f"{kind}/{part}" if part else kind


def about_item(name: str) -> str:
    """Return what of an order a new item of this name is."""
    return f"{RecordKind.ITEM}/{name_key(name)}"


def apply_fix(choices: Choices, about: str, fix: str, value: str) -> Choices:
    """Return the choices after a person took a fix of a problem. The dialog and Retry do the same."""
    if fix == FixKind.CUSTOMER:
        return replace(choices, customer=value)
    if fix == FixKind.LEAVES_OUT:
        said = choices.answers.get(key(about, fix), "")
        value = ",".join(sorted({*said.split(","), value} - {""}))
    opposed = {key(about, one) for one in _OPPOSED.get(fix, ())}
    kept = {name: said for name, said in choices.answers.items() if name not in opposed}
    return replace(choices, answers={**kept, key(about, fix): value})


def apply_pressed(choices: Choices, pressed: str) -> Choices:
    """Return the choices after a button of the dialog was pressed, which says a key, an equals sign and the value."""
    name, _, value = pressed.partition("=")
    about, _, fix = name.rpartition(":")
    return apply_fix(choices, about, fix, value) if name else choices


def latest(answers: Mapping[str, str], live: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Return the fixes of an order's last sending. Fixes of one of its documents are those stored with that document.

    `live` are the deliveries of the order, each as its `about` and its stored fixes.
    """
    found = dict(answers)
    for about, own in live:
        prefix = f"{about}:"
        found = {name: value for name, value in found.items() if not name.startswith(prefix)}
        found |= {name: value for name, value in own.items() if name.startswith(prefix)}
    return found


def put(subject: S, about: str, answers: Mapping[str, str]) -> S:
    """Return the subject with the fixes that are about it. What cannot be understood is left out."""
    own = {fix: answers.get(key(about, fix), "").strip() for fix in FixKind}
    if subject.kind in set(RecordKind):
        values = without_fields(subject, own[FixKind.LEAVES_OUT])
        if own[FixKind.NAME]:
            values["name"] = own[FixKind.NAME]
        return replace(subject, **values)
    values = without_fields(subject, own[FixKind.LEAVES_OUT])
    if (day := _day(own[FixKind.DATE])) and day > subject.date:  # type: ignore[union-attr]  # A document has one.
        values["date"] = day
    if not isinstance(subject, Payment):
        if own[FixKind.NUMBER]:
            values["number"] = own[FixKind.NUMBER]
        if own[FixKind.SAME_AS]:
            values["same_as"] = Ref(id=own[FixKind.SAME_AS])
        values["repeats_number"] = bool(own[FixKind.REPEATS])
    return replace(subject, **values)


def mark(problems: Iterable[Problem], about: str) -> tuple[Problem, ...]:
    """Return the problems of a subject, marked with what they are about."""
    return tuple(replace(problem, about=about) for problem in problems)


def given(answers: Mapping[str, str]) -> list[Given]:
    """Return the chosen fixes, except those of the date and the customer, which have fields of their own."""
    found = []
    for name, value in answers.items():
        of, _, fix = name.rpartition(":")
        if value and fix in LABELS and fix != FixKind.DATE:
            label = LABELS[FixKind(fix)]
            label = say("%(label)s (%(of)s)", label=label, of=noun(of.partition("/")[0])) if of else label
            found.append(Given(key=name, kind=FixKind(fix), about=of, label=label, value=value))
    return found


def amount(text: str) -> Decimal | None:
    """Return an amount that a fix says, None if it says none."""
    return Decimal(text) if re.fullmatch(r"\d{1,15}\.\d\d", text) else None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
