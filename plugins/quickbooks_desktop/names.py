"""Shorten names for QuickBooks Desktop: no colon, and two different long names stay different."""

from __future__ import annotations

import base64
import hashlib

from quickbooks_desktop.qbxml import printable

CUSTOMER_LENGTH = 41
ITEM_LENGTH = 31
_MARK = 5


def fit_name(name: str, length: int) -> str:
    """Return the name unchanged if it fits, else shortened, with a mark made from a hash of the whole name.

    Two different names do not get the same short one (except in one case of 33 million), and the same name always
    gets the same one, so that a second order finds the record that the first one created. A colon would make it a job
    or a sub-item of another record, so a dash replaces it.
    """
    whole = " ".join(printable(name).split())
    if len(whole) <= length and ":" not in whole:
        return whole
    digest = hashlib.sha256(whole.casefold().encode()).digest()
    mark = base64.b32encode(digest).decode("ascii")[:_MARK]
    return f"{whole.replace(':', '-')[: length - _MARK - 1].rstrip()}~{mark}"
