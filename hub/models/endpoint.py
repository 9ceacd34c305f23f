"""The endpoint that a ledger polls, and its current session."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.database import Base, Moment, Said
from hub.models.installation import Installation


class Endpoint(Base):
    """Where the ledger of an installation calls, how it is known, and how far its present session is.

    `address` is the part of the URL that nobody can guess. `ticket` names the session, which lasts until it has been
    silent beyond `ticket_until`; `batch_id` is what the ledger has, or had last; so many requests it was `asked` in
    the session, and about so many are `remaining`. `waits_since` is when it was first asked to come back in a moment.
    """

    __tablename__ = "hub_endpoint"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("hub_installation.id", ondelete="CASCADE"), primary_key=True
    )
    address: Mapped[str] = mapped_column(String(64), unique=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(Text, default="")
    password_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    refused: Mapped[int] = mapped_column(default=0)
    refused_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    minutes: Mapped[int] = mapped_column(default=15)
    client: Mapped[str] = mapped_column(String(40), default="")
    called_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    dialect: Mapped[str] = mapped_column(String(20), default="")
    attended_until: Mapped[dt.datetime | None] = mapped_column(Moment)
    """Until when somebody is about to send something, so that a session is worth keeping open."""

    ticket: Mapped[str | None] = mapped_column(String(32))
    ticket_until: Mapped[dt.datetime | None] = mapped_column(Moment)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("hub_batch.id", ondelete="SET NULL"))
    waits_since: Mapped[dt.datetime | None] = mapped_column(Moment)
    asked: Mapped[int] = mapped_column(default=0)
    remaining: Mapped[int] = mapped_column(default=0)
    complaint: Mapped[str] = mapped_column(Said, default="")

    installation: Mapped[Installation] = relationship(back_populates="endpoint")

    def __repr__(self) -> str:
        return f"<Endpoint of installation {self.installation_id}>"
