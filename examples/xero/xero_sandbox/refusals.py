"""How the service says no."""

from __future__ import annotations


class Invalid(Exception):
    """An element is not taken, for these reasons in Xero's own sentences."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class Refused(Exception):
    """The call as a whole is not taken. `kind` is Xero's name for it and `number` its number."""

    def __init__(self, status: int, message: str, kind: str = "PostDataInvalidException", number: int = 14) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.number = status, message, kind, number


class Turned(Exception):
    """The caller is not let in. `headers` go with the answer."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.headers = status, title, detail, headers or {}
