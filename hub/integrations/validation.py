"""Validation of what plugins return, before it is stored. The rules are the interface's own annotations."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import simplejson

from hub.plugin import (
    AuthorizationExpired,
    IntegrationError,
    Problem,
    Rejected,
    Request,
    Response,
    Sentence,
    Unavailable,
)

_LONGEST_PAUSE = 86400.0
_LARGEST = 10**15
_LENGTHS = {"id": 64, "version": 64}
"""The lengths of the columns. An id is never empty."""


def check_type(value: object, expected: Any, what: str) -> None:
    """Raise `TypeError` unless a value has an annotated type, including all values inside it. `what` names the value.
    """
    if wrong := _find_fault(value, expected):
        raise TypeError(f"{what} is not what the interface says: {wrong}")


def check_request(asked: object) -> Request:
    """Return a request that can be stored and encoded. Raises `TypeError` or `ValueError`."""
    if not isinstance(asked, Request):
        raise TypeError(f"A conversation yielded {asked!r}")
    if not isinstance(asked.name, str) or not isinstance(asked.writes, bool) or not isinstance(asked.payload, dict):
        raise TypeError(f"The request {asked.name!r} has no name, no payload, or does not say whether it writes")
    check_type(asked.name, str, "The name of a request")
    canonical_json(asked.payload)
    return asked


def check_responses(found: object, count: int) -> Sequence[Response]:
    """Return the responses, one for each request, after checking that all can be stored. Raises `TypeError` or
    `ValueError`."""
    if not isinstance(found, Sequence) or not all(isinstance(one, Response) for one in found):
        raise TypeError(f"A transport returned {type(found).__name__}, and not a sequence of responses")
    if len(found) != count:
        raise ValueError(f"{count} requests were asked and {len(found)} answered")
    for one in found:
        if not isinstance(one.payload, dict):
            raise TypeError(f"A response holds {type(one.payload).__name__}, and not a JSON object")
        canonical_json(one.payload)
    return found


def check_error(raised: IntegrationError) -> IntegrationError:
    """Return an error of one of the three families, checked. Raises `TypeError` or `ValueError` for any other."""
    if not isinstance(raised, Unavailable | AuthorizationExpired | Rejected):
        raise TypeError(f"{type(raised).__name__}(“{raised}”) is none of the three families") from raised
    if isinstance(raised, Rejected):
        check_type(raised.problems, tuple[Problem, ...], "A refusal")
    pause = raised.retry_after if isinstance(raised, Unavailable) else None
    if pause is not None and not 0 <= pause <= _LONGEST_PAUSE:
        raise ValueError(f"A ledger cannot ask us to come again in {pause} seconds")
    return raised


def canonical_json(payload: Any) -> str:
    """Return a payload as canonical JSON. Raises `TypeError` or `ValueError` if it is not JSON."""
    written: str = simplejson.dumps(payload, use_decimal=True, sort_keys=True, ensure_ascii=False)
    written.encode()  # Half a character (a lone surrogate) is no text for any database.
    return written


def _find_fault(value: Any, expected: Any, path: str = "") -> str:
    """Return what is wrong with a value of an annotated type; empty if nothing is."""
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in {Union, types.UnionType}:
        wrongs = [_find_fault(value, one, path) for one in arguments]
        return "" if "" in wrongs else wrongs[0]
    if origin is None:
        return _find_value_fault(value, expected, path)
    if not isinstance(value, (list, tuple) if origin is Sequence else origin):
        return _describe_value(value, path)
    kinds = arguments if origin is tuple and Ellipsis not in arguments else arguments[:1] * len(value)
    if len(kinds) != len(value):
        return _describe_value(value, path)
    return next(filter(None, (_find_fault(one, kind, path) for one, kind in zip(value, kinds, strict=True))), "")


def _find_value_fault(value: Any, expected: Any, path: str) -> str:
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        return _describe_value(value, path)
    if isinstance(value, str):
        return _find_text_fault(value, path)
    if isinstance(value, Decimal | int):
        return "" if Decimal(value).is_finite() and abs(Decimal(value)) < _LARGEST else _describe_value(value, path)
    if not dataclasses.is_dataclass(value) or isinstance(value, Response):  # A payload is looked at as JSON.
        return ""
    kind: Any = type(value)
    fields = _field_kinds(kind).items()
    return next(filter(None, (_find_fault(getattr(value, name), kind, name) for name, kind in fields)), "")


def _find_text_fault(value: str, name: str) -> str:
    if isinstance(value, Sentence):
        made = (value.message, value.many, *(one for one in value.values.values() if isinstance(one, str)))
        if wrong := next(filter(None, (_find_text_fault(f"{one:s}", name) for one in made)), ""):
            return wrong
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        return f"{name} holds what is no character"
    if name == "id" and not value:
        return "an id is empty"
    return f"{name} has {len(value)} characters" if len(value) > _LENGTHS.get(name, len(value)) else ""


def _describe_value(value: object, path: str) -> str:
    return f"{path} is {value!r:.80}".strip()


@cache
def _field_kinds(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
