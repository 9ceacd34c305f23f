"""Conversations, their exchanges, and the batches that carry these: the audit trail that an accountant asks for."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from hub.database import Base, Json, Moment, Packed, Said, enum_column, now
from hub.models.delivery import Delivery
from hub.models.installation import Installation
from hub.plugin import Batch, Payload, Request
from hub.states import BatchState, ConversationState, next_state


class Purpose(enum.StrEnum):
    """Which conversation of the integration it is."""

    CHECK = "check"
    FETCH = "fetch"
    CREATE = "create"
    POST = "post"
    RECOVER = "recover"


class ConversationRow(Base):
    """One conversation with the books: `argument` is all that its generator is given, as it was at its beginning.

    A delivery has as many conversations as it was begun anew. One that is OPEN is continued, by whichever process, by
    replaying its exchanges; `subject` keeps what it was about for the replay.
    """

    __tablename__ = "hub_conversation"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(enum_column(Purpose))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("hub_delivery.id"), index=True)
    argument: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[ConversationState] = mapped_column(enum_column(ConversationState), default=ConversationState.OPEN)
    outcome: Mapped[str] = mapped_column(Said, default="")
    begun_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Moment)

    installation: Mapped[Installation] = relationship()
    delivery: Mapped[Delivery | None] = relationship()
    exchanges: Mapped[list[Exchange]] = relationship(back_populates="conversation", order_by="Exchange.position")

    __table_args__ = (Index("ix_hub_conversation_open", "installation_id", "state"),)

    @property
    def trace(self) -> str:
        """The trace of its delivery; empty for a conversation about lists, or where nothing is traced."""
        return self.delivery.trace if self.delivery is not None else ""

    def move(self, to: ConversationState) -> None:
        """Change the state. Raises `IllegalMove`."""
        self.state = next_state(self.state, to)
        self.ended_at = now()


class BatchRow(Base):
    """One trip to the ledger. Written with its bytes before it leaves, repeated under its key until it is answered."""

    __tablename__ = "hub_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    idempotency_key: Mapped[str] = mapped_column(String(20), unique=True)
    body: Mapped[str] = mapped_column(Text, default="")
    size: Mapped[int] = mapped_column(default=0)
    """The number of requests that are encoded in it."""
    received: Mapped[str] = mapped_column(Packed, default="", deferred=True)
    """The answer as a ledger that calls us handed it in, until it is read."""
    writes: Mapped[bool] = mapped_column(default=False)
    state: Mapped[BatchState] = mapped_column(enum_column(BatchState), default=BatchState.OPEN)
    written_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    fresh_since: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    """From when on its key is so old: when it was written, or when a person was asked to look for it in the books."""
    answered_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    unread: Mapped[int] = mapped_column(default=0)
    """How many times in a row it was handed out and its answer did not arrive, or could not be read."""
    tried_since: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    due_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    trouble: Mapped[str] = mapped_column(Said, default="")

    exchanges: Mapped[list[Exchange]] = relationship(back_populates="batch", order_by="Exchange.slot")

    __table_args__ = (Index("ix_hub_batch_open", "installation_id", "state", "due_at"),)

    @classmethod
    def laden(cls) -> ORMOption:
        """To load batches with all that they carry: in one statement more, rather than in two for each exchange."""
        exchange = selectinload(cls.exchanges)
        return exchange.joinedload(Exchange.conversation).joinedload(ConversationRow.delivery)

    def as_batch(self) -> Batch:
        """Return the batch as a plugin takes it."""
        return Batch(
            idempotency_key=self.idempotency_key,
            body=self.body,
            requests=tuple(Request(name=one.name, payload=one.payload, writes=one.writes) for one in self.exchanges),
        )

    def move(self, to: BatchState) -> None:
        """Change the state. Raises `IllegalMove`."""
        self.state = next_state(self.state, to)


class Exchange(Base):
    """One request and its response. `slot` is its place in the batch that carries it."""

    __tablename__ = "hub_exchange"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("hub_conversation.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    batch_id: Mapped[int] = mapped_column(ForeignKey("hub_batch.id", ondelete="CASCADE"), index=True)
    slot: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(Said)
    payload: Mapped[Payload] = mapped_column(Json)
    writes: Mapped[bool] = mapped_column()
    response: Mapped[Payload | None] = mapped_column(Json)
    asked_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Moment)

    conversation: Mapped[ConversationRow] = relationship(back_populates="exchanges")
    batch: Mapped[BatchRow] = relationship(back_populates="exchanges")

    __table_args__ = (UniqueConstraint("conversation_id", "position"),)
