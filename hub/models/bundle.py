"""Orders that a person sent together, from the moment Send was pressed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.database import Base, Json, Moment, now
from hub.models.installation import Installation


class Bundle(Base):
    """What somebody wants sent, until each order of it has been queued; afterwards what came of it.

    `left` are the ids of the orders that nobody has looked at yet, in their order. What kept one from being queued
    stands in `held`, as problems by the order's id. Both change in the transaction that writes the deliveries, so an
    order is left, or held, or queued, whatever dies meanwhile. `due_at` is when a worker should look after it next;
    empty once nothing is left.

    `key` is of the form that was filled in: pressing its Send twice makes one bundle. `teams` are those of the person,
    for a host that does not list everybody who may send.
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
    held: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    sent_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    trace: Mapped[str] = mapped_column(String(55), default="")
    due_at: Mapped[dt.datetime | None] = mapped_column(Moment, index=True, default=now)

    installation: Mapped[Installation] = relationship()

    __table_args__ = (
        UniqueConstraint("organization_id", "key"),
        Index("ix_hub_bundle_recent", "organization_id", "sent_at"),
        Index("ix_hub_bundle_installation_id", "installation_id"),
    )
