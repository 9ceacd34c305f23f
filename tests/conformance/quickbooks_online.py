"""QuickBooks Online keeps what the hub promises. It stands by itself: it is also run beside the built wheel."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from hub.plugin import DocumentKind
from hub.testing import Decision, Entered, IntegrationSuite, Lost
from quickbooks_online import QuickBooksOnline
from sandbox.online import CLIENT_ID, CLIENT_SECRET, OTHER_REALM, REALM, Running, start

KINDS = {
    "Invoice": DocumentKind.INVOICE, "Payment": DocumentKind.PAYMENT, "Bill": DocumentKind.BILL,
    "PurchaseOrder": DocumentKind.PURCHASE_ORDER, "CreditMemo": DocumentKind.CREDIT_MEMO,
}  # fmt: skip


class PretendIntuit:
    """The sandbox, as the kit wants it."""

    def __init__(self, books: Running) -> None:
        self.books = books

    @property
    def settings(self) -> Mapping[str, str]:
        url = self.books.url
        return {
            "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "AUTHORIZE_URL": f"{url}/connect/oauth2",
            "TOKEN_URL": f"{url}/oauth2/v1/tokens/bearer", "REVOKE_URL": f"{url}/v2/oauth2/tokens/revoke",
            "API_URL": url, "APP_URL": url, "TIMEOUT": "10",
        }  # fmt: skip

    def sign_in(self, address: str, decision: Decision) -> str:
        realm = OTHER_REALM if decision is Decision.OTHER_BOOKS else REALM
        pressed = "cancel" if decision is Decision.DECLINE else "connect"
        answer = requests.post(
            address, data={"realm": realm, "decision": pressed}, allow_redirects=False, timeout=10
        )
        return answer.headers["Location"]

    def documents(self) -> Iterable[Entered]:
        for name, rows in self.books.books(REALM).items():
            for row in rows if name in KINDS else ():
                yield Entered(
                    kind=KINDS[name], id=row["Id"], total=Decimal(row["TotalAmt"]),
                    number=row.get("PaymentRefNum" if name == "Payment" else "DocNumber") or "",
                    party=row["CustomerRef" if "CustomerRef" in row else "VendorRef"]["value"],
                )  # fmt: skip

    def cut(self, lost: Lost) -> None:
        self.books.fault("cut_before" if lost is Lost.QUESTION else "cut_after", "/v3/")

    def turn_away(self) -> None:
        self.books.fault("status", "/v3/", status=503)

    def forget(self) -> None:
        self.books.control("forget", {})

    def expire(self) -> None:
        self.books.control("clock", {"advance_seconds": 3700})


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books as they are at the beginning, made once."""
    folder = tmp_path_factory.mktemp("seeded")
    start(folder).close()
    return folder


class TestQuickBooksOnline(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> QuickBooksOnline:
        return QuickBooksOnline()

    @pytest.fixture
    def ledger(self, seeded: Path, tmp_path: Path) -> Iterator[PretendIntuit]:
        shutil.copytree(seeded, tmp_path / "books")
        with closing(start(tmp_path / "books")) as books:
            yield PretendIntuit(books)
