"""Believable orders for a promotional-products company, and a few evil ones for the bad days."""

from __future__ import annotations

import datetime as dt
import random
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select
from werkzeug.security import generate_password_hash

from demo.models import Company, Order, OrderLine, Organization, Payment, Team, User, db

PASSWORD = "demo"  # noqa: S105 – It is printed at every start.
LOGINS = ("admin@demo.test", "rep@demo.test", "admin@other.test")

_CENT = Decimal("0.01")
_TODAY = dt.date(2026, 11, 20)

_SUPPLIERS = ("Hit Promotional", "Sanmar Apparel", "Koozie Group", "Gemline", "Evans Glassware")

_CUSTOMERS = (
    "Harbor Coffee Roasters", "Lakeside Dental", "Northfield Credit Union", "Tri-County Realty", "Bluebird Bakery",
    "Summit Physical Therapy", "City of Fairview", "Redwood Brewing Co.", "Kline & Sons Plumbing", "Maple Street School",
    "O'Brien Landscaping", "Pioneer Insurance", "Vista Robotics", "Golden Gate Cycling Club", "Cedar Animal Hospital",
    "Beacon Law Group", "Starling Software", "Café Olé", "Prairie Wind Farm", "Atlas Moving",
)  # fmt: skip

_PRODUCTS = (
    ("A7102", "Almond - 11 oz/Stoneware", "2.30", "1.18"),
    ("T2040", "Ringspun Tee/Heather Navy", "7.85", "4.10"),
    ("P0115", "Click Pen/Recycled", "0.62", "0.27"),
    ("B3301", "20 oz Tumbler/Copper Lined", "11.40", "6.95"),
    ("C0909", "Canvas Tote/Natural", "3.95", "1.80"),
    ("N5512", "Soft Cover Notebook/5x8", "4.25", "2.05"),
    ("H7781", "Five-Panel Cap/Black", "8.10", "4.45"),
    ("L1003", "Lanyard/20 mm Polyester", "1.15", "0.48"),
    ("U4420", "Folding Umbrella/Auto", "9.60", "5.20"),
    ("S6606", "Sticker Sheet/Kiss Cut", "0.335", "0.12"),
    ("K2218", "Key Tag/Acrylic", "0.98", "0.41"),
    ("J9004", "Fleece Jacket/Charcoal", "34.75", "21.60"),
)

_PLACES = (
    ("12 Wharf Road", "Portland", "OR", "97204"), ("480 Elm Street", "Boise", "ID", "83702"),
    ("7 Market Square", "Tucson", "AZ", "85701"), ("2210 Lake Avenue", "Duluth", "MN", "55802"),
)  # fmt: skip


def seed() -> None:
    """Fill an empty desk; a desk that has orders is left as it is."""
    if db.session.scalar(select(Organization).limit(1)) is not None:
        return
    dice = random.Random(1042)  # noqa: S311 – The same desk every time.
    mine, other = Organization(name="Brightside Promotions"), Organization(name="Other Side Merch")
    db.session.add_all([mine, other])
    db.session.flush()
    _people(mine, other)
    suppliers = [_company(mine, name, dice, is_supplier=True) for name in _SUPPLIERS]
    customers = [_company(mine, name, dice) for name in _CUSTOMERS]
    for number in range(1001, 1066):
        if number != 1042:
            _believable(number, mine, dice.choice(customers), suppliers, dice)
    _order_1042(mine, suppliers[4], dice)
    _evil(mine, suppliers, dice)
    theirs = [_company(other, name, dice) for name in ("Quiet Corner Books", "ABC Company")]
    for number in range(2001, 2009):
        _believable(number, other, dice.choice(theirs), [_company(other, "Their Supplier", dice, is_supplier=True)], dice)
    db.session.commit()


def _people(mine: Organization, other: Organization) -> None:
    sales, office = Team(organization_id=mine.id, name="Sales"), Team(organization_id=mine.id, name="Office")
    db.session.add_all([sales, office])
    db.session.flush()
    hashed = generate_password_hash(PASSWORD)
    for organization, team, name, email, is_admin in (
        (mine, office, "Ada Admin", LOGINS[0], True),
        (mine, sales, "Rex Rep", LOGINS[1], False),
        (other, None, "Olga Other", LOGINS[2], True),
    ):
        db.session.add(User(
            organization_id=organization.id, team_id=team.id if team else None, name=name, email=email,
            password_hash=hashed, is_admin=is_admin,
        ))  # fmt: skip


