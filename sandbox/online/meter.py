"""The meter: reads and writes are counted per company and month of the sandbox's clock; reads have a monthly limit."""

from __future__ import annotations

from typing import Any

from sandbox.online.refusals import Turned
from sandbox.online.storage import Session

CEILING = 500_000
"""Reads per month of an app in Intuit's free tier, for all its companies together."""

_FACT = "meter:ceiling"


def count(session: Session, realm: str, reads: int, writes: int) -> None:
    """Count the reads and writes of an answered call."""
    session.connection.execute(
        "INSERT INTO meter VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET reads = reads + excluded.reads, writes = writes + excluded.writes",
        (realm, _month(session), reads, writes),
    )


def check(session: Session) -> None:
    """Raise `Turned` (429) if the app has used up its reads of the month. Intuit does not document its answer; this one
    has the format of its other limits, without Retry-After."""
    used = session.connection.execute("SELECT sum(reads) FROM meter WHERE month = ?", (_month(session),)).fetchone()[0]
    if (used or 0) >= int(session.fact(_FACT, CEILING)):
        message = "message=CorePlusLimitExceeded; errorCode=003001; statusCode=429"
        raise Turned(429, "3001", message, "The monthly limit of CorePlus calls was reached.", "SERVICE")


def set_ceiling(session: Session, reads: int) -> None:
    """Set the app's limit of reads per month."""
    session.set_fact(_FACT, reads)


def read(session: Session, realm: str) -> dict[str, Any]:
    """Return a company's reads and writes in the current month, and the app's limit of reads."""
    month = _month(session)
    row = session.connection.execute(
        "SELECT reads, writes FROM meter WHERE realm = ? AND month = ?", (realm, month)
    ).fetchone()
    reads, writes = row or (0, 0)
    return {"month": month, "reads": reads, "writes": writes, "ceiling": int(session.fact(_FACT, CEILING))}


def _month(session: Session) -> str:
    return session.now().strftime("%Y-%m")
