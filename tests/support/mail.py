"""A mail server that keeps what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from flask import Flask

from hub.database import session
from hub.installations import notices
from tests.support.processes import free_port


class Post:
    """A mail server that keeps what comes. `refusals` are answered first."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.readers: list[list[str]] = []
        self.refusals: list[str] = []
        self.log_ins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 – aiosmtpd's.
        if self.refusals:
            return self.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.readers.append(envelope.rcpt_tos)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.log_ins.append((data.login, data.password))
        return AuthResult(success=True)


@pytest.fixture
def post(app: Flask) -> Iterator[Post]:
    kept = Post()
    port = free_port()
    server = Controller(
        kept, hostname="127.0.0.1", port=port, authenticator=kept.authenticate, auth_require_tls=False
    )
    server.start()
    app.config.update(
        HUB_SMTP_URL=f"smtp://127.0.0.1:{port}", HUB_MAIL_FROM="The Desk <desk@host.test>",
        HUB_PUBLIC_URL="https://desk.test/", HUB_DIGEST_HOUR=0,
    )  # fmt: skip
    yield kept
    server.stop()


def sweep() -> int:
    """What the scheduler and a worker do; gives the number of notices whose mail was due."""
    notices.give_notices()
    due = notices.find_due_notices()
    for number in due:
        notices.mail_notice(number)
    session().expire_all()
    return len(due)


def body(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")
