"""A process that renews an authorization and then asks the books who they are:
`python -m tests.support.refreshing DATABASE KEY SETTINGS INSTALLATION`. It waits for a line on its input before.
"""

from __future__ import annotations

import json
import sys
from secrets import token_hex

from hub.database import session
from hub.models import Installation
from hub.plugin import Envelope, PushIntegration
from hub.queue import commit
from hub.services.carrying import secrets
from hub.services.integrations import registry
from tests.support.served import create_app


def main(database: str, key: str, settings: str, installation_id: str) -> None:
    app = create_app(database, key)
    app.config.update(json.loads(settings))
    with app.app_context():
        installation = session().get_one(Installation, int(installation_id))
        integration = registry.integration(installation.integration)
        assert isinstance(integration, PushIntegration)
        assert installation.credential is not None  # All of them have seen the same version of it.
        print("ready", flush=True)
        sys.stdin.readline()
        secrets.renew(installation, integration)
        handed = secrets.connection(installation, integration)
        commit()
        request, key = next(integration.check()), token_hex(12)
        envelope = Envelope(key=key, body=integration.seal(key, (request,)), requests=(request,))
        integration.perform(envelope, handed)
        print("answered", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
