"""What order 1042 is in the books of the sandbox, entered step by step as the hub would."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.plugin import NewCustomer, NewItem, Posting, Ref
from quickbooks_online import QuickBooksOnline
from sandbox.online import REALM, Running
from tests.support.online_conversations import Transport
from tests.support.online_documents import BOOKS, order_1042, payment_of_1042

QUICKBOOKS = QuickBooksOnline()
ABC = NewCustomer(name="ABC Company", email="orders@abc.example", currency="USD")


def account(books: Running, number: str) -> Ref:
    return next(Ref(id=row["Id"], name=row["Name"]) for row in books.books()["Account"] if row["AcctNum"] == number)


def stoneware(books: Running) -> NewItem:
    return NewItem(
        name="A7102",
        description="Almond - 11 oz/Stoneware",
        price=Decimal("2.30"),
        income=account(books, "4000"),
        cost=account(books, "5000"),
    )


def post_1042(books: Running, transport: Transport) -> tuple[Posting, Posting]:
    """Bring the order, its new customer, its new product and its payment into the books, as the hub would."""
    customer = transport.one(QUICKBOOKS.create(ABC, {}, BOOKS))
    item = transport.one(QUICKBOOKS.create(stoneware(books), {}, BOOKS))
    order = order_1042(customer, item, discount_account=account(books, "4900"), receivable=account(books, "1100"))
    invoice = transport.one(QUICKBOOKS.post(order, {}, BOOKS))
    money = payment_of_1042(
        Ref(id=invoice.id, name=invoice.number),
        customer,
        deposit_to=account(books, "1499"),
        receivable=account(books, "1100"),
    )
    return invoice, transport.one(QUICKBOOKS.post(money, {}, BOOKS))


def new_entries_of(kind: str, before: dict[str, list[dict[str, Any]]], books: Running) -> list[dict[str, Any]]:
    return books.books()[kind][len(before[kind]) :]


def preference(books: Running, group: str, **values: Any) -> None:
    books.control(f"preferences/{REALM}", {group: values})


def inactive(books: Running, kind: str, entry_id: str) -> None:
    books.control(f"edit/{REALM}/{kind}/{entry_id}", {"Active": False})


def stoneware_there(books: Running) -> str:
    return str(next(one["Id"] for one in books.books()["Item"] if one["Name"] == "A7102"))
