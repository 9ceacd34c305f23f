"""The pieces of a journey to QuickBooks Desktop: the hub behind a real socket, a company file, a Web Connector."""

from __future__ import annotations

import atexit
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp

from flask import Flask
from sqlalchemy import select, update

from hub.books import mappings
from hub.books.refresh import find_listings
from hub.database import now, session
from hub.dispatch import endpoints
from hub.installations.install import install_integration
from hub.installations.passwords import change_password
from hub.integrations import registry
from hub.models import Delivery, Endpoint, Installation, Lease, Listing
from hub.queue import commit
from hub.states import DeliveryState
from sandbox.desktop.company import CompanyFile
from sandbox.desktop.connector import Application, Died, Faults, WebConnector
from tests.support import databases
from tests.support.host import ADA_AT_ACME

BOOKS = "Northwind Promotions"


@dataclass(frozen=True)
class Connected:
    """The files of an office right after its first session, and what it was told."""

    folder: Path
    url: str
    password: str


def _nothing(_: Office) -> None:
    """Do nothing."""


@dataclass
class Office:
    """The bookkeeper's office: an installation, and what runs on the bookkeeper's computer."""

    url: str
    installation: Installation
    folder: Path
    company: CompanyFile
    password: str
    application: Application
    log: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, url: str, folder: Path) -> Office:
        """Install, download the file, say yes in QuickBooks. The Web Connector has not called yet."""
        installation = install_integration(ADA_AT_ACME, "quickbooks_desktop")
        row = endpoints.endpoint_for(installation)
        password = change_password(ADA_AT_ACME, installation.id, instead_of="")
        file = endpoints.connection_file(installation, f"{url}/hub/polling/{row.address}", f"{url}/hub/support")
        path = folder / file.name
        path.write_bytes(file.body)
        office = cls(
            url=url, installation=installation, folder=folder, company=CompanyFile(folder / "company", BOOKS),
            password=password, application=Application.read(path),
        )  # fmt: skip
        office.connector().approve()
        return office

    @classmethod
    def reopened(cls, office: Office) -> Office:
        """Download the file of an office once more; it may have another mark."""
        row = endpoints.endpoint_for(office.installation)
        file = endpoints.connection_file(
            office.installation, f"{office.url}/hub/polling/{row.address}", f"{office.url}/hub/support"
        )
        path = office.folder / "again.qwc"
        path.write_bytes(file.body)
        return replace(office, application=Application.read(path))

    @classmethod
    def connected(
        cls, app: Flask, url: str, folder: Path, *, name: str = "desktop", prepare: Callable[[Office], None] = _nothing
    ) -> Office:
        """Return an office after its first session, and after what `prepare` does in it.

        The first test of a process does both; the others copy the database and the files, which are known by `name`.
        """
        kept = databases.once(name, app, lambda: cls._connect_once(url, prepare))
        copytree(kept.folder, folder, dirs_exist_ok=True)
        (path,) = folder.glob("*.qwc")
        path.write_text(path.read_text(encoding="utf-8").replace(kept.url, url), encoding="utf-8")
        return cls(
            url=url, installation=session().scalars(select(Installation)).one(), folder=folder,
            company=CompanyFile(folder / "company", BOOKS), password=kept.password, application=Application.read(path),
        )  # fmt: skip

    @classmethod
    def _connect_once(cls, url: str, prepare: Callable[[Office], None]) -> Connected:
        folder = Path(mkdtemp(prefix="office-"))
        atexit.register(rmtree, folder, ignore_errors=True)
        office = cls.open(url, folder)
        office.connect()
        prepare(office)
        office.company.close()
        return Connected(folder, url, office.password)

    def connector(self, faults: Faults | None = None, url: str = "") -> WebConnector:
        application = self.application
        if url:
            application = Application(
                name=application.name, url=application.url.replace(self.url, url), user=application.user,
                owner_id=application.owner_id, file_id=application.file_id,
            )  # fmt: skip
        return WebConnector(application, self.password, self.company, faults=faults or Faults(), pause=0.01,
                            log=self.log.append)  # fmt: skip

    def connect(self) -> None:
        """The first session, in which the lists are read; then the accounts are chosen as suggested."""
        assert self.connector().update() == "OK"
        session().expire_all()
        listings = find_listings(self.installation.id)
        assert {one.kind: one.problem for one in listings if one.problem or one.loading} == {}
        integration = registry.find_integration("quickbooks_desktop")
        chosen = mappings.list_choices(self.installation, integration)
        accounts = {one.field.key: one.chosen.id for one in chosen if one.chosen}
        named = {row.fields["FullName"]: row.id for row in self.company.rows("Account")}
        accounts |= {"income_account": named["Sales"], "discount_account": named["Discounts Given"]}
        mappings.save_mappings(self.installation, integration, accounts)
        commit()

    def update(self, *, most: int = 12) -> list[str]:
        """Run sessions until one has nothing to do or comes to its end. Return what each of them showed last."""
        shown = []
        for _ in range(most):
            let_sessions_time_out()
            shown.append(self.connector().update())
            session().expire_all()
            if shown[-1] in {"OK", "No data exchange required"}:
                return shown
        raise AssertionError(f"The Web Connector never came to an end: {shown}")

    def dies(self, faults: Faults) -> bool:
        """Run a session that breaks off at a fault, and let it time out. Return False if it came to its end before."""
        try:
            self.connector(faults).update()
        except Died:
            return True
        finally:
            let_sessions_time_out()
        return False


