"""An installation: one organization's use of an integration, its line, its credentials, its attempts to authorize."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, and_
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from hub.database import Base, Json, Moment, Said, enum_column, now
from hub.models.lease import Lease, LeaseKind
from hub.states import InstallationState, next_state

if TYPE_CHECKING:
    from hub.models.endpoint import Endpoint


class Installation(Base):
    """One organization's use of an integration.

    `resume_at` is when its lease (`hub.models.Lease`) may be acquired next, after an outage or a limit.
    """

    __tablename__ = "hub_installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64))
    integration: Mapped[str] = mapped_column(String(64))
    state: Mapped[InstallationState] = mapped_column(enum_column(InstallationState), default=InstallationState.PENDING)
    installed_by: Mapped[str] = mapped_column(String(200))
    authorized_by: Mapped[str] = mapped_column(String(200), default="")
    authorized_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    changed_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)

    books_id: Mapped[str] = mapped_column(String(64), default="")
    books_name: Mapped[str] = mapped_column(String(200), default="")
    books_country: Mapped[str] = mapped_column(String(64), default="")
    books_currency: Mapped[str] = mapped_column(String(3), default="")
    books_ways: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """How these books work, as `describe_books` last found: a `hub.plugin.Books` as JSON, without what stands above."""
    books_place: Mapped[str] = mapped_column(Text, default="")
    """Where the ledger keeps them, if it says so: the path of the company file."""
    books_moved_to: Mapped[str] = mapped_column(Text, default="")
    """Another place from which it has called since; empty unless an admin has to say whether it is a copy."""
    check_due_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    """When they are asked again; empty while they are being asked."""
    checked_at: Mapped[dt.datetime | None] = mapped_column(Moment)

    options: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    documents: Mapped[list[str]] = mapped_column(Json, default=list)
    visible_to: Mapped[dict[str, Any]] = mapped_column(Json, default=lambda: {"who": "everyone", "ids": []})
    item_source: Mapped[str] = mapped_column(String(64), default="")
    billable: Mapped[bool] = mapped_column(default=False)
    tax: Mapped[str] = mapped_column(String(80), default="")

    resume_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    trouble: Mapped[str] = mapped_column(Said, default="")
    """Why nothing moves at present, as a sentence; empty while the ledger answers."""
    trouble_since: Mapped[dt.datetime | None] = mapped_column(Moment)
    answers_lost_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    """When an answer was lost for the third time in a row."""

    credential: Mapped[Credential | None] = relationship(back_populates="installation", cascade="all, delete-orphan")

    endpoint: Mapped[Endpoint | None] = relationship(back_populates="installation", cascade="all, delete-orphan")

    lease: Mapped[Lease | None] = relationship(
        primaryjoin=lambda: and_(
            Installation.id == foreign(Lease.installation_id), Lease.kind == LeaseKind.DELIVERIES
        ),
        viewonly=True,
    )

    __table_args__ = (
        Index(
            "uq_hub_installation_live",
            "organization_id",
            "integration",
            unique=True,
            sqlite_where=state != InstallationState.REMOVED,
            postgresql_where=state != InstallationState.REMOVED,
        ),
        Index("ix_hub_installation_due", "state", "resume_at"),
    )

    @property
    def is_driven(self) -> bool:
        """True while a process has the lease of its deliveries."""
        return self.lease is not None and self.lease.until >= now()

    def move(self, to: InstallationState) -> None:
        """Change the state. Raises `IllegalMove`."""
        self.state = next_state(self.state, to)
        self.changed_at = now()


class Credential(Base):
    """The encrypted credentials of an installation. Read and written by `hub.dispatch.credentials` only.

    `version` counts the exchanges for fresh ones. `expires_at` is the earlier of the end that renewals move and of
    `ends_at`, which none moves. `keep_at` is when they are renewed next though nobody uses them.

    A loss counts only when it has been confirmed: `renewal_refused_at` is when a renewal was refused for the first
    time, `access_refused_at` when the books refused credentials that were fresh; both are empty while all is well.
    """

    __tablename__ = "hub_credential"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("hub_installation.id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    renew_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    expires_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    ends_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    keep_at: Mapped[dt.datetime | None] = mapped_column(Moment, index=True)
    renewal_refused_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    access_refused_at: Mapped[dt.datetime | None] = mapped_column(Moment)

    installation: Mapped[Installation] = relationship(back_populates="credential")

    def __repr__(self) -> str:
        return f"<Credential of installation {self.installation_id}, version {self.version}>"


class Authorization(Base):
    """One step of an admin's attempt to authorize: what its `state` must match when the browser comes back. Used once;
    what the plugin asked to keep until then is encrypted, and gone when it is used."""

    __tablename__ = "hub_authorization"

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("hub_installation.id", ondelete="CASCADE"), index=True)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str] = mapped_column(String(64))
    user_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[dt.datetime] = mapped_column(Moment)
    used_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    kept: Mapped[str] = mapped_column(Text, default="")

    installation: Mapped[Installation] = relationship()
