"""The company file: it processes message sets, each carried out and stored with its answer in one transaction."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from sandbox.desktop import answers, lists, purchasing, removals, transactions
from sandbox.desktop.queries import KINDS, Found, Iterators
from sandbox.desktop.reading import SUPPORTED, Asked, Fields, MessageSet, Refused, read
from sandbox.desktop.schema import ABOUT, REMOVALS, TRANSACTION_QUERIES
from sandbox.desktop.seed import plant
from sandbox.desktop.store import Row, Store

DOES: dict[str, Callable[[Store, Fields], Row]] = {
    "InvoiceAdd": transactions.add_invoice,
    "InvoiceMod": transactions.change_invoice,
    "CreditMemoMod": transactions.change_credit_memo,
    "ReceivePaymentAdd": transactions.receive_payment,
    "ReceivePaymentMod": transactions.change_payment,
    "PurchaseOrderAdd": purchasing.add_purchase_order,
    "PurchaseOrderMod": purchasing.change_purchase_order,
    "BillAdd": purchasing.add_bill,
    "BillMod": purchasing.change_bill,
    "BillPaymentCheckAdd": purchasing.pay_bills,
    "CreditMemoAdd": transactions.add_credit_memo,
    "TxnDel": removals.delete_transaction,
    "TxnVoid": removals.void_transaction,
    "ListDel": removals.delete_entry,
}
FILE_ID = "FileID"
LONGEST_SET_ID = 23
"""Intuit's sources disagree on 23 or 24 characters; this is the stricter."""


class CompanyFile:
    """A company file in a folder. It is created there the first time, with accounts and a few entries."""

    def __init__(self, folder: Path, name: str = "Northwind Promotions") -> None:
        self.store = Store(folder)
        self.refused: list[str] = []
        if not self.store.fact("name"):
            with self.store.transaction():
                plant(self.store, name)

    @property
    def name(self) -> str:
        return self.store.fact("name")

    @property
    def path(self) -> str:
        """Return the path of the company file, as the Web Connector sends it."""
        file = self.store.fact("file")
        return f"C:\\Users\\Public\\Documents\\Intuit\\QuickBooks\\{file}.qbw"

    @property
    def country(self) -> str:
        """Return the country of the edition: US, CA, UK or AU. Other editions speak versions such as CA2.0."""
        return self.store.fact("country") or "US"

    def session(self) -> Session:
        """Return a new session with the file open. Iterators last as long as their session."""
        return Session(self)

    def stamp(self, owner_id: str, file_id: str) -> None:
        """Store an application's FileID in the company, as the Web Connector does when an admin agrees. One that is
        there already stays if the file `keeps its mark`: whether QuickBooks replaces it is not documented.

        Raises `ValueError` for a pair that the company has already (QBWC1039).
        """
        fact = f"stamp {owner_id.lower()}"
        with self.store.transaction():
            before = self.stamp_of(owner_id)
            if before == file_id:
                raise ValueError("QBWC1039: Unique OwnerID/FileID pair value required")
            if not before or not self.store.fact("keeps its mark"):
                self.store.remember(fact, file_id)

    def stamp_of(self, owner_id: str) -> str:
        """Return the FileID of an application; empty if nobody has approved it."""
        return self.store.fact(f"stamp {owner_id.lower()}")

    def rows(self, *kinds: str) -> list[Row]:
        """Return all rows of some kinds."""
        return self.store.find(kinds)

    def save(self) -> bytes:
        """Return a copy of the whole company, with its FileIDs and the stored message sets."""
        return self.store.save()

    def restore(self, saved: bytes) -> None:
        """Replace everything in the company with a copy. No session may be open."""
        self.store.restore(saved)

    def close(self) -> None:
        self.store.close()


