"""OAuth 2: consent with a choice of organisations, PKCE, rotating tokens, connections."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from xero_sandbox.refusals import Turned
from xero_sandbox.seed import OTHER_TENANT, TENANT
from xero_sandbox.storage import Session, Store, dumps

CLIENT_ID = "SANDBOXXEROCLIENT"
SCOPES = {
    "offline_access", "openid", "profile", "email", "accounting.settings", "accounting.settings.read",
    "accounting.contacts", "accounting.contacts.read", "accounting.invoices", "accounting.invoices.read",
    "accounting.payments", "accounting.payments.read", "accounting.attachments",
}  # fmt: skip
"""The granular scopes. New apps are refused with the older, broad ones."""

_CODE, _ACCESS = dt.timedelta(minutes=5), dt.timedelta(minutes=30)
_GRACE, _UNUSED = dt.timedelta(minutes=30), dt.timedelta(days=60)

blueprint = Blueprint("oauth", __name__)


def store() -> Store:
    found: Store = current_app.extensions["books"]
    return found


@blueprint.get("/identity/connect/authorize")
def consent() -> ResponseReturnValue:
    """Show the page on which a person allows access. Errors of the app are shown there, without a redirect."""
    asked = request.args
    wrong = _wrong(asked)
    if wrong:
        return render_template("refused.html", wrong=wrong), 500
    with store().session() as session:
        names = [(tenant, _name(session, tenant)) for tenant in (TENANT, OTHER_TENANT)]
    return render_template("consent.html", organisations=names, scopes=asked["scope"].split(), asked=asked)


def _name(session: Session, tenant: str) -> str:
    return str((session.get(tenant, "Organisation", tenant) or {})["Name"])


def _wrong(asked: Any) -> str:
    address = urlsplit(asked.get("redirect_uri", ""))
    if asked.get("client_id") != CLIENT_ID:
        return "unauthorized_client"
    if address.scheme != "https" and address.hostname not in {"localhost", "127.0.0.1"}:
        return "Invalid redirect_uri"
    if not set(asked.get("scope", "").split()) <= SCOPES or not asked.get("scope"):
        return "invalid_scope"
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
        return "invalid_request: this app needs PKCE"
    return "" if asked.get("code_challenge") and asked.get("state") else "invalid_request"


@blueprint.post("/identity/connect/authorize")
def decide() -> ResponseReturnValue:
    """Store the person's decision, with the ticked organisations, and redirect to the app."""
    asked, state = request.args, request.args.get("state", "")
    if _wrong(asked):
        return render_template("refused.html", wrong=_wrong(asked)), 500
    back = asked["redirect_uri"]
    if request.form.get("decision") != "allow":
        return redirect(f"{back}?{urlencode({'error': 'access_denied', 'state': state})}", 302)
    code, event = secrets.token_urlsafe(24), str(uuid.uuid4())
    with store().session() as session:
        connect(session, request.form.getlist("tenant"), event)
        session.set_fact(f"code:{code}", {
            "redirect_uri": back, "challenge": asked["code_challenge"], "scope": asked["scope"], "event": event,
            "at": session.now().isoformat(),
        })  # fmt: skip
    return redirect(f"{back}?{urlencode({'code': code, 'scope': asked['scope'], 'state': state})}", 302)


def connect(session: Session, tenants: list[str], event: str) -> None:
    """Connect organisations to the app. One that is connected already keeps the event id of its first consent."""
    now = session.now().replace(tzinfo=None).isoformat(timespec="microseconds") + "0"
    for tenant in tenants:
        known = session.fact(f"connection:{tenant}")
        session.set_fact(f"connection:{tenant}", {
            "id": known["id"] if known else str(uuid.uuid4()), "authEventId": known["authEventId"] if known else event,
            "tenantId": tenant, "tenantType": "ORGANISATION",
            "tenantName": _name(session, tenant),
            "createdDateUtc": known["createdDateUtc"] if known else now, "updatedDateUtc": now,
        })  # fmt: skip


