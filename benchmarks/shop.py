"""A host and an installation of any size, written straight into a database: to measure pages on."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import Column, Connection, MetaData, String, Table, insert, select, text

from hub import migrating
from hub.database import Key, begins_with, now, session
from hub.host import Company, CompanyQuery, Order, OrderLine, Page
from hub.integrations import registry
from hub.models import Delivery, Installation, Link, Listing, Mapping, RecordRow, TransactionRow, Word
from hub.models.books import email_key, phone_key
from hub.models.delivery import search_key
from hub.plugin import AccountKind, Invoice, Line, Record, RecordKind, Ref, Role, TransactionKind, name_key
from hub.serialization import subject_json
from hub.states import DeliveryState, InstallationState
from tests.support.host import Desk
from tests.support.served import create_app

FIRST = (
    "Atlas", "Beacon", "Bluebird", "Cedar", "Golden", "Harbor", "Kline", "Lakeside", "Maple", "Northfield", "Pioneer",
    "Prairie", "Redwood", "Starling", "Summit", "Tri-County", "Vista", "Willow", "Yellow", "Zenith",
)  # fmt: skip
SECOND = (
    "Bakery", "Brewing", "Clinic", "Credit Union", "Dental", "Farm", "Insurance", "Landscaping", "Law Group",
    "Logistics", "Moving", "Plumbing", "Press", "Realty", "Robotics", "School", "Software", "Theater",
)  # fmt: skip

metadata = MetaData()
companies = Table(
    "shop_company", metadata, Column("name", Key(200), primary_key=True), Column("id", String(64), index=True),
    Column("key", Key(200), index=True),
)  # fmt: skip


def company(number: int) -> Company:
    """A company, and with the same name, e-mail and phone a customer of the books."""
    dice = random.Random(number)  # noqa: S311 – The same shop every time.
    name = f"{dice.choice(FIRST)} {dice.choice(SECOND)} {number}"
    mail = f"accounts{number}@{name.split(maxsplit=1)[0].lower()}.test"
    return Company(id=f"{number}", name=name, email=mail, phone=f"503{number:07}")


class Shop(Desk):
    """A host that keeps its companies in a table, in the order of their names, and finds them by how these begin."""

    def company(self, organization_id: str, company_id: str) -> Company | None:
        return company(int(company_id))

    def companies(self, organization_id: str, query: CompanyQuery) -> Page[Company]:
        found = select(companies.c.id).order_by(companies.c.name).limit(query.limit + 1)
        if query.text:
            found = found.where(begins_with(companies.c.key, name_key(query.text)))
        if query.after:
            found = found.where(companies.c.name > company(int(query.after)).name)
        ids = list(session().scalars(found))
        return Page(rows=tuple(company(int(one)) for one in ids[: query.limit]), more=len(ids) > query.limit)

    def order(self, organization_id: str, order_id: str) -> Order | None:
        number = int(order_id)
        lines = tuple(
            OrderLine(
                name=f"Mug {line}", quantity=Decimal(100), price=Decimal("2.30"), amount=Decimal("230.00"),
                fields={"number": f"A{line}", "name": f"Mug {line}"}, cost=Decimal("1.10"),
                vendor=company(line % 3),
            )
            for line in range(12)
        )  # fmt: skip
        return Order(
            id=order_id, number=order_id, date=dt.date(2026, 11, 12), currency="USD", company=company(number),
            lines=lines, total=Decimal("2760.00"),
        )  # fmt: skip


@dataclass(frozen=True)
class Size:
    customers: int
    deliveries: int


def open_shop(database: str, size: Size) -> Flask:
    """An app on a fresh database: QuickBooks Online installed, with so many customers on both sides, half of them
    linked, as many vendors of the books as a tenth of that, and so many deliveries.
    """
    app = create_app(database, Fernet.generate_key().decode())
    app.config.update({
        f"HUB_QUICKBOOKS_ONLINE_{name}": "http://127.0.0.1:9"
        for name in ("CLIENT_ID", "CLIENT_SECRET", "AUTHORIZE_URL", "TOKEN_URL", "REVOKE_URL", "API_URL", "APP_URL")
    })  # fmt: skip
    app.extensions["hub"].host = Shop()
    with app.app_context():
        migrating.upgrade()
        connection = session().connection()
        metadata.create_all(connection)
        installation = Installation(
            organization_id="acme", integration="quickbooks_online", state=InstallationState.CONNECTED,
            installed_by="Ada", books_id="1", books_name="Sandbox Company", books_currency="USD", item_source="number",
            documents=["invoice", "bill", "purchase_order"], answered_at=now(), authorized_at=now(),
        )  # fmt: skip
        session().add(installation)
        session().flush()
        _fill(connection, installation.id, size)
        if database.startswith("postgresql"):
            connection.execute(text("ANALYZE"))
        session().commit()
        session().remove()
    return app


def _fill(connection: Connection, installation_id: int, size: Size) -> None:
    for kind in registry.find_integration("quickbooks_online").capabilities.lists:
        session().add(Listing(installation_id=installation_id, kind=kind, loading=False, refreshed_at=now()))
    session().flush()
    numbers = range(size.customers)
    _write(connection, companies, (
        {"id": one.id, "name": one.name, "key": name_key(one.name)} for one in map(company, numbers)
    ))  # fmt: skip
    _records(connection, installation_id, [
        *(Record(kind=RecordKind.ACCOUNT, id=str(4000 + n), name=f"Account {n}", number=str(4000 + n), account=kind)
          for n, kind in enumerate([*AccountKind] * 12)),
        *(Record(kind=RecordKind.ITEM, id=f"i{n}", name=f"A{n}") for n in range(12)),
    ])  # fmt: skip
    _records(connection, installation_id, (_record(RecordKind.VENDOR, n) for n in range(size.customers // 10)))
    _records(connection, installation_id, (_record(RecordKind.CUSTOMER, n) for n in numbers))
    integration = registry.find_integration("quickbooks_online")
    for field in integration.mappings:
        fits = next((n for n, kind in enumerate([*AccountKind]) if kind in field.accepts), None)
        if fits is not None and field.key != Role.SALES_TAX_ITEM:
            number = str(4000 + fits)
            session().add(Mapping(installation_id=installation_id, role=field.key, record_id=number, name=number))
    session().flush()
    _write(connection, Link.__table__, (
        {"installation_id": installation_id, "kind": RecordKind.CUSTOMER, "company_id": str(n),
         "record_id": f"customer{n}", "name": company(n).name, "linked_by": "Ada", "linked_at": now(), "note": ""}
        for n in numbers if n % 2
    ))  # fmt: skip
    sent = range(size.deliveries)
    _write(connection, Delivery.__table__, (_delivery(installation_id, n, size) for n in sent))
    _write(connection, TransactionRow.__table__, (_transaction(installation_id, n, size) for n in sent))


def _record(kind: RecordKind, number: int) -> Record:
    one = company(number)
    return Record(kind=kind, id=f"{kind}{number}", name=one.name, email=one.email, phone=one.phone)


def _records(connection: Connection, installation_id: int, records: Any) -> None:
    """Entries with their words, by their numbers: what `fetching.store` does one page at a time."""
    begun = (connection.scalar(select(RecordRow.id).order_by(RecordRow.id.desc()).limit(1)) or 0) + 1
    rows: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    for number, record in enumerate(records, start=begun):
        row = RecordRow(id=number, installation_id=installation_id, kind=record.kind, record_id=record.id)
        row.copy_from(record)
        rows.append({
            "id": number, "installation_id": installation_id, "kind": row.kind, "record_id": row.record_id,
            "name": row.name, "name_key": row.name_key, "number": row.number, "account": row.account,
            "detail": row.detail, "email": row.email, "email_key": email_key(row.email), "phone": row.phone,
            "phone_key": phone_key(row.phone), "active": True, "seen_at": now(), "merged_into": "",
        })  # fmt: skip
        words += [
            {"record_id": number, "word": word, "installation_id": installation_id, "kind": row.kind}
            for word in row.words
        ]  # fmt: skip
    _write(connection, RecordRow.__table__, iter(rows))
    _write(connection, Word.__table__, iter(words))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval('hub_record_id_seq', (SELECT max(id) FROM hub_record))"))


_LINE = Line(
    item=Ref(id="i0", name="A0"), description="Mug", quantity=Decimal(1200), price=Decimal("2.30"),
    amount=Decimal("2760.00"),
)  # fmt: skip


def _delivery(installation_id: int, number: int, size: Size) -> dict[str, Any]:
    """An invoice in the books; of a hundred one needs attention, and of forty one was given up."""
    stopped, cancelled = number % 100 == 0, number % 40 == 1
    state = DeliveryState.STOPPED if stopped else DeliveryState.CANCELLED if cancelled else DeliveryState.POSTED
    one = company(number % size.customers)
    subject = Invoice(
        number=str(number), date=dt.date(2026, 11, 12), currency="USD", customer=Ref(id="1", name=one.name),
        lines=(_LINE,), total=Decimal("2760.00"), discount_account=None, receivable=None,
    )  # fmt: skip
    problems = [{"what": "The name is taken.", "why": "", "cure": "Choose another.", "field": "customer"}]
    return {
        "installation_id": installation_id, "organization_id": "acme", "source": f"order/{number}", "kind": "invoice",
        "order_id": str(number), "title": f"Invoice {number}", "subject": subject_json(subject),
        "choices": {}, "state": state, "reason": "rejected" if stopped else None,
        "problems": problems if stopped else [], "reference": "", "due_at": now(), "tries": 1,
        "sent_by": "Ada Admin", "sent_at": now(), "moved_at": now(),
        "posting_id": "" if stopped else f"t{number}", "posting_number": "" if stopped else str(number),
        "posting_total": Decimal("2760.00"), "posting_lines": [], "posting_version": "",
        "search_key": search_key(f"Invoice {number} {one.name} {number} Ada Admin"),
    }  # fmt: skip


def _transaction(installation_id: int, number: int, size: Size) -> dict[str, Any]:
    day = dt.date(2026, 11, 12) - dt.timedelta(days=number % 120)
    return {
        "installation_id": installation_id, "kind": TransactionKind.INVOICE, "transaction_id": f"t{number}",
        "number": str(number), "date": day, "due": day, "customer_id": f"customer{number % size.customers}",
        "total": Decimal("2760.00"), "balance": Decimal("0.00"), "currency": "USD", "invoices": [], "voided": False,
        "deleted": False, "version": "", "seen_at": now(),
    }  # fmt: skip


def _write(connection: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    while part := list(islice(rows, 5000)):
        connection.execute(insert(table), part)
