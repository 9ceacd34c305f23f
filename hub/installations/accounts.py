"""The Accounts tab: the records that fill the roles of an integration."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hub import access, scope
from hub.access import Actor
from hub.books import mappings
from hub.errors import ChangedMeanwhile, Incomplete
from hub.integrations import registry
from hub.models import Installation, note_change
from hub.plugin import say
from hub.queue import commit, rollback


def save_accounts(actor: Actor, installation_id: int, chosen: Mapping[str, str], *, seen: str = "") -> None:
    """Save the Accounts tab: record ids by role, empty for none. Roles that are not in `chosen` stay as they are.

    `seen` is the edition that the user saw; without it, the saved one is replaced. Raises `ChangedMeanwhile` if another
    one has been saved since, `Incomplete` for records that do not fit their role, `Forbidden` unless the actor manages.
    """
    installation = scope.lock_installation(access.managed_installation(actor, installation_id).id)
    integration = registry.find_integration(installation.integration)
    theirs = accounts_edition(installation)
    ours = {field.key: chosen[field.key] for field in integration.mappings if field.key in chosen}
    if seen and theirs not in {seen, _hash_choices({**saved_accounts(installation), **ours})}:
        rollback()
        raise ChangedMeanwhile(say("Someone else saved this while you had it open. Nothing was changed."))
    try:
        mappings.save_mappings(installation, integration, ours)
    except Incomplete:
        rollback()
        raise
    note_change(installation, "accounts")
    commit()


def saved_accounts(installation: Installation) -> dict[str, str]:
    """Return the ids of the entries that are saved, by role."""
    return {role: ref.id for role, ref in mappings.find_mappings(installation.id).items()}


def accounts_edition(installation: Installation) -> str:
    """Return a hash of the saved accounts, with which a form notices that they were changed since it was opened."""
    return _hash_choices(saved_accounts(installation))


def _hash_choices(chosen: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(one for one in chosen.items() if one[1])).encode()).hexdigest()[:16]
