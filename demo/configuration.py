"""Where everything is: from the environment, with the demo's own defaults."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

SANDBOX_CLIENT = ("sandbox-client", "sandbox-secret")
"""The sandbox knows one client; these are not secrets."""


def folder() -> Path:
    """Where the demo keeps its data: `DEMO_DATA`, or var/demo beside the code."""
    path = Path(os.environ.get("DEMO_DATA") or Path(__file__).parent.parent / "var" / "demo").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def configuration() -> dict[str, object]:
    """The app's configuration: the demo's, and everything that the hub reads under `HUB_`."""
    port, sandbox = os.environ.get("DEMO_PORT", "8000"), os.environ.get("SANDBOX_PORT", "8010")
    books = f"http://127.0.0.1:{sandbox}"
    client_id, client_secret = SANDBOX_CLIENT
    return {
        "SECRET_KEY": _secret("session.key", secrets.token_hex(32)),
        "SQLALCHEMY_DATABASE_URI": os.environ.get("DATABASE_URL") or f"sqlite:///{folder() / 'desk.db'}",
        "HUB_SECRET_KEYS": _secret("credentials.key", Fernet.generate_key().decode()),
        "HUB_REDIS_URL": os.environ.get("REDIS_URL") or f"unix://{folder() / 'redis.sock'}",
        "HUB_LAYOUT": "layout.html",
        "HUB_PUBLIC_URL": os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{port}",
        "HUB_LEASE_SECONDS": os.environ.get("HUB_LEASE_SECONDS", "90"),
        "HUB_SWEEP_SECONDS": os.environ.get("HUB_SWEEP_SECONDS", "5"),
        "HUB_QUICKBOOKS_ONLINE_CLIENT_ID": client_id,
        "HUB_QUICKBOOKS_ONLINE_CLIENT_SECRET": client_secret,
        "HUB_QUICKBOOKS_ONLINE_AUTHORIZE_URL": f"{books}/connect/oauth2",
        "HUB_QUICKBOOKS_ONLINE_TOKEN_URL": f"{books}/oauth2/v1/tokens/bearer",
        "HUB_QUICKBOOKS_ONLINE_REVOKE_URL": f"{books}/v2/oauth2/tokens/revoke",
        "HUB_QUICKBOOKS_ONLINE_API_URL": books,
        "HUB_QUICKBOOKS_ONLINE_APP_URL": books,
        "HUB_QUICKBOOKS_ONLINE_TIMEOUT": os.environ.get("SANDBOX_TIMEOUT", "10"),
    }


def _secret(name: str, fresh: str) -> str:
    """A secret that is made at the first start and kept in the data folder, for its owner's eyes only."""
    path = folder() / name
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(fresh)
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")
