"""The host that the hub sees: exact figures, its own organization only, and permissions."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from flask_migrate import check, upgrade
from sqlalchemy import event, inspect

from demo.host import OrderDesk
from demo.models import Organization as Row
from demo.models import db
from demo.seed import seed
from hub.host import (
    Address,
    Company,
    CompanyQuery,
    Delivered,
    Host,
    Order,
    OrderLine,
    OrderPayment,
    Organization,
    Permission,
    SourceField,
    User,
)
from hub.plugin import in_cents

BRIGHTSIDE, OTHER = "1", "2"
EVIL_FIGURES = {"1068"}


@pytest.fixture
def desk(filled: Flask) -> Iterator[Host]:
    with filled.app_context():
        yield OrderDesk()


def test_order_1042_is_told_to_the_cent(desk: Host) -> None:
    place = Address(lines=("7 Market Square",), city="Tucson", region="AZ", postal_code="85701", country="US")
    found = desk.order(BRIGHTSIDE, "1042")
    assert found is not None
    abc, evans = found.company, found.lines[0].vendor
    assert found == Order(
        id="1042", number="1042", date=dt.date(2026, 11, 12), due=dt.date(2026, 12, 12), currency="USD",
        company=Company(
            id=abc.id, name="ABC Company", email="accounts@abccompany.test", phone=abc.phone,
            billing=place, shipping=place,
        ),
        lines=(
            OrderLine(
                name="Almond - 11 oz/Stoneware", quantity=Decimal(100), price=Decimal("2.30"),
                amount=Decimal("230.00"), cost=Decimal("1.18"), vendor=evans,
                fields={"number": "A7102", "name": "Almond - 11 oz/Stoneware"},
            ),
        ),
        total=Decimal("218.50"), discount=Decimal("11.50"), tax=Decimal("0.00"),
        payments=(
            OrderPayment(
                id=found.payments[0].id, date=dt.date(2026, 11, 14), amount=Decimal("100.00"), method="Check",
                reference="2209",
            ),
        ),
        shipping=place, po_number="PO-8294", memo="Thank you for your order.",
    )  # fmt: skip
    assert evans is not None
    assert evans.name == "Evans Glassware"
    figures = (found.lines[0].price, found.total, found.discount, found.payments[0].amount)
    assert [str(figure) for figure in figures] == ["2.30", "218.50", "11.50", "100.00"]


def test_every_order_adds_up_but_for_the_one_that_is_meant_not_to(desk: Host) -> None:
    wrong, seen = set(), 0
    for organization, numbers in ((BRIGHTSIDE, range(1001, 1077)), (OTHER, range(2001, 2013))):
        for number in map(str, numbers):
            order = desk.order(organization, number)
            assert order is not None
            seen += 1
            lines = sum((line.amount for line in order.lines), Decimal("0.00"))
            if lines - order.discount + order.tax != order.total:
                wrong.add(number)
            assert all(in_cents(line.quantity * line.price) == line.amount for line in order.lines), number
            assert 0 <= order.discount <= lines, number
            assert all(payment.amount > 0 for payment in order.payments), number
    assert (seen, wrong) == (88, EVIL_FIGURES)


def test_the_bad_days_are_there(desk: Host) -> None:
    def order(number: str) -> Order:
        found = desk.order(BRIGHTSIDE, number)
        assert found is not None
        return found

    assert order("1061").company.name == "Smith: Sons"
    assert "\t" in order("1062").company.name
    assert len(order("1063").company.name) > 500
    assert order("1064").company.name == "Books by Bessie"
    assert order("1065").company.name == "<script>alert(1)</script>"
    assert "🎈" in order("1066").company.name
    assert "בית" in order("1067").company.name
    assert order("1069").tax == Decimal("19.12")
    assert len({line.vendor.id for line in order("1070").lines if line.vendor}) == 5
    assert order("1071").payments == ()
    assert [str(payment.amount) for payment in order("1072").payments] == ["200.00", "150.00", "40.25"]
    assert order("1073").lines == ()
    assert order("1074").lines[0].fields["number"] == "A:7102"
    assert sum(payment.amount for payment in order("1075").payments) > order("1075").total
    assert len(order("1076").lines) == 60


def test_nothing_reaches_outside_its_organization(desk: Host) -> None:
    mine, theirs = desk.order(BRIGHTSIDE, "1042"), desk.order(OTHER, "2001")
    assert mine is not None
    assert theirs is not None
    for organization, order in ((OTHER, mine), (BRIGHTSIDE, theirs), ("x", mine), ("", mine), ("99999999999", mine)):
        assert desk.order(organization, order.id) is None
        assert desk.company(organization, order.company.id) is None
    assert desk.company(BRIGHTSIDE, mine.company.id) == mine.company
    assert [team.name for team in desk.teams(BRIGHTSIDE)] == ["Office", "Sales"]
    assert [user.name for user in desk.users(BRIGHTSIDE)] == ["Ada Admin", "Rex Rep"]
    assert [user.name for user in desk.users(OTHER)] == ["Olga Other"]
    assert not desk.users("x")
    assert not desk.teams("99999999999")


@pytest.mark.parametrize(("name", "permissions"), [
    ("Ada Admin", {Permission.MANAGE, Permission.SEND, Permission.VIEW}),
    ("Rex Rep", {Permission.SEND, Permission.VIEW}),
])  # fmt: skip
def test_admins_manage_and_reps_send_in_their_own_organization(
    desk: Host, name: str, permissions: set[Permission]
) -> None:
    user = next(user for user in desk.users(BRIGHTSIDE) if user.name == name)
    brightside, other = Organization(id=BRIGHTSIDE, name=""), Organization(id=OTHER, name="")
    assert {one for one in Permission if desk.allows(user, one, brightside)} == permissions
    assert not any(desk.allows(user, one, other) for one in Permission)
    assert not any(desk.allows(User(id="x", name=name), one, brightside) for one in Permission)


def test_a_worker_has_nobody_signed_in(filled: Flask) -> None:
    with filled.test_request_context():
        assert OrderDesk().user() is None
        assert OrderDesk().organization() is None
        assert OrderDesk().order_address("1042") == "/orders/1042"
        assert OrderDesk().login_address("/orders?q=a b") == "/login?next=/orders?q%3Da+b"


def test_an_order_takes_the_same_number_of_queries_however_many_lines(desk: Host) -> None:
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    counts = []
    for number in ("1042", "1076"):
        db.session.expunge_all()
        asked.clear()
        desk.order(BRIGHTSIDE, number)
        counts.append(len(asked))
    assert counts == [5, 5]


def test_companies_come_page_by_page_in_the_order_of_their_names(desk: Host) -> None:
    whole, after = list[str](), ""
    while True:
        page = desk.companies(BRIGHTSIDE, CompanyQuery(after=after, limit=7))
        assert len(page.rows) <= 7
        whole, after = [*whole, *(one.name for one in page.rows)], page.rows[-1].id
        if not page.more:
            break
    assert whole == sorted(whole)
    assert len(whole) == len(set(whole)) == 29
    assert "ABC Company" in whole
    assert "Evans Glassware" not in whole


def test_companies_are_found_by_name_mail_and_phone_and_vendors_apart(desk: Host) -> None:
    def found(text: str, *, vendors: bool = False) -> list[str]:
        query = CompanyQuery(text=text, vendors=vendors)
        return [one.name for one in desk.companies(BRIGHTSIDE, query).rows]

    abc = desk.companies(BRIGHTSIDE, CompanyQuery(text="abc c")).rows[0]
    assert found("ABC C") == found("abccompany.test") == ["ABC Company"]
    assert "ABC Company" in found(abc.phone)
    assert found("%") == []
    assert found("gem", vendors=True) == ["Gemline"]
    assert [one.name for one in desk.companies(OTHER, CompanyQuery(text="abc")).rows] == ["ABC Company"]
    assert desk.companies(OTHER, CompanyQuery(text="abc")).rows[0].id != abc.id


def test_the_source_fields_name_what_every_line_has(desk: Host) -> None:
    assert desk.source_fields()[0] == SourceField(key="number", label="Product number")
    order = desk.order(BRIGHTSIDE, "1076")
    assert order is not None
    assert all(set(line.fields) == {field.key for field in desk.source_fields()} for line in order.lines)


def test_an_arrival_is_written_to_the_log_as_often_as_it_is_told(
    desk: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    arrived = Delivered(
        organization_id=BRIGHTSIDE, order_id="1042", integration="quickbooks_online", document="invoice", number="1042"
    )
    desk.delivered(arrived)
    desk.delivered(arrived)
    assert caplog.messages == ["Order 1042: invoice is in the books as 1042"] * 2


def test_filling_a_desk_again_leaves_it_as_it_is(fresh: Flask) -> None:
    with fresh.app_context():
        db.session.get_one(Row, 1).name = "Renamed"
        db.session.commit()
        upgrade()
        seed()
        assert [row.name for row in db.session.scalars(db.select(Row))] == ["Renamed", "Other Side Merch"]


def test_the_desks_migrations_are_complete_and_leave_the_hubs_tables_alone(fresh: Flask) -> None:
    with fresh.app_context():
        assert "hub_delivery" in inspect(db.engine).get_table_names()
        check()  # Exits with 1 where there is something to add or to drop.
