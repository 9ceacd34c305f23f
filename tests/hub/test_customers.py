"""The Customers tab and the link dialog: who may be whom, accepted one by one or all at once, and who did it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from hub.books import suggestions
from hub.books.refresh import store_records
from hub.database import session
from hub.host import Company, Organization, Permission
from hub.models import Installation, Link, LinkChange
from hub.plugin import Record, RecordKind
from tests.support.customers import enter, link, linked_records, text_of
from tests.support.host import Desk
from tests.support.pages import Browser, badge_tones, count_queries, empty_text
from tests.support.pretend import integration_of


@pytest.fixture
def path(installation: Installation) -> str:
    return f"/hub/installations/{installation.id}/customers"
def row_of(page: str, company_id: str) -> str:
    found = re.search(rf'<li[^>]*id="hub-company-row-{company_id}".*?</li>', page, re.DOTALL)
    assert found, page
    return found.group(0)


def suggested_on(page: str, company_id: str) -> list[str]:
    """Return the id of the record that can be accepted in the row of a company."""
    return re.findall(r'<button name="record_id" value="([^"]+)"', row_of(page, company_id))


def rows_of(page: str) -> list[str]:
    return re.findall(r'id="hub-company-row-(\w+)"', page)


def suggested(installation: Installation, companies: Sequence[Company]) -> dict[str, tuple[str, list[str]]]:
    pairs = suggestions.pair_companies(installation.id, RecordKind.CUSTOMER, companies)
    return {
        pair.company.id: (pair.suggestion.record.record_id, list(pair.suggestion.ways))
        for pair in pairs if pair.suggestion
    }  # fmt: skip


def test_a_company_is_matched_by_name_mail_and_phone_where_that_is_clear(installation: Installation) -> None:
    enter(
        installation, ("1", "ABC  company", "AP@abc.test; x@abc.test", "+1 (503) 555-0101"),
        ("2", "Vine", "", "503.555.0102 x7"),
        ("3", "Twin A", "twin@x.test", ""), ("4", "Twin B", "twin@x.test", ""), ("5", "Taken", "", ""),
        ("6", "Short", "", "555-01"), ("7", "Mail Only", "Mail@Only.test", ""),
    )  # fmt: skip
    gone = Record(kind=RecordKind.CUSTOMER, id="8", name="Gone", active=False)
    store_records(installation.id, RecordKind.CUSTOMER, [gone])
    link(installation, "99", "5", "Taken")
    assert suggested(installation, [
        Company(id="a", name="abc Company", email="ap@ABC.test", phone="503 555 0101"),
        Company(id="b", name="Old Vine", phone="+15035550102"), Company(id="c", name="Twins", email="twin@x.test"),
        Company(id="d", name="Taken"), Company(id="e", name="Tiny", phone="55501"), Company(id="f", name="Gone"),
        Company(id="g", name="Mail Ltd", email="mail@only.test"),
        Company(id="h", name="Twin A", email="mail@only.test"),
    ]) == {
        "a": ("1", ["name", "e-mail", "phone"]), "b": ("2", ["phone"]), "g": ("7", ["e-mail"]), "h": ("3", ["name"]),
    }  # fmt: skip


def test_accepting_links_once_and_keeps_who_did_it(browser: Browser, installation: Installation, path: str) -> None:
    enter(installation, ("1", "ABC Company", "", ""))
    page = browser.get(path).text
    assert suggested_on(page, "12") == ["1"]
    row = browser.post(f"{path}/12/accept", {"record_id": "1"}, htmx=True)
    assert badge_tones(row.text) == ["good"]
    assert linked_records() == {"12": "1"}
    assert browser.post(f"{path}/12/accept", {"record_id": "1"}).status_code == 303
    change = session().scalars(select(LinkChange)).one()
    assert (change.from_id, change.to_id, change.to_name, change.changed_by) == ("", "1", "ABC Company", "Ada Admin")


def test_what_is_not_suggested_any_more_is_not_accepted(
    browser: Browser, installation: Installation, path: str, desk: Desk
) -> None:
    enter(installation, ("1", "ABC Company", "", ""), ("2", "Other", "", ""))
    link(installation, "77", "1", "ABC Company")
    assert browser.post(f"{path}/12/accept", {"record_id": "1"}).status_code == 409
    assert browser.post(f"{path}/12/accept", {"record_id": "2"}).status_code == 409
    assert browser.post(f"{path}/nobody/accept", {"record_id": "2"}).status_code == 404
    assert linked_records() == {"77": "1"}


def test_all_exact_matches_are_accepted_step_by_step(
    browser: Browser, installation: Installation, path: str, desk: Desk
) -> None:
    desk.others = [Company(id=f"n{n}", name=f"Customer {n:03}", email=f"{n}@x.test") for n in range(450)]
    desk.others += [Company(id="t1", name="Twin"), Company(id="t2", name="twin ")]
    desk.others += [Company(id="m", name="Mail", email="7@y.test")]
    enter(
        installation, *((f"c{n}", f"customer {n:03}", "", "") for n in range(0, 450, 3)), ("tw", "Twin", "", ""),
        ("ma", "Another", "7@y.test", ""),
    )  # fmt: skip
    link(installation, "n3", "zz", "Somebody else")
    form: dict[str, object] = {}
    for _ in range(9):
        page = browser.post(f"{path}/accept", form, htmx=True).text
        form = dict(re.findall(r'<input type="hidden" name="(after|linked|looked)" value="([^"]*)"', page))
        if not form:
            break
    expected = {f"n{n}": f"c{n}" for n in range(0, 450, 3)} | {"n3": "zz"}
    assert linked_records() == expected
    assert re.findall(r"\d+", text_of(page)) == ["149", "454"], "Of 454 companies 149 are linked now."


def test_vendors_are_linked_by_the_same_means(
    app: Flask, browser: Browser, installation: Installation, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = integration_of(app)
    both = replace(integration.capabilities, lists=(RecordKind.CUSTOMER, RecordKind.VENDOR))
    monkeypatch.setattr(integration, "capabilities", both)
    store_records(installation.id, RecordKind.VENDOR, [Record(kind=RecordKind.VENDOR, id="v1", name="ABC Company")])
    session().commit()
    page = browser.get(f"{path}?kind=vendor").text
    assert suggested_on(page, "12") == ["v1"]
    assert suggested_on(browser.get(path).text, "12") == []
    done = browser.post(f"{path}/accept", {"kind": "vendor"}).text
    assert f'href="{path}?kind=vendor"' in done
    found = session().scalars(select(Link)).one()
    assert (found.kind, found.record_id) == (RecordKind.VENDOR, "v1")
    assert badge_tones(row_of(browser.get(f"{path}?kind=vendor").text, "12")) == ["good"]


def test_the_unlinked_ones_are_found_among_many_that_are_linked(
    browser: Browser, installation: Installation, path: str, desk: Desk
) -> None:
    desk.others = [Company(id=f"n{n:04}", name=f"Customer {n:04}") for n in range(2300)]
    session().add_all([
        Link(installation_id=installation.id, kind=RecordKind.CUSTOMER, company_id=f"n{n:04}", record_id=f"c{n}",
             name="x", linked_by="Bo") for n in range(2200)
    ])  # fmt: skip
    session().commit()
    seen, address = [], f"{path}?show=unlinked"
    for _ in range(9):
        page = browser.get(address).text
        seen += rows_of(page)
        following = re.search(r'(?:rel="next" href="|hx-get=")([^"]*after=[^"]*)"', page)
        if following is None:
            break
        address = unescape(following.group(1))
    assert seen == ["12", *(f"n{n:04}" for n in range(2200, 2300))]


def test_pages_of_fifty_lead_through_the_whole_list_and_the_search_is_the_hosts(
    browser: Browser, path: str, desk: Desk
) -> None:
    desk.others = [Company(id=f"n{n}", name=f"Customer {n:03}", email=f"n{n}@x.test") for n in range(120)]
    first = browser.get(path).text
    assert rows_of(first) == ["12", *(f"n{n}" for n in range(49))]
    following = unescape(re.search(r'rel="next" href="([^"]+)"', first).group(1))  # type: ignore[union-attr]  # It is.
    assert rows_of(browser.get(following).text) == [f"n{n}" for n in range(49, 99)]
    assert rows_of(browser.get(f"{path}?q=n77@").text) == ["n77"]
    assert "zebra" in empty_text(browser.get(f"{path}?q=zebra").text)


def test_the_number_of_queries_does_not_depend_on_the_companies(
    app: Flask, browser: Browser, installation: Installation, path: str, desk: Desk
) -> None:
    desk.others = [Company(id=f"n{n}", name=f"Customer {n:03}") for n in range(3)]
    enter(installation, ("c1", "Customer 001", "", ""), ("c2", "Customer 002", "", ""))
    link(installation, "n2", "c2", "Customer 002")
    browser.get(path)
    seen = count_queries(app)
    browser.get(path)
    few = len(seen)
    desk.others = [
        Company(id=f"n{n}", name=f"Customer {n:03}", email=f"{n}@x.test", phone="5035550100") for n in range(300)
    ]  # fmt: skip
    enter(installation, *((f"c{n}", f"Customer {n:03}", f"{n}@x.test", "") for n in range(300)))
    for number in range(0, 50, 5):
        link(installation, f"n{number}", f"c{number}", "x")
    browser.get(path)
    seen.clear()
    browser.get(path)
    assert len(seen) == few


def test_only_who_manages_and_only_within_the_organization(
    browser: Browser, installation: Installation, path: str, desk: Desk
) -> None:
    enter(installation, ("1", "ABC Company", "", ""))
    desk.permissions = {Permission.SEND, Permission.VIEW}
    assert [browser.get(path).status_code, browser.post(f"{path}/accept").status_code] == [403, 403]
    assert browser.post(f"{path}/12/accept", {"record_id": "1"}).status_code == 403
    desk.permissions = set(Permission)
    desk.working_for = Organization(id="other", name="Other")
    assert [browser.get(path).status_code, browser.post(f"{path}/accept").status_code] == [404, 404]
    assert browser.post(f"{path}/12/accept", {"record_id": "1"}).status_code == 404
    assert linked_records() == {}
