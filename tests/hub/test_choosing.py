"""Choosing an entry of a long list: what is shown, what is searched, who may, and the way without script."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask

from hub.books.refresh import store_records
from hub.database import session
from hub.dispatch import pump
from hub.host import Organization, Permission
from hub.models import Installation, Link, Mapping
from hub.plugin import AccountKind, Record, RecordKind
from tests.support.host import Desk
from tests.support.pages import Browser, count_queries
from tests.support.pretend import Ledger


@pytest.fixture
def many(installation: Installation) -> Installation:
    store_records(installation.id, RecordKind.CUSTOMER, [
        Record(kind=RecordKind.CUSTOMER, id=f"c{n}", name=f"Customer {n:03}", email=f"c{n}@x.test") for n in range(60)
    ])  # fmt: skip
    session().commit()
    return installation


def options(page: str, name: str) -> list[tuple[str, str]]:
    """The values and texts of a select, the chosen one marked."""
    select = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
    assert select, page
    found = re.findall(r'<option value="([^"]*)"[^>]*?( selected)?>([^<]*)', select.group(0))
    return [(value, f"*{unescape(text)}" if chosen else unescape(text)) for value, chosen, text in found]


def test_a_few_entries_are_a_select_and_many_are_searched(browser: Browser, installation: Installation) -> None:
    assert "data-hub-search" not in browser.get("/hub/orders/1042/send").text
    store_records(installation.id, RecordKind.CUSTOMER, [
        Record(kind=RecordKind.CUSTOMER, id=f"c{n}", name=f"Customer {n:03}") for n in range(21)
    ])  # fmt: skip
    session().commit()
    page = browser.get("/hub/orders/1042/send").text
    assert f'data-hub-search="/hub/installations/{installation.id}/entries/customer"' in page
    shown = options(page, "customer")
    assert (shown[0][0], shown[0][1][0], shown[-1], len(shown)) == ("new", "*", ("c19", "Customer 019"), 21)


def test_the_one_that_is_linked_is_there_however_far_down(browser: Browser, many: Installation) -> None:
    session().add(Link(installation_id=many.id, kind=RecordKind.CUSTOMER, company_id="12", record_id="c58",
                       name="Customer 058", linked_by="Ada"))  # fmt: skip
    session().commit()
    shown = dict(options(browser.get("/hub/orders/1042/send").text, "customer"))
    assert shown["c58"].startswith("*Customer 058 "), "It is chosen, and marked as linked."


def test_options_are_found_with_what_tells_them_apart_and_how_many_more(browser: Browser, many: Installation) -> None:
    found = browser.get(f"/hub/installations/{many.id}/entries/customer?q=customer", htmx=True).text
    assert found.count('role="option"') == 20
    assert re.findall(r"\d+", found.partition("data-hub-said>")[2]) == ["40"], "So many more are found."
    one = browser.get(f"/hub/installations/{many.id}/entries/customer?q=c41@", htmx=True).text
    assert re.findall(r'data-value="([^"]*)"', one) == ["c41"]
    assert "<small>c41@x.test</small>" in one
    none = browser.get(f"/hub/installations/{many.id}/entries/customer?q=zebra", htmx=True).text
    assert 'role="option"' not in none
    assert none.partition("data-hub-said>")[2].partition("<")[0], "It says so."


def test_without_script_a_page_searches_and_leads_back_to_the_form(browser: Browser, many: Installation) -> None:
    page = browser.get("/hub/orders/1042/send").text
    link = unescape(re.search(r'<a data-hub-plain href="([^"]+)"', page).group(1))  # type: ignore[union-attr]  # It is.
    found = browser.get(f"{link}&q=customer+041").text
    back = unescape(re.search(r'<li><a href="([^"]+)"', found).group(1))  # type: ignore[union-attr]  # As above.
    assert ("c41", "*Customer 041") in options(browser.get(back).text, "customer")
    for elsewhere in ("https://evil.test", "//evil.test", "/\\evil.test"):
        answer = browser.get(f"/hub/installations/{many.id}/entries/customer?back={elsewhere}")
        assert (answer.status_code, "evil" in answer.text) == (400, False)


def test_the_dialog_and_the_search_ask_no_more_often_on_a_long_list(
    app: Flask, browser: Browser, installation: Installation, desk: Desk
) -> None:
    def count(lines: int) -> int:
        line = desk.orders["1042"].lines[0]
        desk.copy_order("1042", lines=(line,) * lines, total=line.amount * lines, discount=Decimal("0.00"))
        for path in pages:
            browser.get(path)
        seen.clear()
        for path in pages:
            assert browser.get(path).status_code == 200
        return len(seen)

    def customers(number: int) -> None:
        store_records(installation.id, RecordKind.CUSTOMER, [
            Record(kind=RecordKind.CUSTOMER, id=f"c{n}", name=f"Customer {n:03}") for n in range(number)
        ])  # fmt: skip
        session().commit()

    pages = ("/hub/orders/1042/send", f"/hub/installations/{installation.id}/entries/customer?q=cust")
    seen = count_queries(app)
    customers(25)
    few = count(2)
    customers(400)
    assert count(60) <= few


def test_names_that_are_markup_stay_names(browser: Browser, many: Installation) -> None:
    evil = Record(kind=RecordKind.CUSTOMER, id='"><b>', name='<script>alert("1")</script>')
    store_records(many.id, RecordKind.CUSTOMER, [evil])
    session().commit()
    for htmx in (True, False):
        found = browser.get(f"/hub/installations/{many.id}/entries/customer?q=script&back=/x&name=n", htmx=htmx).text
        assert "&lt;script&gt;" in found
        assert "<b>" not in found
        assert "<script>a" not in found


def test_only_who_may_send_or_manage_sees_the_lists(browser: Browser, many: Installation, desk: Desk) -> None:
    path = f"/hub/installations/{many.id}/entries/customer"
    desk.permissions = {Permission.VIEW}
    assert browser.get(path).status_code == 403
    many.visible_to = {"who": "users", "ids": ["somebody"]}
    session().commit()
    desk.permissions = {Permission.VIEW, Permission.SEND}
    assert browser.get(path).status_code == 403
    desk.permissions = {Permission.VIEW, Permission.MANAGE}
    assert browser.get(path).status_code == 200
    desk.working_for = Organization(id="other", name="Other")
    assert browser.get(path).status_code == 404


def test_an_account_far_down_the_list_is_chosen_and_one_that_does_not_fit_is_refused(
    browser: Browser, installation: Installation, ledger: Ledger
) -> None:
    rent = Record(kind=RecordKind.ACCOUNT, id="6000", name="Rent", number="6000", account=AccountKind.EXPENSE)
    store_records(installation.id, RecordKind.ACCOUNT, [rent, *(
        Record(kind=RecordKind.ACCOUNT, id=f"{n}", name=f"Income {n}", number=f"{n}", account=AccountKind.INCOME)
        for n in range(4100, 4150)
    )])  # fmt: skip
    session().commit()
    path = f"/hub/installations/{installation.id}/accounts"
    page = browser.get(path).text
    assert f'data-hub-search="/hub/installations/{installation.id}/entries/account?account=income"' in page
    assert len(options(page, "income_account")) == 21
    assert browser.post(path, {"income_account": "6000"}).status_code == 422
    assert browser.post(path, {"income_account": "4149"}).status_code == 303
    assert session().get_one(Mapping, (installation.id, "income_account")).name == "4149 Income 4149"
    assert ("4149", "*4149 Income 4149") in options(browser.get(path).text, "income_account")
    browser.post("/hub/orders/1042/send", {"documents": "invoice", "account-income_account": "4120", "customer": "new"})
    pump.deliver(installation.id)
    assert [one["number"] for one in ledger.invoices] == ["1042"]
