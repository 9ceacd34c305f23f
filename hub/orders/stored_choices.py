"""The choices of a person for an order, as they are stored with its deliveries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from cattrs import Converter

from hub.planning.choices import Choices

_converter = Converter(unstruct_collection_overrides={tuple: list})


def choices_json(choices: Choices) -> dict[str, Any]:
    """Return choices as JSON, without `updates`, which apply only once."""
    return cast(dict[str, Any], _converter.unstructure(replace(choices, updates=())))


def choices_of(stored: dict[str, Any]) -> Choices:
    """Return choices from the JSON that `choices_json` returned; without any document from an empty dict."""
    return _converter.structure({"documents": (), **stored}, Choices)
