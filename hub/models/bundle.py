"""Orders that a person sent together."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.database import Base, Json, Moment, now
from hub.models.installation import Installation


class Bundle(Base):
    """Orders that a person sent together, and what became of them.

    `left` are the ids of the orders that are not processed yet, in their order. `problems` are those of the orders that
    could not be queued, by order id. Both change in the transaction that writes the deliveries, so that an order is
    left, has problems, or is queued, whatever process dies. `due_at` is when a worker should continue; empty once
    nothing is left.

    `key` comes from the form, so that clicking Send twice makes one bundle. `teams` are those of the person, for a host
    that does not list everybody who may send.
    """

    __tablename__ = "hub_bundle"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    organization_id: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    sent_by: Mapped[str] = mapped_column(String(200))
    teams: Mapped[list[str]] = mapped_column(Json, default=list)
    documents: Mapped[list[str]] = mapped_column(Json)
    order_ids: Mapped[list[str]] = mapped_column(Json)
    left: Mapped[list[str]] = mapped_column(Json)
    problems: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    sent_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    trace: Mapped[str] = mapped_column(String(55), default="")
    due_at: Mapped[dt.datetime | None] = mapped_column(Moment, index=True, default=now)

    installation: Mapped[Installation] = relationship()

    __table_args__ = (
        UniqueConstraint("organization_id", "key"),
        Index("ix_hub_bundle_recent", "organization_id", "sent_at"),
        Index("ix_hub_bundle_installation_id", "installation_id"),
    )
