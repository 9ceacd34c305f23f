"""A delivery: the task of bringing one document, or one new record, into the books."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from hub.database import Base, Json, Moment, Money, Said, enum_column, now, said_of
from hub.models.installation import Installation
from hub.states import DeliveryState, StopReason, next_state

needs = Table(
    "hub_need",
    Base.metadata,
    Column("delivery_id", ForeignKey("hub_delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("needed_id", ForeignKey("hub_delivery.id"), primary_key=True, index=True),
)
"""Which deliveries another one waits for: an invoice for its new customer, a payment for its invoice."""


def search_key(text: str) -> str:
    """Return the form in which deliveries are searched: without regard to case and blanks."""
    return " ".join(text.split()).casefold()[:500]


def _party(subject: dict[str, Any] | None) -> str:
    """Return the name of a document's customer or vendor; it stands in its snapshot (`hub.serialization`)."""
    party = (subject or {}).get("customer") or (subject or {}).get("vendor") or {}
    return str(party.get("name", ""))


class Delivery(Base):
    """One document or new record on its way into the books, and afterwards the proof that it arrived.

    `source` names what of the host it comes from ("order/1042", "order/1042/payment/7", "company/12",
    "item/<name key>"), `kind` what it becomes there. `subject` is the document or record as JSON, with empty refs
    where it waits for another delivery; `choices` is what the person chose, so that a retry can build it anew.
    """

    __tablename__ = "hub_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id"))
    organization_id: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(32))
    order_id: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Said)
    subject: Mapped[dict[str, Any]] = mapped_column(Json)
    choices: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState))
    reason: Mapped[StopReason | None] = mapped_column(enum_column(StopReason))
    problems: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """What stopped it; or, on a posted one, in what the books differ from what was sent."""
    reference: Mapped[str] = mapped_column(String(32), default="")
    """Of a crash, as it stands in the log."""
    due_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    tries: Mapped[int] = mapped_column(default=0)
    tried_since: Mapped[dt.datetime | None] = mapped_column(Moment)

    sent_by: Mapped[str] = mapped_column(String(200))
    sent_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    moved_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    trace: Mapped[str] = mapped_column(String(55), default="")
    """Of the click that sent it, or tried it again (`hub.tracing`); empty where nothing is traced."""

    posting_id: Mapped[str] = mapped_column(String(64), default="")
    posting_number: Mapped[str] = mapped_column(String(100), default="")
    posting_total: Mapped[Decimal | None] = mapped_column(Money)
    posting_lines: Mapped[list[str]] = mapped_column(Json, default=list)
    posting_version: Mapped[str] = mapped_column(String(64), default="")

    search_key: Mapped[str] = mapped_column(String(500), default="")
    """All that a person may look for, in one: its title, party, numbers, sender, and what stopped it."""

    installation: Mapped[Installation] = relationship()
    needs: Mapped[list[Delivery]] = relationship(
        secondary=needs,
        primaryjoin=lambda: Delivery.id == needs.c.delivery_id,
        secondaryjoin=lambda: Delivery.id == needs.c.needed_id,
        order_by=lambda: Delivery.id,
    )

    __table_args__ = (
        Index(
            "uq_hub_delivery_live",
            "installation_id",
            "source",
            "kind",
            unique=True,
            sqlite_where=state != DeliveryState.CANCELLED,
            postgresql_where=state != DeliveryState.CANCELLED,
        ),
        Index("ix_hub_delivery_due", "installation_id", "state", "due_at"),
        Index("ix_hub_delivery_order", "organization_id", "order_id"),
        Index("ix_hub_delivery_source", "source", "kind"),
        Index("ix_hub_delivery_activity", "installation_id", "state", "id", "search_key"),
    )

    @property
    def party(self) -> str:
        """The name of a document's customer or vendor; empty for a new record, whose title has it."""
        return _party(self.subject)

    @validates("title", "subject", "order_id", "sent_by", "posting_number", "problems")
    def _index(self, name: str, value: Any) -> Any:
        """Keep `search_key` in step with what it is made of."""
        known = {one: getattr(self, one) for one in ("title", "order_id", "sent_by", "posting_number", "problems")}
        known |= {name: value}
        party = _party(value if name == "subject" else self.subject)
        said = [said_of(problem.get("what", "")) for problem in known["problems"] or ()]
        parts = [known["title"], party, known["order_id"], known["posting_number"], known["sent_by"], *said]
        self.search_key = search_key(" ".join(part for part in parts if part))
        return value

    @property
    def voids(self) -> bool:
        """True if it voids, or has voided, what it had brought into the books."""
        return bool((self.subject.get("revises") or {}).get("voids"))

    def move(self, to: DeliveryState, *, reason: StopReason | None = None) -> None:
        """Change the state; only STOPPED has a reason. Raises `IllegalMove`."""
        self.state = next_state(self.state, to)
        self.reason = reason
        self.moved_at = now()
