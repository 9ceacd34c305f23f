"""Filter and page lists as Xero does: `where`, pages, ids, changes since; and write entries in Xero's format."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from xero_sandbox.refusals import Refused
from xero_sandbox.storage import IDS, Entry

PAGED = ("Invoices", "Contacts", "CreditNotes", "Payments", "PurchaseOrders")
TAKES = {
    "Accounts": {"where", "order"},
    "TaxRates": {"where", "order"},
    "Items": {"where", "order", "unitdp"},
    "Contacts": {"where", "order", "page", "pageSize", "IDs", "includeArchived", "searchTerm", "summaryOnly"},
    "Invoices": {
        "where", "order", "page", "pageSize", "IDs", "InvoiceNumbers", "ContactIDs", "Statuses", "unitdp",
        "summaryOnly",
    },
    "CreditNotes": {"where", "order", "page", "pageSize", "unitdp"},
    "Payments": {"where", "order", "page", "pageSize"},
    "PurchaseOrders": {"Status", "DateFrom", "DateTo", "order", "page", "pageSize"},
}  # fmt: skip
"""The parameters of each list. Xero ignores unknown ones; the sandbox refuses them, so that tests find them."""

_DAYS = {"Date", "DueDate", "DeliveryDate", "PeriodLockDate", "EndOfYearLockDate", "FullyPaidOnDate"}
_ALSO_AS_TEXT = {"Date", "DueDate", "DeliveryDate"}
_CLAUSE = re.compile(
    r"""\s*(?P<path>[A-Za-z.]+?)(?:\s*(?P<operator>==|=|!=|>=|<=|>|<)\s*(?P<value>"(?:[^"\\]|\\.)*"|[^&]+?)
    |\.(?P<call>Contains|StartsWith|EndsWith)\((?P<text>"(?:[^"\\]|\\.)*")\))\s*(?:(?:&&|AND\b)|$)""",
    re.VERBOSE,
)
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Contains": str.__contains__, "StartsWith": str.startswith, "EndsWith": str.endswith,
}  # fmt: skip
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: one == other,
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}


def select(kind: str, entries: list[Entry], asked: Mapping[str, str], since: str) -> tuple[list[Entry], dict[str, int]]:
    """Return the entries that a request asks for, and the details of their page, if they are paged."""
    if unknown := set(asked) - TAKES[kind]:
        raise Refused(400, f"{kind} cannot be asked for {', '.join(sorted(unknown))}", "QueryParseException", 16)
    found = [entry for entry in entries if _is_asked(kind, entry, asked)]
    if since:
        moment = _moment(since)
        found = [entry for entry in found if dt.datetime.fromisoformat(entry["UpdatedDateUTC"]) >= moment]
    for clause in _clauses(asked.get("where", "")):
        found = [entry for entry in found if clause(entry)]
    if kind not in PAGED or not ({"page", "summaryOnly", "Statuses"} & set(asked) or kind == "PurchaseOrders"):
        return [summary(kind, entry) for entry in found], {}
    size = min(max(int(asked.get("pageSize", 100)), 1), 1000)
    page = max(int(asked.get("page", 1)), 1)
    pages = {"page": page, "pageSize": size, "pageCount": -(-len(found) // size), "itemCount": len(found)}
    part = found[(page - 1) * size : page * size]
    return [summary(kind, entry) if asked.get("summaryOnly") == "true" else entry for entry in part], pages


def _is_asked(kind: str, entry: Entry, asked: Mapping[str, str]) -> bool:
    if kind == "Contacts" and asked.get("includeArchived") != "true" and entry["ContactStatus"] != "ACTIVE":
        return False
    lists = (
        ("IDs", entry.get(IDS[kind])), ("InvoiceNumbers", entry.get("InvoiceNumber")),
        ("ContactIDs", (entry.get("Contact") or {}).get("ContactID")), ("Statuses", entry.get("Status")),
        ("Status", entry.get("Status")),
    )  # fmt: skip
    if any(name in asked and value not in asked[name].split(",") for name, value in lists):
        return False
    if asked.get("searchTerm", "").casefold() not in str(entry.get("Name", "")).casefold():
        return False
    return bool(asked.get("DateFrom", "") <= entry.get("Date", "") <= asked.get("DateTo", "9999"))


def summary(kind: str, entry: Entry) -> Entry:
    """Return an entry as in an unpaged list: an invoice without its lines."""
    return {**entry, "LineItems": []} if kind in {"Invoices", "CreditNotes"} else entry


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    except ValueError:
        raise Refused(412, f"If-Modified-Since is no moment: {text}") from None


def _clauses(where: str) -> list[Callable[[Entry], bool]]:
    found, place = [], 0
    while place < len(where):
        match = _CLAUSE.match(where, place)
        if match is None or match.end() == place:
            raise Refused(400, f"No viable alternative at {where[place:][:40]!r}", "QueryParseException", 16)
        found.append(_clause(match))
        place = match.end()
    return found


def _clause(match: re.Match[str]) -> Callable[[Entry], bool]:
    path = match["path"].split(".")
    if match["call"]:
        text = str(_value(match["text"])).casefold()
        tests = _TESTS[match["call"]]
        return lambda entry: tests(str(_at(entry, path) or "").casefold(), text)
    compare, value = _OPERATORS[match["operator"]], _value(match["value"])

    def holds(entry: Entry) -> bool:
        own = _at(entry, path)
        if isinstance(own, str) and isinstance(value, str) and path[-1] not in _DAYS:
            return compare(own.casefold(), value.casefold())
        if own is None or value is None:
            return compare(own, value) if compare in (_OPERATORS["=="], _OPERATORS["="], _OPERATORS["!="]) else False
        return compare(own, value)

    return holds


def _at(entry: Any, path: list[str]) -> Any:
    for name in path:
        entry = entry.get(name) if isinstance(entry, dict) else None
    return entry


def _value(text: str) -> Any:
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if match := re.fullmatch(r"DateTime\((\d+),\s*(\d+),\s*(\d+)\)", text.strip()):
        return dt.date(*(int(part) for part in match.groups())).isoformat()
    if match := re.fullmatch(r'guid\("([0-9a-fA-F-]+)"\)', text.strip()):
        return match[1].lower()
    words = {"true": True, "false": False, "null": None}
    if text.strip() in words:
        return words[text.strip()]
    try:
        return Decimal(text.strip())
    except ArithmeticError:
        raise Refused(400, f"{text.strip()!r} is no value", "QueryParseException", 16) from None


def shown(value: Any) -> Any:
    """Return an entry as the API writes it: dates and times as milliseconds, dates of documents also as text."""
    if isinstance(value, list):
        return [shown(one) for one in value]
    if not isinstance(value, dict):
        return value
    found: Entry = {}
    for name, one in value.items():
        if name in _DAYS and isinstance(one, str):
            moment = dt.datetime.fromisoformat(one).replace(tzinfo=dt.UTC)
            if name in _ALSO_AS_TEXT:
                found[f"{name}String"] = f"{one}T00:00:00"
            found[name] = f"/Date({round(moment.timestamp() * 1000)}+0000)/"
        elif name == "UpdatedDateUTC":
            found[name] = f"/Date({round(dt.datetime.fromisoformat(one).timestamp() * 1000)}+0000)/"
        else:
            found[name] = shown(one)
    return found
