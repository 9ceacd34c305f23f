"""Sentences for people that can be translated later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeAlias

Value: TypeAlias = "str | int | dt.date"
"""The values of a sentence. A `Sentence` is translated, too; a date is formatted for the reader."""


class Sentence(str):
    """An English text with the message and values that it was made of, so that it can be translated for each reader.

    `message` is the key in the catalogue, with a `%(name)s` for each of the `values`. `many` is the message for any
    number of things but one; the number is the value `num`. Made by `say` and `say_count`.
    """

    __slots__ = ("many", "message", "values")

    message: str
    values: Mapping[str, Value]
    many: str

    def __new__(cls, message: str, values: Mapping[str, Value] | None = None, many: str = "") -> Sentence:
        kept = dict(values or {})
        english = many if many and kept["num"] != 1 else message
        shown = {name: day(one) if isinstance(one, dt.date) else one for name, one in kept.items()}
        self = super().__new__(cls, ended(english % shown) if shown else english)
        self.message, self.values, self.many = message, kept, many
        return self

    def __str__(self) -> str:
        """Return the sentence itself, so that the text of an exception stays a sentence."""
        return self

    def __reduce__(self) -> tuple[type[Sentence], tuple[str, Mapping[str, Value], str]]:
        """Keep message and values when the sentence is copied or pickled."""
        return Sentence, (self.message, self.values, self.many)


def say(message: str, /, **values: object) -> Sentence:
    """Return a sentence for people: `say("Invoice %(number)s is closed.", number="1042")`.

    The message is written there as it is, so that `pybabel extract -k say` finds it. A value may be a sentence itself,
    a number or a day (`datetime.date`; of a moment, its day); anything else is put in as `str` gives it. Raises
    `KeyError` for a value that the message names and does not get.
    """
    if isinstance(message, Sentence) and not values:
        return message
    return Sentence(message, {name: _value(value) for name, value in values.items()})


def say_count(one: str, many: str, /, num: int, **values: object) -> Sentence:
    """Return a sentence about a number of things: `say_count("%(num)s line", "%(num)s lines", num=3)`. Languages count
    in different ways, so the two stand there whole, for `pybabel extract -k say_count:1,2`."""
    return Sentence(one, {"num": num, **{name: _value(value) for name, value in values.items()}}, many)


def ended(text: str) -> str:
    """Return a sentence that ends with a name which ends with a point ("ABC Company Inc.") ends with one point."""
    return text[:-1] if text.endswith("..") and not text.endswith("...") else text


def day(value: dt.date) -> str:
    """Return a day in English: "3 Mar 2027"."""
    return f"{value.day} {value:%b %Y}"


def _value(value: object) -> Value:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, Sentence | int | dt.date) else str(value)
