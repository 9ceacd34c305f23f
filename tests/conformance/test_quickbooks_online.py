"""The conformance kit on QuickBooks Online. The file imports nothing of the tests: it is also run beside the wheel."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import pytest
import requests

from hub.plugin import Bill, CreditMemo, Invoice, Payment, PurchaseOrder
from hub.testing import Decision, Entered, IntegrationSuite, Lost
from quickbooks_online import QuickBooksOnline
from sandbox.online import CLIENT_ID, CLIENT_SECRET, OTHER_REALM, REALM, Running, start

KINDS = {
    "Invoice": Invoice.kind, "Payment": Payment.kind, "Bill": Bill.kind,
    "PurchaseOrder": PurchaseOrder.kind, "CreditMemo": CreditMemo.kind,
}  # fmt: skip


NEW = "new"
_count = itertools.count(1)


class PretendIntuit:
    """The sandbox as a `hub.testing.PushLedger` that can be restored."""

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

    def save(self) -> str:
        name = f"state {next(_count)}"
        self.books.save(name)
        return name

    def restore(self, saved: object) -> None:
        self.books.restore(str(saved))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running sandbox whose new state is saved."""
    with start(tmp_path_factory.mktemp("online")) as running:
        running.save(NEW)
        yield running


class TestQuickBooksOnline(IntegrationSuite):
    @pytest.fixture
    def integration(self) -> QuickBooksOnline:
        return QuickBooksOnline()

    @pytest.fixture
    def ledger(self, sandbox: Running) -> PretendIntuit:
        sandbox.restore(NEW)
        return PretendIntuit(sandbox)
