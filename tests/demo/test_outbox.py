"""What the demo mails is read on the console."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from hub.database import now, session
from hub.installations import notices
from hub.models import Installation
from hub.queue import commit
from hub.states import InstallationState


def test_the_mail_of_a_lost_authorization_stands_on_the_console_with_its_cure(
    fresh: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    with fresh.app_context():
        session().add(Installation(
            organization_id="1", integration="quickbooks_online", state=InstallationState.EXPIRED,
            installed_by="Ada Admin", books_id="4620816365000000001", books_name="Sandbox Company_US_1",
            trouble="Intuit does not renew this authorization any more.", trouble_since=now(),
        ))  # fmt: skip
        commit()
        notices.give_notices()
        for number in notices.find_due_notices():
            notices.mail_notice(number)
        shown = capsys.readouterr().out
        assert notices.find_due_notices() == []
    assert "From: The Order Desk <desk@orderdesk.test>\nTo: " in shown
    assert "admin@demo.test" in shown
    assert re.search(r"^Subject: .*QuickBooks Online \(Sandbox Company_US_1\)", shown, re.MULTILINE)
    assert "http://127.0.0.1:8000/hub/" in shown
    assert shown.startswith("── Mail ──\n")
    assert shown.endswith("── End of mail ──\n")


def test_a_mail_server_that_is_set_is_used_instead(monkeypatch: pytest.MonkeyPatch, fresh: Flask) -> None:
    from demo import create_app

    changes = {"HUB_SMTP_URL": "smtp://127.0.0.1:9", "SQLALCHEMY_DATABASE_URI": "sqlite://"}
    assert create_app(changes).extensions["hub"].post is None
    assert fresh.extensions["hub"].post is not None
