"""Signing in, renewing and giving back at the sandbox, which keeps Intuit's rules and has a clock of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from hub.plugin import Attempt, AuthorizationExpired, Authorized, Connection, Redirect, Rejected, Unavailable
from quickbooks_online import QuickBooksOnline
from sandbox.online import REALM, Running
from tests.support.online_calls import settings_of
from tests.support.online_conversations import Transport

QUICKBOOKS = QuickBooksOnline()
OTHER_REALM = "4620816365000000002"
RETURN = "http://localhost/hub/authorized/quickbooks_online"


def attempt(books: Running, books_id: str = "") -> Attempt:
    return Attempt(settings=settings_of(books.url), return_url=RETURN, state="of-the-hub", books_id=books_id)


def signed_in(started: Attempt, decision: str = "connect", realm: str = REALM) -> Mapping[str, str]:
    """What the browser brings back when the admin has pressed a button at Intuit."""
    step = QUICKBOOKS.authorize(started)
    assert isinstance(step, Redirect)
    pressed = requests.post(step.url, data={"decision": decision, "realm": realm}, allow_redirects=False, timeout=10)
    assert pressed.headers["Location"].startswith(RETURN)
    return dict(parse_qsl(urlsplit(pressed.headers["Location"]).query))


def connected(books: Running, done: Authorized) -> Connection:
    return Connection(books_id=done.books_id, credentials=done.credentials, settings=settings_of(books.url))


def authorized(books: Running) -> Connection:
    started = attempt(books)
    done = QUICKBOOKS.authorize(dataclasses.replace(started, answer=signed_in(started)))
    assert isinstance(done, Authorized)
    return connected(books, done)


def test_an_admin_who_agrees_connects_the_company_that_was_chosen(books: Running) -> None:
    started = attempt(books)
    done = QUICKBOOKS.authorize(dataclasses.replace(started, answer=signed_in(started, realm=OTHER_REALM)))
    assert isinstance(done, Authorized)
    assert done.books_id == OTHER_REALM
    assert done.renew_at is not None
    assert done.expires_at is not None
    found = Transport(connected(books, done)).one(QUICKBOOKS.describe_books())
    assert (found.id, found.name) == (OTHER_REALM, "Northwind Promotions Inc.")


def test_connecting_again_offers_the_same_company_first(books: Running) -> None:
    step = QUICKBOOKS.authorize(attempt(books, books_id=OTHER_REALM))
    assert isinstance(step, Redirect)
    page = requests.get(step.url, timeout=10).text
    (chosen,) = [line for line in page.splitlines() if "checked" in line]
    assert OTHER_REALM in chosen


def test_an_admin_who_declines_is_told_so(books: Running) -> None:
    started = attempt(books)
    answer = signed_in(started, decision="cancel")
    assert "realmId" not in answer
    with pytest.raises(Rejected) as refused:
        QUICKBOOKS.authorize(dataclasses.replace(started, answer=answer))
    assert [problem.code for problem in refused.value.problems] == ["access_denied"]


def test_another_company_is_refused_and_its_code_is_not_used(books: Running) -> None:
    started = attempt(books, books_id=REALM)
    answer = signed_in(started, realm=OTHER_REALM)
    with pytest.raises(Rejected) as refused:
        QUICKBOOKS.authorize(dataclasses.replace(started, answer=answer))
    assert [problem.code for problem in refused.value.problems] == ["other-books"]
    assert books.control("requests")["requests"] == []


def test_a_code_with_the_id_of_another_company_connects_nothing(books: Running) -> None:
    """OWASP ASVS 5, 10.2.2: what the browser brings is checked against what the token is for."""
    started = attempt(books)
    answer = {**signed_in(started, realm=REALM), "realmId": OTHER_REALM}
    with pytest.raises(Rejected) as refused:
        QUICKBOOKS.authorize(dataclasses.replace(started, answer=answer))
    assert [problem.code for problem in refused.value.problems] == ["other-realm"]


def test_a_code_that_comes_twice_is_told_to_have_run_out(books: Running) -> None:
    started = attempt(books)
    returned = dataclasses.replace(started, answer=signed_in(started))
    QUICKBOOKS.authorize(returned)
    with pytest.raises(Rejected) as refused:
        QUICKBOOKS.authorize(returned)
    assert [problem.code for problem in refused.value.problems] == ["invalid_grant"]


def test_wrong_keys_are_the_operators_to_correct(books: Running) -> None:
    started = attempt(books)
    answer = signed_in(started)
    wrong = {**started.settings, "CLIENT_SECRET": "wrong"}
    with pytest.raises(Rejected) as refused:
        QUICKBOOKS.authorize(dataclasses.replace(started, answer=answer, settings=wrong))
    assert [problem.code for problem in refused.value.problems] == ["invalid_client"]


def test_a_renewal_opens_the_books_again(books: Running) -> None:
    connection = authorized(books)
    books.control("clock", {"advance_seconds": 3601})
    with pytest.raises(AuthorizationExpired):
        Transport(connection).one(QUICKBOOKS.describe_books())
    renewed = connected(books, QUICKBOOKS.refresh(connection))
    assert renewed.credentials["refresh_token"] == connection.credentials["refresh_token"]
    assert Transport(renewed).one(QUICKBOOKS.describe_books()).id == REALM


def test_the_value_that_was_rotated_away_renews_nothing(books: Running) -> None:
    connection = authorized(books)
    books.control("clock", {"advance_days": 2})
    renewed = connected(books, QUICKBOOKS.refresh(connection))
    assert renewed.credentials["refresh_token"] != connection.credentials["refresh_token"]
    QUICKBOOKS.refresh(renewed)
    with pytest.raises(AuthorizationExpired):
        QUICKBOOKS.refresh(connection)


def test_an_authorization_that_rested_too_long_is_over(books: Running) -> None:
    connection = authorized(books)
    books.control("clock", {"advance_days": 102})
    with pytest.raises(AuthorizationExpired):
        QUICKBOOKS.refresh(connection)


def test_an_authorization_that_was_given_back_is_over_and_can_be_given_back_again(books: Running) -> None:
    connection = authorized(books)
    QUICKBOOKS.revoke(connection)
    with pytest.raises(AuthorizationExpired):
        Transport(connection).one(QUICKBOOKS.describe_books())
    with pytest.raises(AuthorizationExpired):
        QUICKBOOKS.refresh(connection)
    QUICKBOOKS.revoke(connection)


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "status", "garbage"])
def test_a_token_endpoint_out_of_order_is_no_lost_authorization(books: Running, kind: str) -> None:
    connection = authorized(books)
    books.fault(kind, "/tokens/bearer")
    with pytest.raises(Unavailable):
        QUICKBOOKS.refresh(connection)
    QUICKBOOKS.refresh(connection)


def test_a_token_endpoint_that_hangs_is_left_within_the_time_that_was_set(books: Running) -> None:
    connection = authorized(books)
    impatient = dataclasses.replace(connection, settings={**connection.settings, "TIMEOUT": "0.2"})
    books.fault("delay", "/tokens/bearer", seconds=3)
    with pytest.raises(Unavailable):
        QUICKBOOKS.refresh(impatient)
