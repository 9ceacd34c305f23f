"""What reading costs: calls that read are counted by the month of the sandbox's clock, over all companies together."""

from __future__ import annotations

from typing import Any

from sandbox.online.refusals import Turned
from sandbox.online.storage import Session

CEILING = 500_000
"""Reads a month of an app in Intuit's free tier, all of its companies together."""

_FACT = "meter:ceiling"


def count(session: Session, realm: str, reads: int, writes: int) -> None:
    """Count a call that was answered."""
    session.connection.execute(
        "INSERT INTO meter VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET reads = reads + excluded.reads, writes = writes + excluded.writes",
        (realm, _month(session), reads, writes),
    )


def check(session: Session) -> None:
    """Turn away what reads when the month is used up, until the next one. What Intuit answers then is not documented:
    this is the shape of its other limits, without a word of when to come again."""
    used = session.connection.execute("SELECT sum(reads) FROM meter WHERE month = ?", (_month(session),)).fetchone()[0]
    if (used or 0) >= int(session.fact(_FACT, CEILING)):
        message = "message=CorePlusLimitExceeded; errorCode=003001; statusCode=429"
        raise Turned(429, "3001", message, "The monthly limit of CorePlus calls was reached.", "SERVICE")


def set_ceiling(session: Session, reads: int) -> None:
    """Let an app read so often in a month."""
    session.set_fact(_FACT, reads)


def read(session: Session, realm: str) -> dict[str, Any]:
    """Return what a company has cost in the present month, and what an app may read in all."""
    month = _month(session)
    row = session.connection.execute(
        "SELECT reads, writes FROM meter WHERE realm = ? AND month = ?", (realm, month)
    ).fetchone()
    reads, writes = row or (0, 0)
    return {"month": month, "reads": reads, "writes": writes, "ceiling": int(session.fact(_FACT, CEILING))}


def _month(session: Session) -> str:
    return session.now().strftime("%Y-%m")
