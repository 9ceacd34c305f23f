"""The link dialog of a company: found by search, linked, changed, unlinked, and nobody's change is overruled unseen."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from hub.books.refresh import store_records
from hub.database import session
from hub.host import Organization, Permission
from hub.models import Installation, LinkChange
from hub.plugin import Record, RecordKind
from tests.support.customers import enter, link, linked_records, text_of
from tests.support.host import Desk
from tests.support.pages import Browser, badge_tones

PATH = "/hub/companies/12/link"


@pytest.fixture(autouse=True)
def _customers(installation: Installation) -> None:
    enter(installation, ("1", "ABC Company", "ap@abc.test", ""), ("2", "Vine & Sons", "", "503 555 0102"))


def choices(page: str) -> list[str]:
    return re.findall(r'name="record_id" value="([^"]+)"', page)


def test_the_suggestion_stands_first_and_typing_finds_the_others(browser: Browser) -> None:
    page = browser.get(PATH).text
    assert badge_tones(page) == [], "It is not linked yet."
    assert choices(page) == ["1", "2"]
    assert choices(browser.get(f"{PATH}?q=sons").text) == ["2"]
    assert choices(browser.get(f"{PATH}?q=zebra").text) == []


def test_linking_changing_and_unlinking_are_kept_with_who_did_it(browser: Browser) -> None:
    done = browser.post(PATH, {"record_id": "2", "was": ""}, htmx=True)
    assert badge_tones(done.text) == ["good"]
    assert "Vine & Sons" in text_of(done.text)
    assert done.headers["HX-Trigger-After-Settle"] == "hub-linked"
    assert linked_records() == {"12": "2"}
    browser.post(PATH, {"record_id": "1", "was": "2"})
    assert linked_records() == {"12": "1"}
    browser.post(PATH, {"record_id": "", "was": "1"})
    assert linked_records() == {}
    changes = session().scalars(select(LinkChange).order_by(LinkChange.id)).all()
    assert [(one.from_id, one.to_id, one.changed_by) for one in changes] == [
        ("", "2", "Ada Admin"), ("2", "1", "Ada Admin"), ("1", "", "Ada Admin"),
    ]  # fmt: skip
    history = text_of(browser.get(PATH).text.partition("<details>")[2])
    assert [history.count(name) for name in ("Ada Admin", "ABC Company", "Vine & Sons")] == [3, 2, 2]


def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overruled(
    browser: Browser, installation: Installation
) -> None:
    link(installation, "12", "1", "ABC Company")
    late = browser.post(PATH, {"record_id": "2", "was": ""})
    assert late.status_code == 422
    note = late.text.partition('class="hub-note"')[2].partition("</p>")[0]
    assert "Bo" in note
    assert "ABC Company" in note
    assert linked_records() == {"12": "1"}


def test_an_entry_that_is_inactive_or_not_there_is_refused(browser: Browser, installation: Installation) -> None:
    gone = Record(kind=RecordKind.CUSTOMER, id="2", name="Vine & Sons", active=False)
    store_records(installation.id, RecordKind.CUSTOMER, [gone])
    session().commit()
    assert browser.post(PATH, {"record_id": "2", "was": ""}).status_code == 409
    assert browser.post(PATH, {"record_id": "nobody", "was": ""}).status_code == 409
    assert linked_records() == {}


def test_from_the_tab_the_row_comes_back_into_its_place(browser: Browser, installation: Installation) -> None:
    form = {"record_id": "1", "was": "", "place": "tab", "installation": installation.id}
    row = browser.post(PATH, form, htmx=True).text
    assert 'hx-swap-oob="true"' in row
    assert 'id="hub-company-row-12"' in row
    assert badge_tones(row.partition('id="hub-company-row-12"')[2])[0] == "good"


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
    assert linked_records() == {}
