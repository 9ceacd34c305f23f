"""Xero keeps what the hub promises: the conformance kit, on the sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import requests

from hub.plugin import DocumentKind, Field
from hub.testing import Decision, Entered, IntegrationSuite, Lost
from xero_books import Xero
from xero_sandbox import OTHER_TENANT, TENANT, Running, start


class PretendXero:
    """The sandbox, as the kit wants it. Its admin ticks both organisations and is asked which one is meant."""

    def __init__(self, books: Running) -> None:
        self.books = books

    @property
    def settings(self) -> Mapping[str, str]:
        return {**self.books.settings(), "TIMEOUT": "10"}

    def sign_in(self, address: str, decision: Decision) -> str:
        pressed = "cancel" if decision is Decision.DECLINE else "allow"
        tenants = [OTHER_TENANT] if decision is Decision.OTHER_BOOKS else [TENANT, OTHER_TENANT]
        form = {"tenant": tenants, "decision": pressed}
        return requests.post(address, data=form, allow_redirects=False, timeout=10).headers["Location"]

    def choose(self, question: Field, decision: Decision) -> str:
        wanted = OTHER_TENANT if decision is Decision.OTHER_BOOKS else TENANT
        assert wanted in dict(question.choices)
        return wanted

    def documents(self) -> Iterable[Entered]:
        found = self.books.books(TENANT)
        for row in found["Invoices"]:
            kind = DocumentKind.INVOICE if row["Type"] == "ACCREC" else DocumentKind.BILL
            yield Entered(
                kind=kind, id=row["InvoiceID"], number=row["InvoiceNumber"], total=row["Total"],
                party=row["Contact"]["ContactID"],
            )  # fmt: skip
        for row in found["PurchaseOrders"]:
            yield Entered(
                kind=DocumentKind.PURCHASE_ORDER, id=row["PurchaseOrderID"], number=row["PurchaseOrderNumber"],
                total=row["Total"], party=row["Contact"]["ContactID"],
            )  # fmt: skip
        for row in found["CreditNotes"]:
            yield Entered(
                kind=DocumentKind.CREDIT_MEMO, id=row["CreditNoteID"], number=row["CreditNoteNumber"],
                total=row["Total"], party=row["Contact"]["ContactID"],
            )  # fmt: skip
        for row in found["Payments"]:
            yield Entered(
                kind=DocumentKind.PAYMENT, id=row["PaymentID"], number=row["Reference"].split(" · ")[0],
                total=row["Amount"], party=row["Invoice"]["Contact"]["ContactID"],
            )  # fmt: skip

    def cut(self, lost: Lost) -> None:
        self.books.fault("cut_before" if lost is Lost.QUESTION else "cut_after", "/api.xro/")

    def turn_away(self) -> None:
        self.books.fault("status", "/api.xro/", status=503)

    def forget(self) -> None:
        self.books.control("forget", {})

    def expire(self) -> None:
        self.books.control("expire", {})


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books as they are at the beginning, made once."""
    folder = tmp_path_factory.mktemp("seeded")
    start(folder).close()
    return folder


class TestXero(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> Xero:
        return Xero()

    @pytest.fixture
    def ledger(self, seeded: Path, tmp_path: Path) -> Iterator[PretendXero]:
        shutil.copytree(seeded, tmp_path / "books")
        with closing(start(tmp_path / "books")) as books:
            yield PretendXero(books)