@blueprint.post("/identity/connect/token")
def token() -> ResponseReturnValue:
    """Exchange a code or a refresh token. The app has no secret, so a call with one is refused."""
    form = request.form
    if request.authorization is not None or form.get("client_id") != CLIENT_ID:
        return _refuse("invalid_client")
    with store().session() as session:
        if form.get("grant_type") == "authorization_code":
            granted = _of_code(session, form)
        elif form.get("grant_type") == "refresh_token":
            granted = _of_refresh(session, form.get("refresh_token", ""))
        else:
            return _refuse("unsupported_grant_type")
        if granted is None:
            return _refuse("invalid_grant")
        return Response(dumps(issue(session, *granted)), content_type="application/json; charset=UTF-8")


def _of_code(session: Session, form: Any) -> tuple[str, str] | None:
    name = f"code:{form.get('code', '')}"
    kept = session.fact(name)
    session.set_fact(name, None)
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if kept is None or kept["challenge"] != challenge or kept["redirect_uri"] != form.get("redirect_uri"):
        return None
    fresh = session.now() - dt.datetime.fromisoformat(kept["at"]) <= _CODE
    return (kept["scope"], kept["event"]) if fresh else None


def _of_refresh(session: Session, value: str) -> tuple[str, str] | None:
    """Return the scope and the event id of a refresh token, or None. The token changes with each use; a used one still
    works for half an hour, in case the answer was lost."""
    kept, now = session.fact(f"refresh:{value}"), session.now()
    if kept is None or now - dt.datetime.fromisoformat(kept["at"]) > _UNUSED:
        return None
    if kept["used"] and now - dt.datetime.fromisoformat(kept["used"]) > _GRACE:
        return None
    session.set_fact(f"refresh:{value}", {**kept, "used": kept["used"] or now.isoformat()})
    return kept["scope"], kept["event"]


def issue(session: Session, scope: str, event: str) -> dict[str, Any]:
    """Return an access token that expires in half an hour, and a refresh token."""
    now = session.now()
    claims = {"authentication_event_id": event, "client_id": CLIENT_ID, "exp": int((now + _ACCESS).timestamp())}
    parts = (json.dumps({"alg": "none"}), json.dumps(claims), secrets.token_hex(16))
    access = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
    refresh = secrets.token_urlsafe(32)
    session.set_fact(f"access:{access}", {"scope": scope, "ends": (now + _ACCESS).isoformat()})
    session.set_fact(f"refresh:{refresh}", {"scope": scope, "event": event, "at": now.isoformat(), "used": ""})
    told = {"access_token": access, "expires_in": int(_ACCESS.total_seconds()), "token_type": "Bearer", "scope": scope}
    return told | ({"refresh_token": refresh} if "offline_access" in scope.split() else {})


def admit(session: Session) -> dict[str, Any]:
    """Return the scope and the expiry of the call's access token. Raises `Turned` if it is not valid."""
    kind, _, access = request.headers.get("Authorization", "").partition(" ")
    kept = session.fact(f"access:{access}") if kind == "Bearer" else None
    if kept is None:
        raise Turned(401, "Unauthorized", "AuthenticationUnsuccessful")
    if session.now() >= dt.datetime.fromisoformat(kept["ends"]):
        ended = dt.datetime.fromisoformat(kept["ends"])
        raise Turned(401, "Unauthorized", f"TokenExpired: token expired at {ended:%m/%d/%Y %H:%M:%S}")
    found: dict[str, Any] = kept
    return found


@blueprint.get("/connections")
def connections() -> ResponseReturnValue:
    with store().session() as session:
        admit(session)
        found = session.facts("connection:")
    event = request.args.get("authEventId")
    shown = [one for one in found if event is None or one["authEventId"] == event]
    return Response(dumps(shown), content_type="application/json; charset=utf-8")


@blueprint.delete("/connections/<wanted>")
def disconnect(wanted: str) -> ResponseReturnValue:
    with store().session() as session:
        admit(session)
        found = [one for one in session.facts("connection:") if one["id"] == wanted]
        for one in found:
            session.set_fact(f"connection:{one['tenantId']}", None)
    return Response(status=204 if found else 404)


def _refuse(code: str) -> Response:
    return Response(dumps({"error": code}), 400, content_type="application/json; charset=UTF-8")
