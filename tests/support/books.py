"""What our copies of the books say."""

from __future__ import annotations

from hub.books.links import find_records_by_name
from hub.models import RecordRow
from hub.plugin import RecordKind, name_key


def record_named(installation_id: int, kind: RecordKind, name: str) -> RecordRow:
    """Return the active record of a name. Raises `KeyError` if there is none."""
    return find_records_by_name(installation_id, {kind: [name]})[kind, name_key(name)]
