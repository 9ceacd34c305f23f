"""Notices to the admins of an organization, by banner and mail."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.database import Base, Moment, enum_column, now
from hub.models.installation import Installation


class NoticeKind(enum.StrEnum):
    """The kinds of notice. The number of an EXPIRES_IN is that of the days left."""

    EXPIRES_IN_30 = "expires_in_30"
    EXPIRES_IN_7 = "expires_in_7"
    EXPIRES_IN_1 = "expires_in_1"
    LOST = "lost"
    SILENT = "silent"
    UNREAD = "unread"
    MOVED = "moved"
    DIGEST = "digest"


class Notice(Base):
    """A notice that was given. `mark` names installation, kind and day, so that there is one of a kind a day, however
    many schedulers run.

    `about_at` is the moment that it is about (the expiry, the last call), by which a finding is recognized that was
    given before. `due_at` is when its mail is tried next; empty if nothing is left to do.
    """

    __tablename__ = "hub_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64))
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"), index=True)
    kind: Mapped[NoticeKind] = mapped_column(enum_column(NoticeKind))
    mark: Mapped[str] = mapped_column(String(80), unique=True)
    about_at: Mapped[dt.datetime] = mapped_column(Moment)
    noticed_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    due_at: Mapped[dt.datetime | None] = mapped_column(Moment, index=True, default=now)
    tries: Mapped[int] = mapped_column(default=0)
    mailed_at: Mapped[dt.datetime | None] = mapped_column(Moment)

    installation: Mapped[Installation] = relationship()
