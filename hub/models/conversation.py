"""Conversations, their exchanges, and the envelopes that carry these: the audit trail that an accountant asks for."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from hub.database import Base, Json, Moment, Packed, Said, choice, now
from hub.models.delivery import Delivery
from hub.models.installation import Installation
from hub.plugin import Envelope as SealedEnvelope
from hub.plugin import Payload, Request
from hub.states import ENVELOPE, ConversationState, EnvelopeState, move


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
    purpose: Mapped[Purpose] = mapped_column(choice(Purpose))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("hub_delivery.id"), index=True)
    argument: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[ConversationState] = mapped_column(choice(ConversationState), default=ConversationState.OPEN)
    outcome: Mapped[str] = mapped_column(Said, default="")
    begun_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Moment)

    installation: Mapped[Installation] = relationship()
    delivery: Mapped[Delivery | None] = relationship()
    exchanges: Mapped[list[Exchange]] = relationship(back_populates="conversation", order_by="Exchange.position")

    __table_args__ = (Index("ix_hub_conversation_open", "installation_id", "state"),)


class Envelope(Base):
    """One trip to the ledger. Written with its bytes before it leaves, repeated under its key until it is answered."""

    __tablename__ = "hub_envelope"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(24), unique=True)
    body: Mapped[str] = mapped_column(Text, default="")
    size: Mapped[int] = mapped_column(default=0)
    """How many requests it was sealed with."""
    received: Mapped[str] = mapped_column(Packed, default="", deferred=True)
    """The answer as a ledger that calls us handed it in, until it is read."""
    writes: Mapped[bool] = mapped_column(default=False)
    state: Mapped[EnvelopeState] = mapped_column(choice(EnvelopeState), default=EnvelopeState.OPEN)
    written_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    fresh_since: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    """From when on its key is so old: when it was written, or when a person was asked to look for it in the books."""
    answered_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    tried_since: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    due_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    trouble: Mapped[str] = mapped_column(Said, default="")

    exchanges: Mapped[list[Exchange]] = relationship(back_populates="envelope", order_by="Exchange.slot")

    __table_args__ = (Index("ix_hub_envelope_open", "installation_id", "state", "due_at"),)

    @classmethod
    def laden(cls) -> ORMOption:
        """To load envelopes with all that they carry: in one statement more, rather than in two for each exchange."""
        exchange = selectinload(cls.exchanges)
        return exchange.joinedload(Exchange.conversation).joinedload(ConversationRow.delivery)

    def sealed(self) -> SealedEnvelope:
        """The envelope as a plugin takes it."""
        return SealedEnvelope(
            key=self.key,
            body=self.body,
            requests=tuple(Request(name=one.name, payload=one.payload, writes=one.writes) for one in self.exchanges),
        )

    def move(self, to: EnvelopeState) -> None:
        """Change the state, as `hub.states` allows."""
        self.state = move(ENVELOPE, self.state, to)


class Exchange(Base):
    """One request and its response. `slot` is its place in the envelope that carries it."""

    __tablename__ = "hub_exchange"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("hub_conversation.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    envelope_id: Mapped[int] = mapped_column(ForeignKey("hub_envelope.id", ondelete="CASCADE"), index=True)
    slot: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(Said)
    payload: Mapped[Payload] = mapped_column(Json)
    writes: Mapped[bool] = mapped_column()
    response: Mapped[Payload | None] = mapped_column(Json)
    asked_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Moment)

    conversation: Mapped[ConversationRow] = relationship(back_populates="exchanges")
    envelope: Mapped[Envelope] = relationship(back_populates="exchanges")

    __table_args__ = (UniqueConstraint("conversation_id", "position"),)
