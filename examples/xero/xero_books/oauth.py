"""Xero's OAuth 2 with PKCE: authorize, choose an organisation, refresh and revoke."""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session, OAuthError

from hub.plugin import (
    Ask,
    Attempt,
    AuthorizationExpired,
    Authorized,
    Connection,
    Field,
    FieldKind,
    IntegrationError,
    Problem,
    Redirect,
    Rejected,
    SignInProblems,
    Unavailable,
    say,
)
from xero_books.transport import CONNECT_TIMEOUT, timeout

TENANT = "tenant"
"""The key of the question which organisation to use."""

EARLY = dt.timedelta(minutes=5)
UNUSED = dt.timedelta(days=60)
"""An unused refresh token expires after this time (Xero's OAuth 2.0 FAQ)."""

LONGEST_TIMEOUT = 15.0

SIGN_IN = SignInProblems(
    product="Xero",
    provider="Xero",
    consent=say("Click Connect again, choose your organisation at Xero, and allow access."),
    keys="HUB_XERO_CLIENT_ID",
)
NOBODY = Problem(
    what=say("Xero is not connected, because no organisation was chosen there."),
    cure=say("Press Connect again and tick your organisation at Xero."),
    code="no_tenant",
)


def authorize(attempt: Attempt) -> Redirect | Ask | Authorized:
    """Return the redirect to Xero's sign-in; or, with the answer from there, exchange its code for tokens. If the
    sign-in opens several organisations, return the question that lets the admin choose one."""
    if attempt.answer is None:
        return _sign_in(attempt)
    if TENANT in attempt.answer:
        return _choose_organisation(attempt.kept, attempt.answer[TENANT])
    if error := attempt.answer.get("error"):
        raise SIGN_IN.refused(error)
    kept = _find_organisations(attempt, _exchange_code(attempt))
    organisations = json.loads(kept["organisations"])
    if attempt.books_id:
        return _choose_organisation(kept, attempt.books_id)
    if len(organisations) == 1:
        return _choose_organisation(kept, next(iter(organisations)))
    choices = tuple(sorted(((tenant, name) for tenant, (_, name) in organisations.items()), key=lambda one: one[1]))
    question = Field(
        key=TENANT, label=say("Which organisation?"), kind=FieldKind.CHOICE, choices=choices,
        help=say(
            "Your sign-in at Xero has opened several. What is sent goes into the one that you choose, for good.",
        ),
    )  # fmt: skip
    return Ask(question=question, keep=kept)


def refresh(connection: Connection) -> Authorized:
    """Exchange the refresh token, whose value changes each time. The old value still works for half an hour, in case
    the answer was lost. Raises `AuthorizationExpired` also if the organisation was disconnected in Xero."""
    with _open_session(connection.settings) as session:
        token = _request_token(
            SIGN_IN.not_renewed,
            lambda: session.refresh_token(
                connection.settings["TOKEN_URL"],
                refresh_token=connection.credentials["refresh_token"],
                allow_redirects=False,
            ),
        )
    fresh = _keep_token(token, {})
    if not _is_open(connection, fresh["access_token"]):
        raise AuthorizationExpired(say("The organisation was disconnected from this application in Xero."))
    return _build_authorized(connection.books_id, {**fresh, "connection_id": connection.credentials["connection_id"]})


def revoke(connection: Connection) -> None:
    """Disconnect this organisation. Xero's revocation endpoint would also end the authorization of all others."""
    status = _disconnect(connection)
    if status == requests.codes.unauthorized:
        try:
            fresh = refresh(connection)
        except AuthorizationExpired:
            return  # Nothing is left to revoke.
        status = _disconnect(Connection(
            books_id=connection.books_id, credentials=fresh.credentials, settings=connection.settings
        ))  # fmt: skip
    if status not in {requests.codes.no_content, requests.codes.ok, requests.codes.not_found}:
        raise Unavailable(say("Xero did not take the authorization back (HTTP %(status)s).", status=status))


def _sign_in(attempt: Attempt) -> Redirect:
    verifier = secrets.token_urlsafe(64)
    with _open_session(attempt.settings, attempt.return_url) as session:
        url, _ = session.create_authorization_url(
            attempt.settings["AUTHORIZE_URL"], state=attempt.state, scope=attempt.settings["SCOPES"],
            code_verifier=verifier,
        )  # fmt: skip
    return Redirect(url=str(url), keep={"verifier": verifier, "begun": dt.datetime.now(dt.UTC).isoformat()})


def _exchange_code(attempt: Attempt) -> Mapping[str, Any]:
    """Return the token for the code in the answer from Xero's sign-in."""
    answer = attempt.answer or {}
    if not answer.get("code") or not attempt.kept.get("verifier"):
        raise SIGN_IN.incomplete()
    with _open_session(attempt.settings, attempt.return_url) as session:
        return _request_token(
            SIGN_IN.refused,
            lambda: session.fetch_token(
                attempt.settings["TOKEN_URL"],
                grant_type="authorization_code",
                code=answer["code"],
                code_verifier=attempt.kept["verifier"],
                allow_redirects=False,
            ),
        )


