"""Connecting, renewing and giving back, and every way in which Intuit says no."""

from __future__ import annotations

import base64
import datetime as dt
import traceback
from urllib.parse import parse_qs, urlsplit

import pytest
import simplejson

from hub.plugin import Attempt, AuthorizationExpired, Authorized, Redirect, Rejected, Unavailable
from quickbooks_online import QuickBooksOnline
from tests.support.online_calls import Ledger

QUICKBOOKS = QuickBooksOnline()
REALM = "4620816365000000001"
RETURN = "https://desk.example/hub/authorized/quickbooks_online"
TOKEN = {
    "token_type": "bearer",
    "access_token": "CANARY-NEW-ACCESS",
    "expires_in": 3600,
    "refresh_token": "CANARY-NEW-REFRESH",
    "x_refresh_token_expires_in": 8726400,
    "x_refresh_token_hard_expires_in": 156032154,
}


def attempt(ledger: Ledger, answer: dict[str, str] | None = None, books_id: str = "") -> Attempt:
    return Attempt(settings=ledger.settings, return_url=RETURN, state="of-the-hub", answer=answer, books_id=books_id)


def came_back(**other: str) -> dict[str, str]:
    return {"code": "CANARY-CODE", "realmId": REALM, "state": "of-the-hub", **other}


def test_the_sign_in_asks_for_the_accounting_scope_only(ledger: Ledger) -> None:
    step = QUICKBOOKS.authorize(attempt(ledger))
    assert isinstance(step, Redirect)
    assert step.url.startswith(f"{ledger.url}/connect/oauth2?")
    assert parse_qs(urlsplit(step.url).query) == {
        "response_type": ["code"],
        "client_id": ["an-app"],
        "redirect_uri": [RETURN],
        "scope": ["com.intuit.quickbooks.accounting"],
        "state": ["of-the-hub"],
    }
    assert not ledger.asked


def test_connecting_again_asks_for_the_same_company(ledger: Ledger) -> None:
    step = QUICKBOOKS.authorize(attempt(ledger, books_id=REALM))
    assert isinstance(step, Redirect)
    (claims,) = parse_qs(urlsplit(step.url).query)["claims"]
    assert simplejson.loads(claims) == {"id_token": {"realmId": {"value": REALM}}}


def test_a_code_is_exchanged_for_tokens_and_their_ends(ledger: Ledger) -> None:
    ledger.says(200, simplejson.dumps(TOKEN))
    before = dt.datetime.now(dt.UTC)
    done = QUICKBOOKS.authorize(attempt(ledger, came_back(), books_id=REALM))
    after = dt.datetime.now(dt.UTC)
    assert isinstance(done, Authorized)
    assert done.books_id == REALM
    assert done.credentials == {"access_token": "CANARY-NEW-ACCESS", "refresh_token": "CANARY-NEW-REFRESH"}
    assert done.renew_at is not None
    assert before <= done.renew_at - dt.timedelta(minutes=55) <= after
    assert done.expires_at is not None
    assert before <= done.expires_at - dt.timedelta(seconds=8726400) <= after
    assert "CANARY" not in repr(done)
    ((path, headers, body),) = ledger.asked
    assert path == "/oauth2/v1/tokens/bearer"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"an-app:CANARY-SECRET").decode()
    assert headers["Accept"] == "application/json"
    assert headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert parse_qs(body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["CANARY-CODE"],
        "redirect_uri": [RETURN],
    }


@pytest.mark.parametrize("rolling", [8726400, None])
@pytest.mark.parametrize("hard", [86400, None])
def test_a_renewal_names_both_ends_as_far_as_they_are_told(
    ledger: Ledger, rolling: int | None, hard: int | None
) -> None:
    told = {"x_refresh_token_expires_in": rolling, "x_refresh_token_hard_expires_in": hard}
    ledger.says(200, simplejson.dumps({**TOKEN, **told}))
    before = dt.datetime.now(dt.UTC)
    done = QUICKBOOKS.refresh(ledger.connection)
    for moment, seconds in ((done.expires_at, rolling), (done.ends_at, hard)):
        assert (moment is None) == (seconds is None)
        if moment is not None and seconds is not None:
            assert 0 <= (moment - before).total_seconds() - seconds < 60


