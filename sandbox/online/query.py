"""The query language: select from one kind, conditions joined by AND, an order, and a page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.online import operations, properties
from sandbox.online.refusals import Refusal
from sandbox.online.rules import KINDS, RULES
from sandbox.online.storage import Books, Entry
from sandbox.online.unsure import switch

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<sign><=|>=|!=|[=<>(),*])|(?P<word>[A-Za-z0-9_.:+-]+))")
_LISTS = {kind for kind, rules in RULES.items() if not rules.is_transaction} | {"TaxCode", "TaxRate"}
_MOST = 1000
_NAMES = {
    **dict.fromkeys(("Customer", "Vendor", "Employee"), "DisplayName"),
    **dict.fromkeys(("Account", "Item", "Term", "Class", "Department", "TaxCode", "TaxRate"), "Name"),
}
"""The indexed name of each list's entries; transactions are indexed by their number."""

LAG = "lag"
"""The fact that queries lag behind, as they sometimes do in real life: see `_outdated`."""

Test = Callable[[Entry], bool]


@dataclass
class Query:
    kind: str
    counts: bool = False
    tests: list[Test] = field(default_factory=list)
    order: str = ""
    descending: bool = False
    start: int = 1
    most: int = 100
    names_active: bool = False
    named: str | None = None
    """The name in a condition, if there is one: it is found by index, without reading all entries."""


def run(books: Books, text: str) -> dict[str, Any]:
    """Answer a query. Raises the API's refusals 4000 (cannot be parsed) and 4001 (invalid)."""
    query = Parser(text, _undocumented(books)).query()
    rows = books.all(query.kind) if query.named is None else books.named(query.kind, query.named)
    rows = [entry for entry in rows if all(test(entry) for test in query.tests)]
    if query.kind in _LISTS and not query.names_active:
        rows = [entry for entry in rows if entry.get("Active", True)]
    if query.counts:
        return {"totalCount": len(rows)}
    if query.order:
        rows.sort(key=lambda entry: _sortable(_value(entry, query.order)), reverse=query.descending)
    page = rows[query.start - 1 : query.start - 1 + query.most + int(switch(books.session, "page_margin"))]
    if not page:
        return {}
    page = operations.show(books, query.kind, page)
    if books.session.fact(LAG):
        page = [_outdated(entry) for entry in page]
    return {query.kind: page, "startPosition": query.start, "maxResults": len(page)}


def _undocumented(books: Books) -> frozenset[str]:
    """Return the properties that can be queried although Intuit's reference does not say so."""
    vendor = switch(books.session, "purchase_orders_by_vendor")
    return frozenset({"PurchaseOrder.VendorRef"} if vendor else ())


def _outdated(entry: Entry) -> Entry:
    """Return an entry with the SyncToken that it had before its last change."""
    return {**entry, "SyncToken": str(max(int(entry["SyncToken"]) - 1, 0))} if "SyncToken" in entry else entry


