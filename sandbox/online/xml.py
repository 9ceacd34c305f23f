"""Answers as XML, for clients that do not ask for JSON."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

_NAMESPACE = "http://schema.intuit.com/finance/v3"


def write(body: dict[str, Any]) -> str:
    """Return an answer in XML."""
    time = escape(str(body.get("time", "")))
    inner = "".join(_element(name, value) for name, value in body.items() if name != "time")
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse xmlns="{_NAMESPACE}" time="{time}">'
        f"{inner}</IntuitResponse>"
    )


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, dict):
        if name == "Fault":
            errors = "".join(_error(error) for error in value["Error"])
            return f'<Fault type="{escape(value["type"])}">{errors}</Fault>'
        return f"<{name}>{''.join(_element(key, one) for key, one in value.items())}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def _error(error: dict[str, Any]) -> str:
    element = f' element="{escape(error["element"])}"' if error.get("element") else ""
    return (
        f'<Error code="{error["code"]}"{element}><Message>{escape(error["Message"])}</Message>'
        f"<Detail>{escape(error['Detail'])}</Detail></Error>"
    )
