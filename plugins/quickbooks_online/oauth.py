"""Intuit's OAuth 2: authorize, refresh and revoke. Timeouts are short, because an admin or a lock is waiting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import requests
import simplejson
from authlib.integrations.requests_client import OAuth2Session, OAuthError

from hub.plugin import (
    Attempt,
    Authorized,
    Connection,
    IntegrationError,
    Redirect,
    SignInProblems,
    Unavailable,
    say,
)
from quickbooks_online.transport import CONNECT_TIMEOUT, timeout

SCOPE = "com.intuit.quickbooks.accounting"
LONGEST_TIMEOUT = 15.0
EARLY = dt.timedelta(minutes=5)
"""An access token is renewed this long before it expires, so that none expires while a batch is being sent."""

HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
    # Asks for the final expiry, which no renewal extends: five years after consent (Intuit's policy of November 2025).
    "x-include-refresh-token-hard-expires-in": "true",
}

SIGN_IN = SignInProblems(
    product="QuickBooks Online",
    provider="Intuit",
    consent=say(
        "Click Connect again and choose “Connect” at Intuit. You need to be an administrator of the company there.",
    ),
    keys="HUB_QUICKBOOKS_ONLINE_CLIENT_ID and HUB_QUICKBOOKS_ONLINE_CLIENT_SECRET",
)


def authorize(attempt: Attempt) -> Redirect | Authorized:
    """Return the redirect to Intuit's sign-in; or, with the answer from there, exchange its code for tokens."""
    if attempt.answer is None:
        return Redirect(url=_build_sign_in_url(attempt))
    code, realm = _check_grant(attempt.answer, attempt.books_id)
    with _open_session(attempt.settings, redirect_uri=attempt.return_url) as session:
        token = _request_token(
            SIGN_IN.refused,
            lambda: session.fetch_token(
                attempt.settings["TOKEN_URL"], grant_type="authorization_code", code=code, **_call_options()
            ),
        )
        _check_realm(session, attempt.settings, realm)
    return _build_authorized(realm, token)


def refresh(connection: Connection) -> Authorized:
    """Exchange the refresh token. Intuit changes its value about once a day, and the old value then becomes invalid."""
    refresh_token = connection.credentials["refresh_token"]
    with _open_session(connection.settings) as session:
        token = _request_token(
            SIGN_IN.not_renewed,
            lambda: session.refresh_token(
                connection.settings["TOKEN_URL"], refresh_token=refresh_token, **_call_options()
            ),
        )
    return _build_authorized(connection.books_id, {"refresh_token": refresh_token, **token})


def revoke(connection: Connection) -> None:
    """Revoke the authorization. Intuit answers 400 for a token that is invalid already, which counts as success."""
    broken, status = "", 0
    with _open_session(connection.settings) as session:
        try:
            response = session.revoke_token(
                connection.settings["REVOKE_URL"],
                token=connection.credentials["refresh_token"],
                headers={"Accept": "application/json", "Content-Type": HEADERS["Content-Type"]},
                allow_redirects=False,
            )
            status = response.status_code
        except requests.RequestException as error:
            broken = type(error).__name__
    if broken or status not in (requests.codes.ok, requests.codes.bad_request):
        why = broken or f"HTTP {status}"
        raise Unavailable(say("Intuit did not take the authorization back (%(why)s).", why=why))


def _build_sign_in_url(attempt: Attempt) -> str:
    more = {}
    if attempt.books_id:
        # OpenID Connect's request for the value of a claim: the company that was connected before.
        more["claims"] = simplejson.dumps({"id_token": {"realmId": {"value": attempt.books_id}}})
    with _open_session(attempt.settings, redirect_uri=attempt.return_url) as session:
        url, _ = session.create_authorization_url(
            attempt.settings["AUTHORIZE_URL"], state=attempt.state, scope=SCOPE, **more
        )
    return str(url)


def _check_grant(answer: Mapping[str, str], books_id: str) -> tuple[str, str]:
    """Return the code and the realm of a successful sign-in. Raises `Rejected` if it was refused (the answer then has
    no realm), is incomplete, or is for another company.
    """
    if error := answer.get("error"):
        raise SIGN_IN.refused(error)
    code, realm = answer.get("code", ""), answer.get("realmId", "")
    if not code or not (realm.isascii() and realm.isdigit()):  # The realm becomes part of URLs.
        raise SIGN_IN.incomplete()
    if books_id and realm != books_id:
        raise SIGN_IN.other_books(realm)
    return code, realm


def _check_realm(session: OAuth2Session, settings: Mapping[str, str], realm: str) -> None:
    """Raise `Rejected` unless the new token is for this realm, whose id came with the browser: anybody can write
    another one there, and would share its webhooks and rate limit. Intuit answers 401 or 403 for a company that the
    token is not for (error 3100, ApplicationAuthorizationFailed)."""
    address, broken, status = f"{settings['API_URL']}/v3/company/{realm}/companyinfo/{realm}", "", 0
    try:
        answer = session.get(address, headers={"Accept": "application/json"}, allow_redirects=False)
        status = answer.status_code
    except (requests.RequestException, OAuthError) as error:
        broken = type(error).__name__
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        raise SIGN_IN.refused("other-realm", say("the sign-in was for another company"))
    if broken or status != requests.codes.ok:
        raise Unavailable(say("Intuit did not answer (%(why)s).", why=broken or f"HTTP {status}"))


def _open_session(settings: Mapping[str, str], redirect_uri: str | None = None) -> OAuth2Session:
    """Return a session with the app's keys. It has no scope, because Authlib would also send it on refresh."""
    return OAuth2Session(
        settings["CLIENT_ID"],
        settings["CLIENT_SECRET"],
        redirect_uri=redirect_uri,
        default_timeout=(CONNECT_TIMEOUT, min(timeout(settings), LONGEST_TIMEOUT)),
    )


def _call_options() -> dict[str, Any]:
    return {"headers": dict(HEADERS), "allow_redirects": False}


def _request_token(
    failure: Callable[[str], IntegrationError], ask: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Request a token. Raise the `failure` of an OAuth error code. Failures are raised without the libraries'
    exceptions, because those include what was sent."""
    refused, broken = "", ""
    try:
        token = ask()
    except OAuthError as error:
        refused = str(error.error)
    except (requests.RequestException, ValueError) as error:  # ValueError: the answer is not a JSON object.
        broken = type(error).__name__
    if refused:
        raise failure(refused)
    if broken or "access_token" not in token:
        raise Unavailable(say("Intuit did not answer (%(why)s).", why=broken or say("no token")))
    return token


def _build_authorized(realm: str, token: Mapping[str, Any]) -> Authorized:
    now = dt.datetime.now(dt.UTC)

    def end(name: str) -> dt.datetime | None:
        return now + dt.timedelta(seconds=int(token[name])) if token.get(name) else None

    return Authorized(
        books_id=realm,
        credentials={"access_token": str(token["access_token"]), "refresh_token": str(token["refresh_token"])},
        renew_at=now + dt.timedelta(seconds=int(token.get("expires_in", 3600))) - EARLY,
        expires_at=end("x_refresh_token_expires_in"),
        ends_at=end("x_refresh_token_hard_expires_in"),  # Not always in the answer; then the known one stays.
    )
