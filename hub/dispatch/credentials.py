"""Credentials: the only place where they are encrypted, decrypted, and exchanged for fresh ones."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import time
from collections.abc import Mapping

from sqlalchemy import or_, update

from hub.database import changes_one, now, session
from hub.extension import confirmation, keep_alive, settings_of, sign_in_time, vault
from hub.integrations import timeouts
from hub.models import Credential, Installation
from hub.plugin import AuthorizationExpired, Authorized, Connection, PushIntegration, Unavailable, say
from hub.queue import commit

_RENEWAL = dt.timedelta(seconds=60)
"""How long one exchange of credentials may take before another process may try."""

_AGAIN = dt.timedelta(minutes=5)
"""After how long a renewal that nobody waits for is tried again, when the ledger could not be asked."""


def store_credentials(installation: Installation, authorized: Authorized) -> None:
    """Store what an authorization gave. The caller commits before anything is done with it."""
    credential = installation.credential
    if credential is None:
        credential = installation.credential = Credential(installation_id=installation.id, secret="", version=0)
    credential.secret = _seal(authorized)
    credential.version += 1
    for name, value in _times(authorized, None).items():
        setattr(credential, name, value)
    credential.access_refused_at = credential.renewing_token = credential.renewing_until = None


def wipe_credentials(installation: Installation) -> None:
    """Forget the credentials for good."""
    installation.credential = None


def hide(words: Mapping[str, str]) -> str:
    """Return what the next step of an authorization is to find again, as it is stored; empty for nothing."""
    return vault().encrypt(json.dumps(dict(words)).encode()).decode() if words else ""


def reveal(hidden: str) -> dict[str, str]:
    """Return what `hide` has hidden."""
    return dict(json.loads(vault().decrypt(hidden.encode()))) if hidden else {}


def connection(installation: Installation, integration: PushIntegration) -> Connection:
    """Return what a carrier is handed. Raises `AuthorizationExpired` if there are no credentials."""
    if installation.credential is None:
        raise AuthorizationExpired(say("There are no credentials."))
    return Connection(
        books_id=installation.books_id,
        credentials=json.loads(vault().decrypt(installation.credential.secret.encode())),
        settings=settings_of(integration),
    )


def refresh_credentials(installation: Installation, integration: PushIntegration) -> None:
    """Exchange the credentials for fresh ones, once at a time, and store them before anybody uses them.

    Called outside a transaction. Whoever comes while another process is at it waits for that one's result instead:
    a second exchange of the same value can end the whole authorization. Raises `Unavailable`, also for the first
    refusal, and `AuthorizationExpired` for one that has been confirmed.
    """
    credential = installation.credential
    if credential is None:
        raise AuthorizationExpired(say("There are no credentials."))
    seen, refused_at, ends_at = credential.version, credential.renewal_refused_at, credential.ends_at
    if refused_at is not None and not _is_confirmed(refused_at):
        raise _unconfirmed(say("The authorization is not renewed."), refused_at)
    mine = secrets.token_hex(16)
    if not _claim(installation.id, seen, mine):
        return _await_other(installation, seen)
    outcome: dict[str, object] = {"keep_at": now() + _AGAIN}
    refused: AuthorizationExpired | None = None
    try:
        handed = connection(installation, integration)
        commit()  # No transaction is open while the network is waited for.
        fresh = timeouts.within(integration.key, "refresh", sign_in_time(), lambda: integration.refresh(handed))
        outcome = {"secret": _seal(fresh), "version": seen + 1, **_times(fresh, ends_at)}
    except AuthorizationExpired as error:
        refused = error
        outcome = {"keep_at": now() + confirmation(), "renewal_refused_at": refused_at or now()}
    finally:
        stored = _store(installation.id, mine, {**outcome, "renewing_token": None, "renewing_until": None})
    if refused is None:
        return None
    if refused_at is None or not stored:  # What is not ours any more may have been renewed by another meanwhile.
        raise _unconfirmed(str(refused), now()) from refused
    raise refused


def doubt_authorization(installation: Installation, error: AuthorizationExpired) -> Unavailable | AuthorizationExpired:
    """Return what to make of books that refuse credentials which were renewed just now: the first time it may be an
    outage."""
    credential = installation.credential
    if credential is None:
        return error
    refused_at = credential.access_refused_at
    if refused_at is None:
        refused_at = credential.access_refused_at = now()
        commit()
    return error if _is_confirmed(refused_at) else _unconfirmed(str(error), refused_at)


def is_stale(installation: Installation) -> bool:
    """Return True if the credentials should be renewed before they are used."""
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


def _times(authorized: Authorized, ends_at: dt.datetime | None) -> dict[str, dt.datetime | None]:
    """When fresh credentials end and are renewed. An end that is not named again is still the one that is known."""
    ends_at = authorized.ends_at or ends_at
    ends = [end for end in (authorized.expires_at, ends_at) if end is not None]
    return {
        "renew_at": authorized.renew_at, "expires_at": min(ends, default=None), "ends_at": ends_at,
        "keep_at": now() + keep_alive() if authorized.expires_at is not None else None, "renewal_refused_at": None,
    }  # fmt: skip


def _is_confirmed(refused_at: dt.datetime) -> bool:
    return now() - refused_at >= confirmation()


def _unconfirmed(sentence: str, refused_at: dt.datetime) -> Unavailable:
    rest = max(1.0, (refused_at + confirmation() - now()).total_seconds())
    return Unavailable(
        say("%(why)s That may be an outage, so it is asked once more before an admin is.", why=say(sentence)),
        retry_after=rest,
    )


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


def _store(installation_id: int, mine: str, values: dict[str, object]) -> bool:
    stored = changes_one(
        update(Credential)
        .where(Credential.installation_id == installation_id, Credential.renewing_token == mine)
        .values(**values)
    )
    commit()
    return stored


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
    raise Unavailable(say("Another process is renewing the authorization."))
