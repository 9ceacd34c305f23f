"""Signing in, consenting and what becomes of tokens, by Intuit's rules and the sandbox's clock."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from sandbox.online import CLIENT_ID, CLIENT_SECRET, OTHER_REALM, REALM, Running

BACK = "http://localhost/hub/authorized"
ASKED = {
    "client_id": CLIENT_ID,
    "response_type": "code",
    "scope": "com.intuit.quickbooks.accounting openid",
    "redirect_uri": BACK,
    "state": "of ours & only ours",
}


def ask(books: Running, **changes: str) -> requests.Response:
    return requests.get(f"{books.url}/connect/oauth2", params={**ASKED, **changes}, allow_redirects=False, timeout=10)


def press(books: Running, decision: str = "connect", realm: str = REALM) -> dict[str, str]:
    """Press a button on the consent page; gives what the browser brings back."""
    address, pressed = f"{books.url}/connect/oauth2", {"decision": decision, "realm": realm}
    answer = requests.post(address, params=ASKED, data=pressed, allow_redirects=False, timeout=10)
    assert answer.headers["Location"].startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def tokens(books: Running, headers: dict[str, str] | None = None, **form: str) -> requests.Response:
    return requests.post(
        f"{books.url}/oauth2/v1/tokens/bearer", data=form, headers=headers, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10
    )


def redeem(books: Running, code: str, back: str = BACK) -> requests.Response:
    return tokens(books, grant_type="authorization_code", code=code, redirect_uri=back)


def refresh(books: Running, token: str, headers: dict[str, str] | None = None) -> requests.Response:
    return tokens(books, headers, grant_type="refresh_token", refresh_token=token)


def opens(books: Running, token: str, realm: str = REALM) -> int:
    address = f"{books.url}/v3/company/{realm}/companyinfo/{realm}"
    return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


def refused(answer: requests.Response) -> bool:
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_who_connects_gets_tokens_for_the_company_that_was_chosen(books: Running) -> None:
    back = press(books, realm=OTHER_REALM)
    assert (back["state"], back["realmId"]) == (ASKED["state"], OTHER_REALM)
    granted = redeem(books, back["code"]).json()
    assert (granted["token_type"], granted["expires_in"], granted["x_refresh_token_expires_in"]) == (
        "bearer",
        3600,
        8726400,
    )
    assert opens(books, granted["access_token"], OTHER_REALM) == 200
    assert opens(books, granted["access_token"]) == 403


def test_who_cancels_comes_back_without_a_company(books: Running) -> None:
    assert press(books, "cancel") == {"error": "access_denied", "state": ASKED["state"]}


def test_the_page_lists_the_companies_and_offers_the_claimed_one(books: Running) -> None:
    page = ask(books, claims=json.dumps({"id_token": {"realmId": OTHER_REALM}})).text
    (chosen,) = [line for line in page.splitlines() if "checked" in line]
    assert OTHER_REALM in chosen
    assert "Sandbox Company_US_1" in page
    (first,) = [line for line in ask(books, claims="[nonsense").text.splitlines() if "checked" in line]
    assert REALM in first


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"}, {"state": ""}, {"response_type": "token"}, {"redirect_uri": ""},
        {"redirect_uri": f"{BACK}?next=1"}, {"redirect_uri": "javascript:alert(1)"},
    ],
)  # fmt: skip
def test_an_app_that_asks_wrongly_is_told_on_a_page(books: Running, changes: dict[str, str]) -> None:
    answer = ask(books, **changes)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_scope_that_is_none_of_ours_comes_back(books: Running) -> None:
    location = ask(books, scope="com.intuit.quickbooks.payment").headers["Location"]
    assert "error=invalid_scope" in location


def test_a_code_works_once_and_its_second_use_ends_the_grant(books: Running) -> None:
    code = press(books)["code"]
    granted = redeem(books, code).json()
    assert refused(redeem(books, code))
    assert opens(books, granted["access_token"]) == 401
    assert refused(refresh(books, granted["refresh_token"]))


def test_a_code_is_for_its_address_and_for_minutes(books: Running) -> None:
    assert refused(redeem(books, press(books)["code"], f"{BACK}/"))
    code = press(books)["code"]
    books.control("clock", {"advance_seconds": 301})
    assert refused(redeem(books, code))
    assert refused(redeem(books, "made up"))


def test_the_app_says_who_it_is(books: Running) -> None:
    address, form = f"{books.url}/oauth2/v1/tokens/bearer", {"grant_type": "refresh_token", "refresh_token": "x"}
    for auth in (None, (CLIENT_ID, "wrong")):
        answer = requests.post(address, data={**form, "client_id": CLIENT_ID}, auth=auth, timeout=10)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_a_refresh_token_changes_after_a_day_and_the_old_one_dies(books: Running) -> None:
    first = books.grant()["refresh_token"]
    again = refresh(books, first).json()
    assert again["refresh_token"] == first
    assert opens(books, again["access_token"]) == 200
    books.control("clock", {"advance_seconds": 24 * 3600 + 1})
    second = refresh(books, first).json()["refresh_token"]
    assert second != first
    assert refresh(books, second).json()["refresh_token"] == second
    assert refused(refresh(books, first))


def test_a_dead_refresh_token_takes_the_whole_authorization_with_it(books: Running) -> None:
    first = books.grant()["refresh_token"]
    books.control("clock", {"advance_seconds": 24 * 3600 + 1})
    second = refresh(books, first).json()
    assert refused(refresh(books, first))
    assert refused(refresh(books, second["refresh_token"]))
    assert opens(books, second["access_token"]) == 401


def test_an_authorization_lives_as_long_as_it_is_used_and_five_years_at_most(books: Running) -> None:
    token = books.grant()["refresh_token"]
    for _ in range(18):
        books.control("clock", {"advance_days": 100})
        token = refresh(books, token).json()["refresh_token"]
    last = refresh(books, token).json()
    assert last["x_refresh_token_expires_in"] < 25 * 86400 + 60
    books.control("clock", {"advance_days": 26})
    assert refused(refresh(books, token))


def test_an_authorization_that_rests_is_over(books: Running) -> None:
    token = books.grant()["refresh_token"]
    books.control("clock", {"advance_days": 102})
    assert refused(refresh(books, token))


def test_the_hard_end_is_told_to_those_who_ask(books: Running) -> None:
    token = books.grant()["refresh_token"]
    assert "x_refresh_token_hard_expires_in" not in refresh(books, token).json()
    asked = refresh(books, token, {"x-include-refresh-token-hard-expires-in": "true"}).json()
    assert 0 < asked["x_refresh_token_hard_expires_in"] <= 5 * 365 * 86400


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("how", ["json", "data"])
def test_either_token_ends_the_grant(books: Running, which: str, how: str) -> None:
    granted = books.grant()
    sent: dict[str, Any] = {how: {"token": granted[which]}, "auth": (CLIENT_ID, CLIENT_SECRET)}
    address = f"{books.url}/v2/oauth2/tokens/revoke"
    assert requests.post(address, json={"token": granted[which]}, timeout=10).status_code == 401
    assert requests.post(address, timeout=10, **sent).status_code == 200
    assert opens(books, granted["access_token"]) == 401
    assert refused(refresh(books, granted["refresh_token"]))
    assert requests.post(address, timeout=10, **sent).status_code == 400


def test_the_discovery_documents_point_to_the_sandbox(books: Running) -> None:
    for name in ("openid_configuration", "openid_configuration/", "openid_sandbox_configuration"):
        found = requests.get(f"{books.url}/.well-known/{name}", timeout=10).json()
        assert found["token_endpoint"] == f"{books.url}/oauth2/v1/tokens/bearer"
        assert found["authorization_endpoint"] == f"{books.url}/connect/oauth2"
        assert found["revocation_endpoint"] == f"{books.url}/v2/oauth2/tokens/revoke"
