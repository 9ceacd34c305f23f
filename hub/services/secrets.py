"""Credentials: the only place where they are encrypted, decrypted, and exchanged for fresh ones."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import time

from sqlalchemy import or_, update

from hub.database import changes_one, now, session
from hub.extension import settings_of, vault
from hub.models import Credential, Installation
from hub.plugin import AuthorizationExpired, Authorized, Connection, PushIntegration, Unavailable
from hub.queue import commit

_RENEWAL = dt.timedelta(seconds=60)
"""How long one exchange of credentials may take before another process may try."""


def keep(installation: Installation, authorized: Authorized) -> None:
    """Store what an authorization gave. The caller commits before anything is done with it."""
    credential = installation.credential
    if credential is None:
        credential = installation.credential = Credential(installation_id=installation.id, secret="", version=0)
    credential.secret = _seal(authorized)
    credential.version += 1
    credential.renew_at, credential.expires_at = authorized.renew_at, authorized.expires_at
    credential.renewing_token = credential.renewing_until = None


def wipe(installation: Installation) -> None:
    """Forget the credentials for good."""
    installation.credential = None


def connection(installation: Installation, integration: PushIntegration) -> Connection:
    """What a carrier is handed. Raises `AuthorizationExpired` if there are no credentials."""
    if installation.credential is None:
        raise AuthorizationExpired("There are no credentials.")
    return Connection(
        books_id=installation.books_id,
        credentials=json.loads(vault().decrypt(installation.credential.secret.encode())),
        settings=settings_of(integration),
    )


def renew(installation: Installation, integration: PushIntegration) -> None:
    """Exchange the credentials for fresh ones, once at a time, and store them before anybody uses them.

    Called outside a transaction. Whoever comes while another process is at it waits for that one's result instead:
    a second exchange of the same value can end the whole authorization. Raises `AuthorizationExpired`, `Unavailable`.
    """
    credential = installation.credential
    if credential is None:
        raise AuthorizationExpired("There are no credentials.")
    seen, mine = credential.version, secrets.token_hex(16)
    if not _claim(installation.id, seen, mine):
        return _await_other(installation, seen)
    try:
        fresh = integration.renew(connection(installation, integration))
    except BaseException:
        _store(installation.id, mine, {"renewing_token": None, "renewing_until": None})
        raise
    values: dict[str, object] = {
        "secret": _seal(fresh), "renew_at": fresh.renew_at, "expires_at": fresh.expires_at, "version": seen + 1,
        "renewing_token": None, "renewing_until": None,
    }  # fmt: skip
    return _store(installation.id, mine, values)


def is_stale(installation: Installation) -> bool:
    """Whether the credentials should be renewed before they are used."""
    credential = installation.credential
    return credential is not None and credential.renew_at is not None and credential.renew_at <= now()


def reencrypt() -> int:
    """Encrypt every credential under the first of the keys, so that the old ones can be retired. Gives their number."""
    credentials = session().query(Credential).all()
    for credential in credentials:
        credential.secret = vault().rotate(credential.secret.encode()).decode()
    commit()
    return len(credentials)


def _seal(authorized: Authorized) -> str:
    return vault().encrypt(json.dumps(dict(authorized.credentials)).encode()).decode()


def _claim(installation_id: int, version: int, mine: str) -> bool:
    claimed = changes_one(
        update(Credential)
        .where(
            Credential.installation_id == installation_id,
            Credential.version == version,
            or_(Credential.renewing_until.is_(None), Credential.renewing_until < now()),
        )
        .values(renewing_token=mine, renewing_until=now() + _RENEWAL)
    )
    commit()
    return claimed


def _store(installation_id: int, mine: str, values: dict[str, object]) -> None:
    changes_one(
        update(Credential)
        .where(Credential.installation_id == installation_id, Credential.renewing_token == mine)
        .values(**values)
    )
    commit()


def _await_other(installation: Installation, seen: int) -> None:
    deadline = time.monotonic() + _RENEWAL.total_seconds()
    while time.monotonic() < deadline:
        session().expire_all()
        credential = installation.credential
        if credential is None or credential.version != seen:
            return
        if credential.renewing_token is None:
            break
        commit()  # Ends the reading transaction, so that the next look sees what others wrote.
        time.sleep(0.2)
    raise Unavailable("Another process is renewing the authorization.")
