"""Which properties a body may have, and which a query may name, by Intuit's API reference (`properties.toml`).

An unknown property of a body is refused with 2010, one that cannot be queried with 4001 (python-quickbooks, issue 38;
quickbooks-ruby, issue 403).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.online.refusals import Refusal, unreadable

_REFERENCE: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_KINDS: dict[str, dict[str, str]] = _REFERENCE["kinds"]


def check_properties(kind: str, sent: Mapping[str, Any]) -> None:
    """Raise the refusal 2010 for a property that the kind, its lines or their details do not have."""
    known = _KINDS.get(kind, {}).get("properties")
    if known is None:
        return
    _check(sent, f"{_REFERENCE['everywhere']} {known}")
    for line in sent.get("Line") or ():
        if isinstance(line, dict):
            _check(line, _REFERENCE["line"])
            for name, allowed in _REFERENCE["details"].items():
                detail = line.get(name)
                _check(detail if isinstance(detail, dict) else {}, allowed)


def check_queryable(kind: str, name: str) -> None:
    """Raise the refusal 4001 for a property that cannot be in a condition or an order."""
    if name not in _KINDS.get(kind, {}).get("queryable", "").split():
        raise Refusal(4001, "Invalid query", f"QueryValidationError: property {name} is not queryable")


def _check(sent: Mapping[str, Any], allowed: str) -> None:
    unknown = sorted(sent.keys() - set(allowed.split()))
    if unknown:
        raise unreadable(unknown[0])
