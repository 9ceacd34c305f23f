"""Names that QuickBooks Desktop can keep: short, without a colon, and still telling two long ones apart."""

from __future__ import annotations

import base64
import hashlib

from quickbooks_desktop.qbxml import printable

CUSTOMER_LENGTH = 41
ITEM_LENGTH = 31
_MARK = 5


def fitting(name: str, length: int) -> str:
    """Return the name as QuickBooks keeps it: unchanged if it fits, else shortened, with a mark made of the whole name.

    Two different names never get the same short one (but for one case in 33 million), and the same name always gets
    the same, so that a second order finds what the first one entered. A colon would make it a job or a sub-item of
    another entry; a dash stands in its place.
    """
    whole = " ".join(printable(name).split())
    if len(whole) <= length and ":" not in whole:
        return whole
    digest = hashlib.sha256(whole.casefold().encode()).digest()
    mark = base64.b32encode(digest).decode("ascii")[:_MARK]
    return f"{whole.replace(':', '-')[: length - _MARK - 1].rstrip()}~{mark}"
