"""Write qbXML message sets in schema order, and read answers into plain JSON.

Message sets are ASCII; other characters are written as `&#233;`, because QuickBooks misreads UTF-8. A value that does
not fit its element is a bug here: `validate` should have reported it, and `names` shortens what may be shortened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from lxml import etree

from hub.plugin import Payload, say
from quickbooks_desktop.characters import write_plain
from quickbooks_desktop.incoming import Refused, parse_document
from quickbooks_desktop.tables import ATTRIBUTES, REQUESTS, Element, Kind

TARGET = "13.0"
"""The version that we write if QuickBooks does not say which ones it supports: QuickBooks 2014 and later."""

_REFERENCES = UUID("b1f5a7a2-3f0e-4c58-9a4c-6f3a9c7d2e10")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d([+-]\d\d:\d\d)?)?")
_GUID = re.compile(r"\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}")
_ID_LENGTH = 36
_PRICE_LIMIT, _AMOUNT_LIMIT = Decimal(10) ** 10, Decimal(10) ** 13

_LISTS = re.compile(r"(.*LineRet|.*LineGroupRet|LinkedTxn|AppliedToTxnRet|DataExtRet|SupportedQBXMLVersion)")
"""Elements that are read into a list even if there is only one."""


_RECOVERY = "ErrorRecovery"
"""May follow or replace the row of a write in an answer that is given once more (`qbxmlops130.xsd`)."""

CLEAR: Payload = {"clear": True}
"""The value that empties an element in a change. Elements that a change does not name stay as they are."""


class Unwritable(ValueError):
    """A value that qbXML cannot express. It is a bug, because `validate` should have reported it to a person."""


class Unreadable(ValueError):
    """A document that is not qbXML, or not the answer to the message set that was sent."""


def build_request(request: str, fields: Payload | None = None, **attributes: str) -> Payload:
    """Return the payload of a `Request`: its name ("InvoiceAdd"), its elements by name, and a query's attributes."""
    payload: Payload = {"request": request, "fields": fields or {}}
    if attributes:
        payload["attributes"] = attributes
    return payload


def reference(key: str, slot: int) -> str:
    """Return the `ExternalGUID` that a write gives to what it creates, so that it can be found again."""
    return "{" + str(uuid5(_REFERENCES, f"{key}/{slot}")).upper() + "}"


def write(key: str, payloads: Sequence[Payload], *, writes: bool, version: str, answered: str) -> str:
    """Return a message set. `requestID` is a request's place in it, from 0. QuickBooks stores the answer to a set that
    `writes` under `key`, and forgets that of the set `answered`. Raises `Unwritable`.
    """
    root = etree.Element("QBXML")
    messages = etree.SubElement(root, "QBXMLMsgsRq")
    if writes:
        if answered:
            messages.set("oldMessageSetID", answered)
        messages.set("newMessageSetID", key)
    messages.set("onError", "continueOnError")
    for slot, payload in enumerate(payloads):
        _write_request(messages, slot, payload, reference(key, slot), float(version or TARGET))
    head = f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version or TARGET}"?>'
    return head + str(etree.tostring(root, encoding="ascii", xml_declaration=False), "ascii")


def _write_request(messages: etree._Element, slot: int, payload: Payload, mark: str, version: float) -> None:
    name = payload["request"]
    node = etree.SubElement(messages, f"{name}Rq", requestID=str(slot))
    for attribute in ATTRIBUTES:
        if attribute in payload.get("attributes", {}):
            node.set(attribute, payload["attributes"][attribute])
    shape = REQUESTS[name]
    fields: dict[str, Any] = dict(payload["fields"])
    body = shape[0]
    if body.name == name:
        inner = fields.pop(name)
        if any(element.name == "ExternalGUID" for element in body.fields):
            inner = {**inner, "ExternalGUID": mark}
        fields[name] = inner
    _fill(node, shape, fields, version)


def _fill(node: etree._Element, shape: Iterable[Element], fields: Mapping[str, Any], version: float) -> None:
    left = set(fields)
    for element in shape:
        left.discard(element.name)
        for value in _as_values(element, fields.get(element.name)):
            if element.since > version:
                continue
            child = etree.SubElement(node, element.name)
            if value == CLEAR:
                _clear(child, element)
            elif element.kind is Kind.GROUP:
                _fill(child, element.fields, value, version)
            else:
                child.text = text(element, value)
    if left:
        raise Unwritable(f"{etree.QName(node).localname} has no {', '.join(sorted(left))}")


def _clear(node: etree._Element, element: Element) -> None:
    """Write an empty element: a pointer with an empty ListID, an address with empty lines."""
    is_pointer = any(one.kind is Kind.ID for one in element.fields)
    for one in element.fields[:1] if is_pointer else element.fields:
        etree.SubElement(node, one.name)


