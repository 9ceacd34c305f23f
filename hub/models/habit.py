"""What a person chose last in the send dialog, so that the next order begins with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base, Json


class Habit(Base):
    """`chosen` holds the kinds of purchases that were sent along, the tax, and what the tax was by default then."""

    __tablename__ = "hub_habit"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("hub_installation.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    chosen: Mapped[dict[str, Any]] = mapped_column(Json)