def _company(organization: Organization, name: str, dice: random.Random, *, is_supplier: bool = False) -> Company:
    street, city, region, postal_code = dice.choice(_PLACES)
    plain = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())[:20] or "desk"
    company = Company(
        organization_id=organization.id, name=name, is_supplier=is_supplier, email=f"accounts@{plain}.test",
        phone=f"555-01{dice.randint(10, 99)}", street=street, city=city, region=region, postal_code=postal_code,
    )  # fmt: skip
    db.session.add(company)
    db.session.flush()
    return company


def _line(product: tuple[str, str, str, str], quantity: int, supplier: Company | None) -> OrderLine:
    number, name, price, cost = product
    amount = (Decimal(price) * quantity).quantize(_CENT, ROUND_HALF_UP)
    return OrderLine(
        number=number, name=name, quantity=Decimal(quantity), price=Decimal(price), amount=amount, cost=Decimal(cost),
        supplier_id=supplier.id if supplier else None,
    )  # fmt: skip


def _add(number: int, company: Company, lines: list[OrderLine], **values: object) -> Order:
    """An order whose total adds up, unless a total is given."""
    order = Order(id=number, organization_id=company.organization_id, company_id=company.id, lines=lines)
    order.date = _TODAY - dt.timedelta(days=max(0, 1066 - number) % 60)
    order.due = order.date + dt.timedelta(days=30)
    order.discount, order.tax, order.po_number = Decimal("0.00"), Decimal("0.00"), f"PO-{number * 7 % 9000 + 1000}"
    for name, value in values.items():
        setattr(order, name, value)
    if "total" not in values:
        order.total = sum((line.amount for line in lines), Decimal("0.00")) - order.discount + order.tax
    db.session.add(order)
    return order


def _believable(
    number: int, organization: Organization, company: Company, suppliers: list[Company], dice: random.Random
) -> None:
    assert company.organization_id == organization.id
    products = dice.sample(_PRODUCTS, dice.randint(1, 4))
    lines = [_line(product, dice.choice((25, 48, 50, 72, 100, 144, 250)), dice.choice(suppliers)) for product in products]
    subtotal = sum((line.amount for line in lines), Decimal("0.00"))
    discount = (subtotal * dice.choice((0, 0, 0, 5, 10)) / 100).quantize(_CENT, ROUND_HALF_UP)
    order = _add(number, company, lines, discount=discount)
    if dice.random() < 0.5:  # noqa: PLR2004 – Half of them.
        deposit = (order.total / 2).quantize(_CENT, ROUND_HALF_UP)
        order.payments.append(Payment(date=order.date, amount=deposit, reference=str(dice.randint(1000, 9999))))


def _order_1042(organization: Organization, supplier: Company, dice: random.Random) -> None:
    company = _company(organization, "ABC Company", dice)
    order = _add(1042, company, [_line(_PRODUCTS[0], 100, supplier)], discount=Decimal("11.50"))
    order.date, order.due, order.po_number = dt.date(2026, 11, 12), dt.date(2026, 12, 12), "ABC-88"
    order.payments.append(Payment(date=dt.date(2026, 11, 14), amount=Decimal("100.00"), reference="2209"))


def _evil(organization: Organization, suppliers: list[Company], dice: random.Random) -> None:
    mug, pen = _PRODUCTS[0], _PRODUCTS[2]
    names = {
        1070: "Smith: Sons", 1071: "Tab\tTavern", 1072: "Long " + "and longer " * 50 + "Company",
        1073: "Books by Bessie", 1074: "<script>alert(1)</script>", 1075: "Emoji 🎈 & שלום Ltd",
    }  # fmt: skip
    for number, name in names.items():
        _add(number, _company(organization, name, dice), [_line(mug, 50, suppliers[0])])
    plain = _company(organization, "Orchard Events", dice)
    _add(1076, plain, [_line(mug, 50, suppliers[0])], total=Decimal("999.99"))
    _add(1077, plain, [_line(mug, 50, suppliers[0]), _line(pen, 200, suppliers[1])], tax=Decimal("19.12"))
    three = _add(1078, plain, [_line(mug, 300, suppliers[0])])
    for day, amount in ((3, "200.00"), (9, "150.00"), (15, "40.25")):
        three.payments.append(Payment(date=dt.date(2026, 11, day), amount=Decimal(amount), reference=f"3{day:03}"))
    _add(1079, plain, [], total=Decimal("0.00"))
    strange = _line(mug, 10, suppliers[2])
    strange.number = "A:7102"
    _add(1080, plain, [strange, _line(pen, 500, None)])
