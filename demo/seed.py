"""Fill the demo with realistic orders, and with a few difficult ones for testing."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select
from werkzeug.security import generate_password_hash

from demo.catalog import (
    ADMIN,
    BAD_NAMES,
    CUSTOMERS,
    OTHER,
    OTHER_CUSTOMERS,
    PASSWORD,
    PLACES,
    PRODUCTS,
    REP,
    VENDORS,
)
from demo.models import Company, Order, OrderLine, Organization, Payment, Place, Team, User, db

_CENT, _ZERO = Decimal("0.01"), Decimal("0.00")
_FIRST_DAY, _DAY_OF_1042, _LAST_DAY = dt.date(2026, 8, 17), dt.date(2026, 11, 12), dt.date(2026, 11, 23)
_MUG, _TEE, _PEN, _TOTE = PRODUCTS[0], PRODUCTS[1], PRODUCTS[2], PRODUCTS[4]


def seed() -> None:
    """Fill an empty database. One with an organization is left unchanged, so that it never gets a known password."""
    if db.session.scalar(select(Organization).limit(1)) is not None:
        return
    dice = random.Random(1042)  # noqa: S311 – The same data every time.
    brightside, other = Organization(name="Brightside Promotions"), Organization(name="Other Side Merch")
    db.session.add_all([brightside, other])
    db.session.flush()
    _people(brightside, other)
    _fill_brightside(brightside, dice)
    theirs = [_company(other, name, dice) for name in OTHER_CUSTOMERS]
    makers = [_company(other, "Union Screen Printing", dice, is_vendor=True)]
    for number in range(2001, 2013):
        _believable(number, dice.choice(theirs), makers, dice)
    db.session.commit()


def _people(brightside: Organization, other: Organization) -> None:
    sales, office = (Team(organization_id=brightside.id, name=name) for name in ("Sales", "Office"))
    db.session.add_all([sales, office])
    db.session.flush()
    hashed = generate_password_hash(PASSWORD)
    for organization, team, name, email, is_admin in (
        (brightside, office, "Ada Admin", ADMIN, True),
        (brightside, sales, "Rex Rep", REP, False),
        (other, None, "Olga Other", OTHER, True),
    ):
        db.session.add(User(
            organization_id=organization.id, team_id=team.id if team else None, name=name, email=email,
            password_hash=hashed, is_admin=is_admin,
        ))  # fmt: skip


def _fill_brightside(brightside: Organization, dice: random.Random) -> None:
    vendors = [_company(brightside, name, dice, is_vendor=True) for name in VENDORS]
    customers = [_company(brightside, name, dice) for name in CUSTOMERS]
    for number in range(1001, 1061):
        if number == 1042:  # noqa: PLR2004 – The order of the documentation.
            _order_1042(_company(brightside, "ABC Company", dice), vendors[0])
        else:
            _believable(number, dice.choice(customers), vendors, dice)
    for number, (name, why) in BAD_NAMES.items():
        _add(number, _company(brightside, name, dice), [_line(_MUG, 50, vendors[0])], note=why)
    _bad_figures(_company(brightside, "Orchard Events", dice), vendors)


def _bad_figures(company: Company, vendors: list[Company]) -> None:
    mugs, pens, tees = (_line(_MUG, 50, vendors[0]), _line(_PEN, 200, vendors[2]), _line(_TEE, 24, vendors[4]))
    _add(1068, company, [mugs], total=Decimal("999.99"), note="The figures do not add up.")
    _add(1069, company, [pens, tees], tax=Decimal("19.12"), note="With sales tax.")
    several = [_line(product, 48, vendor) for product, vendor in zip(PRODUCTS, vendors, strict=False)]
    _add(1070, company, several, note="A different vendor for every line.")
    _add(1071, company, [_line(_TOTE, 150, vendors[1])], note="Without payments.")
    three = _add(1072, company, [_line(_MUG, 300, vendors[0])], note="With three payments.")
    for day, amount, method in ((13, "200.00", "Check"), (17, "150.00", "ACH"), (20, "40.25", "Credit card")):
        three.payments.append(_payment(dt.date(2026, 11, day), amount, method, f"3{day}"))
    _add(1073, company, [], note="Without lines.")
    strange = _line(("A:7102", *_MUG[1:]), 10, vendors[0])
    _add(1074, company, [strange], note="A colon in the product number; QuickBooks takes none.")
    overpaid = _add(1075, company, [_line(_MUG, 10, vendors[0])], note="Paid more than it comes to.")
    overpaid.payments.append(_payment(dt.date(2026, 11, 20), "50.00", "Cash", ""))
    many = [_line(PRODUCTS[n % len(PRODUCTS)], 12 + n, vendors[n % len(vendors)]) for n in range(60)]
    _add(1076, company, many, note="Sixty lines.")
    back = [_line(_TEE, -24, vendors[4]), _line(_PEN, 100, vendors[2])]
    _add(1078, company, [_line(_TOTE, 40, vendors[1])], cancelled=True, note="Cancelled before it was sent.")
    _add(1077, company, back, note="Gives money back: shirts returned, pens bought.")


def _order_1042(company: Company, vendor: Company) -> None:
    order = _add(1042, company, [_line(_MUG, 100, vendor)], discount=Decimal("11.50"))
    order.payments.append(_payment(dt.date(2026, 11, 14), "100.00", "Check", "2209"))


def _believable(number: int, company: Company, vendors: Sequence[Company], dice: random.Random) -> None:
    lines = [
        _line(product, dice.choice((24, 48, 50, 72, 100, 144, 250)), dice.choice(vendors))
        for product in dice.sample(PRODUCTS, dice.randint(1, 4))
    ]
    subtotal = sum((line.amount for line in lines), _ZERO)
    order = _add(number, company, lines, discount=_rounded(subtotal * dice.choice((0, 0, 0, 5, 10)) / 100))
    match dice.choice(("nothing", "deposit", "all")):
        case "deposit":
            paid = _rounded(order.total / 2)
        case "all":
            paid = order.total
        case _:
            return
    day = min(order.date + dt.timedelta(days=dice.randint(1, 12)), _LAST_DAY)
    method, reference = dice.choice(("Check", "ACH", "Credit card")), str(dice.randint(1000, 9999))
    order.payments.append(_payment(day, paid, method, reference))


def _add(number: int, company: Company, lines: list[OrderLine], **values: object) -> Order:
    """Return an order whose total adds up, unless a total is given."""
    date = _date(number)
    order = Order(
        id=number, organization_id=company.organization_id, company_id=company.id, date=date, lines=lines,
        due=date + dt.timedelta(days=30), discount=_ZERO, tax=_ZERO, po_number=f"PO-{number * 7 % 9000 + 1000}",
        memo="Thank you for your order.",
    )  # fmt: skip
    _ship(order, company)
    for name, value in values.items():
        setattr(order, name, value)
    if "total" not in values:
        order.total = order.subtotal - order.discount + order.tax
    db.session.add(order)
    return order


def _date(number: int) -> dt.date:
    """Return the date of an order. Dates are spread evenly: 1001 on the first day, 1042 on its own, the last on the
    last day."""
    if number > 2000:  # noqa: PLR2004 – The other organization's.
        return _FIRST_DAY + dt.timedelta(days=(number - 2001) * 8)
    early = (_DAY_OF_1042 - _FIRST_DAY) * (number - 1001) // 41
    late = _DAY_OF_1042 + (_LAST_DAY - _DAY_OF_1042) * (number - 1042) // 34
    return _FIRST_DAY + early if number <= 1042 else late  # noqa: PLR2004 – As above.


def _company(organization: Organization, name: str, dice: random.Random, *, is_vendor: bool = False) -> Company:
    plain = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())[:20] or "shop"
    company = Company(
        organization_id=organization.id, name=name, is_vendor=is_vendor, email=f"accounts@{plain}.test",
        phone=f"(503) 555-01{dice.randint(10, 99)}",
    )  # fmt: skip
    company.street, company.city, company.region, company.postal_code = dice.choice(PLACES)
    db.session.add(company)
    db.session.flush()
    return company


def _ship(to: Place, where: Place) -> None:
    to.street, to.city, to.region, to.postal_code = where.street, where.city, where.region, where.postal_code


def _line(product: tuple[str, str, str, str], quantity: int, vendor: Company) -> OrderLine:
    number, name, price, cost = product
    return OrderLine(
        number=number, name=name, quantity=Decimal(quantity), price=Decimal(price),
        amount=_rounded(Decimal(price) * quantity), cost=Decimal(cost), vendor_id=vendor.id,
    )  # fmt: skip


def _payment(date: dt.date, amount: Decimal | str, method: str, reference: str) -> Payment:
    return Payment(date=date, amount=Decimal(amount), method=method, reference=reference)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
