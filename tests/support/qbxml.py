"""qbXML message sets, as a client writes them, and Intuit's schema for them."""

from __future__ import annotations

import os
import re
from pathlib import Path

SCHEMA = "qbxmlops130.xsd"


def message_set(inside: str, *, attributes: str = "", version: str = "13.0", on_error: str = "continueOnError") -> str:
    return (
        f'<?xml version="1.0"?><?qbxml version="{version}"?><QBXML><QBXMLMsgsRq {attributes} onError="{on_error}">'
        f"{inside}</QBXMLMsgsRq></QBXML>"
    )


def codes(answer: str) -> list[str]:
    return re.findall(r'statusCode="(\d+)"', answer)


def find_schema(project: Path) -> Path | None:
    """Return Intuit's schema from the folder QBXML_SCHEMAS, or from a reference folder beside the project."""
    configured = [Path(os.environ["QBXML_SCHEMAS"]) / SCHEMA] if "QBXML_SCHEMAS" in os.environ else []
    beside = sorted(project.parent.glob(f"*/reference/*/{SCHEMA}"))
    return next((path for path in [*configured, *beside] if path.is_file()), None)
