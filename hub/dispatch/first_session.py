"""The first call of a ledger that calls us: an installation that was waiting for it is connected."""

from __future__ import annotations

from hub.books import description
from hub.books.refresh import refresh_lists
from hub.database import now
from hub.models import Installation
from hub.plugin import Books, Integration
from hub.queue import wake
from hub.states import InstallationState


def connect_on_first_session(installation: Installation, integration: Integration, books: Books) -> None:
    """The ledger has said which books it has open; if that is the first time, begin to speak with them."""
    description.store_identity(installation, books)
    if installation.state is InstallationState.PENDING:
        installation.authorized_by, installation.authorized_at = installation.installed_by, now()
        installation.move(InstallationState.CONNECTED)
        refresh_lists(installation, integration)
        description.begin_check(installation)
        wake(installation.id)
