"""The orders that the kit sends: plain ones, and those on which integrations stumble."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hub.host import Company, Order, OrderLine, OrderPayment
from hub.planning.tax import AS_ITEM
from hub.plugin import Address, in_cents

_ADDRESS = Address(lines=("1 Quay Street",), city="Bristol", region="CA", postal_code="94043", country="US")
_count = itertools.count(1001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An order, and how the person sends it: with which tax ("", "item", "code")."""

    order: Order
    tax: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """Writes orders that no other order is like. What a ledger cannot create is chosen from what is there."""

    currency: str
    customers: Sequence[str] = ()
    vendors: Sequence[str] = ()
    items: Sequence[str] = ()
    day: dt.date = field(default_factory=dt.date.today)

    def order(self, *lines: OrderLine, company: Company | None = None, **more: Any) -> Order:
        """Return an order of a new customer, for a line that is bought from a new vendor, unless it says otherwise."""
        number = str(next(_count))
        rows = lines or (self.line(vendor=self.vendor(number)),)
        order = Order(
            id=number, number=number, date=self.day, currency=self.currency, company=company or self.customer(number),
            lines=rows, total=sum((row.amount for row in rows), Decimal("0.00")), due=self.day + dt.timedelta(days=14),
            shipping=_ADDRESS,
        )  # fmt: skip
        total = order.total - more.get("discount", Decimal(0)) + more.get("tax", Decimal(0))
        return replace(order, total=total, **more)

    def line(self, item: int = 1, quantity: str = "12", price: str = "2.30", **more: Any) -> OrderLine:
        """Return a line of one of a few products; `item` says which. It costs less than half."""
        name = self.items[item % len(self.items)] if self.items else f"KIT-{item}"
        many, each = Decimal(quantity), Decimal(price)
        values: dict[str, Any] = {
            "name": name, "quantity": many, "price": each, "amount": in_cents(many * each),
            "fields": {"number": name}, "description": f"Product {item}", "cost": each / 2, "taxable": True,
        }  # fmt: skip
        return OrderLine(**(values | more))

    def customer(self, number: str, name: str = "") -> Company:
        called = self.customers[int(number) % len(self.customers)] if self.customers else f"Kit Customer {number}"
        return Company(
            id=f"c{number}", name=name if name and not self.customers else called, email="books@customer.test",
            phone="555 0100", billing=_ADDRESS, shipping=_ADDRESS,
        )  # fmt: skip

    def vendor(self, number: str, name: str = "") -> Company:
        called = self.vendors[int(number) % len(self.vendors)] if self.vendors else f"Kit Vendor {number}"
        return Company(id=f"s{number}", name=name if name and not self.vendors else called, email="sales@vendor.test")

    def paid(self, order: Order, *shares: str) -> Order:
        """Return the order with payments of these amounts; "rest" is what is left."""
        payments: list[OrderPayment] = []
        for place, share in enumerate(shares, start=1):
            left = order.total - sum((one.amount for one in payments), Decimal("0.00"))
            payments.append(OrderPayment(
                id=f"{order.number}-{place}", date=self.day, amount=left if share == "rest" else Decimal(share),
                method="Check", reference=f"{order.number}{place}",
            ))  # fmt: skip
        return replace(order, payments=tuple(payments))


def _plain(book: OrderBook) -> Sent:
    return Sent(order=book.order())


def _discount(book: OrderBook) -> Sent:
    return Sent(order=book.order(discount=Decimal("1.37")))


def _everything_off(book: OrderBook) -> Sent:
    return Sent(order=book.order(discount=Decimal("27.60")))


def _cents(book: OrderBook) -> Sent:
    vendor = book.vendor(str(next(_count)))
    figures = (("3", "0.335"), ("7", "0.145"), ("0.5", "0.01"), ("1000", "0.0049"), ("1", "0.99"))
    lines = [book.line(place, *figure, vendor=vendor) for place, figure in enumerate(figures)]
    return Sent(order=book.order(*lines, discount=Decimal("0.01")))


def _a_free_line(book: OrderBook) -> Sent:
    vendor = book.vendor(str(next(_count)))
    return Sent(order=book.order(book.line(1, vendor=vendor), book.line(2, "1", "0", vendor=vendor)))


def _200_lines(book: OrderBook) -> Sent:
    vendor = book.vendor(str(next(_count)))
    lines = [book.line(place % 5, str(place % 7 + 1), f"{place}.{place % 10}5", vendor=vendor)
             for place in range(1, 201)]  # fmt: skip
    return Sent(order=book.order(*lines))


def _several_vendors(book: OrderBook) -> Sent:
    lines = [book.line(place, vendor=book.vendor(str(next(_count)))) for place in range(1, 4)]
    return Sent(order=book.order(*lines))


def _unicode(book: OrderBook) -> Sent:
    number = str(next(_count))
    vendor = book.vendor(number, f"Ħwawar u Fjuri {number} – “Ġonna”")
    line = book.line(6, description="茶碗 ½ ℓ, <handmade> & 'signed' 🎉", vendor=vendor)
    company = book.customer(number, f"Zażółć Gęślą & O'Hara {number}")
    return Sent(order=book.order(line, company=company, memo="Dziękujemy! ありがとう 🍵", po_number="№ 7/ß"))


def _long_words(book: OrderBook) -> Sent:
    line = book.line(7, description="A very long description. " * 400, vendor=book.vendor(str(next(_count))))
    return Sent(order=book.order(line, memo="Thank you very much. " * 300))


def _paid_in_parts(book: OrderBook) -> Sent:
    return Sent(order=book.paid(book.order(), "10.01", "0.01", "rest"))


def _money_back(book: OrderBook) -> Sent:
    """Return an order that gives more back than it sells: a credit memo with a line below zero."""
    bought = book.line(2, "2", "1.25", vendor=book.vendor(str(next(_count))))
    return Sent(order=book.order(book.line(1, "-24"), bought))


def _some_taken_back(book: OrderBook) -> Sent:
    """Return an order that sells more than it gives back: an invoice with a line below zero."""
    bought = book.line(1, vendor=book.vendor(str(next(_count))))
    return Sent(order=book.order(bought, book.line(2, "-2", "1.25")))


def _tax(mode: str) -> Callable[[OrderBook], Sent]:
    return lambda book: Sent(order=book.order(tax=Decimal("2.21")), tax=mode)


SCENARIOS: Mapping[str, Callable[[OrderBook], Sent]] = {
    "plain": _plain,
    "discount": _discount,
    "everything off": _everything_off,
    "cents": _cents,
    "a free line": _a_free_line,
    "200 lines": _200_lines,
    "several vendors": _several_vendors,
    "unicode": _unicode,
    "long words": _long_words,
    "paid in parts": _paid_in_parts,
    "money back": _money_back,
    "some taken back": _some_taken_back,
    "tax left to the books": _tax(""),
    "tax as an item": _tax(AS_ITEM),
    "tax by a code": _tax("code"),
}
