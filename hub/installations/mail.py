"""Mails to admins: recipients, content and delivery."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import unquote, urlsplit

from flask import current_app
from sqlalchemy import select

from hub.database import session
from hub.errors import NotConfigured
from hub.extension import current, host
from hub.host import Organization, Permission, User
from hub.installations import notice_texts
from hub.installations.notice_texts import Finding, NoticeText
from hub.models import Delivery, Notice
from hub.plugin import Problem, say
from hub.serialization import problems_of
from hub.states import DeliveryState
from hub.translating import current_language, gettext, speak_language

_TIMEOUT = 20.0  # Seconds that a mail server may be silent.
_LISTED = 10
_POLICY = policy.SMTP.clone(max_line_length=998)  # At the usual 78 a subject is folded before its first word.
_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A document that needs a person, in a digest."""

    title: str
    problem: Problem


def can_be_sent() -> bool:
    """Return True if mail is configured: a sender, a server or the host's own way, and the public URL for its link."""
    settings = current_app.config
    way_out = current().post is not None or settings.get("HUB_SMTP_URL")
    return bool(way_out and settings.get("HUB_MAIL_FROM") and settings.get("HUB_PUBLIC_URL"))


def find_admins(organization_id: str) -> list[User]:
    """Return the recipients: the organization's users who may manage and have an email address."""
    whose = Organization(id=organization_id, name="")
    return [
        one for one in host().users(organization_id) if one.email and host().allows(one, Permission.MANAGE, whose)
    ]


def write_mails(finding: Finding, notice: Notice) -> list[EmailMessage]:
    """Return the mails of a notice, as text and HTML: one for each language of its recipients."""
    readers = find_admins(notice.organization_id)
    told, stopped = notice_texts.describe_finding(finding), _find_stopped(finding)
    mails = []
    for locale in sorted({one.locale for one in readers}):
        with speak_language(locale):
            mails.append(_build_mail(told, stopped, finding, notice, [one for one in readers if one.locale == locale]))
    return mails


def _build_mail(
    told: NoticeText, stopped: Sequence[Stopped], finding: Finding, notice: Notice, readers: Sequence[User]
) -> EmailMessage:
    """Return the mail in the current language."""
    settings = current_app.config
    routes = current_app.url_map.bind("", script_name=current_app.config["APPLICATION_ROOT"])
    path = routes.build(told.endpoint, dict(told.values))
    view: Mapping[str, object] = {
        "told": told, "address": str(settings["HUB_PUBLIC_URL"]).rstrip("/") + path, "stopped": stopped,
        "more": max(0, finding.stopped - _LISTED), "_": gettext, "language": current_language(),
    }  # fmt: skip
    sender, locale = parseaddr(str(settings["HUB_MAIL_FROM"])), readers[0].locale
    mark = ".".join(filter(None, (notice.mark.replace("/", "-"), locale)))
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = " ".join(gettext(told.what).split())
    message["From"] = formataddr(sender)
    message["To"] = ", ".join(formataddr((" ".join(one.name.split()), one.email)) for one in readers)
    message["Date"] = format_datetime(notice.noticed_at)
    # Of the notice and not of the try, so that a mail which came twice is shown once.
    message["Message-ID"] = f"<notice-{notice.id}.{mark}@{sender[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_render_mail("notice.txt", view))
    message.add_alternative(_render_mail("notice.html", view), subtype="html")
    return message


def send_mail(message: EmailMessage) -> None:
    """Send a mail: by the host's own way, or through the server at `HUB_SMTP_URL`.

    `smtps://user:password@host:465` is encrypted from the first byte, `smtp://host:587` as soon as the server offers
    it; a password never goes unencrypted to another machine. Raises whatever went wrong.
    """
    post = current().post
    if post is not None:
        return post(message)
    parts = urlsplit(str(current_app.config["HUB_SMTP_URL"]))
    secure = parts.scheme == "smtps"
    name = parts.hostname or "localhost"
    context = ssl.create_default_context()
    if secure:
        server: smtplib.SMTP = smtplib.SMTP_SSL(name, parts.port or 465, timeout=_TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(name, parts.port or 25, timeout=_TIMEOUT)
    with server:
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=context)
            secure = True
        if parts.username:
            if not secure and name not in _LOCAL:
                raise NotConfigured("HUB_SMTP_URL has a password, and its server offers no encryption.")
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
    return None


def _find_stopped(finding: Finding) -> Sequence[Stopped]:
    if not finding.stopped:
        return ()
    rows = session().scalars(
        select(Delivery)
        .where(Delivery.installation_id == finding.installation.id, Delivery.state == DeliveryState.STOPPED)
        .order_by(Delivery.id.desc())
        .limit(_LISTED)
    )
    unknown = Problem(code="unknown", what=say("It stopped for an unknown reason."))
    return [Stopped(title=one.title, problem=next(iter(problems_of(one.problems)), unknown)) for one in rows]


def _render_mail(name: str, view: Mapping[str, object]) -> str:
    """Render a template without the host's context processors, which may need a request."""
    return current_app.jinja_env.get_template(f"hub/mail/{name}").render(view)
