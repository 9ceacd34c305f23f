"""A server that answers what a test says, and settings for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.plugin import Connection

CANARIES = {"access_token": "CANARY-ACCESS", "refresh_token": "CANARY-REFRESH"}


CLIENT_SECRET = "CANARY-SECRET"


@dataclass
class Ledger:
    """Answers every call with the next of `answers`, keeping what it was asked. An answer of None cuts the line."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes] | None] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, status: int, body: str | bytes, **headers: str) -> None:
        named = {name.replace("_", "-") if name != "intuit_tid" else name: value for name, value in headers.items()}
        self.answers.append((status, named, body.encode() if isinstance(body, str) else body))

    def hangs_up(self) -> None:
        self.answers.append(None)

    @property
    def settings(self) -> dict[str, str]:
        return {**settings_of(self.url), "CLIENT_ID": "an-app", "CLIENT_SECRET": CLIENT_SECRET}

    @property
    def connection(self) -> Connection:
        return Connection(books_id="4620816365000000001", credentials=CANARIES, settings=self.settings)


def settings_of(url: str) -> dict[str, str]:
    """The settings of an operator whose Intuit is at `url`."""
    return {
        "CLIENT_ID": "sandbox-client",
        "CLIENT_SECRET": "sandbox-secret",
        "AUTHORIZE_URL": f"{url}/connect/oauth2",
        "TOKEN_URL": f"{url}/oauth2/v1/tokens/bearer",
        "REVOKE_URL": f"{url}/v2/oauth2/tokens/revoke",
        "API_URL": url,
        "APP_URL": url,
        "TIMEOUT": "10",
    }
