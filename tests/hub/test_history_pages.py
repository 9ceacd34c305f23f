"""What a company owes and what is open of an order, as their pages show it: figures, ages, invoices and payments."""

from __future__ import annotations

import re

from flask import Flask

from hub.books import history, links
from hub.database import session
from hub.dispatch import pump
from hub.host import Permission
from hub.models import Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import RecordKind, Ref
from tests.support.customers import link, text_of
from tests.support.history import INVOICE, PAYMENT, enter, entry
from tests.support.host import ADA_AT_ACME, Desk
from tests.support.pages import Browser, count_queries, empty_text


def figures(page: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}>(-?[\d,]+\.\d\d)</{tag}>", page)


def test_a_company_shows_what_is_open_by_age_with_its_invoices_and_payments(
    browser: Browser, installation: Installation
) -> None:
    link(installation, "12", "c1", "ABC Company")
    enter(
        installation, entry(INVOICE, "A1", "100.00", "100.00", -10), entry(INVOICE, "A2", "20.00", "20.00", 5),
        entry(INVOICE, "A3", "3.00", "3.00", 45), entry(INVOICE, "A4", "0.40", "0.40", 200),
        entry(INVOICE, "A5", "50.00", "0.00", 10), entry(PAYMENT, "P1", "60.00", "10.00"),
        entry(INVOICE, "OTHER", "999.00", "999.00", 10, customer=Ref(id="c2")),
    )  # fmt: skip
    page = browser.get("/hub/companies/12").text
    text = text_of(page)
    assert figures(page, "dd") == ["113.40", "23.40", "10.00"], "The balance, what is overdue, and the credit."
    assert figures(page.partition("hub-ages")[2].partition("</table>")[0], "td") == [
        "100.00", "20.00", "3.00", "0.00", "0.40"
    ], "By age."  # fmt: skip
    assert page.count("<rect x=") == 4
    assert [number in text for number in ("A1", "A2", "A3", "A4", "A5", "P1", "OTHER")] == [True] * 6 + [False]
    states = dict(re.findall(r"<bdi>(\w+)</bdi>.*?hub-badge hub-\w+\">([^<]*)", page, re.DOTALL))
    assert [re.findall(r"[\d.]+", states[number]) for number in ("A3", "A5", "P1")] == [["45"], [], ["10.00"]]
    assert re.search(r'role="status">[^<]*\b2\b', page), "It is two minutes old."


def test_a_company_that_is_not_linked_offers_it_to_who_may(
    browser: Browser, installation: Installation, desk: Desk
) -> None:
    page = browser.get("/hub/companies/12").text
    assert f'href="/hub/companies/12/link?installation={installation.id}"' in page
    desk.permissions = {Permission.VIEW}
    page = browser.get("/hub/companies/12").text
    assert "/link" not in page
    assert empty_text(page)


def test_an_order_shows_its_own_invoice_and_whatever_was_paid_on_it(
    browser: Browser, installation: Installation, desk: Desk
) -> None:
    assert empty_text(browser.get("/hub/orders/1042/history").text)
    send_order(ADA_AT_ACME, installation.id, desk.orders["1042"], Choices())
    pump.deliver(installation.id)
    customer = links.find_link(installation.id, RecordKind.CUSTOMER, "12")
    assert customer is not None
    ours = Ref(id=customer.record_id)
    enter(
        installation, entry(INVOICE, "OTHER", "70.00", "70.00", customer=ours),
        entry(PAYMENT, "P-OTHER", "5.00", "0.00", customer=ours, invoices=("OTHER",)),
        entry(PAYMENT, "P-BANK", "18.50", "0.00", customer=ours, invoices=("invoices-1",)),
    )  # fmt: skip
    page = browser.get("/hub/orders/1042/history").text
    text = text_of(page)
    assert figures(page, "dd")[0] == "118.50"
    assert [number in text for number in ("1042", "P-BANK", "OTHER")] == [True, True, False]
    assert "100.00" in text


def test_the_number_of_queries_does_not_depend_on_the_history(
    app: Flask, browser: Browser, installation: Installation
) -> None:
    link(installation, "12", "c1", "ABC Company")
    enter(installation, entry(INVOICE, "A1", "100.00", "100.00"))
    browser.get("/hub/companies/12")
    seen = count_queries(app)
    browser.get("/hub/companies/12")
    few = len(seen)
    for number in range(150):
        history.store_transactions(installation.id, INVOICE, [entry(INVOICE, f"B{number}", "1.00", "1.00", number)])
    session().commit()
    browser.get("/hub/companies/12")
    seen.clear()
    page = browser.get("/hub/companies/12").text
    assert len(seen) == few
    assert re.search(r'<p class="hub-note">[^<]*\b51\b', page), "So many older invoices are not shown."