class Parser:
    def __init__(self, text: str, undocumented: frozenset[str] = frozenset()) -> None:
        self.text, self.undocumented = text, undocumented
        self.tokens = list(self._split(text.strip().rstrip(";")))
        self.position = 0

    def query(self) -> Query:
        self._expect("select")
        counts = self._projection()
        self._expect("from")
        name = self._next()
        kind = KINDS.get(name.lower())
        if kind is None:
            raise _meaningless(f"Metadata not found for Entity: {name}")
        query = Query(kind, counts=counts)
        if self._accept("where"):
            query.tests.append(self._condition(query))
            while self._accept("and"):
                query.tests.append(self._condition(query))
        self._ordering(query)
        if self._accept("startposition"):
            query.start = self._number("startposition", 1)
        if self._accept("maxresults"):
            query.most = min(_MOST, self._number("maxresults", 1))
        if self.position < len(self.tokens):
            raise _unreadable(self.text)
        return query

    def _projection(self) -> bool:
        """Read `*`, `count(*)`, or `*` with further elements (`*, Sku`); refuse others. Return True for a count."""
        chosen = []
        while self.position < len(self.tokens) and self.tokens[self.position].lower() != "from":
            chosen.append(self._next().lower())
        if chosen == ["count", "(", "*", ")"]:
            return True
        if not chosen or chosen[0] != "*" or set(chosen[1::2]) - {","}:
            raise _unreadable(self.text)
        return False

    def _ordering(self, query: Query) -> None:
        if self._accept("orderby") or (self._accept("order") and self._accept("by")):
            query.order = self._property(query.kind, self._next(), sorts=True)
            query.descending = self._accept("desc")
            self._accept("asc")

    def _condition(self, query: Query) -> Test:
        name, sign = self._next(), self._next().lower()
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", name):
            raise _unreadable(self.text)
        self._property(query.kind, name)
        if name.lower() == "active":
            query.names_active = True
        if name == "Id" and sign not in {"=", "in"}:
            raise _meaningless(f"operator {sign} on Id")
        if sign == "in":
            wanted = {_plain(one) for one in self._values()}
            return lambda entry: _plain(_value(entry, name)) in wanted
        if sign == "like":
            pattern = re.compile(".*".join(map(re.escape, self._string().split("%"))), re.IGNORECASE | re.DOTALL)
            return lambda entry: pattern.fullmatch(str(_value(entry, name) or "")) is not None
        if sign not in {"=", "<", ">", "<=", ">="}:
            raise _unreadable(self.text)
        value = self._string()
        if sign == "=" and value.strip() and name == _NAMES.get(query.kind, "DocNumber"):
            query.named = value
        return lambda entry: _compare(_value(entry, name), sign, value)

    def _property(self, kind: str, name: str, *, sorts: bool = False) -> str:
        """Return the name of a property that a query may have. Raises the refusal 4001 for any other."""
        one = properties.find_property(kind, name)
        if one is None:
            raise _meaningless(f"Property {name} not found for Entity {kind}")
        if not (one.can_sort if sorts else one.can_filter) and f"{kind}.{name}" not in self.undocumented:
            raise _meaningless(f"property '{name}' is not {'sortable' if sorts else 'queryable'}")
        return name

    def _values(self) -> Iterable[str]:
        self._expect("(")
        found = [self._string()]
        while self._accept(","):
            found.append(self._string())
        self._expect(")")
        return found

    def _string(self) -> str:
        """Return a value in single quotes, or a number or truth value without."""
        token = self._next()
        if token.startswith("'"):
            return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
        if not re.fullmatch(r"(?i)true|false|[-+]?\d+(\.\d+)?", token):
            raise _unreadable(self.text)
        return token

    def _number(self, name: str, least: int) -> int:
        text = self._next()
        if not text.lstrip("-").isdecimal():
            raise _unreadable(self.text)
        if int(text) < least:
            raise _meaningless(f"{name}: value {text} is too small. Min allowed value is {least}")
        return int(text)

    def _accept(self, word: str) -> bool:
        if self.position < len(self.tokens) and self.tokens[self.position].lower() == word:
            self.position += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise _unreadable(self.text)

    def _next(self) -> str:
        if self.position >= len(self.tokens):
            raise _unreadable(self.text)
        self.position += 1
        return self.tokens[self.position - 1]

    def _split(self, text: str) -> Iterable[str]:
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise _unreadable(text)
            yield match.group().strip()
            position = match.end()
            while position < len(text) and text[position].isspace():
                position += 1


def _value(entry: Entry, name: str) -> Any:
    value: Any = entry
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value.get("value") if isinstance(value, dict) and "value" in value else value


def _plain(value: Any) -> str:
    return str(value).casefold() if value is not None else ""


def _compare(have: Any, sign: str, wanted: str) -> bool:
    left, right = _comparable(have, wanted)
    match sign:
        case "=":
            return bool(left == right)
        case "<":
            return bool(left < right)
        case ">":
            return bool(left > right)
        case "<=":
            return bool(left <= right)
        case _:
            return bool(left >= right)


def _comparable(have: Any, wanted: str) -> tuple[Any, Any]:
    if isinstance(have, int | Decimal) and not isinstance(have, bool):
        try:
            return Decimal(have), Decimal(wanted)
        except InvalidOperation:
            return 1, 0
    if isinstance(have, str) and re.match(r"\d{4}-\d\d-\d\dT", have):
        try:
            moment = dt.datetime.fromisoformat(wanted)
        except ValueError:
            return _plain(have), _plain(wanted)
        return dt.datetime.fromisoformat(have), moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return _plain(have), _plain(wanted.strip() if wanted == " " else wanted)


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    if isinstance(value, int | Decimal):
        return (1, value)
    if str(value).isdecimal():
        return (1, int(value))
    return (2, _plain(value))


def _unreadable(text: str) -> Refusal:
    return Refusal(4000, "Error parsing query", f"QueryParserError: Encountered a problem in “{text}”")


def _meaningless(detail: str) -> Refusal:
    return Refusal(4001, "Invalid query", f"QueryValidationError: {detail}")
