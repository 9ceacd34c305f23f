"""The line to Acme: signing in, and taking batches there and back. The only module that speaks to the network.

What goes wrong is raised without the exceptions of `requests`, because these hold what was sent, credentials included.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import requests

from hub.plugin import (
    Attempt, AuthorizationExpired, Authorized, Connection, Batch, Problem, Redirect, Rejected, Request,
    Response, Unavailable, parse_retry_after, say,
)  # fmt: skip

TIMEOUT = (5, 50)
"""Seconds to connect and to wait: `send` must end within a minute."""

LONGEST_PAUSE = 3600.0


def encode(requests: Sequence[Request]) -> str:
    """Return the body of the call, byte for byte."""
    return json.dumps({"questions": [request.payload for request in requests]}, sort_keys=True)


def send(batch: Batch, connection: Connection) -> Sequence[Response]:
    """One call under the batch's key: Acme carries a key out once, and answers the same when it comes again."""
    headers = {
        "Authorization": f"Bearer {connection.credentials['access']}",
        "Content-Type": "application/json",
        "Idempotency-Key": batch.idempotency_key,
    }
    status, answer = _call(connection.settings, "ask", batch.body, headers)
    if status == requests.codes.unauthorized:
        raise AuthorizationExpired(say("Acme does not accept the authorization."))
    if status == requests.codes.bad_request:
        what = say("Acme could not read what was sent.")
        raise Rejected(Problem(what=what, cure=say("Give this to support."), code="400"))
    return [Response(payload=payload) for payload in answer["answers"]]


def authorize(attempt: Attempt) -> Redirect | Authorized:
    """Send the admin to Acme's sign-in at first, and take what comes back from it."""
    settings = attempt.settings
    if attempt.answer is None:
        query = {"client_id": settings["CLIENT_ID"], "back": attempt.return_url, "state": attempt.state}
        return Redirect(url=f"{settings['API_URL']}/sign-in?{urlencode(query)}")
    if not attempt.answer.get("code"):
        raise Rejected(Problem(
            what=say("Acme is not connected, because access was not granted."),
            cure=say("Press Connect again, and consent."),
            code=attempt.answer.get("error", ""),
        ))  # fmt: skip
    authorized = _token(settings, code=attempt.answer["code"])
    if authorized is None:
        raise Rejected(Problem(what=say("The sign-in at Acme had run out."), cure=say("Press Connect again.")))
    return authorized


def refresh(connection: Connection) -> Authorized:
    """Exchange the credentials for fresh ones."""
    authorized = _token(connection.settings, refresh=connection.credentials["refresh"])
    if authorized is None:
        raise AuthorizationExpired(say("Acme does not renew this authorization any more."))
    return authorized


def revoke(connection: Connection) -> None:
    """Give the authorization back."""
    _call(connection.settings, "revoke", json.dumps({"refresh": connection.credentials["refresh"]}), {})


def _token(settings: Mapping[str, str], **given: str) -> Authorized | None:
    """Fresh credentials, or None if Acme gives none."""
    keys = {"client_id": settings["CLIENT_ID"], "client_secret": settings["CLIENT_SECRET"]}
    status, found = _call(settings, "token", json.dumps(keys | given), {})
    if status != requests.codes.ok:
        return None
    return Authorized(
        books_id=found["books"], credentials={"access": found["access"], "refresh": found["refresh"]},
        renew_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=found["seconds"] - 60),
    )  # fmt: skip


def _call(settings: Mapping[str, str], path: str, body: str, headers: Mapping[str, str]) -> tuple[int, Any]:
    """Post and give status and JSON. Raises `Unavailable` for whatever may go better in a while."""
    broken, answer = "", None
    try:
        answer = requests.post(
            f"{settings['API_URL']}/{path}", data=body.encode(), headers=dict(headers), timeout=TIMEOUT,
            allow_redirects=False,
        )  # fmt: skip
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        broken = type(error).__name__
    if answer is not None and answer.status_code >= requests.codes.too_many_requests:
        raise Unavailable(
            say("Acme asks us to come later (HTTP %(status)s).", status=answer.status_code),
            retry_after=parse_retry_after(answer.headers.get("Retry-After", ""), LONGEST_PAUSE),
        )
    if broken or answer is None:
        raise Unavailable(say("Acme did not answer (%(broken)s).", broken=broken))
    return answer.status_code, found
