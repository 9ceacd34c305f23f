"""Leases: which process may do something of which there must be only one at a time."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base, Moment, enum_column


class LeaseKind(enum.StrEnum):
    """Which right a lease gives, over the installation of its id."""

    DELIVERIES = "deliveries"  # To bring its deliveries to the ledger, and outcomes back.
    CREDENTIALS = "credentials"  # To exchange its credentials for fresh ones.


class Lease(Base):
    """The right of one process over one installation, until `until`; whoever comes later may take it over.

    `token` names the process. `deaths` counts the processes that died of themselves while they held it, one after the
    other; it begins anew with each lease that is released.
    """

    __tablename__ = "hub_lease"

    kind: Mapped[LeaseKind] = mapped_column(enum_column(LeaseKind), primary_key=True)
    installation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token: Mapped[str] = mapped_column(String(64), index=True)
    until: Mapped[dt.datetime] = mapped_column(Moment)
    deaths: Mapped[int] = mapped_column(default=0)
