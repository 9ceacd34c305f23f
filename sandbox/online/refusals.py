"""The refusals of the real service, with its codes and messages, in its two formats."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

CANNOT_LINK = 620


class Refusal(Exception):
    """A fault of the accounting API. `element` names the invalid property, if there is one."""

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
        return "AuthorizationFault" if self.code in {120, 5020} else "ValidationFault"

    def fault(self) -> dict[str, Any]:
        """Return the fault for an answer, or for an item of a batch."""
        error: dict[str, Any] = {"Message": self.message, "Detail": self.detail, "code": str(self.code)}
        if self.element:
            error["element"] = self.element
        return {"Error": [error], "type": self.kind}


class Turned(Exception):
    """A call that the gateway rejected before it reached the API: the format with lower-case keys."""

    def __init__(self, status: int, code: str, message: str, detail: str | None, kind: str) -> None:
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


def inactive() -> Refusal:
    """Return the refusal of an inactive entry. Like the real one, it does not say which entry."""
    return Refusal(
        610,
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees.",
    )


def too_long(element: str, limit: int, supplied: int) -> Refusal:
    return Refusal(
        2050,
        "String length is either shorter or longer than supported by specification",
        f"Min:0 Max:{limit} supplied:{supplied}",
        element=element,
    )


def bad_characters(element: str) -> Refusal:
    return Refusal(
        2040,
        "Invalid String",
        f"Element contains invalid characters: {element}",
        element=element,
    )


def bad_email(element: str, value: object) -> Refusal:
    """Return the refusal of an email address (Intuit's .NET SDK, issue 333). Its code is from memory."""
    return Refusal(
        2210,
        "Invalid Email Address",
        f"Email Address does not conform to the syntax rules of RFC 822. Supplied value: {value}",
        element=element,
    )


def unreadable(element: str) -> Refusal:
    return Refusal(
        2010,
        "Request has invalid or unsupported property",
        f"Property Name:{element} specified is unsupported or invalid",
        element=element,
    )


def unknown_value(element: str, value: object) -> Refusal:
    return Refusal(2170, "Invalid Enumeration", f"Invalid Enumeration : {value}", element=element)


def taken(element: str, found: str) -> Refusal:
    return Refusal(
        6240,
        "Duplicate Name Exists Error",
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
        f"Please use a different name. Id={found}",
        element=element,
    )


def not_found() -> Refusal:
    return Refusal(610, "Object Not Found", "Object Not Found : Another user has deleted this transaction.")


def miscalculated(amount: object) -> Refusal:
    return Refusal(
        6070,
        "Amount calculation incorrect in the request",
        f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount}",
        element="Amount",
    )


def cannot_link(why: str) -> Refusal:
    detail = f"This transaction cannot be linked: {why}"
    return Refusal(CANNOT_LINK, "Transaction can't be linked", detail, element="LinkedTxn")


def closed() -> Refusal:
    return Refusal(
        6210,
        "Account Period Closed, Cannot Update Through Services API",
        "The account period has closed and the account books cannot be updated through through the QBO Services API. "
        "Please use the QBO website to make these changes.",
        element="TxnDate",
    )


def deposited() -> Refusal:
    return Refusal(
        6540,
        "Deposited Transaction cannot be changed",
        "This transaction has been deposited. If you want to change or delete it, you must edit the deposit it "
        "appears on and remove it first.",
    )


def lapsed(plan: str) -> Refusal:
    return Refusal(
        6190,
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a billing problem : You can't add data to "
        f"{plan} because your trial or subscription period ended.",
    )


def not_in_plan(what: str) -> Refusal:
    return Refusal(5020, "Permission Denied Error", f"Permission Denied Error : {what} are not part of this plan.")


def unsupported(what: str) -> Refusal:
    return Refusal(500, "Unsupported Operation", f"Operation {what} is not supported.")


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
