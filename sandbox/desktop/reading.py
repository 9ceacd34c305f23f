"""Read a message set as QuickBooks does: if an element is misspelt or misplaced, the whole set is refused.

If a value is too long, or is not a valid amount or date, only its own request is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from lxml import etree

from sandbox.desktop.schema import QUERIES, REMOVALS, WRITES
from sandbox.desktop.shapes import Element

SUPPORTED = ("7.0", "8.0", "9.0", "10.0", "11.0", "12.0", "13.0", "14.0", "15.0", "16.0")
Fields: TypeAlias = dict[str, Any]


class RequestError(Exception):
    """The request processor refuses a message set, with an HRESULT and its message. Nothing was done."""

    def __init__(self, hresult: str, message: str) -> None:
        super().__init__(f"{hresult} {message}")
        self.hresult, self.message = hresult, message


class Refused(Exception):
    """One request is refused, with a status code and QuickBooks' message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of a set. `wrong` is the refusal of one of its values, if any."""

    name: str
    request_id: str
    fields: Fields
    attributes: dict[str, str]
    returned: tuple[str, ...] = ()
    wrong: Refused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSet:
    """A message set. `new` and `old` are its message set ids; `stops` means that it ends at the first error."""

    asked: tuple[Asked, ...]
    new: str
    old: str
    stops: bool


def unparsable(why: str) -> RequestError:
    """Return the error for a text that is not valid qbXML; `why` is for readers of the sandbox's log."""
    return RequestError("0x80040400", f"QuickBooks found an error when parsing the provided XML text stream. ({why})")


def read(text: str) -> MessageSet:
    """Read a message set. Raises `RequestError`."""
    if not text.isascii():
        raise unparsable("characters that are not ASCII")
    version = re.search(r'<\?qbxml\s+version="([\d.]+)"\s*\?>', text)
    if not re.match(r"\s*<\?xml\b", text) or version is None or version[1] not in SUPPORTED:
        raise unparsable("the xml or the qbxml processing instruction is missing or names no version known here")
    try:
        root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise unparsable(str(error)) from error
    messages = root.find("QBXMLMsgsRq")
    if root.tag != "QBXML" or messages is None or messages.get("onError") not in {"stopOnError", "continueOnError"}:
        raise unparsable("no QBXML/QBXMLMsgsRq, or no onError")
    return MessageSet(
        asked=tuple(_asked(node) for node in messages if isinstance(node.tag, str)),
        new=messages.get("newMessageSetID", ""),
        old=messages.get("oldMessageSetID", ""),
        stops=messages.get("onError") == "stopOnError",
    )


def _tag(node: etree._Element) -> str:
    return etree.QName(node).localname


def _asked(node: etree._Element) -> Asked:
    name = _tag(node).removesuffix("Rq")
    flat = QUERIES.get(name) or REMOVALS.get(name)
    if flat is not None:
        fields, wrong = _group(node, flat)
        returned = fields.get("IncludeRetElement", [])
    elif name in WRITES and len(node) and node[0].tag == name:
        if any(child.tag != "IncludeRetElement" for child in node[1:]):
            raise unparsable(f"{_tag(node[1])} in {_tag(node)}")
        fields, wrong = _group(node[0], WRITES[name], clears=name.endswith("Mod"))
        returned = [child.text or "" for child in node[1:]]
    else:
        raise unparsable(f"no request {_tag(node)}")
    request_id = node.get("requestID", "")
    if len(request_id) > 50:
        wrong = Refused(1060, "The request ID is too long.")
    attributes = {str(key): str(value) for key, value in node.attrib.items() if key != "requestID"}
    return Asked(
        name=name, request_id=request_id, fields=fields, attributes=attributes, returned=tuple(returned), wrong=wrong
    )


def _group(
    node: etree._Element, shape: Sequence[Element], *, clears: bool = False
) -> tuple[Fields, Refused | None]:
    """Return the values of a group and the first refusal. With `clears` a value may be empty, as in a change.

    Raises `RequestError` for an element that is unknown, misplaced or missing.
    """
    fields: Fields = {}
    wrong: Refused | None = None
    place = 0
    for child in node:
        if not isinstance(child.tag, str):
            continue
        at = next((index for index in range(place, len(shape)) if shape[index].name == child.tag), None)
        if at is None or (child.tag in fields and not shape[at].many):
            raise unparsable(f"{_tag(child)} in {_tag(node)}, at this place")
        place, element = at, shape[at]
        try:
            value, inner = _value(child, element, clears=clears)
        except Refused as refused:
            value, inner = "", refused
        wrong = wrong or inner
        if element.many:
            fields.setdefault(element.name, []).append(value)
        else:
            fields[element.name] = value
    for element in shape:
        if element.required and element.name not in fields:
            raise unparsable(f"{_tag(node)} without {element.name}")
    return fields, wrong


_PATTERNS = {
    "bool": (r"true|false|0|1", 3010),
    "date": (r"\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}(:\d{1,2}(:\d{1,2}([+-]\d{1,2}:\d{1,2})?)?)?)?", 3020),
    "amount": (r"[+-]?\d{1,13}(\.\d\d)?", 3040),
    "price": (r"[+-]?\d{1,10}(\.\d{1,5})?", 3040),
    "int": (r"\d+", 3000),
    "guid": (r"0|\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}", 3000),
}


def _value(node: etree._Element, element: Element, *, clears: bool) -> tuple[Any, Refused | None]:
    if element.kind == "group":
        return _group(node, element.within, clears=clears)
    if len(node):
        raise unparsable(f"elements within {_tag(node)}")
    text = (node.text or "").encode("cp1252", "replace").decode("cp1252")  # qbwc/qbxml issue 8.
    if clears and not text and not element.required:
        return text, None
    if element.choices and text not in element.choices:
        raise unparsable(f"{_tag(node)} cannot be {text!r}")
    if element.kind in _PATTERNS:
        pattern, code = _PATTERNS[element.kind]
        if not re.fullmatch(pattern, text):
            raise Refused(code, f'There was an error when converting the value "{text}" in the field "{_tag(node)}".')
    if element.length and len(text) > element.length:
        raise Refused(3070, f'The string "{text}" in the field "{_tag(node)}" is too long.')
    if element.kind in {"amount", "price"}:
        return Decimal(text), None
    return text, None
