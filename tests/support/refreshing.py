"""A process that renews an authorization when it is told to, and then asks the ledger who it is."""

from __future__ import annotations

import json
from multiprocessing.connection import Connection
from secrets import token_hex

from hub.database import session
from hub.models import Installation
from hub.plugin import Envelope, PushIntegration
from hub.queue import commit
from hub.services.carrying import secrets
from hub.services.integrations import registry
from tests.support.served import create_app


def renew(parent: Connection, database: str, key: str, settings: str, installation_id: int) -> None:
    """Say "ready", wait for an answer, renew and ask; then say "answered". The settings are JSON."""
    app = create_app(database, key)
    app.config.update(json.loads(settings))
    with app.app_context():
        installation = session().get_one(Installation, installation_id)
        integration = registry.integration(installation.integration)
        assert isinstance(integration, PushIntegration)
        assert installation.credential is not None  # All processes have seen the same version of it.
        parent.send("ready")
        parent.recv()
        secrets.renew(installation, integration)
        handed = secrets.connection(installation, integration)
        commit()
        request, key = next(integration.check()), token_hex(12)
        envelope = Envelope(key=key, body=integration.seal(key, (request,)), requests=(request,))
        integration.perform(envelope, handed)
        parent.send("answered")
