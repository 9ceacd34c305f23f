"""Authorizations over the years: renewed once at a time, kept alive, lost only when that is sure, given back."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import update

from hub.database import now, session
from hub.extension import current
from hub.models import Credential, Envelope, Installation
from hub.plugin import AuthorizationExpired, Rejected
from hub.queue import commit
from hub.services.books import checking
from hub.services.carrying import carrying, secrets
from hub.services.installing import installing, renewing
from hub.states import InstallationState
from sandbox.online import OTHER_REALM, Running
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


def ask(installation: Installation) -> str:
    """Have a worker ask the books who they are; gives what the card says then."""
    checking.begin(installation)
    installation.resume_at = None
    commit()
    carrying.carry(installation.id)
    session().expire_all()
    found = checking.last(installation.id)
    return found.outcome if found else ""


def let_time_pass(installation: Installation, **columns: Any) -> None:
    """Move the moments of a credential, as if that much time had passed."""
    row = credential(installation)
    for name, value in columns.items():
        setattr(row, name, value)
    commit()


def test_four_processes_that_need_fresh_tokens_at_once_exchange_them_once(
    app: Flask, online: Installation, books: Running, tmp_path: Path
) -> None:
    books.control("clock", A_DAY)  # The next exchange rotates the value, and a second one of the old kills the grant.
    before = len(exchanges(books))
    settings = {name: value for name, value in app.config.items() if name.startswith("HUB_QUICKBOOKS_ONLINE_")}
    command = [
        sys.executable, "-m", "tests.support.refreshing", app.config["SQLALCHEMY_DATABASE_URI"],
        app.config["HUB_SECRET_KEYS"], json.dumps(settings), str(online.id),
    ]  # fmt: skip
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    requests.post(f"{books.url}/_sandbox/faults", json={"kind": "delay", "match": TOKENS, "seconds": 1}, timeout=5)
    for one in running:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60) for one in running]
    assert [out for out, _ in said] == ["answered\n"] * 4, [error for _, error in said]
    assert exchanges(books)[before:] == [200]
    assert ask(online) == "Connected to Sandbox Company_US_1."


def test_an_idle_connection_is_kept_alive_and_harvests_the_rotated_value(online: Installation, books: Running) -> None:
    before = credential(online)
    version, rolling, hard = before.version, before.expires_at, before.ends_at
    assert rolling is not None
    assert hard is not None
    assert before.keep_at is not None
    assert dt.timedelta(days=6.9) < before.keep_at - now() <= dt.timedelta(days=7)
    assert renewing.due() == []
    for _ in range(3):
        books.control("clock", {"advance_days": 100})  # Each time it would lapse at 101.
        let_time_pass(online, keep_at=now())
        assert renewing.due() == [online.id]
        renewing.renew(online.id)
        assert renewing.due() == []
    after = credential(online)
    assert after.version == version + 3
    assert after.ends_at is not None
    assert abs(after.ends_at - (hard - dt.timedelta(days=300))) < dt.timedelta(minutes=1)
    assert ask(online) == "Connected to Sandbox Company_US_1."


def test_a_paused_connection_is_kept_alive_too(online: Installation, books: Running) -> None:
    installing.pause("acme", online.id)
    let_time_pass(online, keep_at=now())
    assert renewing.due() == [online.id]
    renewing.renew(online.id)
    assert exchanges(books)[-1] == 200
    assert renewing.due() == []


@pytest.mark.parametrize("fault", [
    {"kind": "status", "status": 503}, {"kind": "status", "status": 429},
    {"kind": "status", "status": 400, "body": '{"error": "invalid_grant"}'},
], ids=str)  # fmt: skip
def test_an_outage_of_the_sign_in_is_no_loss(online: Installation, books: Running, fault: dict[str, Any]) -> None:
    requests.post(f"{books.url}/_sandbox/faults", json={**fault, "match": TOKENS}, timeout=5)
    let_time_pass(online, keep_at=now())
    renewing.renew(online.id)
    assert online.state is InstallationState.CONNECTED
    assert renewing.due() == []  # Not at every sweep.
    waits = credential(online).keep_at
    assert waits is not None
    assert waits > now() + dt.timedelta(minutes=4)
    let_time_pass(online, keep_at=now(), renewal_refused_at=credential(online).renewal_refused_at and now() - DAY)
    renewing.renew(online.id)
    assert credential(online).renewal_refused_at is None
    assert online.state is InstallationState.CONNECTED
    assert ask(online) == "Connected to Sandbox Company_US_1."


def test_an_idle_connection_that_was_disconnected_there_is_lost_when_that_is_sure(
    online: Installation, books: Running
) -> None:
    disconnect(online)
    let_time_pass(online, keep_at=now())
    renewing.renew(online.id)
    assert (online.state, renewing.due()) == (InstallationState.CONNECTED, [])
    renewing.renew(online.id)  # Whoever else comes asks nothing before its time.
    assert exchanges(books)[-2:] == [200, 400]
    let_time_pass(online, keep_at=now(), renewal_refused_at=now() - dt.timedelta(minutes=11))
    renewing.renew(online.id)
    assert state(online) is InstallationState.EXPIRED
    assert online.trouble == "Intuit does not renew this authorization any more."
    assert renewing.due() == []


def test_a_connection_at_work_is_lost_when_that_is_sure_and_goes_on_after_signing_in_again(
    app: Flask, online: Installation, books: Running
) -> None:
    disconnect(online)
    ask(online)
    assert online.state is InstallationState.CONNECTED
    assert "asked once more" in online.trouble
    app.config["HUB_CONFIRM_SECONDS"] = 0
    due_again()
    carrying.carry(online.id)
    assert state(online) is InstallationState.EXPIRED
    with pytest.raises(Rejected, match="another company"):
        consent(online, books, realm=OTHER_REALM)
    session().rollback()
    assert state(online) is InstallationState.EXPIRED
    consent(online, books)
    due_again()
    carrying.carry(online.id)
    session().expire_all()
    assert (online.state, online.trouble) == (InstallationState.CONNECTED, "")
    assert ask(online) == "Connected to Sandbox Company_US_1."


def test_books_that_refuse_fresh_tokens_are_lost_when_that_is_sure(
    app: Flask, online: Installation, books: Running
) -> None:
    refusal = {"kind": "status", "match": "/v3/company", "status": 401, "times": 3, "body": "{}"}
    requests.post(f"{books.url}/_sandbox/faults", json=refusal, timeout=5)
    ask(online)
    assert online.state is InstallationState.CONNECTED
    assert credential(online).access_refused_at is not None
    app.config["HUB_CONFIRM_SECONDS"] = 0
    due_again()
    carrying.carry(online.id)  # One refusal is left; fresh tokens are accepted again.
    assert credential(online).access_refused_at is None
    session().expire_all()
    assert (online.state, online.trouble) == (InstallationState.CONNECTED, "")
    requests.post(f"{books.url}/_sandbox/faults", json={**refusal, "times": 4}, timeout=5)
    ask(online)
    due_again()
    carrying.carry(online.id)
    assert state(online) is InstallationState.EXPIRED


def test_uninstalling_gives_the_authorization_back(online: Installation, books: Running, app: Flask) -> None:
    integration = app.extensions["hub"].integrations["quickbooks_online"]
    handed = secrets.connection(online, integration)
    commit()
    installing.remove("acme", online.id)
    with pytest.raises(AuthorizationExpired):
        integration.renew(handed)
    assert session().get(Credential, online.id) is None


def disconnect(installation: Installation) -> None:
    """What an admin does at Intuit: the grant is gone, and nobody tells us."""
    integration = current().integrations["quickbooks_online"]
    integration.revoke(secrets.connection(installation, integration))  # type: ignore[arg-type, attr-defined]  # It is a push integration.
    commit()


def due_again() -> None:
    """Let the waiting time of everything be over."""
    session().execute(update(Envelope).values(due_at=now()))
    session().execute(update(Installation).values(resume_at=None))
    commit()
    session().expire_all()
