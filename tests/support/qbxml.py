"""qbXML message sets, as a client writes them."""

from __future__ import annotations

import re


def message_set(inside: str, *, attributes: str = "", version: str = "13.0", on_error: str = "continueOnError") -> str:
    return (
        f'<?xml version="1.0"?><?qbxml version="{version}"?><QBXML><QBXMLMsgsRq {attributes} onError="{on_error}">'
        f"{inside}</QBXMLMsgsRq></QBXML>"
    )


def codes(answer: str) -> list[str]:
    return re.findall(r'statusCode="(\d+)"', answer)
