"""Which company file is open: another edition or currency, a copy, a file that was connected before.

Sources: Intuit's schemas (`HostRet` has a country, `CompanyRet` has none; CA2.0, UK2.0), Intuit's help on several
currencies, reports of QBWC1039 (fixhub, Housecall, Chargezoom), nsoftware on AppUniqueName.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree

from hub.database import session
from hub.dispatch import endpoints
from hub.errors import NotPossible
from hub.installations.install import install_integration, remove_installation
from hub.installations.moved_books import confirm_moved_books
from hub.installations.notices import find_findings
from hub.installations.passwords import change_password, renew_login
from hub.integrations import registry
from hub.models import NoticeKind
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import EndpointDetails, Rejected
from hub.states import InstallationState
from quickbooks_desktop import QuickBooksDesktop
from sandbox.desktop.connector import Failed
from tests.support.desktop import ORDER_1042, Office, let_sessions_time_out, whole_file
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.serving import serving


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path)


@pytest.fixture
def fresh(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.open(url, tmp_path)


@pytest.mark.parametrize(("fact", "value"), [
    ("country", "CA"), ("country", "UK"), ("country", "AU"), ("home currency", "Galactic Credit"),
])  # fmt: skip
def test_an_edition_or_currency_that_we_do_not_know_is_refused_at_the_first_call(
    fresh: Office, fact: str, value: str
) -> None:
    fresh.company.store.remember(fact, value)
    assert value in fresh.connector().update()
    session().expire_all()
    assert fresh.installation.state is InstallationState.PENDING
    assert value in str(fresh.installation.trouble)


def test_a_home_currency_is_known_by_its_name(fresh: Office) -> None:
    fresh.company.store.remember("home currency", "Mexican Peso")
    assert fresh.connector().update() == "OK"
    session().expire_all()
    assert (fresh.installation.books_country, fresh.installation.books_currency) == ("US", "MXN")


def test_a_copy_of_the_company_file_gets_nothing_before_an_admin_says_that_it_was_moved(office: Office) -> None:
    was = office.company.path
    office.company.store.remember("file", "Backup of Northwind")
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    for _ in range(2):
        let_sessions_time_out()
        assert office.company.path in office.connector().update()
    assert whole_file(office.company)["invoices"] == []
    session().expire_all()
    assert [one.kind for one in find_findings("acme")] == [NoticeKind.MOVED]
    with pytest.raises(NotPossible):
        confirm_moved_books(ADA_AT_ACME, office.installation.id, place=was)
    confirm_moved_books(ADA_AT_ACME, office.installation.id, place=office.company.path)
    office.update()
    assert whole_file(office.company) == ORDER_1042
    session().expire_all()
    assert find_findings("acme") == []
    assert office.installation.books_place == office.company.path


def test_who_opens_the_right_file_again_need_not_confirm_anything(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.company.store.remember("file", "Backup of Northwind")
    office.connector().update()
    office.company.store.remember("file", office.company.name)
    office.update()
    assert whole_file(office.company) == ORDER_1042
    session().expire_all()
    assert (office.installation.books_moved_to, office.installation.trouble) == ("", "")


@pytest.mark.parametrize("keeps", ["", "yes"])
def test_the_application_is_added_again_with_a_new_file(office: Office, keeps: str) -> None:
    """QBWC1039: the pair of OwnerID and FileID must be new. Whether QuickBooks replaces the mark is not documented."""
    office.company.store.remember("keeps its mark", keeps)
    with pytest.raises(Failed, match="QBWC1039"):
        office.connector().approve()
    renew_login(ADA_AT_ACME, office.installation.id)
    again = Office.reopened(office)
    assert again.application.file_id != office.application.file_id
    again.connector().approve()
    send_order(ADA_AT_ACME, again.installation.id, order_1042(), Choices())
    again.update()
    assert whole_file(again.company) == ORDER_1042


@pytest.mark.parametrize("keeps", ["", "yes"])
def test_an_integration_that_is_installed_again_knows_its_company_file(office: Office, keeps: str) -> None:
    office.company.store.remember("keeps its mark", keeps)
    remove_installation(ADA_AT_ACME, office.installation.id)
    office.installation = install_integration(ADA_AT_ACME, "quickbooks_desktop")
    office.password = change_password(ADA_AT_ACME, office.installation.id, instead_of="")
    again = Office.reopened(office)
    assert again.application.name != office.application.name, "The Web Connector asks to replace one of the same name."
    again.connector().approve()
    assert again.connector().update() == "OK"
    session().expire_all()
    assert again.installation.state is InstallationState.CONNECTED


def test_the_mark_of_a_stranger_is_told_as_one(fresh: Office) -> None:
    fresh.company.store.remember("keeps its mark", "yes")
    fresh.company.store.remember(f"stamp {fresh.application.owner_id.lower()}", "{0}")
    told = fresh.connector().update()
    assert fresh.company.name not in told
    assert fresh.installation.state is InstallationState.PENDING


def details(url: str) -> EndpointDetails:
    return EndpointDetails(url=url, support_url=url, login="quickbooks-1", minutes=15)


def test_no_connection_file_holds_an_ip_address() -> None:
    """Web Connector guide, appendix A: QBWC1001."""
    for url in ("https://192.0.2.7/x", "https://[2001:db8::1]/x"):
        with pytest.raises(Rejected) as refused:
            QuickBooksDesktop().connection_file(details(url))
        assert refused.value.problems[0].code == "ip-address"
    for url in ("http://127.0.0.1:8000/x", "http://[::1]:8000/x"):
        root = etree.fromstring(QuickBooksDesktop().connection_file(details(url)).body)
        assert root.findtext("AppURL") == "http://localhost:8000/x"
    root = etree.fromstring(QuickBooksDesktop().connection_file(details("https://desk.example/x")).body)
    assert "quickbooks-1" in (root.findtext("AppUniqueName") or "")


@pytest.mark.parametrize("public", ["", "https://desk.example/office"])
def test_below_a_prefix_the_path_is_there_once(office: Office, app: Flask, public: str) -> None:
    app.config["HUB_PUBLIC_URL"] = public
    path = f"/hub/installations/{office.installation.id}/endpoint/file"
    address = endpoints.endpoint_for(office.installation).address
    session().commit()
    client = app.test_client()
    answer = client.get(path, base_url="https://desk.example/office")
    url = etree.fromstring(answer.data).findtext("AppURL")
    assert url == f"https://desk.example/office/hub/polling/{address}"
