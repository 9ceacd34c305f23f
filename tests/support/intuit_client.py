"""A careful client of the accounting API."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
import simplejson

from sandbox.online import REALM, Running

Row = dict[str, Any]


Ledger = dict[str, list[Row]]


SEEDED: dict[str, Ledger] = {}
"""What the books of each company begin with."""


@dataclass
class Client:
    """Calls the accounting API of one company as a careful client does."""

    books: Running
    token: str
    realm: str = REALM

    def call(
        self, method: str, path: str, *, body: object = None, accept: str = "application/json", **params: str
    ) -> Any:
        """The whole answer of one call."""
        return requests.request(
            method,
            f"{self.books.url}/v3/company/{self.realm}/{path}",
            params={name: value for name, value in params.items() if value},
            data=None if body is None else simplejson.dumps(body, use_decimal=True),
            headers={"Authorization": f"Bearer {self.token}", "Accept": accept, "Content-Type": "application/json"},
            timeout=20,
        )

    def write(self, kind: str, body: Row, **params: str) -> Row:
        """Carry something out that must go well; gives the entry as the books echo it."""
        answer = read(self.call("POST", kind.lower(), body=body, **params))
        assert "Fault" not in answer, answer
        entry: Row = answer[kind]
        return entry

    def refused(self, kind: str, body: Row, **params: str) -> tuple[str, str]:
        """Try something that must be refused; gives the code and the property at fault."""
        answer = self.call("POST", kind.lower(), body=body, **params)
        (error,) = read(answer)["Fault"]["Error"]
        assert answer.status_code == 400
        return error["code"], error.get("element", "")

    def entry(self, kind: str, entry_id: str) -> Row:
        found: Row = read(self.call("GET", f"{kind.lower()}/{entry_id}"))[kind]
        return found

    def query(self, text: str) -> Any:
        """What a query answers: the rows, or a number if it counts."""
        answer = read(self.call("GET", "query", query=text))
        if "Fault" in answer:
            return answer["Fault"]["Error"][0]["code"]
        found = answer["QueryResponse"]
        return found.get("totalCount", next((rows for rows in found.values() if isinstance(rows, list)), []))

    def named(self, kind: str, name: str) -> str:
        """The id of a seeded entry, by its name; accounts by their number. All books are seeded alike."""
        if self.realm not in SEEDED:
            SEEDED[self.realm] = self.books.books(self.realm)
        key = {"Account": "AcctNum", "Customer": "DisplayName", "Vendor": "DisplayName"}.get(kind, "Name")
        return next(str(row["Id"]) for row in SEEDED[self.realm][kind] if row[key] == name)

    def ref(self, kind: str, name: str) -> Row:
        return {"value": self.named(kind, name)}

    def sale(self, amount: str = "100.00", item: str = "T2040", tax: str = "NON", **detail: object) -> Row:
        """A line of a sales form."""
        inner = {"ItemRef": self.ref("Item", item), "TaxCodeRef": {"value": tax}, **detail}
        return {"DetailType": "SalesItemLineDetail", "Amount": Decimal(amount), "SalesItemLineDetail": inner}

    def invoice(self, *lines: Row, customer: str = "Cool Cars", **fields: object) -> Row:
        """Enter an invoice."""
        return self.write("Invoice", self.invoice_of(*lines, customer=customer, **fields))

    def invoice_of(self, *lines: Row, customer: str = "Cool Cars", **fields: object) -> Row:
        return {"CustomerRef": self.ref("Customer", customer), "Line": list(lines or [self.sale()]), **fields}

    def payment_of(
        self, total: str, *links: tuple[str, str, str], customer: str = "Cool Cars", **fields: object
    ) -> Row:
        """A payment, and what it is linked to: (kind, id, amount) each."""
        lines = [
            {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": linked, "TxnType": kind}]}
            for kind, linked, amount in links
        ]
        return {"CustomerRef": self.ref("Customer", customer), "TotalAmt": Decimal(total), "Line": lines, **fields}


def read(answer: requests.Response) -> Any:
    """The body of an answer, amounts as they are written."""
    return simplejson.loads(answer.text, use_decimal=True)


def new_entries(before: Ledger, after: Ledger) -> Ledger:
    """What the whole ledger holds beyond `before`."""
    ids = {kind: {row["Id"] for row in rows} for kind, rows in before.items()}
    new = {kind: [row for row in rows if row["Id"] not in ids[kind]] for kind, rows in after.items()}
    return {kind: rows for kind, rows in new.items() if rows}