def _as_values(element: Element, value: Any) -> Iterator[Any]:
    """Return the values to write; none for an empty one, because QuickBooks would store an empty element as a value.
    """
    if value is None or value in ("", [], {}):
        return
    if element.many:
        yield from value
    else:
        yield value


def text(element: Element, value: Any) -> str:  # noqa: PLR0911  # A case for each kind.
    """Return the text of an element. Raises `Unwritable` for a value that the schema would refuse."""
    match element.kind:
        case Kind.AMOUNT:
            written = _decimal(element, value, 2, _AMOUNT_LIMIT)
            return f"{written:.2f}"
        case Kind.PRICE:
            return _plain(_decimal(element, value, 5, _PRICE_LIMIT))
        case Kind.SWITCH:
            return "true" if value else "false"
        case Kind.NUMBER:
            return str(int(value))
        case Kind.DATE | Kind.MOMENT:
            return _matching(element, value, _MOMENT)
        case Kind.GUID:
            return _matching(element, value, _GUID)
        case Kind.ID:
            return _short(element, str(value), _ID_LENGTH)
        case _:
            clean = printable(str(value))
            if element.choices and clean not in element.choices:
                raise Unwritable(f"{element.name} is none of {element.choices}: {clean!r}")
            return _short(element, clean, element.length)


def printable(words: str) -> str:
    """Return a text as QuickBooks keeps it: in the letters of Windows-1252, as far as those have a like."""
    return write_plain(words)


def _decimal(element: Element, value: Any, places: int, limit: Decimal) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= limit or number != round(number, places):
        raise Unwritable(f"{element.name} cannot be {value}")
    return number


def _plain(number: Decimal) -> str:
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _matching(element: Element, value: Any, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(str(value)):
        raise Unwritable(f"{element.name} cannot be {value!r}")
    return str(value)


def _short(element: Element, words: str, length: int) -> str:
    if length and len(words) > length:
        raise Unwritable(f"{element.name} takes {length} characters, not {len(words)}")
    return words


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a message set. `status` is that of the whole set; it is empty for a set without `newMessageSetID`.
    """

    key: str
    status: str
    payloads: tuple[Payload, ...]


def parse(document: str) -> etree._Element:
    """Return the root of a document from QuickBooks. Control characters are skipped. Raises `Unreadable`, also if the
    document defines entities.
    """
    try:
        root = parse_document(document)
    except Refused:
        raise Unreadable(say("The answer defines entities, which QuickBooks never does.")) from None
    if root is None or root.tag != "QBXML":
        raise Unreadable(say("The answer is not qbXML."))
    return root


def read(document: str, requests: Sequence[Payload]) -> Answer:
    """Return the answer to `requests`: one payload for each, in their order. Raises `Unreadable` if it does not match.
    """
    messages = parse(document).find("QBXMLMsgsRs")
    if messages is None:
        raise Unreadable(say("The answer holds no responses."))
    key, status = messages.get("newMessageSetID", ""), messages.get("messageSetStatusCode", "")
    nodes = [node for node in messages if isinstance(node.tag, str)]
    if status not in {"", "0"} and not nodes:
        return Answer(key=key, status=status, payloads=())
    if len(nodes) != len(requests):
        raise Unreadable(say(
            "%(sent)s requests were sent and %(answered)s are answered.", sent=len(requests), answered=len(nodes)
        ))
    found = {node.get("requestID", ""): node for node in nodes}
    payloads = []
    for slot, request in enumerate(requests):
        node = found.get(str(slot))
        if node is None or node.tag != f"{request['request']}Rs":
            raise Unreadable(say("The answer is one to another request."))
        payload = _read_response(node)
        if not payload["rows"] and request["request"] in request["fields"]:
            payload["mark"] = reference(key, slot)  # By which a write can be found that has no echo.
        payloads.append(payload)
    return Answer(key=key, status=status, payloads=tuple(payloads))


def _read_response(node: etree._Element) -> Payload:
    payload: Payload = {
        "status": node.get("statusCode", "0"),
        "severity": node.get("statusSeverity", "Info"),
        "message": node.get("statusMessage", ""),
        "rows": [
            {"kind": child.tag, "fields": fields(child)}
            for child in node
            if isinstance(child.tag, str) and child.tag != _RECOVERY
        ],
    }
    if (recovery := node.find(_RECOVERY)) is not None:
        payload["recovery"] = fields(recovery)
    for attribute in ("iteratorID", "iteratorRemainingCount"):
        if attribute in node.attrib:
            payload[attribute] = node.get(attribute)
    return payload


def fields(node: etree._Element) -> dict[str, Any]:
    """Return an element as a JSON object: texts by name, groups as objects, and lists for elements that may repeat."""
    found: dict[str, Any] = {}
    for child in node:
        if not isinstance(child.tag, str):
            continue
        value: Any = fields(child) if len(child) else (child.text or "")
        if _LISTS.fullmatch(child.tag):
            found.setdefault(child.tag, []).append(value)
        else:
            found[child.tag] = value
    return found
