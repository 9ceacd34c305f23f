"""The conformance kit on Xero."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

import pytest
import requests

from hub.plugin import Bill, CreditMemo, Field, Invoice, Payment, PurchaseOrder
from hub.testing import Decision, Entered, IntegrationSuite, Lost
from xero_books import Xero
from xero_sandbox import OTHER_TENANT, TENANT, Running, start

NEW = "new"
_count = itertools.count(1)


class PretendXero:
    """The sandbox as a `hub.testing.ChoosingLedger` that can be restored.

    Its admin ticks both organisations and is asked which one is meant.
    """

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
            kind = Invoice.kind if row["Type"] == "ACCREC" else Bill.kind
            yield Entered(
                kind=kind, id=row["InvoiceID"], number=row["InvoiceNumber"], total=row["Total"],
                party=row["Contact"]["ContactID"],
            )  # fmt: skip
        for row in found["PurchaseOrders"]:
            yield Entered(
                kind=PurchaseOrder.kind, id=row["PurchaseOrderID"], number=row["PurchaseOrderNumber"],
                total=row["Total"], party=row["Contact"]["ContactID"],
            )  # fmt: skip
        for row in found["CreditNotes"]:
            yield Entered(
                kind=CreditMemo.kind, id=row["CreditNoteID"], number=row["CreditNoteNumber"],
                total=row["Total"], party=row["Contact"]["ContactID"],
            )  # fmt: skip
        for row in found["Payments"]:
            yield Entered(
                kind=Payment.kind, id=row["PaymentID"], number=row["Reference"].split(" · ")[0],
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

    def save(self) -> str:
        name = f"state {next(_count)}"
        self.books.save(name)
        return name

    def restore(self, saved: object) -> None:
        self.books.restore(str(saved))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running sandbox whose new state is saved."""
    with start(tmp_path_factory.mktemp("xero")) as running:
        running.save(NEW)
        yield running


class TestXero(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> Xero:
        return Xero()

    @pytest.fixture
    def ledger(self, sandbox: Running) -> PretendXero:
        sandbox.restore(NEW)
        return PretendXero(sandbox)
