"""The documents that the tests post: order 1042, and whatever else an order could hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from hub.plugin import Address, Books, Invoice, Line, Payment, Ref, Tax, in_cents

ABC = Ref(id="1", name="ABC Company")
STONEWARE = Ref(id="11", name="A7102")
BOOKS = Books(id="4620816365000000001", name="Sandbox Company_US_1", currency="USD")
NOVEMBER_14 = dt.date(2026, 11, 14)


def order_1042(customer: Ref = ABC, item: Ref = STONEWARE, **other: object) -> Invoice:
    """100 × 2.30 less 11.50: the order that every page and test of this project speaks of."""
    line = Line(
        item=item,
        description="Almond - 11 oz/Stoneware",
        quantity=Decimal(100),
        price=Decimal("2.30"),
        amount=Decimal("230.00"),
    )
    fields = {
        "number": "1042",
        "date": NOVEMBER_14,
        "currency": "USD",
        "customer": customer,
        "lines": (line,),
        "discount": Decimal("11.50"),
        "total": Decimal("218.50"),
        "note": "Order 1042",
        **other,
    }
    return Invoice(**fields)  # type: ignore[arg-type]  # What a test changes is checked by the class itself.


def payment_of_1042(invoice: Ref, customer: Ref = ABC, **other: object) -> Payment:
    fields = {
        "number": "2217",
        "date": NOVEMBER_14,
        "currency": "USD",
        "customer": customer,
        "invoice": invoice,
        "amount": Decimal("100.00"),
        "method": "Check",
        "note": "Order 1042",
        **other,
    }
    return Payment(**fields)  # type: ignore[arg-type]  # What a test changes is checked by the class itself.


refs = st.builds(Ref, id=st.integers(1, 10**9).map(str), name=st.text(max_size=20))
texts = st.text(max_size=40)
amounts = st.decimals(Decimal(0), Decimal(10**6), places=2)
addresses = st.builds(
    Address, lines=st.lists(texts, max_size=8).map(tuple), city=texts, region=texts, postal_code=texts, country=texts
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    quantity = draw(st.decimals(Decimal("0.001"), Decimal(10**5), places=3))
    price = draw(st.decimals(Decimal(0), Decimal(10**4), places=5))
    return Line(
        item=draw(refs),
        description=draw(texts),
        quantity=quantity,
        price=price,
        amount=in_cents(quantity * price),
        taxable=draw(st.booleans()),
    )


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    drawn = tuple(draw(st.lists(lines(), min_size=1, max_size=6)))
    subtotal = sum((line.amount for line in drawn), Decimal("0.00"))
    discount = draw(st.decimals(Decimal(0), subtotal, places=2))
    tax = Tax(amount=draw(amounts), code=draw(st.none() | refs))
    return Invoice(
        number=draw(st.text("0123456789-ABC", min_size=1, max_size=21)),
        date=draw(st.dates()),
        currency="USD",
        customer=draw(refs),
        lines=drawn,
        discount=discount,
        discount_account=draw(st.none() | refs),
        receivable=draw(st.none() | refs),
        tax=tax,
        total=subtotal - discount + tax.amount,
        due=draw(st.none() | st.dates()),
        terms=draw(st.none() | refs),
        email=draw(texts),
        billing=draw(st.none() | addresses),
        shipping=draw(st.none() | addresses),
        po_number=draw(texts),
        memo=draw(texts),
        note=draw(texts),
    )


payments = st.builds(
    Payment,
    number=st.text("0123456789", max_size=21),
    date=st.dates(),
    currency=st.just("USD"),
    customer=refs,
    invoice=refs,
    amount=st.decimals(Decimal("0.01"), Decimal(10**8), places=2),
    method=texts,
    deposit_to=st.none() | refs,
    receivable=st.none() | refs,
    note=texts,
)
