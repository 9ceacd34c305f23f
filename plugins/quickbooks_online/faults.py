"""Read the faults of QuickBooks Online in their three formats, and convert them to the hub's exceptions.

The formats: the service's own (`Fault`), its gateway's in lower case (`fault`), and the gateway's XML, which comes even
if JSON was asked for. The codes are Intuit's (error-codes and common-errors pages); `refusals.py` has the sentences.
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
"""Seconds to wait after 429 without a Retry-After header (Intuit: "wait 60 seconds")."""

NAME_TAKEN = "6240"
OUTDATED = "5010"
GONE = "610"
LAPSED = "6190"


class Reaction(enum.Enum):
    """The hub's reaction to a fault."""

    PERSON = enum.auto()
    """A person must act."""
    LATER = enum.auto()
    """Nothing was carried out; the same request may be sent again later."""
    DOUBT = enum.auto()
    """An internal error of QuickBooks; it is unknown if the request was carried out."""
    EXPIRED = enum.auto()
    """The authorization is not valid."""


_REACTIONS = {
    "120": Reaction.EXPIRED,  # The person who connected is not an administrator any more.
    "3100": Reaction.EXPIRED,  # The app is not authorized for this company.
    "3200": Reaction.EXPIRED,  # The access token ran out or was revoked.
    "130": Reaction.LATER,  # The company is being moved to another cluster,
    "140": Reaction.LATER,  # is locked,
    "150": Reaction.LATER,  # or is under maintenance.
    "600": Reaction.LATER,  # An earlier call with this requestid is still being carried out.
    "3001": Reaction.LATER,  # Throttled.
    "10000": Reaction.DOUBT,
    "500": Reaction.DOUBT,
    "503": Reaction.DOUBT,
}

# The family of a fault decides if its code is not listed above and has no sentences in `refusals`.
_FAMILIES = {
    "authentication": Reaction.EXPIRED,
    "authenticationfault": Reaction.EXPIRED,
    "authorizationfault": Reaction.EXPIRED,
    "systemfault": Reaction.DOUBT,
    "throttleexceeded": Reaction.LATER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One error of a fault. `code` has no leading zeros; `element` names the field, if QuickBooks says which."""

    code: str
    message: str = ""
    detail: str = ""
    element: str = ""

    @property
    def reaction(self) -> Reaction:
        if self.code == "500" and "unsupported" in (self.message + self.detail).lower():
            return Reaction.PERSON  # Also the code for characters that US companies cannot store.
        return _REACTIONS.get(self.code, Reaction.PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A refusal by QuickBooks with its errors. `kind` is QuickBooks' family of faults ("ValidationFault")."""

    errors: tuple[Error, ...]
    kind: str = ""

    @property
    def code(self) -> str:
        return self.errors[0].code

    @property
    def reaction(self) -> Reaction:
        """Return the most severe reaction of its errors: retrying later does not help if a token has expired."""
        reactions = {error.reaction for error in self.errors}
        for reaction in (Reaction.EXPIRED, Reaction.LATER, Reaction.DOUBT):
            if reaction in reactions:
                return reaction
        if any(refusals.has_sentences(error.code) for error in self.errors):
            return Reaction.PERSON
        return _FAMILIES.get(self.kind.lower(), Reaction.PERSON)

    @property
    def in_doubt(self) -> bool:
        """Return True if the request may have been carried out in spite of the fault."""
        return self.reaction is Reaction.DOUBT

    def failure(self, subject: Sentence, *, retry_after: float | None = None) -> IntegrationError:
        """Return the hub's exception for this fault. `subject` is what was sent: "invoice 1042 for ABC Company".
        `retry_after` is in seconds."""
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
                refusals.build_problem(error.code, error.message, error.detail, error.element, subject)
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
    return _build_fault((_read_error(error) for error in errors), kind=str(fault.get("type") or ""))


def in_xml(text: str) -> Fault | None:
    """Return the fault in the gateway's XML, or None. It is read with regular expressions, because an XML parser would
    resolve the entities that a document declares."""
    found = re.search(r"<Fault\b([^>]*)>(.*?)</Fault>", text, re.DOTALL)
    if not found:
        return None
    errors = re.findall(r"<Error\b([^>]*)>(.*?)</Error>", found[2], re.DOTALL)
    return _build_fault(
        (
            _read_error(
                {
                    "code": _match_first(r"\bcode=\"([^\"]*)\"", attributes),
                    "element": _match_first(r"\belement=\"([^\"]*)\"", attributes),
                    "message": _match_first(r"<Message>(.*?)</Message>", inner),
                    "detail": _match_first(r"<Detail>(.*?)</Detail>", inner),
                }
            )
            for attributes, inner in errors
        ),
        kind=_match_first(r"\btype=\"([^\"]*)\"", found[1]),
    )


def _match_first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    return html.unescape(found[1]).strip() if found else ""


def _build_fault(errors: Iterable[Error], *, kind: str) -> Fault:
    """Return a fault with these errors, or with one empty error if there are none: it is still a refusal."""
    return Fault(errors=tuple(errors) or (Error(code=""),), kind=kind)


def _read_error(error: Mapping[str, Any]) -> Error:
    """Return an error from either JSON format. As code the gateway writes "003001", the service "3001" or 3001; without
    one, it may be in the message (`errorCode=`)."""
    message = str(error.get("Message") or error.get("message") or "")
    code = str(error.get("code") or "") or _match_first(r"errorCode=(\d+)", message)
    return Error(
        code=code.lstrip("0"),
        message=message,
        detail=str(error.get("Detail") or error.get("detail") or ""),
        element=str(error.get("element") or ""),
    )
