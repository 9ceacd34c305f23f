"""Metered usage, by month."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base


class Usage(Base):
    """The usage of an installation in a calendar month (UTC), as its ledger counts it, of the trips that were answered.
    """

    __tablename__ = "hub_usage"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("hub_installation.id", ondelete="CASCADE"), primary_key=True
    )
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """As in 2026-11."""
    calls: Mapped[int] = mapped_column(default=0)
    reads: Mapped[int] = mapped_column(default=0)
    writes: Mapped[int] = mapped_column(default=0)
