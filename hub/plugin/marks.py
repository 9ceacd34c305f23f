"""Marks by which a document is found again whose write has an unknown outcome (`Integration.recover`).

A mark is made from the idempotency key of the batch and the place of the request in it. So no two writes have the same
one, and a write that is repeated under its key has the same again. It is added when the batch is encoded.
"""

from __future__ import annotations

import hashlib
import re

_MARK = re.compile(r"\bRef\. ([0-9a-f]{12})\b")


def make_mark(key: str, place: int) -> str:
    """Return the mark of the request at a place (from 1) of the batch with this idempotency key: 12 hex digits."""
    return hashlib.sha256(f"{key}/{place}".encode()).hexdigest()[:12]


def write_mark(mark: str) -> str:
    """Return a mark as it stands in a note or reference of a document: "Ref. 0a1b2c3d4e5f"."""
    return f"Ref. {mark}"


def find_mark(*texts: str | None) -> str:
    """Return the last mark in the texts of a document in the books, or an empty string."""
    return next((found[-1] for text in reversed(texts) if (found := _MARK.findall(text or ""))), "")
