"""QuickBooks Desktop keeps what the hub promises. It stands by itself: it is also run beside the built wheel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hub.plugin import DocumentKind, Download
from hub.testing import Entered, IntegrationSuite, Lost
from quickbooks_desktop import QuickBooksDesktop
from sandbox.desktop.company import CompanyFile
from sandbox.desktop.connector import Application, Died, Failed, Faults, WebConnector

KINDS = {
    "Invoice": DocumentKind.INVOICE, "ReceivePayment": DocumentKind.PAYMENT, "Bill": DocumentKind.BILL,
    "PurchaseOrder": DocumentKind.PURCHASE_ORDER, "CreditMemo": DocumentKind.CREDIT_MEMO,
}  # fmt: skip
MODAL_DIALOG = "0x80040414"


class PretendOffice:
    """A company file and a Web Connector, as the kit wants them."""

    connector: WebConnector

    def __init__(self, folder: Path) -> None:
        self.folder, self.faults = folder, Faults()
        self.company = CompanyFile(folder / "company")

    def invite(self, file: Download, password: str) -> None:
        path = self.folder / file.name
        path.write_bytes(file.body)
        self.connector = WebConnector(
            Application.read(path), password, self.company, faults=self.faults, pause=0.05
        )
        self.connector.approve()

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


class TestQuickBooksDesktop(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> QuickBooksDesktop:
        return QuickBooksDesktop()

    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[PretendOffice]:
        office = PretendOffice(tmp_path)
        yield office
        office.company.close()
