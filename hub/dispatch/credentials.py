"""Credentials: the only place where they are encrypted, decrypted, and exchanged for fresh ones."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from hub import events, scope
from hub.database import now, session
from hub.dispatch import leases
from hub.extension import confirmation_time, keep_alive, settings_of, sign_in_time, vault
from hub.integrations import timeouts
from hub.models import Credential, Installation, LeaseKind
from hub.plugin import AuthorizationExpired, Authorized, Connection, IntegrationError, PushIntegration, Unavailable, say
from hub.queue import commit

_AGAIN = dt.timedelta(minutes=5)
"""After how long a renewal that nobody waits for is tried again, when the ledger could not be asked."""


def store_credentials(installation: Installation, authorized: Authorized) -> None:
    """Store what an authorization gave. The caller commits before anything is done with it."""
    credential = installation.credential
    if credential is None:
        credential = installation.credential = Credential(installation_id=installation.id, secret="", version=0)
    _store(credential, authorized, None)
    credential.access_refused_at = None
    leases.withdraw_lease(LeaseKind.CREDENTIALS, installation.id)


def wipe_credentials(installation: Installation) -> None:
    """Forget the credentials for good."""
    installation.credential = None


def encrypt_words(words: Mapping[str, str]) -> str:
    """Return what the next step of an authorization is to find again, as it is stored; empty for nothing."""
    return vault().encrypt(json.dumps(dict(words)).encode()).decode() if words else ""


def decrypt_words(hidden: str) -> dict[str, str]:
    """Return what `hide` has hidden."""
    return dict(json.loads(vault().decrypt(hidden.encode()))) if hidden else {}


def connection_of(installation: Installation, integration: PushIntegration) -> Connection:
    """Return what a transport is given. Raises `AuthorizationExpired` if there are no credentials."""
    if installation.credential is None:
        raise AuthorizationExpired(say("There are no credentials."))
    return Connection(
        books_id=installation.books_id,
        credentials=json.loads(vault().decrypt(installation.credential.secret.encode())),
        settings=settings_of(integration),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """An exchange of credentials that may be made now: under the lease of `token`, of what `connection` says."""

    token: str
    version: int
    connection: Connection


def begin_refresh(installation: Installation, integration: PushIntegration, token: str) -> Refresh | None:
    """Acquire the lease to exchange credentials for fresh ones; None while another process is at it, or if it has just
    been.

    A second exchange of the same value can end the whole authorization. So the credentials are read once more when the
    lease is ours: whoever had it stored what came of its exchange before it released it. Raises `AuthorizationExpired`
    if there are no credentials, and `Unavailable` while a first refusal waits to be confirmed. The caller commits
    before it asks.
    """
    seen = installation.credential.version if installation.credential is not None else 0
    if not leases.acquire_lease(LeaseKind.CREDENTIALS, installation.id, token):
        return None
    credential = session().get(Credential, installation.id, populate_existing=True)
    try:
        if credential is None:
            raise AuthorizationExpired(say("There are no credentials."))
        refused_at = credential.renewal_refused_at
        if refused_at is not None and not _is_confirmed(refused_at):
            raise _unconfirmed(say("The authorization is not renewed."), refused_at)
        if credential.version == seen:
            handed = connection_of(installation, integration)
            return Refresh(token=token, version=seen, connection=handed)
    except IntegrationError:
        leases.release_lease(LeaseKind.CREDENTIALS, installation.id, token)
        raise
    leases.release_lease(LeaseKind.CREDENTIALS, installation.id, token)
    return None


def finish_refresh(installation: Installation, refresh: Refresh, outcome: Authorized | BaseException) -> None:
    """Store what an exchange came to, and release its lease. The caller holds the lock of the installation, and
    commits, also after an error.

    Raises `Unavailable`, also for the first refusal, and `AuthorizationExpired` for one that has been confirmed; and
    whatever else the plugin raised.
    """
    leases.release_lease(LeaseKind.CREDENTIALS, installation.id, refresh.token)
    credential = installation.credential
    if credential is not None and credential.version != refresh.version:
        credential = None  # They were replaced meanwhile: what came of the exchange of the old ones is no matter.
    if isinstance(outcome, Authorized):
        if credential is not None:
            _store(credential, outcome, credential.ends_at)
        return
    refused_at = credential.renewal_refused_at if credential else None
    if credential is not None:
        refused = isinstance(outcome, AuthorizationExpired)
        credential.keep_at = now() + (confirmation_time() if refused else _AGAIN)
        if refused:
            credential.renewal_refused_at = refused_at or now()
    if isinstance(outcome, AuthorizationExpired) and refused_at is None:
        raise _unconfirmed(str(outcome), now()) from outcome
    raise outcome


def refresh_outcome(outcome: object) -> str:
    """Return the word that metrics have for what an exchange of credentials returned or raised."""
    refused = isinstance(outcome, AuthorizationExpired)
    return "renewed" if isinstance(outcome, Authorized) else "refused" if refused else "failed"


def refresh_credentials(installation: Installation, integration: PushIntegration) -> None:
    """Exchange the credentials for fresh ones, unless another process is at it. Called outside a transaction.

    Raises what `begin_refresh` and `finish_refresh` raise, and `timeouts.Hung`.
    """
    refresh, installation_id = begin_refresh(installation, integration, leases.new_token()), installation.id
    commit()  # No transaction is open while the network is waited for.
    if refresh is None:
        return
    outcome: Authorized | BaseException
    began = time.monotonic()
    try:
        outcome = timeouts.call_within(
            integration.key, "refresh", sign_in_time(), partial(integration.refresh, refresh.connection)
        )
    except BaseException as error:
        outcome = error
    events.emit(
        events.CREDENTIALS_REFRESHED, integration=integration.key, installation=installation_id,
        seconds=time.monotonic() - began, outcome=refresh_outcome(outcome),
    )  # fmt: skip
    try:
        finish_refresh(scope.lock_installation(installation_id, scope.PATIENT_SECONDS), refresh, outcome)
    finally:
        commit()


def doubt_authorization(installation: Installation, error: AuthorizationExpired) -> Unavailable | AuthorizationExpired:
    """Return what to make of books that refuse credentials which were renewed just now: the first time it may be an
    outage."""
    credential = installation.credential
    if credential is None:
        return error
    refused_at = credential.access_refused_at
    if refused_at is None:
        refused_at = credential.access_refused_at = now()
    return error if _is_confirmed(refused_at) else _unconfirmed(str(error), refused_at)


def is_stale(installation: Installation) -> bool:
    """Return True if the credentials should be renewed before they are used."""
    credential = installation.credential
    return credential is not None and credential.renew_at is not None and credential.renew_at <= now()


def reencrypt_all() -> int:
    """Encrypt every credential under the first of the keys, so that the old ones can be retired. Gives their number."""
    credentials = session().query(Credential).all()
    for credential in credentials:
        credential.secret = vault().rotate(credential.secret.encode()).decode()
    commit()
    return len(credentials)


def _store(credential: Credential, authorized: Authorized, ends_at: dt.datetime | None) -> None:
    """Store fresh credentials and when they end. An end that is not named again is still the one that is known."""
    credential.secret = _encrypt(authorized)
    credential.version += 1
    ends_at = authorized.ends_at or ends_at
    ends = [end for end in (authorized.expires_at, ends_at) if end is not None]
    credential.renew_at, credential.expires_at = authorized.renew_at, min(ends, default=None)
    credential.ends_at = ends_at
    credential.keep_at = now() + keep_alive() if authorized.expires_at is not None else None
    credential.renewal_refused_at = None


def _encrypt(authorized: Authorized) -> str:
    return vault().encrypt(json.dumps(dict(authorized.credentials)).encode()).decode()


def _is_confirmed(refused_at: dt.datetime) -> bool:
    return now() - refused_at >= confirmation_time()


def _unconfirmed(sentence: str, refused_at: dt.datetime) -> Unavailable:
    rest = max(1.0, (refused_at + confirmation_time() - now()).total_seconds())
    return Unavailable(
        say("%(why)s That may be an outage, so it is asked once more before an admin is.", why=say(sentence)),
        retry_after=rest,
    )
