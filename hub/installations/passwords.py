"""The password with which a ledger that polls us signs in."""

from __future__ import annotations

from hub import access
from hub.access import Actor
from hub.dispatch import endpoints
from hub.models import note_change


def change_password(actor: Actor, installation_id: int, *, instead_of: str) -> str:
    """Return a new password for the ledger. The old one stops working. The password is returned only here; a hash of it
    is stored.

    `instead_of` is the edition to replace (`endpoints.edition`). Raises `NotPossible` if that is not the current one,
    or if the ledger does not poll; `Forbidden` unless the actor manages.
    """
    note_change(access.managed_installation(actor, installation_id), "password")
    return endpoints.new_password(actor.organization.id, installation_id, instead_of=instead_of)


def renew_login(actor: Actor, installation_id: int) -> None:
    """Give the ledger another login. The connection file with the old one stops working; the password stays.

    Raises `NotPossible` if the ledger does not poll; `Forbidden` unless the actor manages.
    """
    note_change(access.managed_installation(actor, installation_id), "connection file")
    endpoints.renew_login(actor.organization.id, installation_id)