@pytest.mark.parametrize(
    ("answer", "books_id", "code"),
    [
        ({"error": "access_denied"}, "", "access_denied"),
        ({"error": "invalid_scope"}, "", "invalid_scope"),
        ({"code": "CANARY-CODE"}, "", "answer-incomplete"),
        ({"realmId": REALM}, "", "answer-incomplete"),
        (came_back(realmId="../../elsewhere"), "", "answer-incomplete"),
        (came_back(realmId="9130"), REALM, "other-books"),
    ],
)
def test_a_sign_in_that_did_not_end_well_exchanges_nothing(
    ledger: Ledger, answer: dict[str, str], books_id: str, code: str
) -> None:
    with pytest.raises(Rejected) as refused:
        QUICKBOOKS.authorize(attempt(ledger, answer, books_id))
    (problem,) = refused.value.problems
    assert problem.code == code
    assert problem.cure
    assert "CANARY" not in repr(problem)
    assert not ledger.asked


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, '{"error":"invalid_grant","error_description":"CANARY"}', "invalid_grant"),
        (401, '{"error":"invalid_client"}', "invalid_client"),
        (400, '{"error":"invalid_request"}', "invalid_request"),
        *((status, body, "") for status, body in (
            (500, "<html>"), (503, '{"error":"invalid_grant"}'), (429, "<html>"), (200, "[]"), (200, "{}"), (302, ""),
            (None, ""),
        )),
    ],
)  # fmt: skip
def test_a_refused_exchange(ledger: Ledger, status: int | None, body: str, code: str) -> None:
    """A refusal of Intuit's has a `code`. Without one, Intuit is not available."""
    if status is None:
        ledger.hangs_up()
    else:
        ledger.says(status, body)
    with pytest.raises(Rejected if code else Unavailable) as refused:
        QUICKBOOKS.authorize(attempt(ledger, came_back()))
    if isinstance(refused.value, Rejected):
        assert [problem.code for problem in refused.value.problems] == [code]
    assert "CANARY" not in "".join(traceback.format_exception(refused.value))
    assert len(ledger.asked) == 1


def test_a_renewal_brings_the_rotated_value(ledger: Ledger) -> None:
    ledger.says(200, simplejson.dumps(TOKEN))
    done = QUICKBOOKS.refresh(ledger.connection)
    assert (done.books_id, done.credentials["refresh_token"]) == (REALM, "CANARY-NEW-REFRESH")
    ((_, headers, body),) = ledger.asked
    assert headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert parse_qs(body.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["CANARY-REFRESH"]}


def test_a_renewal_that_brings_no_value_keeps_the_one_that_it_used(ledger: Ledger) -> None:
    ledger.says(200, simplejson.dumps({"access_token": "CANARY-NEW-ACCESS", "token_type": "bearer"}))
    done = QUICKBOOKS.refresh(ledger.connection)
    assert done.credentials == {"access_token": "CANARY-NEW-ACCESS", "refresh_token": "CANARY-REFRESH"}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            400,
            '{"error":"invalid_grant","error_description":"Incorrect or invalid refresh token"}',
            AuthorizationExpired,
        ),
        (401, '{"error":"invalid_client"}', Unavailable),
        (429, "{}", Unavailable),
        (500, "<html>", Unavailable),
        (None, "", Unavailable),
    ],
)
def test_a_refused_renewal(ledger: Ledger, status: int | None, body: str, expected: type[Exception]) -> None:
    if status is None:
        ledger.hangs_up()
    else:
        ledger.says(status, body)
    with pytest.raises(expected) as refused:
        QUICKBOOKS.refresh(ledger.connection)
    assert "CANARY" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("status", [200, 400])
def test_an_authorization_is_given_back_once(ledger: Ledger, status: int) -> None:
    ledger.says(status, "")
    QUICKBOOKS.revoke(ledger.connection)
    ((path, headers, body),) = ledger.asked
    assert path == "/v2/oauth2/tokens/revoke"
    assert headers["Authorization"].startswith("Basic ")
    assert parse_qs(body.decode())["token"] == ["CANARY-REFRESH"]


@pytest.mark.parametrize("status", [302, 401, 500, None])
def test_an_authorization_that_could_not_be_given_back(ledger: Ledger, status: int | None) -> None:
    if status is None:
        ledger.hangs_up()
    else:
        ledger.says(status, "")
    with pytest.raises(Unavailable) as refused:
        QUICKBOOKS.revoke(ledger.connection)
    assert "CANARY" not in "".join(traceback.format_exception(refused.value))