class Session:
    """An open company file."""

    def __init__(self, company: CompanyFile) -> None:
        self.company, self._iterators = company, Iterators()

    def process(self, text: str) -> str:
        """Carry out a message set and return its answer. Its changes are on disk by then. Raises `RequestError`."""
        asked = read(text)
        store = self.company.store
        with store.transaction():
            if max(len(asked.new), len(asked.old)) > LONGEST_SET_ID:
                return answers.document([], new=asked.new, status="9004")
            if asked.old and asked.old != asked.new and not store.forget(asked.old) and not asked.new:
                return answers.document([], status="600")
            return self._remembered(asked, hashlib.sha256(text.encode()).hexdigest())

    def _remembered(self, asked: MessageSet, checksum: str) -> str:
        store = self.company.store
        if not asked.new:
            return answers.document(self._carry_out(asked))
        known = store.answered(asked.new)
        if known is not None:
            probe = asked.old == asked.new and not asked.asked
            if not probe and known[0] != checksum:
                return answers.document([], new=asked.new, status="9001")
            return answers.given_again(known[1], store.fact("error recovery"))
        if asked.old == asked.new:
            return answers.document([], new=asked.new, status="9002")
        answer = answers.document(self._carry_out(asked), new=asked.new, status="0")
        while self.company.refused:  # Here, because a refused request is rolled back.
            store.remember(self.company.refused.pop(), "")
        store.keep(asked.new, checksum, answer)
        return answer

    def _carry_out(self, asked: MessageSet) -> list[etree._Element]:
        responses = []
        failed = False
        for one in asked.asked:
            if failed and asked.stops:
                responses.append(answers.refusal(one, Refused(3231, "The request has not been processed.")))
                continue
            try:
                with self.company.store.attempt():
                    responses.append(self._one(one))
            except Refused as refused:
                failed = True
                responses.append(answers.refusal(one, refused))
        return responses

    def _one(self, asked: Asked) -> etree._Element:
        if asked.wrong is not None:
            raise asked.wrong
        if asked.name in ABOUT:
            return self._about(asked)
        if asked.name in KINDS:
            return self._query(asked)
        store = self.company.store
        self._refuse_once(asked)
        if asked.name in DOES:
            row = DOES[asked.name](store, asked.fields)
            if asked.name in REMOVALS:
                return answers.removal(asked, row)
        elif asked.name.endswith("Mod"):
            row = lists.change(store, asked.name.removesuffix("Mod"), asked.fields)
        else:
            row = lists.add(store, asked.name.removesuffix("Add"), asked.fields)
        warning = self._warned(asked)
        return answers.response(asked, [row], {}) if warning is None else warning

    def _refuse_once(self, asked: Asked) -> None:
        """Raise the refusal that was asked for: `refuses InvoiceAdd 1042` is the status code for that number or name.
        It is raised once."""
        store = self.company.store
        name = f"refuses {asked.name} {asked.fields.get('RefNumber') or asked.fields.get('Name', '')}"
        if code := store.fact(name):
            self.company.refused.append(name)
            raise Refused(int(code), self.company.store.fact("refusal") or "QuickBooks says so.")

    def _warned(self, asked: Asked) -> etree._Element | None:
        """Return the warning without a row that was asked for: `warns` is "InvoiceAdd 510 2", for the next two."""
        store = self.company.store
        name, code, times = (store.fact("warns") or "- 0 0").split()
        if name != asked.name or not int(times):
            return None
        store.remember("warns", f"{name} {code} {int(times) - 1}")
        return answers.refusal(asked, Refused(int(code), "The object could not be returned."))

    def _query(self, asked: Asked) -> etree._Element:
        found: Found = self._iterators.answer(self.company.store, asked)
        if found.missing and not found.rows:
            raise Refused(500, "The query request has not been fully completed. There was a required element "
                          f'("{found.missing}") that could not be found in QuickBooks.')  # fmt: skip
        attributes = {}
        if found.iterator:
            attributes = {"iteratorRemainingCount": str(found.remaining), "iteratorID": found.iterator}
        lines = asked.name not in TRANSACTION_QUERIES or asked.fields.get("IncludeLineItems") in {"true", "1"}
        return answers.response(asked, found.rows, attributes, lines=lines)

    def _about(self, asked: Asked) -> etree._Element:
        fields = {"HostQuery": self._host, "CompanyQuery": self._company, "PreferencesQuery": self._preferences}
        kind = asked.name.removesuffix("Query")
        row = Row(id="", kind=kind, shelf="", name="", fields=fields[asked.name](asked))
        return answers.response(asked, [row], {})

    def _host(self, _: Asked) -> Fields:
        versions = (self.company.store.fact("versions") or " ".join(SUPPORTED)).split()
        if self.company.country != "US":
            versions = [f"{self.company.country}{version}" for version in ("2.0", "3.0")]
        return {
            "ProductName": "QuickBooks Enterprise Solutions 24.0", "MajorVersion": "34", "MinorVersion": "0",
            "Country": self.company.country,
            "SupportedQBXMLVersion": ["1.0", "1.1", "2.0", "3.0", "4.0", "5.0", "6.0", *versions],
            "IsAutomaticLogin": "false", "QBFileMode": "SingleUser",
        }  # fmt: skip

    def _company(self, asked: Asked) -> Fields:
        stamps = [
            {"OwnerID": owner, "DataExtName": FILE_ID, "DataExtType": "STR255TYPE", "DataExtValue": stamp}
            for owner in asked.fields.get("OwnerID", [])
            if (stamp := self.company.store.fact(f"stamp {owner.lower()}"))
        ]
        return {
            "IsSampleCompany": "false", "CompanyName": self.company.name, "LegalCompanyName": self.company.name,
            "FirstMonthFiscalYear": "January", "DataExtRet": stamps,
        }  # fmt: skip

    def _preferences(self, _: Asked) -> Fields:
        classes = self.company.store.fact("classes") or "false"
        return {
            "AccountingPreferences": {"IsUsingAccountNumbers": "true", "IsUsingClassTracking": classes},
            "MultiCurrencyPreferences": self._currencies(),
        }

    def _currencies(self) -> Fields:
        """Return the home currency, which a company names only if it uses several."""
        if not (home := self.company.store.fact("home currency")):
            return {"IsMultiCurrencyOn": "false"}
        return {"IsMultiCurrencyOn": "true", "HomeCurrencyRef": {"ListID": "80000001", "FullName": home}}

    def introduction(self, owner_id: str) -> str:
        """Return the document that the Web Connector sends with its first call: host, company and preferences."""
        owner = {"CompanyQuery": f"<OwnerID>{owner_id}</OwnerID>"}
        queries = "".join(
            f'<{name}Rq requestID="{slot}">{owner.get(name, "")}</{name}Rq>' for slot, name in enumerate(ABOUT)
        )
        return self.process(
            f'<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">{queries}'
            "</QBXMLMsgsRq></QBXML>"
        )


def ticket() -> str:
    """Return a GUID like the one that QuickBooks gives to a session."""
    return "{" + str(uuid.uuid4()) + "}"
