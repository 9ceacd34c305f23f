"""Signing in at Xero: with PKCE, among several organisations, again, and not any more."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask

from hub.database import session
from hub.dispatch import credentials, pump
from hub.installations.install import claim_attempt, finish_authorization, install_integration, remove_installation
from hub.integrations import registry
from hub.models import Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Attempt, AuthorizationExpired, PushIntegration, Redirect, Rejected
from hub.states import InstallationState
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.xero import BACK, consent
from xero_books import Xero
from xero_sandbox import OTHER_TENANT, TENANT, Running


def integration() -> PushIntegration:
    found = registry.find_integration("xero")
    assert isinstance(found, PushIntegration)
    return found


def test_of_several_organisations_the_admin_chooses_one(configured: Flask, books: Running) -> None:
    installation = install_integration(ADA_AT_ACME, "xero")
    question = consent(installation, TENANT, OTHER_TENANT)
    assert question is not None
    assert question.field.choices == ((OTHER_TENANT, "Demo Company (UK)"), (TENANT, "Demo Company (US)"))
    assert installation.books_id == ""
    claimed = claim_attempt(ADA_AT_ACME, "xero", question.state)
    assert finish_authorization(ADA_AT_ACME, claimed, BACK, {"state": question.state, "tenant": OTHER_TENANT}) is None
    pump.deliver(installation.id)
    session().expire_all()
    assert (installation.books_name, installation.books_currency) == ("Demo Company (UK)", "GBP")
    assert installation.state is InstallationState.CONNECTED


def test_the_secret_of_the_sign_in_does_not_travel_with_the_browser(books: Running) -> None:
    first, second = (
        Xero().authorize(Attempt(settings={**settings(books)}, return_url=BACK, state="s" * 20)) for _ in range(2)
    )
    assert isinstance(first, Redirect)
    assert isinstance(second, Redirect)
    assert first.keep["verifier"] != second.keep["verifier"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(first.url).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert first.keep["verifier"] not in first.url
    assert first.keep["verifier"] not in repr(first)


def settings(books: Running) -> dict[str, str]:
    return {**{one.name: one.default or "" for one in Xero.settings}, **books.settings()}


def test_a_denied_consent_says_so(configured: Flask) -> None:
    installation = install_integration(ADA_AT_ACME, "xero")
    with pytest.raises(Rejected) as refused:
        consent(installation, TENANT, decision="cancel")
    assert [problem.code for problem in refused.value.problems] == ["access_denied"]


def test_a_consent_without_an_organisation_says_so(configured: Flask) -> None:
    installation = install_integration(ADA_AT_ACME, "xero")
    with pytest.raises(Rejected) as refused:
        consent(installation)
    assert [problem.code for problem in refused.value.problems] == ["no_tenant"]


def test_authorizing_again_opens_the_same_organisation_or_nothing(xero: Installation) -> None:
    with pytest.raises(Rejected) as refused:
        consent(xero, OTHER_TENANT)
    assert [problem.code for problem in refused.value.problems] == ["other-books"]
    session().rollback()
    assert xero.books_id == TENANT
    assert consent(xero, TENANT, OTHER_TENANT) is None
    assert xero.books_id == TENANT


def test_a_token_that_ran_out_is_renewed_on_the_way(xero: Installation, books: Running) -> None:
    books.advance(1900)
    send_order(ADA_AT_ACME, xero.id, order_1042(), Choices())
    pump.deliver(xero.id)
    assert [one["InvoiceNumber"] for one in books.books()["Invoices"]] == ["1042"]


def test_an_organisation_that_was_disconnected_in_xero_is_not_open_any_more(
    xero: Installation, books: Running
) -> None:
    connection = credentials.connection_of(xero, integration())
    told = {"Authorization": f"Bearer {connection.credentials['access_token']}"}
    address = f"{books.url}/connections/{connection.credentials['connection_id']}"
    assert requests.delete(address, headers=told, timeout=5).status_code == 204
    with pytest.raises(AuthorizationExpired):
        integration().refresh(connection)


def test_uninstalling_disconnects_the_organisation(xero: Installation, books: Running) -> None:
    token = credentials.connection_of(xero, integration()).credentials["access_token"]
    books.advance(1900)  # The token has run out meanwhile, and is renewed for it.
    remove_installation(ADA_AT_ACME, xero.id)
    books.advance(-1900)
    found = requests.get(f"{books.url}/connections", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert found.json() == []
