"""The password with which a ledger that calls us shows who it is."""

from __future__ import annotations

from hub import access
from hub.access import Actor
from hub.dispatch import endpoints
from hub.models import note_change


def change_password(actor: Actor, installation_id: int, *, instead_of: str) -> str:
    """Return a new password for the ledger; the old one stops working. It is given here once, and kept as a hash.

    `instead_of` is the edition that is to be replaced (`endpoints.edition`). Raises `NotPossible` if that is not the
    present one any more, or if the ledger does not call us; `Forbidden` unless the actor manages.
    """
    note_change(access.managed_installation(actor, installation_id), "password")
    return endpoints.new_password(actor.organization.id, installation_id, instead_of=instead_of)
