"""The demo's configuration: its own defaults, and environment variables that override them.

`DATABASE_URL`, `REDIS_URL`, `PUBLIC_URL`, `SECRET_KEY` and every `HUB_…` variable override the defaults here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

SANDBOX_CLIENT = ("sandbox-client", "sandbox-secret")
"""The only client of the sandbox; these are not secrets."""


def folder() -> Path:
    """Return the folder of the demo's data, created if needed: `DEMO_DATA`, or var/demo beside the code."""
    path = Path(os.environ.get("DEMO_DATA") or Path(__file__).parent.parent / "var" / "demo").resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def configuration() -> dict[str, object]:
    """Return the app's configuration: the demo's settings, and the hub's settings under `HUB_`."""
    address = os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{os.environ.get('DEMO_PORT', '8000')}"
    return {
        "SECRET_KEY": os.environ.get("SECRET_KEY") or _kept("session.key", secrets.token_hex(32)),
        "SESSION_COOKIE_NAME": "order_desk",  # Cookies ignore ports, and the sandbox is on the same host.
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",  # With Strict, users return from the consent page signed out.
        "SESSION_COOKIE_SECURE": address.startswith("https://"),
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "SQLALCHEMY_DATABASE_URI": _database(),
        **_hub(address),
        **{name: value for name, value in os.environ.items() if name.startswith("HUB_")},
    }


def _hub(address: str) -> dict[str, object]:
    """Return the hub's settings, with the URLs of QuickBooks Online's sandbox."""
    books = f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT', '8010')}"
    client_id, client_secret = SANDBOX_CLIENT
    return {
        "HUB_SECRET_KEYS": os.environ.get("HUB_SECRET_KEYS")
        or _kept("credentials.key", Fernet.generate_key().decode()),
        "HUB_REDIS_URL": os.environ.get("REDIS_URL") or f"unix://{folder() / 'redis.sock'}",
        "HUB_LAYOUT": "layout.html",
        "HUB_PUBLIC_URL": address,
        "HUB_MAIL_FROM": "The Order Desk <desk@orderdesk.test>",
        "HUB_SWEEP_SECONDS": "5",
        "HUB_QUICKBOOKS_ONLINE_CLIENT_ID": client_id,
        "HUB_QUICKBOOKS_ONLINE_CLIENT_SECRET": client_secret,
        "HUB_QUICKBOOKS_ONLINE_AUTHORIZE_URL": f"{books}/connect/oauth2",
        "HUB_QUICKBOOKS_ONLINE_TOKEN_URL": f"{books}/oauth2/v1/tokens/bearer",
        "HUB_QUICKBOOKS_ONLINE_REVOKE_URL": f"{books}/v2/oauth2/tokens/revoke",
        "HUB_QUICKBOOKS_ONLINE_API_URL": books,
        "HUB_QUICKBOOKS_ONLINE_APP_URL": books,
        "HUB_QUICKBOOKS_ONLINE_TIMEOUT": "10",
        **_xero(f"http://127.0.0.1:{os.environ.get('XERO_PORT', '8020')}"),
    }


def _xero(books: str) -> dict[str, str]:
    """Return the settings of the Xero plugin, with the URLs of its sandbox; used if `examples/xero` is installed."""
    return {
        "HUB_XERO_CLIENT_ID": "SANDBOXXEROCLIENT",
        "HUB_XERO_AUTHORIZE_URL": f"{books}/identity/connect/authorize",
        "HUB_XERO_TOKEN_URL": f"{books}/identity/connect/token",
        "HUB_XERO_API_URL": books,
        "HUB_XERO_APP_URL": books,
        "HUB_XERO_TIMEOUT": "10",
    }


def _database() -> str:
    """Return `DATABASE_URL`, or a SQLite URL. Some platforms still use postgres://, which SQLAlchemy refuses."""
    address = os.environ.get("DATABASE_URL") or f"sqlite:///{folder() / 'desk.db'}"
    return address.replace("postgres://", "postgresql://", 1) if address.startswith("postgres://") else address


def _kept(name: str, fresh: str) -> str:
    """Return a secret from a file in the data folder, which only its owner can read; `fresh` is stored at first start.

    The file is created atomically with its content, so that processes which start together use the same secret.
    """
    path = folder() / name
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as file:  # Created with mode 600.
            file.write(fresh)
            file.flush()
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text(encoding="ascii")
