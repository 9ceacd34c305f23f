"""A process that renews an authorization when it is told to, and then asks the ledger who it is."""

from __future__ import annotations

import json
import time
from multiprocessing.connection import Connection
from secrets import token_hex

from hub.database import session
from hub.dispatch import credentials
from hub.integrations import registry
from hub.models import Installation
from hub.plugin import Batch, PushIntegration
from hub.queue import commit
from tests.support.served import create_app


def renew(parent: Connection, database: str, key: str, settings: str, installation_id: int) -> None:
    """Say "ready", wait for an answer, renew and ask; then say "answered". The settings are JSON."""
    app = create_app(database, key)
    app.config.update(json.loads(settings))
    with app.app_context():
        installation = session().get_one(Installation, installation_id)
        integration = registry.find_integration(installation.integration)
        assert isinstance(integration, PushIntegration)
        assert installation.credential is not None
        seen = installation.credential.version  # All processes have seen the same.
        parent.send("ready")
        parent.recv()
        while installation.credential.version == seen:  # Another process may be at it.
            credentials.refresh_credentials(installation, integration)
            time.sleep(0.1)
            session().expire_all()
        handed = credentials.connection_of(installation, integration)
        commit()
        request, key = next(integration.describe_books()), token_hex(12)
        batch = Batch(idempotency_key=key, body=integration.encode(key, (request,)), requests=(request,))
        integration.send(batch, handed)
        parent.send("answered")
