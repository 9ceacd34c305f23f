"""Sign-in, consent and tokens, by the rules of Intuit's OAuth 2."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.online.refusals import Refusal, Turned
from sandbox.online.storage import Session, Store, dumps, loads

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
"""The only app of the sandbox."""

SCOPE = "com.intuit.quickbooks.accounting"

_CODE = dt.timedelta(minutes=5)
_ACCESS = dt.timedelta(hours=1)
_ROTATION = dt.timedelta(hours=24)
_REFRESH = dt.timedelta(days=101)
_HARD = dt.timedelta(days=5 * 365)

blueprint = Blueprint("oauth", __name__)


@blueprint.get("/connect/oauth2")
def consent() -> ResponseReturnValue:
    """Return the sign-in and consent page."""
    if (turned := _turned()) is not None:
        return turned
    preferred, app = _claimed(request.args.get("claims", "")), urlsplit(request.args["redirect_uri"]).netloc
    with _store().reading() as session:
        return render_template("sandbox/consent.html", realms=session.realms(), preferred=preferred, app=app)


@blueprint.post("/connect/oauth2")
def decide() -> ResponseReturnValue:
    """Redirect to the app after the person's decision: with a code, or with the error `access_denied`."""
    if (turned := _turned()) is not None:
        return turned
    address, state, realm = request.args["redirect_uri"], request.args["state"], request.form.get("realm", "")
    with _store().writing() as session:
        if request.form.get("decision") != "connect" or realm not in session.realms():
            return redirect(_back(address, error="access_denied", state=state))
        code = "AB" + secrets.token_urlsafe(32)
        until = (session.now() + _CODE).isoformat()
        session.set_fact(f"code:{code}", {"realm": realm, "redirect_uri": address, "until": until, "grant": None})
    return redirect(_back(address, code=code, state=state, realmId=realm))


def _turned() -> ResponseReturnValue | None:
    """Return the answer to an invalid request of an app, or None if it is valid: an error page, or a redirect with the
    error if the redirect_uri can be trusted."""
    wanted = request.args
    address = urlsplit(wanted.get("redirect_uri", ""))
    if wanted.get("client_id") != CLIENT_ID:
        return render_template("sandbox/refused.html", why="The app's client_id is not known here."), 400
    if address.scheme not in {"http", "https"} or not address.netloc or address.query or address.fragment:
        return render_template("sandbox/refused.html", why="The redirect_uri is missing or has a query."), 400
    if not wanted.get("state") or wanted.get("response_type") != "code":
        return render_template("sandbox/refused.html", why="state and response_type=code are required."), 400
    if SCOPE not in wanted.get("scope", "").split():
        return redirect(_back(wanted["redirect_uri"], error="invalid_scope", state=wanted["state"]))
    return None


@blueprint.post("/oauth2/v1/tokens/bearer")
def bearer() -> ResponseReturnValue:
    """Exchange a code or a refresh token for tokens."""
    if not _is_our_client():
        return {"error": "invalid_client"}, 401
    with _store().writing() as session:
        match request.form.get("grant_type"):
            case "authorization_code":
                grant = _redeem(session, request.form.get("code", ""), request.form.get("redirect_uri", ""))
            case "refresh_token":
                grant = _refresh(session, request.form.get("refresh_token", ""))
            case _:
                return {"error": "unsupported_grant_type"}, 400
        if grant is None:
            return {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}, 400
        return Response(dumps(_tokens(session, grant)), content_type="application/json")


@blueprint.post("/v2/oauth2/tokens/revoke")
def revoke() -> ResponseReturnValue:
    """Revoke a grant by its access token or its refresh token."""
    if not _is_our_client():
        return {"error": "invalid_client"}, 401
    sent = request.get_json(silent=True) if request.is_json else request.form
    if not isinstance(sent, Mapping):
        return {"error": "invalid_request"}, 400
    with _store().writing() as session:
        token = sent.get("token")
        grant_id = session.fact(f"access:{token}", {}).get("grant") or session.fact(f"refresh:{token}")
        if session.fact(f"grant:{grant_id}") is None:
            return {"error": "invalid_request"}, 400
        session.forget(f"grant:{grant_id}")
    return "", 200


@blueprint.get("/.well-known/openid_configuration")
@blueprint.get("/.well-known/openid_configuration/")
@blueprint.get("/.well-known/openid_sandbox_configuration")
def discovery() -> ResponseReturnValue:
    base = request.url_root.rstrip("/")
    return {
        "issuer": base,
        "authorization_endpoint": base + url_for("oauth.consent"),
        "token_endpoint": base + url_for("oauth.bearer"),
        "revocation_endpoint": base + url_for("oauth.revoke"),
        "userinfo_endpoint": base + url_for("oauth.userinfo"),
        "jwks_uri": base + url_for("oauth.jwks"),
        "response_types_supported": ["code"],
        "scopes_supported": [SCOPE],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }


@blueprint.get("/op/v1/jwks")
def jwks() -> ResponseReturnValue:
    """Return the keys of id tokens. There are none, because the sandbox grants no scope that has an id token."""
    return {"keys": []}


