"""What the real service refuses, with its codes and sentences, in the shapes in which it says so."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class Refusal(Exception):
    """A fault of the accounting API. `element` names the property at fault, where there is one."""

    def __init__(self, code: int, message: str, detail: str = "", *, element: str = "", status: int = 400) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message, self.detail, self.element, self.status = (
            code,
            message,
            detail or message,
            element,
            status,
        )

    @property
    def kind(self) -> str:
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "SystemFault"
        return "AuthorizationFault" if self.code == 5020 else "ValidationFault"

    def fault(self) -> dict[str, Any]:
        """The fault as it stands in an answer, and in an item of a batch."""
        error: dict[str, Any] = {"Message": self.message, "Detail": self.detail, "code": str(self.code)}
        if self.element:
            error["element"] = self.element
        return {"Error": [error], "type": self.kind}


class Turned(Exception):
    """The gateway turned a call away before the API saw it: the lower-case shape."""

    def __init__(self, status: int, code: str, message: str, detail: str, kind: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.detail, self.kind = status, code, message, detail, kind

    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "detail": self.detail, "code": self.code, "element": None}
        return {"warnings": None, "intuitObject": None, "fault": {"error": [error], "type": self.kind}}


def missing(element: str) -> Refusal:
    return Refusal(
        2020,
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {element} is missing in the request",
        element=element,
    )


def unknown_reference(element: str, kind: str, wanted: object) -> Refusal:
    return Refusal(
        2500, "Invalid Reference Id", f"Invalid Reference Id : {kind}s element id {wanted} not found", element=element
    )


def inactive(element: str) -> Refusal:
    return Refusal(
        610,
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees.",
        element=element,
    )


def too_long(element: str, limit: int, supplied: int) -> Refusal:
    return Refusal(
        2050,
        "String length is either shorter or longer than supported by specification",
        f"String length specified does not match the supported length. Min:0 Max:{limit} supplied:{supplied}.",
        element=element,
    )


def bad_characters(element: str) -> Refusal:
    return Refusal(
        2040,
        "Invalid String, it contains characters that are not allowed",
        f"Property Name:{element} specified contains a colon, a tab or a new line",
        element=element,
    )


def business(detail: str) -> Refusal:
    return Refusal(
        6000,
        "A business validation error has occurred while processing your request",
        f"Business Validation Error: {detail}",
    )


def wrong_account(element: str) -> Refusal:
    return Refusal(
        6430,
        "Invalid account type",
        "Invalid account type: You need to select a different type of account for this transaction.",
        element=element,
    )


def stale(who: str) -> Refusal:
    return Refusal(
        5010,
        "Stale Object Error",
        f"Stale Object Error : You and {who} were working on this at the same time. "
        f"{who} finished before you did, so your work was not saved.",
    )
