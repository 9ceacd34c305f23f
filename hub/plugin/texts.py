"""The texts of documents and records: what each is called, and which of them a document can be sent without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from hub.plugin.documents import Address, Line
from hub.plugin.problems import Fix
from hub.plugin.sentences import Sentence, say

T = TypeVar("T")

OPTIONAL: Mapping[str, Sentence] = {
    "email": say("Send it without the email address"),
    "phone": say("Send it without the phone number"),
    "memo": say("Send it without the message"),
    "billing": say("Send it without the billing address"),
    "shipping": say("Send it without the shipping address"),
    "ship_to": say("Send it without the shipping address"),
    "address": say("Send it without the address"),
    "po_number": say("Send it without the P.O. number"),
    "ordered": say("Send it without the link to the purchase order"),
}
"""The fields that a document or record can be sent without, each with the label of that fix."""

_CALLED: Mapping[str, Sentence] = {
    "name": say("The name"), "number": say("The number"), "email": say("The email address"),
    "phone": say("The phone number"), "memo": say("The message"), "billing": say("The billing address"),
    "shipping": say("The shipping address"), "ship_to": say("The shipping address"), "address": say("The address"),
    "po_number": say("The P.O. number"), "description": say("The description"), "method": say("The payment method"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of a document or record. `called` begins a sentence, `field` is its field (for `Problem.field`, and for
    `fixes_without`)."""

    called: Sentence
    field: str
    value: str


def texts_of(subject: Any) -> Iterator[Text]:
    """Yield the texts of a document or record that people wrote: those of its fields, addresses and lines."""
    for field in fields(subject):
        value = getattr(subject, field.name)
        if isinstance(value, str) and field.name in _CALLED:
            yield Text(called=_CALLED[field.name], field=field.name, value=value)
        elif isinstance(value, Address):
            for part in address_parts(value):
                yield Text(called=_CALLED.get(field.name, _CALLED["address"]), field=field.name, value=part)
        elif field.name == "lines":
            for line in value:
                yield from _texts_of_line(line)


def _texts_of_line(line: Line) -> Iterator[Text]:
    called = say("The description “%(text)s…”", text=line.description[:40])
    yield Text(called=called, field="lines", value=line.description)


def addresses_of(subject: Any) -> Iterator[tuple[str, Address]]:
    """Yield the addresses of a document or record, each with the name of its field."""
    for field in fields(subject):
        value = getattr(subject, field.name)
        if isinstance(value, Address):
            yield field.name, value


def address_parts(place: Address) -> tuple[str, ...]:
    """Return all texts of an address."""
    return (*place.lines, place.city, place.region, place.postal_code, place.country)


def fixes_without(*names: str) -> tuple[Fix, ...]:
    """Return the fixes that send a document or record without fields of these names, as far as they are optional."""
    return tuple(Fix.leave_out(name, OPTIONAL[name]) for name in dict.fromkeys(names) if name in OPTIONAL)


def without_fields(subject: T, names: str) -> dict[str, Any]:
    """Return the changes to a document or record that leave out fields: `names`, with commas between them."""
    wanted = OPTIONAL.keys() & set(names.split(","))
    return {
        field.name: field.default
        for field in fields(subject)  # type: ignore[arg-type]  # Documents and records are data classes.
        if field.name in wanted
    }
