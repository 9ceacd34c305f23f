"""The endpoint that a ledger polls, and its current polling session."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.database import Base, Moment, Said
from hub.models.installation import Installation


class Endpoint(Base):
    """The endpoint that the ledger of an installation polls, its login, and its current polling session.

    `address` is the secret part of the URL. `ticket` names the session, which ends at `ticket_until` unless the ledger
    calls again. `batch_id` is the batch that the ledger has, or had last. `asked` requests were made in the session,
    and about `remaining` are left. `waits_since` is when the ledger was first told to wait for a batch.
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
    """The time until which a user is about to send something, so that the session is kept open."""

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
