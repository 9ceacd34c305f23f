"""Credentials: encrypted, rotatable, renewed by one process at a time, stored before they are used."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from hub.database import now, session
from hub.dispatch import credentials
from hub.errors import NotConfigured
from hub.extension import current, vault
from hub.models import Credential, Installation
from hub.plugin import AuthorizationExpired, Authorized, Connection, Unavailable
from tests.support.pretend import Pretend, integration_of


def test_what_is_stored_is_not_what_is_handed_out(installation: Installation, app: Flask) -> None:
    credential = session().get_one(Credential, installation.id)
    assert "canary" not in credential.secret
    assert "canary" not in repr(credential)
    handed = credentials.connection_of(installation, integration_of(app))  # type: ignore[arg-type]  # It is a push integration.
    assert handed.credentials == {"token": "canary-token"}
    assert "canary" not in repr(handed)


def test_keys_are_rotated(installation: Installation, app: Flask) -> None:
    old, new = app.config["HUB_SECRET_KEYS"], Fernet.generate_key().decode()
    app.config["HUB_SECRET_KEYS"], current().vault = [new, old], None
    before = session().get_one(Credential, installation.id).secret
    assert credentials.reencrypt_all() == 1
    session().expire_all()
    assert session().get_one(Credential, installation.id).secret != before
    app.config["HUB_SECRET_KEYS"], current().vault = f"{new}", None
    handed = credentials.connection_of(installation, integration_of(app))  # type: ignore[arg-type]  # It is a push integration.
    assert handed.credentials == {"token": "canary-token"}


def test_without_a_key_nothing_is_kept(app: Flask) -> None:
    app.config["HUB_SECRET_KEYS"], current().vault = "", None
    with pytest.raises(NotConfigured, match="HUB_SECRET_KEYS"):
        vault()


def test_two_that_renew_at_once_exchange_the_credentials_once(
    app: Flask, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges: list[str] = []

    def renew(self: Pretend, connection: Connection) -> Authorized:
        exchanges.append(connection.credentials["token"])
        time.sleep(0.5)
        return Authorized(books_id=connection.books_id, credentials={"token": f"canary-token-{len(exchanges)}"})

    monkeypatch.setattr(Pretend, "refresh", renew)
    number = installation.id
    session().commit()
    start = threading.Barrier(3)

    def process() -> None:
        with app.app_context():
            mine = session().get_one(Installation, number)
            assert mine.credential is not None  # Both have seen the same version.
            session().commit()
            start.wait()
            credentials.refresh_credentials(session().get_one(Installation, number), integration_of(app))  # type: ignore[arg-type]  # As above.

    threads = [threading.Thread(target=process) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert exchanges == ["canary-token"]
    session().expire_all()
    assert credentials.connection_of(installation, integration_of(app)).credentials["token"] == "canary-token-1"  # type: ignore[arg-type]  # As above.


def test_a_loss_is_believed_when_it_has_been_confirmed_later(app: Flask, installation: Installation) -> None:
    integration, asked = integration_of(app), []
    assert isinstance(integration, Pretend)

    def refuse(connection: Connection) -> Authorized:
        asked.append(connection.credentials["token"])
        raise AuthorizationExpired("No.")

    integration.refresh = refuse  # type: ignore[method-assign]  # The one that refuses.
    for _ in range(3):
        with pytest.raises(Unavailable) as later:
            credentials.refresh_credentials(installation, integration)
        assert later.value.retry_after is not None
        assert 590 < later.value.retry_after <= 600
    assert asked == ["canary-token"]
    app.config["HUB_CONFIRM_SECONDS"] = 0
    with pytest.raises(AuthorizationExpired):
        credentials.refresh_credentials(installation, integration)
    assert asked == ["canary-token"] * 2


def test_a_renewal_that_succeeds_ends_the_doubt(app: Flask, installation: Installation) -> None:
    integration = integration_of(app)
    assert isinstance(integration, Pretend)
    app.config["HUB_CONFIRM_SECONDS"] = 0
    for _ in range(3):
        integration.renewing = AuthorizationExpired("No.")
        with pytest.raises(Unavailable):
            credentials.refresh_credentials(installation, integration)
        integration.renewing = None
        credentials.refresh_credentials(installation, integration)
    assert integration.renewals == 3


def test_an_end_that_is_not_named_again_is_still_the_end(
    app: Flask, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now()
    named = iter([dt.timedelta(days=9), None, dt.timedelta(days=50), None])

    def renew(self: Pretend, connection: Connection) -> Authorized:
        hard = next(named)
        return Authorized(
            books_id=connection.books_id, credentials={"token": "canary-token"},
            expires_at=moment + dt.timedelta(days=20), ends_at=moment + hard if hard else None,
        )  # fmt: skip

    monkeypatch.setattr(Pretend, "refresh", renew)
    seen = []
    for _ in range(4):
        credentials.refresh_credentials(installation, integration_of(app))  # type: ignore[arg-type]  # It is a push integration.
        credential = session().get_one(Credential, installation.id)
        assert credential.expires_at is not None
        seen.append((credential.expires_at - moment).days)
    assert seen == [9, 9, 20, 20]


def test_a_renewal_that_fails_lets_the_next_one_try(app: Flask, installation: Installation) -> None:
    integration = integration_of(app)
    assert isinstance(integration, Pretend)
    integration.renewing = Unavailable("Busy.")
    with pytest.raises(Unavailable, match="Busy"):
        credentials.refresh_credentials(installation, integration)
    integration.renewing = None
    session().expire_all()
    credentials.refresh_credentials(installation, integration)
    session().expire_all()
    assert credentials.connection_of(installation, integration).credentials == {"token": "canary-token-1"}