def _is_open(connection: Connection, access: str) -> bool:
    """Return True if a token gives access to this organisation. Xero renews tokens even after a disconnection there.

    If Xero is not available, return True, because the old token is used up and the new one must be stored.
    """
    try:
        found = _fetch_connections(connection.settings, access, {})
    except Unavailable:
        return True
    return any(one["tenantId"] == connection.books_id for one in found)


def _find_organisations(attempt: Attempt, token: Mapping[str, Any]) -> dict[str, str]:
    """Return the credentials, and the organisations that this sign-in has opened: those with its event id, or, since a
    second consent keeps the id of the first, those that were connected since it began."""
    access = str(token["access_token"])
    event = _read_event_id(access)
    found = _fetch_connections(attempt.settings, access, {"authEventId": event}) if event else []
    found = found or _connected_since(attempt.kept["begun"], _fetch_connections(attempt.settings, access, {}))
    organisations = {
        one["tenantId"]: (one["id"], one["tenantName"]) for one in found if one["tenantType"] == "ORGANISATION"
    }
    if not organisations:
        raise Rejected(NOBODY)
    if attempt.books_id and attempt.books_id not in organisations:
        raise SIGN_IN.other_books(", ".join(name for _, name in organisations.values()))
    return _keep_token(token, organisations)


def _fetch_connections(
    settings: Mapping[str, str], access: str, parameters: dict[str, str]
) -> Sequence[Mapping[str, str]]:
    broken, found = "", None
    try:
        response = requests.get(
            f"{settings['API_URL'].rstrip('/')}/connections", params=parameters, timeout=_timeouts(settings),
            headers={"Authorization": f"Bearer {access}", "Accept": "application/json"}, allow_redirects=False,
        )  # fmt: skip
        found = response.json() if response.status_code == requests.codes.ok else None
    except requests.RequestException as error:  # Also raised for an answer that is not JSON.
        broken = type(error).__name__
    if broken or not isinstance(found, list):
        why = broken or say("no list")
        raise Unavailable(say("Xero did not say which organisations are open (%(why)s).", why=why))
    return found


def _connected_since(begun: str, found: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """Return the connections that were made or renewed after a sign-in began; all, if by Xero's clock there are none.
    """
    return [one for one in found if _parse_time(one["updatedDateUtc"]) >= dt.datetime.fromisoformat(begun)] or found


def _parse_time(text: str) -> dt.datetime:
    """Return the time in a text of Xero's connections: in UTC, with seven decimals and without a zone."""
    return dt.datetime.fromisoformat(text[:26]).replace(tzinfo=dt.UTC)


def _read_event_id(access: str) -> str:
    """Return the event id of this sign-in from the access token (a JWT, not verified), or an empty string."""
    try:
        body = access.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(told.get("authentication_event_id", ""))
    except (IndexError, ValueError, AttributeError):
        return ""


def _keep_token(token: Mapping[str, Any], organisations: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return a token as texts, with its expiry and the organisations that it opens."""
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=int(token.get("expires_in", 1800)))
    return {
        "access_token": str(token["access_token"]), "refresh_token": str(token.get("refresh_token", "")),
        "ends": ends.isoformat(), "organisations": json.dumps(organisations),
    }  # fmt: skip


def _choose_organisation(kept: Mapping[str, str], tenant: str) -> Authorized:
    organisations = json.loads(kept.get("organisations", "{}"))
    if tenant not in organisations:
        raise Rejected(NOBODY)
    return _build_authorized(tenant, {**kept, "connection_id": organisations[tenant][0]})


def _build_authorized(tenant: str, kept: Mapping[str, str]) -> Authorized:
    ends = dt.datetime.fromisoformat(kept["ends"])
    return Authorized(
        books_id=tenant,
        credentials={name: kept[name] for name in ("access_token", "refresh_token", "connection_id")},
        renew_at=ends - EARLY,
        expires_at=dt.datetime.now(dt.UTC) + UNUSED,
    )


def _disconnect(connection: Connection) -> int:
    settings, credentials, broken = connection.settings, connection.credentials, ""
    try:
        return requests.delete(
            f"{settings['API_URL'].rstrip('/')}/connections/{credentials['connection_id']}",
            headers={"Authorization": f"Bearer {credentials['access_token']}"}, timeout=_timeouts(settings),
            allow_redirects=False,
        ).status_code  # fmt: skip
    except requests.RequestException as error:
        broken = type(error).__name__
    raise Unavailable(say("Xero did not take the authorization back (%(broken)s).", broken=broken))


def _open_session(settings: Mapping[str, str], redirect_uri: str | None = None) -> OAuth2Session:
    """Return a session of an app without a secret, which sends its client id in the form."""
    return OAuth2Session(
        settings["CLIENT_ID"], redirect_uri=redirect_uri, token_endpoint_auth_method="none",  # noqa: S106  # OAuth's word for having no secret.
        code_challenge_method="S256", default_timeout=_timeouts(settings),
    )  # fmt: skip


def _timeouts(settings: Mapping[str, str]) -> tuple[float, float]:
    return CONNECT_TIMEOUT, min(timeout(settings)[1], LONGEST_TIMEOUT)


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
        raise Unavailable(say("Xero did not answer (%(why)s).", why=broken or say("no token")))
    return token
