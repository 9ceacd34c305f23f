"""The conformance kit on QuickBooks Desktop. The file imports nothing of the tests: it is also run beside the wheel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hub.plugin import Bill, CreditMemo, Download, Invoice, Payment, PurchaseOrder
from hub.testing import Entered, IntegrationSuite, Lost
from quickbooks_desktop import QuickBooksDesktop
from sandbox.desktop.company import CompanyFile
from sandbox.desktop.connector import Application, Died, Failed, Faults, WebConnector

KINDS = {
    "Invoice": Invoice.kind, "ReceivePayment": Payment.kind, "Bill": Bill.kind,
    "PurchaseOrder": PurchaseOrder.kind, "CreditMemo": CreditMemo.kind,
}  # fmt: skip
MODAL_DIALOG = "0x80040414"


class PretendOffice:
    """A company file and a Web Connector as a `hub.testing.PullLedger` that can be restored."""

    connector: WebConnector

    def __init__(self, company: CompanyFile, folder: Path) -> None:
        self.company, self.folder = company, folder

    def invite(self, file: Download, password: str) -> None:
        path = self.folder / file.name
        path.write_bytes(file.body)
        self.connect(Application.read(path), password)
        if not self.connector.is_approved:
            self.connector.approve()

    def connect(self, application: Application, password: str) -> None:
        """Start a Web Connector that has this application and its password."""
        self.faults = Faults()
        self.connector = WebConnector(application, password, self.company, faults=self.faults, pause=0.05)

    def call(self) -> None:
        with suppress(Died, Failed):
            self.connector.update()

    def documents(self) -> Iterable[Entered]:
        for row in self.company.rows(*KINDS):
            fields = row.fields
            match row.kind:
                case "Invoice":
                    total = fields["Subtotal"] + fields["SalesTaxTotal"]
                case "Bill":
                    total = fields["AmountDue"]
                case _:
                    total = fields["TotalAmount"]
            party = fields["CustomerRef" if "CustomerRef" in fields else "VendorRef"]["ListID"]
            yield Entered(
                kind=KINDS[row.kind], id=row.id, number=fields.get("RefNumber", ""), total=total, party=party
            )

    def cut(self, lost: Lost) -> None:
        at = self.connector.exchanges + 1
        self.faults.die_before, self.faults.die_after = (at, 0) if lost is Lost.QUESTION else (0, at)

    def turn_away(self) -> None:
        self.faults.hresult = MODAL_DIALOG

    def forget(self) -> None:
        raise NotImplementedError("A company file remembers for good.")

    def save(self) -> tuple[bytes, Application, str]:
        return self.company.save(), self.connector.application, self.connector.password

    def restore(self, saved: Any) -> None:
        company, application, password = saved
        self.company.restore(company)
        self.connect(application, password)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompanyFile]:
    """The company file, in any state."""
    company = CompanyFile(tmp_path_factory.mktemp("company"))
    yield company
    company.close()


@pytest.fixture(scope="module")
def new(company: CompanyFile) -> bytes:
    """The state of a new company file."""
    return company.save()


class TestQuickBooksDesktop(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> QuickBooksDesktop:
        return QuickBooksDesktop()

    @pytest.fixture
    def ledger(self, company: CompanyFile, new: bytes, tmp_path: Path) -> PretendOffice:
        company.restore(new)
        return PretendOffice(company, tmp_path)
