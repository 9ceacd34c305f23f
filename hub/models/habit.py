"""The last choices of a user in the send dialog, with which the next order begins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base, Json


class Habit(Base):
    """The last choices of a user: the kinds of purchase documents, the tax, and the default tax at that time."""

    __tablename__ = "hub_habit"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("hub_installation.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    chosen: Mapped[dict[str, Any]] = mapped_column(Json)