@blueprint.get("/v1/openid_connect/userinfo")
def userinfo() -> ResponseReturnValue:
    """Return who connected the company, for an access token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    with _store().reading() as session:
        if scheme != "Bearer" or realm_of(session, token.strip()) is None:
            return {"error": "invalid_token"}, 401
    return {"sub": "sandbox-bea", "email": "bea@quickbooks.test", "emailVerified": True, "givenName": "Bea"}


def grant_for(session: Session, realm: str) -> dict[str, Any]:
    """Grant tokens without a browser, for scripts."""
    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "realm_id": realm,
        **_tokens(session, _grant(session, realm)),
    }


def disconnect(session: Session, realm: str) -> None:
    """Delete every grant for a company."""
    rows = session.connection.execute("SELECT name, value FROM fact WHERE name LIKE 'grant:%'").fetchall()
    for name, value in rows:
        if loads(value)["realm"] == realm:
            session.forget(name)


REFUSES = ("user", "environment")
"""Reasons to refuse an app with valid tokens; set by the control API."""


def check_access(session: Session, realm: str) -> None:
    """Raise the refusal that is set for this company, if any, whatever tokens the app has."""
    match session.fact(f"refuses:{realm}"):
        case "user":
            raise Refusal(
                120, "Authorization Failure",
                "You do not have permission to access this company: the user who connected the app is not an "
                "administrator of it any more.", status=403,
            )  # fmt: skip
        case "environment":
            message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
            raise Turned(403, "3100", message, None, "SERVICE")


def realm_of(session: Session, token: str) -> str | None:
    """Return the realm of an access token, or None if the token is not valid."""
    access = session.fact(f"access:{token}")
    if access is None or dt.datetime.fromisoformat(access["until"]) <= session.now():
        return None
    grant = session.fact(f"grant:{access['grant']}")
    return None if grant is None else str(grant["realm"])


def _redeem(session: Session, code: str, redirect_uri: str) -> str | None:
    """Return the grant of a code, or None. A code works once, for five minutes, and for its own redirect_uri."""
    found = session.fact(f"code:{code}")
    if found is None:
        return None
    if found["grant"]:  # A code that is used twice may be stolen: its grant is deleted.
        session.forget(f"grant:{found['grant']}")
        return None
    if found["redirect_uri"] != redirect_uri or dt.datetime.fromisoformat(found["until"]) <= session.now():
        return None
    grant = _grant(session, found["realm"])
    session.set_fact(f"code:{code}", {**found, "grant": grant})
    return grant


def _refresh(session: Session, token: str) -> str | None:
    """Return the grant of a refresh token, or None. A value that a rotation replaced is invalid and may be stolen, so
    the whole grant is deleted if it is used."""
    grant_id = session.fact(f"refresh:{token}")
    grant = session.fact(f"grant:{grant_id}") if grant_id else None
    if grant is None:
        return None
    if grant["refresh"] != token:
        session.forget(f"grant:{grant_id}")
        return None
    if session.now() >= min(dt.datetime.fromisoformat(grant["until"]), dt.datetime.fromisoformat(grant["hard"])):
        return None
    if session.now() - dt.datetime.fromisoformat(grant["rotated"]) >= _ROTATION:
        _rotate(session, str(grant_id), grant)
    return str(grant_id)


def _grant(session: Session, realm: str) -> str:
    grant_id = secrets.token_hex(8)
    _rotate(session, grant_id, {"realm": realm, "hard": (session.now() + _HARD).isoformat()})
    return grant_id


def _rotate(session: Session, grant_id: str, grant: dict[str, Any]) -> None:
    token = "RT1-" + secrets.token_urlsafe(32)
    session.set_fact(f"refresh:{token}", grant_id)
    session.set_fact(
        f"grant:{grant_id}",
        {
            **grant,
            "refresh": token,
            "rotated": session.now().isoformat(),
            "until": (session.now() + _REFRESH).isoformat(),
        },
    )


def _tokens(session: Session, grant_id: str) -> dict[str, Any]:
    grant = session.fact(f"grant:{grant_id}")
    grant["until"] = (session.now() + _REFRESH).isoformat()
    session.set_fact(f"grant:{grant_id}", grant)
    access = secrets.token_urlsafe(48)
    session.set_fact(f"access:{access}", {"grant": grant_id, "until": (session.now() + _ACCESS).isoformat()})
    hard = int((dt.datetime.fromisoformat(grant["hard"]) - session.now()).total_seconds())
    opted = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
    return {
        "token_type": "bearer",
        "access_token": access,
        "expires_in": int(_ACCESS.total_seconds()),
        "refresh_token": grant["refresh"],
        "x_refresh_token_expires_in": int(min(_REFRESH.total_seconds(), hard)),
        **({"x_refresh_token_hard_expires_in": hard} if opted else {}),
    }


def _is_our_client() -> bool:
    header = request.headers.get("Authorization", "")
    try:
        sent = base64.b64decode(header.removeprefix("Basic ")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return header.startswith("Basic ") and hmac.compare_digest(sent, f"{CLIENT_ID}:{CLIENT_SECRET}")


def _claimed(claims: str) -> str:
    """Return the realm that a reconnecting client asks for, at any level of the claims, or an empty string."""
    try:
        found = json.loads(claims) if claims else {}
    except ValueError:
        return ""
    while isinstance(found, dict) and found:
        found = found.get("realmId", found.get("value", next(iter(found.values()))))
    return str(found or "")


def _back(address: str, **answer: str) -> str:
    return f"{address}?{urlencode(answer)}"


def _store() -> Store:
    store: Store = current_app.extensions["books"]
    return store