Ledger = dict[str, list[tuple[object, ...]]]


def whole_file(company: CompanyFile) -> Ledger:
    """What matters to the accountant, of everything in a company file."""
    return {
        "customers": sorted((row.name,) for row in company.rows("Customer")),
        "items": sorted((row.name,) for row in company.rows("ItemNonInventory", "ItemService", "ItemDiscount")),
        "invoices": sorted(
            (row.fields["RefNumber"], row.fields["CustomerRef"]["FullName"],
             tuple(line["Amount"] for line in row.fields["InvoiceLineRet"]),
             row.fields["Subtotal"] + row.fields["SalesTaxTotal"], row.fields["BalanceRemaining"])
            for row in company.rows("Invoice")
        ),
        "payments": sorted((row.fields["CustomerRef"]["FullName"], row.fields["TotalAmount"],
                            row.fields["UnusedPayment"]) for row in company.rows("ReceivePayment")),
        "purchase orders": sorted((row.fields["RefNumber"], row.fields["TotalAmount"], row.fields["IsFullyReceived"])
                                  for row in company.rows("PurchaseOrder")),
        "bills": sorted((row.fields["RefNumber"], row.fields["AmountDue"]) for row in company.rows("Bill")),
    }  # fmt: skip


ORDER_1042: Ledger = {
    "customers": [("ABC Company",)],
    "items": [("A7102",), ("Order discount",)],
    "invoices": [
        ("1042", "ABC Company", (Decimal("230.00"), Decimal("-11.50")), Decimal("218.50"), Decimal("118.50"))
    ],
    "payments": [("ABC Company", Decimal("100.00"), Decimal("0.00"))],
    "purchase orders": [],
    "bills": [],
}


IMPRINT = (
    "<ItemServiceAddRq><ItemServiceAdd><Name>Imprint</Name><SalesOrPurchase><AccountRef><FullName>Sales</FullName>"
    "</AccountRef></SalesOrPurchase></ItemServiceAdd></ItemServiceAddRq>"
)
"""An item that a bookkeeper has entered by hand."""


def by_hand(company: CompanyFile, request: str) -> None:
    """Somebody at the bookkeeper's computer does something in QuickBooks."""
    answer = company.session().process(
        f'<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">{request}'
        "</QBXMLMsgsRq></QBXML>"
    )
    assert 'statusCode="0"' in answer, answer


def look_again(office: Office) -> None:
    """The next call of the Web Connector at which the history and the lists are due."""
    session().execute(update(Listing).values(due_at=now()))
    commit()
    assert office.update()[-1] == "OK"


def let_sessions_time_out() -> None:
    """Let each open session be silent for too long, and let each lease be over that a killed process holds."""
    long_ago = now() - dt.timedelta(hours=1)
    session().execute(update(Endpoint).where(Endpoint.ticket.is_not(None)).values(ticket_until=long_ago))
    session().execute(update(Lease).values(until=long_ago))
    commit()
    session().expire_all()


def forget_answers(office: Office) -> None:
    """Let QuickBooks answer 9001 to each message set that it has answered before: it does not remember it."""
    store = office.company.store
    remember = store.answered

    def answered(set_id: str) -> tuple[str, str] | None:
        known = remember(set_id)
        return ("another checksum", known[1]) if known else None

    store.answered = answered  # type: ignore[method-assign]  # From here on.


def faults(kind: str, step: int) -> Faults:
    found = Faults()
    setattr(found, kind, step)
    return found


def states() -> set[DeliveryState]:
    session().expire_all()
    return set(session().scalars(select(Delivery.state)))
