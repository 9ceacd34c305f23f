"""Pretend books: what Acme would do with a question, in memory. Strict in what the real one is strict in."""

from __future__ import annotations

import copy
import threading
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hub.testing import Entered

ACCOUNTS = {"4000 Sales": "income", "1100 Receivable": "accounts_receivable", "2000 Payable": "accounts_payable"}
PARTIES = {"invoice": "customer", "payment": "customer", "purchase_order": "vendor", "bill": "vendor"}
PAGE = 3

Row = dict[str, Any]


class Books:
    """The books of one company. A key is carried out once, and answered the same whenever it comes again."""

    def __init__(self, key: str, name: str) -> None:
        self.key, self.name = key, name
        self.rows: list[Row] = []
        self.answered: dict[str, list[Row]] = {}
        self.lock = threading.Lock()
        for account, kind in ACCOUNTS.items():
            self._keep("account", {"name": account, "account": kind})

    def ask(self, key: str, questions: list[Row]) -> list[Row]:
        with self.lock:
            if key not in self.answered:
                self.answered[key] = [self._one(question) for question in questions]
            return self.answered[key]

    def documents(self) -> list[Entered]:
        return [
            Entered(
                kind=row["kind"], id=row["id"], number=row["number"], total=Decimal(row["total"]),
                party=row["party"],
            )
            for row in self.rows if row["kind"] in PARTIES
        ]  # fmt: skip

    def save(self) -> tuple[list[Row], dict[str, list[Row]]]:
        with self.lock:
            return copy.deepcopy((self.rows, self.answered))

    def restore(self, saved: tuple[list[Row], dict[str, list[Row]]]) -> None:
        with self.lock:
            self.rows, self.answered = copy.deepcopy(saved)

    def _one(self, question: Row) -> Row:
        if "who" in question:
            return {"who": {"id": self.key, "name": self.name, "currency": "USD"}}
        if "list" in question:
            found = sorted(self._all(question["list"]), key=lambda row: int(row["at"]))
            left = [row for row in found if row["at"] > question["after"]]
            return {"rows": [dict(row) for row in left[:PAGE]], "more": len(left) > PAGE}
        kind, fields = question["enter"], question["fields"]
        return self._document(kind, fields) if kind in PARTIES else self._entry(kind, fields)

    def _entry(self, kind: str, fields: Row) -> Row:
        taken = [row for row in self._all(kind) if row["name"].casefold() == fields["name"].casefold()]
        if taken:
            return {"refused": {"code": "name_taken", "text": "There is one of that name.", "id": taken[0]["id"]}}
        return {"row": dict(self._keep(kind, fields))}

    def _document(self, kind: str, fields: Row) -> Row:
        if not any(row["id"] == fields["party"] for row in self._all(PARTIES[kind])):
            return _refused("unknown_party", f"There is no {PARTIES[kind]} {fields['party']}.")
        items = {row["id"] for row in self._all("item")}
        if any(line["item"] not in items for line in fields.get("lines", ())):
            return _refused("unknown_item", "A line has an item that is not there.")
        total = _total(fields)
        if kind == "payment":
            invoice = next((row for row in self._all("invoice") if row["id"] == fields["invoice"]), None)
            if invoice is None or Decimal(invoice["balance"]) < total:
                return _refused("not_open", "So much is not open on that invoice.")
            self._touch(invoice, balance=str(Decimal(invoice["balance"]) - total))
        balance = total if kind == "invoice" else Decimal(0)
        return {"row": dict(self._keep(kind, {**fields, "total": str(total), "balance": str(balance)}))}

    def _keep(self, kind: str, fields: Row) -> Row:
        row = {"id": str(len(self.rows) + 1001), "kind": kind, **fields}
        self.rows.append(row)
        self._touch(row)
        return row

    def _touch(self, row: Row, **changes: str) -> None:
        row.update(changes, at=max((int(one.get("at", 0)) for one in self.rows), default=0) + 1)

    def _all(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row["kind"] == kind]


def _total(fields: Row) -> Decimal:
    """Return what the books come to by themselves."""
    if "amount" in fields:
        return Decimal(fields["amount"])
    lines = sum((_cents(Decimal(line["quantity"]) * Decimal(line["price"])) for line in fields["lines"]), Decimal(0))
    return _cents(lines - Decimal(fields.get("discount", 0)) + Decimal(fields.get("tax", 0)))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _refused(code: str, text: str) -> Row:
    return {"refused": {"code": code, "text": text}}
