"""Notices for admins: derived from the rows, shown as banners, and mailed.

Findings are always derived from the current rows, so that a banner disappears with its cause, and a late mail does not
report what is over. The rows of `Notice` only record what has been sent.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from rq.timeouts import BaseTimeoutException
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import joinedload

from hub import events
from hub.backoff import backoff
from hub.database import changes_one, insert_into, now, session
from hub.dispatch import endpoints
from hub.extension import digest_hour
from hub.installations import mail
from hub.installations.notice_texts import Finding
from hub.models import Credential, Delivery, Endpoint, Installation, Notice, NoticeKind
from hub.queue import commit
from hub.states import DeliveryState, InstallationState

THRESHOLDS = ((1, NoticeKind.EXPIRES_IN_1), (7, NoticeKind.EXPIRES_IN_7), (30, NoticeKind.EXPIRES_IN_30))
"""How many days before its end an authorization is spoken of, the last one first."""

_SAME = dt.timedelta(days=2)
"""An end that is asked for again comes out a little different, and is the same end."""

_RELEVANT = dt.timedelta(days=1)
"""For how long a mail is tried: what still holds then is told anew."""

_AT_WORK = dt.timedelta(minutes=10)
"""For how long one that mails a notice is believed to be alive."""

_AT_ONCE = 500
"""Notices that are created by one statement."""

_S = InstallationState

log = logging.getLogger(__name__)


def find_findings(organization_id: str) -> list[Finding]:
    """Return the current findings of an organization. Two queries."""
    return list(_query_findings(Installation.organization_id == organization_id))


def give_notices() -> None:
    """Create a notice for each new finding. Several schedulers may do so at once."""
    found = [one for one in _query_findings() if one.kind is not NoticeKind.DIGEST or now().hour >= digest_hour()]
    given = defaultdict[tuple[int, NoticeKind], list[Notice]](list)
    for one in _find_given({one.installation.id for one in found}):
        given[one.installation_id, one.kind].append(one)
    new = [one for one in found if not any(_is_same(one, told) for told in given[one.installation.id, one.kind])]
    for first in range(0, len(new), _AT_ONCE):
        _give_notices({finding.mark: finding for finding in new[first : first + _AT_ONCE]})


def find_due_notices() -> list[int]:
    """Return the ids of notices whose mail is due; none if mail is not configured. One query."""
    if not mail.can_be_sent():
        return []
    return list(session().scalars(select(Notice.id).where(*_is_due())))


def mail_notice(notice_id: int) -> None:
    """Mail a notice, if it is still due and its finding still exists. After a failure of the mail server it is tried
    again later."""
    claimed = update(Notice).where(Notice.id == notice_id, *_is_due())
    mine = changes_one(claimed.values(due_at=now() + _AT_WORK, tries=Notice.tries + 1))
    commit()
    if not mine:
        return None
    notice = session().get_one(Notice, notice_id)
    finding = next((one for one in find_findings(notice.organization_id) if _is_same(one, notice)), None)
    messages = mail.write_mails(finding, notice) if finding else []
    tries, told = notice.tries, partial(_note, notice.installation, notice.kind)
    commit()  # No transaction is open while the mail server is waited for.
    if not messages:
        return _close_notice(notice_id, due_at=None)
    try:
        for message in messages:  # One that failed takes the others along: a mail that comes twice is shown once.
            mail.send_mail(message)
    except BaseTimeoutException:
        raise
    except Exception as error:  # Whatever a mail server, or a host's own way to send, may do: it disturbs nothing else.
        log.warning("The mail of notice %s could not be sent: %s: %s", notice_id, type(error).__name__, error)
        told("unmailed")
        return _close_notice(notice_id, due_at=now() + backoff(tries, first=60, most=3600))
    told("mailed")
    return _close_notice(notice_id, due_at=None, mailed_at=now())


def _query_findings(*where: ColumnElement[bool]) -> Iterator[Finding]:
    soon = now() + dt.timedelta(days=max(days for days, _ in THRESHOLDS))
    stopped = dict(_count_stopped(where))
    rows = session().scalars(
        select(Installation)
        .outerjoin(Credential)
        .outerjoin(Endpoint)
        .where(
            Installation.state.in_((_S.CONNECTED, _S.PAUSED, _S.EXPIRED)),
            or_(
                Installation.state == _S.EXPIRED, Credential.expires_at <= soon, Endpoint.called_at.is_not(None),
                Installation.books_moved_to != "", Installation.answers_lost_at >= now() - _RELEVANT,
                Installation.id.in_(list(stopped)),
            ),
            *where,
        )
        .options(joinedload(Installation.credential), joinedload(Installation.endpoint))
        .order_by(Installation.id)
    )  # fmt: skip
    for row in rows.unique():
        yield from _findings_about(row, stopped.get(row.id, 0))


def _findings_about(row: Installation, stopped: int) -> Iterator[Finding]:
    ends = row.credential.expires_at if row.credential else None
    if row.state is _S.EXPIRED:
        yield Finding(kind=NoticeKind.LOST, installation=row, about_at=row.authorized_at or row.created_at)
    elif ends is not None:
        kind = next((kind for days, kind in THRESHOLDS if ends - now() <= dt.timedelta(days=days)), None)
        if kind is not None:
            yield Finding(kind=kind, installation=row, about_at=ends)
    if row.endpoint is not None and row.endpoint.called_at is not None and endpoints.is_silent(row.endpoint):
        yield Finding(kind=NoticeKind.SILENT, installation=row, about_at=row.endpoint.called_at)
    if row.books_moved_to:
        yield Finding(kind=NoticeKind.MOVED, installation=row, about_at=row.trouble_since or row.created_at)
    if row.answers_lost_at is not None and now() - row.answers_lost_at < _RELEVANT:
        yield Finding(kind=NoticeKind.UNREAD, installation=row, about_at=row.answers_lost_at)
    if stopped:
        today = now().replace(hour=0, minute=0, second=0, microsecond=0)
        yield Finding(kind=NoticeKind.DIGEST, installation=row, about_at=today, stopped=stopped)


def _count_stopped(where: Iterable[ColumnElement[bool]]) -> list[tuple[int, int]]:
    """Return the number of stopped deliveries, by installation."""
    query = (
        select(Delivery.installation_id, func.count())
        .join(Installation)
        .where(Delivery.state == DeliveryState.STOPPED, *where)
        .group_by(Delivery.installation_id)
    )
    return [(installation_id, count) for installation_id, count in session().execute(query)]


def _find_given(installation_ids: set[int]) -> list[Notice]:
    if not installation_ids:
        return []
    recent = or_(Notice.kind != NoticeKind.DIGEST, Notice.noticed_at > now() - _SAME)
    return list(session().scalars(select(Notice).where(Notice.installation_id.in_(installation_ids), recent)))


def _is_same(finding: Finding, notice: Notice) -> bool:
    """Return True if a notice is about this finding. A digest is about a day."""
    if (notice.installation_id, notice.kind) != (finding.installation.id, finding.kind):
        return False
    near = _SAME if finding.kind in {kind for _, kind in THRESHOLDS} else dt.timedelta(0)
    return abs(notice.about_at - finding.about_at) <= near


def _give_notices(findings: Mapping[str, Finding]) -> None:
    """Create notices, by their mark, unless another scheduler was faster or it was told today already."""
    rows = [
        {
            "organization_id": one.installation.organization_id, "installation_id": one.installation.id,
            "kind": one.kind, "mark": mark, "about_at": one.about_at,
        }
        for mark, one in findings.items()
    ]  # fmt: skip
    created = insert_into(Notice).on_conflict_do_nothing(index_elements=[Notice.mark]).returning(Notice.mark)
    for mark in session().scalars(created, rows).all():
        _note(findings[mark].installation, findings[mark].kind, "given")
    commit()


def _note(installation: Installation, kind: NoticeKind, outcome: str) -> None:
    events.later(
        session(), events.NOTICE, organization=installation.organization_id, installation=installation.id,
        integration=installation.integration, reason=kind.value, outcome=outcome,
    )  # fmt: skip


def _is_due() -> tuple[ColumnElement[bool], ...]:
    return Notice.due_at <= now(), Notice.noticed_at > now() - _RELEVANT


def _close_notice(notice_id: int, **values: object) -> None:
    changes_one(update(Notice).where(Notice.id == notice_id).values(**values))
    commit()
