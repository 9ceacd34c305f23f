"""The words of a notice, which are the same on a banner and in a mail, and its one button."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from hub.database import now
from hub.models import Installation, NoticeKind
from hub.services.integrations import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that an admin should know now. `about_at` is the moment that it is about: the end, the last call."""

    kind: NoticeKind
    installation: Installation
    about_at: dt.datetime
    stopped: int = 0

    @property
    def mark(self) -> str:
        """What there may be one of: a kind, for an installation, on a day."""
        return f"{self.installation.id}/{self.kind}/{now():%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What, why and the cure. The button leads to `endpoint` with `values`; `tone` is bad if nothing moves any more."""

    what: str
    why: str
    button: str
    endpoint: str
    values: Mapping[str, str | int]
    tone: str


def tell(finding: Finding) -> Told:
    """Put a finding into words."""
    row = finding.installation
    label, here = registry.label(row.integration), {"installation_id": row.id}
    books = f"{label} ({row.books_name})" if row.books_name else label
    match finding.kind:
        case NoticeKind.LOST:
            return Told(
                what=f"{books} does not accept our authorization any more.",
                why="Nothing is sent until an admin signs in again. What was sent meanwhile waits here, and then goes "
                "out by itself.",
                button="Re-authenticate", endpoint="hub.authorize", values=here, tone="bad",
            )  # fmt: skip
        case NoticeKind.SILENT:
            return Told(
                what=f"The Web Connector of {books} has stopped calling.",
                why=f"Its last call was on {day(finding.about_at)} at {finding.about_at:%H:%M} UTC. On its computer: "
                "start QuickBooks and the Web Connector, and look that Auto-Run is ticked. Nothing is lost meanwhile.",
                button="Look at the connection", endpoint="hub.door", values=here, tone="bad",
            )  # fmt: skip
        case NoticeKind.DIGEST:
            one = finding.stopped == 1
            return Told(
                what=f"{finding.stopped} {'entry needs' if one else 'entries need'} attention in {books}.",
                why="The books, or something that is not chosen yet, stopped "
                f"{'it. It waits' if one else 'them. They wait'} for a person.",
                button="Look at it" if one else "Look at them",
                endpoint="hub.activity", values={**here, "state": "attention"}, tone="wait",
            )  # fmt: skip
        case _:
            return Told(
                what=f"The authorization of {books} ends {in_days(finding.about_at)}.",
                why=f"On {day(finding.about_at)} it ends for good, and nothing is sent from then on. To sign in again "
                "takes a minute, and nothing is interrupted.",
                button="Re-authenticate", endpoint="hub.authorize", values=here, tone="wait",
            )  # fmt: skip


def day(moment: dt.datetime) -> str:
    """ "3 Mar 2027"."""
    return f"{moment.day} {moment:%b %Y}"


def days_left(moment: dt.datetime) -> int:
    """How many days there are until then, begun ones too; 0 if it is over."""
    return max(0, -((now() - moment) // dt.timedelta(days=1)))


def in_days(moment: dt.datetime) -> str:
    days = days_left(moment)
    return "in a day" if days == 1 else f"in {days} days" if days else "now"
