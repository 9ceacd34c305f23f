"""Write QuickBooks' answers as qbXML, with line ends and entities as on a real machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lxml import etree

from sandbox.desktop.reading import Asked, Refused
from sandbox.desktop.store import Row

LINES = {
    "InvoiceLineRet", "CreditMemoLineRet", "AppliedToTxnRet", "PurchaseOrderLineRet", "ItemLineRet", "ExpenseLineRet",
}  # fmt: skip


def document(responses: Sequence[etree._Element], *, new: str = "", status: str = "") -> str:
    """Return the answer to a message set."""
    root = etree.Element("QBXML")
    messages = etree.SubElement(root, "QBXMLMsgsRs")
    if new:
        messages.set("newMessageSetID", new)
    if status:
        messages.set("messageSetStatusCode", status)
    messages.extend(responses)
    text: bytes = etree.tostring(root, encoding="ascii", pretty_print=True, xml_declaration=False)
    return '<?xml version="1.0" ?>\n' + text.decode("ascii")


def response(asked: Asked, rows: Sequence[Row], attributes: Mapping[str, str], *, lines: bool = True) -> etree._Element:
    """Return the answer to one request that was carried out."""
    nothing = not rows and asked.name.endswith("Query")
    status = ("1", "A query request did not find a matching object in QuickBooks") if nothing else ("0", "Status OK")
    node = _head(asked, status[0], "Info", status[1])
    for name, value in attributes.items():
        node.set(name, value)
    for row in rows:
        node.append(returned(row, asked.returned, lines=lines))
    return node


def removal(asked: Asked, row: Row) -> etree._Element:
    """Return the answer to a request that deleted or voided a row: the row's details, without a row element."""
    node = _head(asked, "0", "Info", "Status OK")
    for name, value in asked.fields.items():
        etree.SubElement(node, name).text = str(value)
    for name in ("TimeCreated", "TimeDeleted" if "Del" in asked.name else "TimeModified", "RefNumber", "FullName"):
        if row.fields.get(name):
            etree.SubElement(node, name).text = str(row.fields[name])
    return node


def refusal(asked: Asked, refused: Refused) -> etree._Element:
    """Return the answer to one request that was refused."""
    severity = "Warn" if 500 <= refused.code < 1000 else "Error"
    return _head(asked, str(refused.code), severity, refused.message)


def given_again(answer: str, shape: str) -> str:
    """Return a stored answer as it is given once more: with an `ErrorRecovery` "beside" each row of a write, with that
    "alone", or as it was. Intuit's schema allows all three; which of them QuickBooks gives is not documented."""
    if not shape:
        return answer
    messages = etree.fromstring(answer.encode())[0]
    for node in messages:
        row = next(iter(node), None)
        if row is not None and str(node.tag).endswith(("AddRs", "ModRs")):
            node.append(_error_recovery(row))
            if shape == "alone":
                node.remove(row)
    return document(
        list(messages), new=messages.get("newMessageSetID", ""), status=messages.get("messageSetStatusCode", "")
    )


def _error_recovery(row: etree._Element) -> etree._Element:
    node = etree.Element("ErrorRecovery")
    for name in ("ListID", "TxnID", "TxnNumber", "EditSequence"):
        if (found := row.find(name)) is not None:
            etree.SubElement(node, name).text = found.text
    return node


def _head(asked: Asked, code: str, severity: str, message: str) -> etree._Element:
    node = etree.Element(f"{asked.name}Rs")
    if asked.request_id:
        node.set("requestID", asked.request_id)
    node.set("statusCode", code)
    node.set("statusSeverity", severity)
    node.set("statusMessage", message)
    return node


def returned(row: Row, wanted: Sequence[str], *, lines: bool = True) -> etree._Element:
    """Return the element of a row; with `wanted`, only these fields of it."""
    fields = {
        name: value
        for name, value in row.fields.items()
        if (not wanted or name in wanted) and (lines or name not in LINES)
        and not (name == "FullName" and row.kind in {"Vendor", "StandardTerms"})
    }  # fmt: skip
    return element(f"{row.kind}Ret", fields)


def element(name: str, fields: Mapping[str, Any]) -> etree._Element:
    node = etree.Element(name)
    for field, value in fields.items():
        if field.startswith("_"):  # For the sandbox only, never returned.
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                node.append(element(field, one))
            else:
                etree.SubElement(node, field).text = _text(one)
    return node


def _text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
