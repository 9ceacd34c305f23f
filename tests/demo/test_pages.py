"""The desk's pages: what they show, what they let people change, and whose it must be."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask

from demo.models import Company, Order, db
from tests.support.visitors import ADMIN, OTHER, REP, Visitor


def test_orders_are_found_by_number_company_and_po_number(signed_in: Callable[[str], Visitor]) -> None:
    visitor = signed_in(ADMIN)
    po_number = "PO-8294"
    for text in ("1042", "abc company", po_number, " 1042 "):
        page = visitor.get(f"/orders?q={text}").text
        assert 'id="hub-order-1042"' in page, text
        assert page.count('id="hub-order-') == 1, text
    assert "No order matches" in visitor.get("/orders?q=%25").text  # A percent sign is no wildcard.


def test_pages_of_orders_hold_every_order_once(signed_in: Callable[[str], Visitor]) -> None:
    visitor = signed_in(ADMIN)
    pages = [visitor.get(f"/orders?page={number}").text for number in range(1, 6)]
    shown = [int(number) for page in pages for number in range(1001, 1100) if f'id="hub-order-{number}"' in page]
    assert sorted(shown) == list(range(1001, 1079))


@pytest.mark.parametrize("path", ["/orders/1042", "/hub/orders/1042/send", "/hub/orders/1042/status", "/companies/1"])
def test_another_organizations_rows_are_not_there(signed_in: Callable[[str], Visitor], path: str) -> None:
    assert signed_in(OTHER).get(path).status_code == 404


@pytest.mark.parametrize("strange", ["0", "9999999999999999999999", "-1", "1042 ", "²", "١٠٤٢", "1e3", "x", "%00"])
def test_an_id_that_is_none_of_ours_is_not_there(signed_in: Callable[[str], Visitor], strange: str) -> None:
    visitor = signed_in(ADMIN)
    assert visitor.get(f"/orders/{strange}").status_code == 404
    assert visitor.get(f"/companies/{strange}").status_code == 404


def test_another_organizations_orders_cannot_be_changed(fresh: Flask) -> None:
    stranger = Visitor(fresh.test_client())
    stranger.sign_in(OTHER)
    token = stranger.token("/orders")
    payment = {"amount": "5.00", "date": "2026-11-20", "method": "Check", "reference": "", "csrf_token": token}
    for path, form in (("/orders/1042/payments", payment), ("/orders/1068/total", payment), ("/companies/1", payment)):
        assert stranger.client.post(path, data=form).status_code == 404
    with fresh.app_context():
        assert _figures(1042) == (Decimal("218.50"), [Decimal("100.00")])
        assert _figures(1068) == (Decimal("999.99"), [])


def test_a_rep_has_no_menu_entry_for_integrations_and_no_entry(signed_in: Callable[[str], Visitor]) -> None:
    rep = signed_in(REP)
    assert "Integrations" not in rep.get("/orders").text
    assert rep.get("/hub/integrations").status_code == 403
    assert 'href="/hub/integrations"' in signed_in(ADMIN).get("/orders").text


def test_a_name_that_is_markup_stays_a_name(signed_in: Callable[[str], Visitor]) -> None:
    for path in ("/orders", "/orders/1065", "/companies"):
        page = signed_in(ADMIN).get(path).text
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_payment_is_recorded_to_the_cent(fresh: Flask) -> None:
    rep = Visitor(fresh.test_client())
    rep.sign_in(REP)
    form = {"amount": "118.50", "date": "2026-11-20", "method": "ACH", "reference": "T-1"}
    assert rep.post("/orders/1042/payments", form, page="/orders/1042").location == "/orders/1042"
    with fresh.app_context():
        assert _figures(1042) == (Decimal("218.50"), [Decimal("100.00"), Decimal("118.50")])


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1e9", "NaN", "Infinity", "sNaN", "", "x"])
def test_an_amount_that_is_no_payment_is_refused_beside_its_field(fresh: Flask, amount: str) -> None:
    rep = Visitor(fresh.test_client())
    rep.sign_in(REP)
    form = {"amount": amount, "date": "2026-11-20", "method": "ACH", "reference": ""}
    answer = rep.post("/orders/1042/payments", form, page="/orders/1042")
    assert answer.status_code == 422
    assert 'aria-describedby="amount-wrong"' in answer.text
    with fresh.app_context():
        assert _figures(1042) == (Decimal("218.50"), [Decimal("100.00")])


def test_a_total_that_is_wrong_can_be_put_right(fresh: Flask) -> None:
    admin = Visitor(fresh.test_client())
    admin.sign_in(ADMIN)
    assert "Correct the total" in admin.get("/orders/1068").text
    assert admin.post("/orders/1068/total", page="/orders/1068").status_code == 303
    assert "Correct the total" not in admin.get("/orders/1068").text
    with fresh.app_context():
        assert _figures(1068) == (Decimal("115.00"), [])


def test_a_bad_name_can_be_put_right(fresh: Flask) -> None:
    admin = Visitor(fresh.test_client())
    admin.sign_in(ADMIN)
    with fresh.app_context():
        bad = db.session.scalars(db.select(Company).where(Company.name == "Smith: Sons")).one().id
    answer = admin.post(f"/companies/{bad}", {"name": "Smith & Sons", "email": "a@b.test", "phone": ""})
    assert answer.status_code == 303
    assert "Smith &amp; Sons" in admin.get("/orders/1061").text
    assert admin.post(f"/companies/{bad}", {"name": "", "email": "", "phone": ""}).status_code == 422


def test_health_is_for_everybody_and_says_what_is_there(visitor: Visitor) -> None:
    answer = visitor.get("/health")
    assert (answer.status_code, answer.json) == (200, {"database": True, "redis": False, "workers": 0})


def _figures(number: int) -> tuple[Decimal, list[Decimal]]:
    order = db.session.get_one(Order, number)
    return order.total, [payment.amount for payment in order.payments]
