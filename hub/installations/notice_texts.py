"""The texts of notices, the same for banner and mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from hub.database import now
from hub.integrations import registry
from hub.models import Installation, NoticeKind
from hub.plugin import Sentence, say, say_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fact that an admin should know now. `about_at` is the moment that it is about: the expiry, the last call."""

    kind: NoticeKind
    installation: Installation
    about_at: dt.datetime
    stopped: int = 0

    @property
    def mark(self) -> str:
        """The key that makes a notice unique: installation, kind and day."""
        return f"{self.installation.id}/{self.kind}/{now():%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeText:
    """The text of a notice with its button, which leads to `endpoint` with `values`. `tone` is bad if nothing is sent
    any more."""

    what: str
    why: str
    button: str
    endpoint: str
    values: Mapping[str, str | int]
    tone: str


def describe_finding(finding: Finding) -> NoticeText:
    """Return the text of a finding."""
    row = finding.installation
    label, here = registry.label_of(row.integration), {"installation_id": row.id}
    books = say("%(product)s (%(books)s)", product=label, books=row.books_name) if row.books_name else label
    match finding.kind:
        case NoticeKind.LOST:
            return NoticeText(
                what=say("Your connection to %(books)s has expired.", books=books),
                why=say(
                    "Nothing is sent until an admin signs in again. Until then, everything is kept here and goes out "
                    "afterwards."
                ),
                button=say("Re-authenticate"), endpoint="hub.authorize", values=here, tone="bad",
            )  # fmt: skip
        case NoticeKind.SILENT:
            return NoticeText(
                what=say("The Web Connector for %(books)s has stopped calling.", books=books),
                why=say(
                    "Its last call was on %(day)s at %(time)s UTC. On its computer, start QuickBooks and the Web "
                    "Connector, and make sure Auto-Run is checked. Nothing is lost.",
                    day=finding.about_at.date(), time=f"{finding.about_at:%H:%M}",
                ),
                button=say("View connection"), endpoint="hub.endpoint_panel", values=here, tone="bad",
            )  # fmt: skip
        case NoticeKind.MOVED:
            return NoticeText(
                what=say("The company file of %(books)s is in another place.", books=books),
                why=say(
                    "It is now %(place)s, and was %(before)s. It may be a copy or a backup. Nothing is sent until an "
                    "admin confirms it.", place=row.books_moved_to, before=row.books_place,
                ),
                button=say("View connection"), endpoint="hub.endpoint_panel", values=here, tone="bad",
            )  # fmt: skip
        case NoticeKind.UNREAD:
            return NoticeText(
                what=say("Answers from %(books)s did not arrive.", books=books),
                why=say(
                    "The same question was asked three times, and its answer never arrived whole. It is asked in "
                    "smaller pieces, and nothing is entered twice. If this comes back, ask whoever runs this "
                    "application whether a proxy refuses large requests (413) or fails (502)."
                ),
                button=say("Review"), endpoint="hub.activity", values=here, tone="wait",
            )  # fmt: skip
        case NoticeKind.DIGEST:
            count = finding.stopped
            return NoticeText(
                what=say_count(
                    "%(num)s entry needs attention in %(books)s.", "%(num)s entries need attention in %(books)s.",
                    count, books=books,
                ),
                why=say_count(
                    "%(product)s rejected it, or it needs your input.",
                    "%(product)s rejected them, or they need your input.", count, product=label.split()[0],
                ),
                button=say("Review"),
                endpoint="hub.attention", values={}, tone="wait",
            )  # fmt: skip
        case _:
            return NoticeText(
                what=_describe_expiry(books, days_left(finding.about_at)),
                why=say(
                    "Access expires on %(day)s. Signing in again takes a minute and interrupts nothing.",
                    day=finding.about_at.date(),
                ),
                button=say("Re-authenticate"), endpoint="hub.authorize", values=here, tone="wait",
            )  # fmt: skip


def days_left(moment: dt.datetime) -> int:
    """Return the days until a moment, rounded up; 0 if it has passed."""
    return max(0, -((now() - moment) // dt.timedelta(days=1)))


def _describe_expiry(books: str, days: int) -> Sentence:
    if not days:
        return say("Your connection to %(books)s expires today.", books=books)
    return say_count(
        "Your connection to %(books)s expires in a day.", "Your connection to %(books)s expires in %(num)s days.", days,
        books=books,
    )  # fmt: skip
