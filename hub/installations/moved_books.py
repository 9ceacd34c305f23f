"""Books that are in another place than before: the same ones moved, or a copy of them."""

from __future__ import annotations

from hub import access
from hub.access import Actor
from hub.errors import NotPossible
from hub.models import note_change
from hub.plugin import say
from hub.queue import commit


def confirm_moved_books(actor: Actor, installation_id: int, *, place: str) -> None:
    """Say that `place` has the books, and not a copy of them: the next session goes on there.

    Raises `NotPossible` if that is not where the ledger called from last; `Forbidden` unless the actor manages.
    """
    installation = access.managed_installation(actor, installation_id)
    if not place or installation.books_moved_to != place:
        raise NotPossible(say("The company file is not there any more. Load this page again."))
    note_change(installation, "company file")
    installation.books_place, installation.books_moved_to = place, ""
    installation.trouble, installation.trouble_since = "", None
    commit()
