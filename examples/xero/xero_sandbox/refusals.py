"""The exceptions for calls and elements that the service refuses."""

from __future__ import annotations


class Invalid(Exception):
    """A refused element, with the reasons in Xero's own sentences."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class Refused(Exception):
    """A call that is refused as a whole. `kind` is Xero's name of the error, and `number` its number."""

    def __init__(self, status: int, message: str, kind: str = "PostDataInvalidException", number: int = 14) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.number = status, message, kind, number


class Turned(Exception):
    """A call without a valid authorization. `headers` are added to the answer."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.headers = status, title, detail, headers or {}
