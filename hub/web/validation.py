"""Validates every text and id of every request, before a view sees it.

A text that no database column can hold is refused with 400, and an id that no row can have is answered like one that no
row has. The views then check what they alone know.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import request
from werkzeug.exceptions import BadRequest

from hub.errors import NotFound
from hub.plugin import say

LONGEST_FORM = 1024 * 1024
"""Bytes of a form that a person sends. The longest one lists the orders that are sent together."""

MOST_PARAMETERS = 10_000
"""Parameters of a form or an address. Both databases allow some 32,000 in a statement."""

LARGEST_ID = 2**31 - 1
"""The largest id of a row: PostgreSQL's INTEGER."""

_LONGEST_DIGITS = 18


def check_request(*, is_machine: bool) -> None:
    """Raise `BadRequest`, `NotFound` or `RequestEntityTooLarge` for what no view needs to see.

    Of a machine's call only the address is checked, because its body has a protocol of its own.
    """
    for value in (request.view_args or {}).values():
        if isinstance(value, int) and value > LARGEST_ID:
            raise NotFound(say("There is no such page."))
    _check_texts(value for value in (request.view_args or {}).values() if isinstance(value, str))
    if request.query_string.count(b"&") >= MOST_PARAMETERS:
        raise BadRequest(say("That is too much at once."))
    for values in (request.args.keys(), *request.args.listvalues()):
        _check_texts(values)
    if is_machine:
        return
    given = request.max_content_length
    request.max_content_length = min(LONGEST_FORM, given) if given is not None else LONGEST_FORM
    if request.method in {"POST", "PUT", "PATCH", "DELETE"}:
        if sum(map(len, request.form.listvalues())) > MOST_PARAMETERS:
            raise BadRequest(say("That is too much at once."))
        for values in (request.form.keys(), *request.form.listvalues()):
            _check_texts(values)


def is_number(text: str) -> bool:
    """Return True if a text is the id of a row, or a count."""
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_DIGITS and int(text) <= LARGEST_ID


def read_number(name: str) -> int | None:
    """Return a parameter of the request as an id or a count; None if it is none."""
    text = request.values.get(name, "")
    return int(text) if is_number(text) else None


def _check_texts(values: Iterable[str]) -> None:
    """Raise `BadRequest` for a text with NUL (PostgreSQL stores none) or half a surrogate pair (nothing encodes it)."""
    for value in values:
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise BadRequest(say("This contains characters that cannot be stored."))
