"""The link dialog of a company: found by search, linked, changed, unlinked, and nobody's change is overruled unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.host import Organization, Permission
from hub.models import Installation, LinkChange
from hub.plugin import Record, RecordKind
from hub.services.books import fetching
from tests.support.customers import enter, link, links, text_of
from tests.support.host import Desk
from tests.support.pages import Browser

PATH = "/hub/companies/12/link"


@pytest.fixture
def browser(app: Flask) -> Iterator[Browser]:
    yield Browser(app)
    session().expire_all()


@pytest.fixture(autouse=True)
def _customers(installation: Installation) -> None:
    enter(installation, ("1", "ABC Company", "ap@abc.test", ""), ("2", "Vine & Sons", "", "503 555 0102"))


def choices(page: str) -> list[str]:
    return re.findall(r'name="record_id" value="([^"]+)"', page)


def test_the_suggestion_stands_first_and_typing_finds_the_others(browser: Browser) -> None:
    page = browser.get(PATH).text
    assert "Not linked to a customer of Test Books yet." in text_of(page)
    assert choices(page) == ["1", "2"]
    assert "same name, same e-mail" in text_of(page)
    assert choices(browser.get(f"{PATH}?q=sons").text) == ["2"]
    assert "Nothing found." in browser.get(f"{PATH}?q=zebra").text


def test_linking_changing_and_unlinking_are_kept_with_who_did_it(browser: Browser) -> None:
    done = browser.post(PATH, {"record_id": "2", "was": ""}, htmx=True)
    assert "Linked to “Vine & Sons”." in text_of(done.text)
    assert done.headers["HX-Trigger-After-Settle"] == "hub-linked"
    assert links() == {"12": "2"}
    browser.post(PATH, {"record_id": "1", "was": "2"})
    assert links() == {"12": "1"}
    browser.post(PATH, {"record_id": "", "was": "1"})
    assert links() == {}
    changes = session().scalars(select(LinkChange).order_by(LinkChange.id)).all()
    assert [(one.from_id, one.to_id, one.changed_by) for one in changes] == [
        ("", "2", "Ada Admin"), ("2", "1", "Ada Admin"), ("1", "", "Ada Admin"),
    ]  # fmt: skip
    assert "Ada Admin: unlinked (was ABC Company )" in text_of(browser.get(PATH).text)


def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overruled(
    browser: Browser, installation: Installation
) -> None:
    link(installation, "12", "1", "ABC Company")
    late = browser.post(PATH, {"record_id": "2", "was": ""})
    assert late.status_code == 422
    assert "Bo has linked it to “ABC Company” meanwhile. Nothing was changed." in text_of(late.text)
    assert links() == {"12": "1"}


def test_an_entry_that_is_inactive_or_not_there_is_refused(browser: Browser, installation: Installation) -> None:
    gone = Record(kind=RecordKind.CUSTOMER, id="2", name="Vine & Sons", active=False)
    fetching.store(installation.id, RecordKind.CUSTOMER, [gone])
    session().commit()
    assert browser.post(PATH, {"record_id": "2", "was": ""}).status_code == 409
    assert browser.post(PATH, {"record_id": "nobody", "was": ""}).status_code == 409
    assert links() == {}


def test_from_the_tab_the_row_comes_back_into_its_place(browser: Browser, installation: Installation) -> None:
    form = {"record_id": "1", "was": "", "place": "tab", "installation": installation.id}
    row = browser.post(PATH, form, htmx=True).text
    assert 'hx-swap-oob="true"' in row
    assert "Linked ABC Company" in text_of(row)


def test_only_who_may_send_or_manage_links(browser: Browser, installation: Installation, desk: Desk) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(PATH).text)
    assert token
    form = {"record_id": "1", "was": "", "installation": installation.id, "csrf_token": token.group(1)}

    def press() -> int:
        return browser.client.post(PATH, data=form).status_code

    installation.visible_to = {"who": "users", "ids": ["somebody"]}
    session().commit()
    desk.permissions = {Permission.VIEW, Permission.SEND}
    assert browser.get(f"{PATH}?installation={installation.id}").status_code == 403
    assert press() == 403
    installation.visible_to = {"who": "everyone", "ids": []}
    session().commit()
    desk.permissions = {Permission.VIEW}
    assert press() == 403
    desk.permissions = set(Permission)
    desk.working_for = Organization(id="other", name="Other")
    assert press() == 404
    assert browser.get(PATH).status_code == 404
    assert links() == {}
