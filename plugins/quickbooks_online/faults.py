"""What QuickBooks Online refuses and why: reading its three shapes of fault, and what each means to the hub.

The shapes: the service's own (`Fault`), its gateway's in lower case (`fault`), and the gateway's XML, which comes even
where JSON was asked for. The codes are Intuit's (error-codes and common-errors pages); `refusals.py` has the sentences.
"""

from __future__ import annotations

import enum
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.plugin import AuthorizationExpired, IntegrationError, Rejected, Sentence, Unavailable, say
from quickbooks_online import refusals

THROTTLE_PAUSE = 60.0
"""Seconds to wait after 429 where no Retry-After says otherwise (Intuit: "wait 60 seconds")."""

NAME_TAKEN = "6240"
OUTDATED = "5010"
GONE = "610"
LAPSED = "6190"


class Reaction(enum.Enum):
    """What the hub does about a fault."""

    PERSON = enum.auto()
    """A person must act."""
    LATER = enum.auto()
    """Nothing was carried out; the same may be asked again later."""
    DOUBT = enum.auto()
    """An error within QuickBooks; whether it was carried out is unknown."""
    EXPIRED = enum.auto()
    """The authorization does not hold."""


_REACTIONS = {
    "120": Reaction.EXPIRED,  # Who connected is no administrator any more.
    "3100": Reaction.EXPIRED,  # The app is not authorized for these books.
    "3200": Reaction.EXPIRED,  # The access token ran out or was revoked.
    "130": Reaction.LATER,  # The books are being moved to another cluster,
    "140": Reaction.LATER,  # are locked,
    "150": Reaction.LATER,  # or are under maintenance.
    "600": Reaction.LATER,  # An earlier call with this requestid is still being carried out.
    "3001": Reaction.LATER,  # Throttled.
    "10000": Reaction.DOUBT,
    "500": Reaction.DOUBT,
    "503": Reaction.DOUBT,
}

# Where a code is not among those above and has no sentences either, the family of the fault decides.
_FAMILIES = {
    "authentication": Reaction.EXPIRED,
    "authenticationfault": Reaction.EXPIRED,
    "authorizationfault": Reaction.EXPIRED,
    "systemfault": Reaction.DOUBT,
    "throttleexceeded": Reaction.LATER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One reason of a fault. `code` is without leading zeros; `element` names the field, where QuickBooks says it."""

    code: str
    message: str = ""
    detail: str = ""
    element: str = ""

    @property
    def reaction(self) -> Reaction:
        if self.code == "500" and "unsupported" in (self.message + self.detail).lower():
            return Reaction.PERSON  # Characters that US books cannot store come out under this code as well.
        return _REACTIONS.get(self.code, Reaction.PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why QuickBooks did not do something. `kind` is its own family of faults ("ValidationFault")."""

    errors: tuple[Error, ...]
    kind: str = ""

    @property
    def code(self) -> str:
        return self.errors[0].code

    @property
    def reaction(self) -> Reaction:
        """The gravest of its errors' reactions decides: asking later does not help where a token ran out."""
        reactions = {error.reaction for error in self.errors}
        for reaction in (Reaction.EXPIRED, Reaction.LATER, Reaction.DOUBT):
            if reaction in reactions:
                return reaction
        if any(refusals.knows(error.code) for error in self.errors):
            return Reaction.PERSON
        return _FAMILIES.get(self.kind.lower(), Reaction.PERSON)

    @property
    def in_doubt(self) -> bool:
        """Whether the books may hold what was asked all the same."""
        return self.reaction is Reaction.DOUBT

    def failure(self, subject: Sentence, *, retry_after: float | None = None) -> IntegrationError:
        """Return the exception that this fault is to the hub. `subject` is what was asked: "invoice 1042 for ABC
        Company"."""
        reaction = self.reaction
        if reaction is Reaction.EXPIRED:
            return AuthorizationExpired(refusals.EXPIRED.get(self.code, refusals.EXPIRED["3200"]))
        if reaction is Reaction.LATER:
            pause = retry_after or (THROTTLE_PAUSE if self.code == "3001" else None)
            why = refusals.LATER.get(self.code, say("it asks to come later"))
            return Unavailable(say("QuickBooks Online takes nothing at present: %(why)s.", why=why), retry_after=pause)
        if reaction is Reaction.DOUBT:
            message = say("QuickBooks Online had an error of its own (code %(code)s).", code=self.code)
            return Unavailable(message, retry_after=retry_after)
        return Rejected(
            *(
                refusals.problem(error.code, error.message, error.detail, error.element, subject)
                for error in self.errors
            ),
            pauses=any(error.code == LAPSED for error in self.errors),
        )


def in_json(answer: Mapping[str, Any]) -> Fault | None:
    """Return the fault in an answer or in one item of a batch answer, in upper or lower case; None if there is none."""
    fault = answer.get("Fault") or answer.get("fault")
    if not isinstance(fault, dict):
        return None
    errors = fault.get("Error") or fault.get("error") or ()
    if isinstance(errors, dict):
        errors = (errors,)
    return _fault((_error(error) for error in errors), kind=str(fault.get("type") or ""))


def in_xml(text: str) -> Fault | None:
    """Return the fault in the gateway's XML. It is read by pattern: a parser would resolve whatever a document
    declares."""
    found = re.search(r"<Fault\b([^>]*)>(.*?)</Fault>", text, re.DOTALL)
    if not found:
        return None
    errors = re.findall(r"<Error\b([^>]*)>(.*?)</Error>", found[2], re.DOTALL)
    return _fault(
        (
            _error(
                {
                    "code": _first(r"\bcode=\"([^\"]*)\"", attributes),
                    "element": _first(r"\belement=\"([^\"]*)\"", attributes),
                    "message": _first(r"<Message>(.*?)</Message>", inner),
                    "detail": _first(r"<Detail>(.*?)</Detail>", inner),
                }
            )
            for attributes, inner in errors
        ),
        kind=_first(r"\btype=\"([^\"]*)\"", found[1]),
    )


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    return html.unescape(found[1]).strip() if found else ""


def _fault(errors: Iterable[Error], *, kind: str) -> Fault:
    """Return the errors of a fault, which always has one: one without any is still a refusal."""
    return Fault(errors=tuple(errors) or (Error(code=""),), kind=kind)


def _error(error: Mapping[str, Any]) -> Error:
    """One error in either case. The gateway writes "003001", the service "3001" or 3001, and sometimes only a text."""
    message = str(error.get("Message") or error.get("message") or "")
    code = str(error.get("code") or "") or _first(r"errorCode=(\d+)", message)
    return Error(
        code=code.lstrip("0"),
        message=message,
        detail=str(error.get("Detail") or error.get("detail") or ""),
        element=str(error.get("element") or ""),
    )
