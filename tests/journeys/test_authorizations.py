"""Authorizations over the years: renewed once at a time, kept alive, lost only when that is sure, given back."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import update

from hub.books import description
from hub.database import now, session
from hub.dispatch import credentials, pump
from hub.extension import current
from hub.installations import renewal
from hub.installations.install import pause_installation, remove_installation
from hub.models import BatchRow, Credential, Installation
from hub.plugin import AuthorizationExpired, Rejected
from hub.queue import commit
from hub.states import InstallationState
from sandbox.online import OTHER_REALM, Running
from tests.support import refreshing, served
from tests.support.host import ADA_AT_ACME
from tests.support.online import consent

TOKENS = "/oauth2/v1/tokens/bearer"
DAY = dt.timedelta(days=1)
A_DAY = {"advance_seconds": 24 * 3600 + 1}


def exchanges(books: Running) -> list[int]:
    """How each exchange of tokens ended."""
    return [one["status"] for one in books.control("requests")["requests"] if one["path"] == TOKENS]


def credential(installation: Installation) -> Credential:
    session().expire_all()
    return session().get_one(Credential, installation.id)


def state(installation: Installation) -> InstallationState:
    session().expire_all()
    return installation.state


def ask(installation: Installation) -> bool:
    """Have a worker ask the ledger who it is. Return True if it answered."""
    begun = now()
    description.begin_check(installation)
    installation.resume_at = None
    commit()
    pump.deliver(installation.id)
    session().expire_all()
    return installation.checked_at is not None and installation.checked_at >= begun


def let_time_pass(installation: Installation, **columns: Any) -> None:
    """Move the moments of a credential, as if that much time had passed."""
    row = credential(installation)
    for name, value in columns.items():
        setattr(row, name, value)
    commit()


def test_four_processes_that_need_fresh_tokens_at_once_exchange_them_once(
    app: Flask, online: Installation, books: Running
) -> None:
    books.control("clock", A_DAY)  # The next exchange rotates the value, and a second one of the old kills the grant.
    before = len(exchanges(books))
    settings = {name: value for name, value in app.config.items() if name.startswith("HUB_QUICKBOOKS_ONLINE_")}
    where = app.config["SQLALCHEMY_DATABASE_URI"], app.config["HUB_SECRET_KEYS"], json.dumps(settings)
    forking, children = served.forking(), []
    for _ in range(4):
        ours, theirs = forking.Pipe()
        forking.Process(target=refreshing.renew, args=(theirs, *where, online.id), daemon=True).start()
        theirs.close()
        children.append(ours)
    assert [child.recv() for child in children] == ["ready"] * 4
    requests.post(f"{books.url}/_sandbox/faults", json={"kind": "delay", "match": TOKENS, "seconds": 0.5}, timeout=5)
    for child in children:
        child.send("go")
    assert [child.recv() for child in children] == ["answered"] * 4
    assert exchanges(books)[before:] == [200]
    assert ask(online)


def test_an_idle_connection_is_kept_alive_and_harvests_the_rotated_value(online: Installation, books: Running) -> None:
    before = credential(online)
    version, ends = before.version, []
    assert before.expires_at is not None
    assert before.keep_at is not None
    assert dt.timedelta(days=6.9) < before.keep_at - now() <= dt.timedelta(days=7)
    assert renewal.find_due_renewals() == []
    for _ in range(3):
        books.control("clock", {"advance_days": 100})  # Each time it would lapse at 101.
        let_time_pass(online, keep_at=now())
        assert renewal.find_due_renewals() == [online.id]
        renewal.renew_credentials(online.id)
        assert renewal.find_due_renewals() == []
        ends.append(credential(online).ends_at)
    assert credential(online).version == version + 3
    first, _, last = ends
    assert first is not None
    assert last is not None
    assert abs(first - last - dt.timedelta(days=200)) < dt.timedelta(minutes=1), "The five years go on."
    assert ask(online)


def test_a_paused_connection_is_kept_alive_too(online: Installation, books: Running) -> None:
    pause_installation(ADA_AT_ACME, online.id)
    let_time_pass(online, keep_at=now())
    assert renewal.find_due_renewals() == [online.id]
    renewal.renew_credentials(online.id)
    assert exchanges(books)[-1] == 200
    assert renewal.find_due_renewals() == []


@pytest.mark.parametrize("fault", [
    {"kind": "status", "status": 503}, {"kind": "status", "status": 429},
    {"kind": "status", "status": 400, "body": '{"error": "invalid_grant"}'},
], ids=str)  # fmt: skip
def test_an_outage_of_the_sign_in_is_no_loss(online: Installation, books: Running, fault: dict[str, Any]) -> None:
    requests.post(f"{books.url}/_sandbox/faults", json={**fault, "match": TOKENS}, timeout=5)
    let_time_pass(online, keep_at=now())
    renewal.renew_credentials(online.id)
    assert online.state is InstallationState.CONNECTED
    assert renewal.find_due_renewals() == []  # Not at every sweep.
    waits = credential(online).keep_at
    assert waits is not None
    assert waits > now() + dt.timedelta(minutes=4)
    let_time_pass(online, keep_at=now(), renewal_refused_at=credential(online).renewal_refused_at and now() - DAY)
    renewal.renew_credentials(online.id)
    assert credential(online).renewal_refused_at is None
    assert online.state is InstallationState.CONNECTED
    assert ask(online)


def test_an_idle_connection_that_was_disconnected_there_is_lost_when_that_is_sure(
    online: Installation, books: Running
) -> None:
    disconnect(online)
    let_time_pass(online, keep_at=now())
    renewal.renew_credentials(online.id)
    assert (online.state, renewal.find_due_renewals()) == (InstallationState.CONNECTED, [])
    renewal.renew_credentials(online.id)  # Whoever else comes asks nothing before its time.
    assert exchanges(books)[-2:] == [200, 400]
    let_time_pass(online, keep_at=now(), renewal_refused_at=now() - dt.timedelta(minutes=11))
    renewal.renew_credentials(online.id)
    assert state(online) is InstallationState.EXPIRED
    assert online.trouble
    assert renewal.find_due_renewals() == []


def test_a_connection_at_work_is_lost_when_that_is_sure_and_goes_on_after_signing_in_again(
    app: Flask, online: Installation, books: Running
) -> None:
    disconnect(online)
    assert not ask(online)
    assert online.state is InstallationState.CONNECTED
    assert online.trouble
    app.config["HUB_CONFIRM_SECONDS"] = 0
    due_again()
    pump.deliver(online.id)
    assert state(online) is InstallationState.EXPIRED
    with pytest.raises(Rejected) as refused:
        consent(online, books, realm=OTHER_REALM)
    assert [one.code for one in refused.value.problems] == ["other-books"]
    session().rollback()
    assert state(online) is InstallationState.EXPIRED
    consent(online, books)
    due_again()
    pump.deliver(online.id)
    session().expire_all()
    assert (online.state, online.trouble) == (InstallationState.CONNECTED, "")
    assert ask(online)


def test_books_that_refuse_fresh_tokens_are_lost_when_that_is_sure(
    app: Flask, online: Installation, books: Running
) -> None:
    refusal = {"kind": "status", "match": "/v3/company", "status": 401, "times": 3, "body": "{}"}
    requests.post(f"{books.url}/_sandbox/faults", json=refusal, timeout=5)
    assert not ask(online)
    assert online.state is InstallationState.CONNECTED
    assert credential(online).access_refused_at is not None
    app.config["HUB_CONFIRM_SECONDS"] = 0
    due_again()
    pump.deliver(online.id)  # One refusal is left; fresh tokens are accepted again.
    assert credential(online).access_refused_at is None
    session().expire_all()
    assert (online.state, online.trouble) == (InstallationState.CONNECTED, "")
    requests.post(f"{books.url}/_sandbox/faults", json={**refusal, "times": 4}, timeout=5)
    assert not ask(online)
    due_again()
    pump.deliver(online.id)
    assert state(online) is InstallationState.EXPIRED


def test_uninstalling_gives_the_authorization_back(online: Installation, books: Running, app: Flask) -> None:
    integration = app.extensions["hub"].integrations["quickbooks_online"]
    handed = credentials.connection_of(online, integration)
    commit()
    remove_installation(ADA_AT_ACME, online.id)
    with pytest.raises(AuthorizationExpired):
        integration.refresh(handed)
    assert session().get(Credential, online.id) is None


def disconnect(installation: Installation) -> None:
    """What an admin does at Intuit: the grant is gone, and nobody tells us."""
    integration = current().integrations["quickbooks_online"]
    integration.revoke(credentials.connection_of(installation, integration))  # type: ignore[arg-type, attr-defined]  # It is a push integration.
    commit()


def due_again() -> None:
    """Let the waiting time of everything be over."""
    session().execute(update(BatchRow).values(due_at=now()))
    session().execute(update(Installation).values(resume_at=None))
    commit()
    session().expire_all()
