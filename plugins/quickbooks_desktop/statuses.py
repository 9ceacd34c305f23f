"""Convert QuickBooks Desktop's status codes and HRESULTs to failures and problems that a person understands.

Sources: Intuit's status codes in the qbXML reference (0–499 information, 500–999 warning, from 1000 error) and the
HRESULTs in the Web Connector programmer's guide, appendix A.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from hub.plugin import (
    IntegrationError,
    Payload,
    Problem,
    Refusal,
    Rejected,
    Sentence,
    StandardProblems,
    Unavailable,
    say,
)

PROBLEMS = StandardProblems(product="QuickBooks")

FINE = {"0", "1"}
"""Success, and "nothing found", which is not an error."""

NOT_FOUND = "500"
NAME_TAKEN = "3100"
NOT_CHANGED = "3170"
OUTDATED = "3200"
ITERATOR_GONE = "3391"

LATER = {"1000", "1010", "3175", "3176", "3231"}
"""Statuses after which the same request is sent again by itself: an error within QuickBooks, or a lock."""
_OURS_LATER = {"1000", "1010"}
_IN_USE = re.compile(r"lock|in use|being (used|edited)|has been modified|another user", re.IGNORECASE)
_MAYBE_LATER = {"3170", "3180"}


SAID = say("%(said)s")


_refusal = partial(Refusal, why=SAID)
"""The sentences for a status code. They refer to `subject` and to `said`, QuickBooks' own message."""


_LINK = _refusal(
    say("QuickBooks cannot link %(subject)s to what it belongs to."),
    say("Check in QuickBooks whether that was closed, deleted or linked to something else. Then click Retry."),
)
_WARNED = _refusal(
    say("QuickBooks did not say what became of %(subject)s, and it is not found there."),
    say("Check in QuickBooks that it is not there. Then click Retry."),
)
_MISSING = _refusal(
    say("Something that %(subject)s refers to is not in QuickBooks any more."),
    say("Refresh the lists on the integration's page, choose it again, and send again."),
)
_SHAPE = _refusal(
    say("QuickBooks did not understand something in %(subject)s."),
    say("Correct what it names and send again. If there is nothing to correct, give the code to support."),
)
_RIGHTS = _refusal(
    say("QuickBooks does not let us enter %(subject)s."),
    say(
        "In QuickBooks, as Admin: Edit ▸ Preferences ▸ Integrated Applications ▸ Company Preferences. Allow this "
        "application, and let it log in with a user who may enter this. Then click Retry."
    ),
)
_BUSY = _refusal(
    say("QuickBooks did not allow this for %(subject)s."),
    say("Close it in QuickBooks if it is open there, and take off what is linked to it. Then click Retry."),
)

REFUSALS: Mapping[str, Refusal] = {
    "500": _MISSING,
    **dict.fromkeys(("501", "510", "530", "531", "550", "560"), _WARNED),
    "570": _LINK,
    **dict.fromkeys(("1000", "1010"), _refusal(
        say("QuickBooks could not work on %(subject)s."),
        say("Restart QuickBooks and the Web Connector on that computer. Then click Retry."),
    )),
    **dict.fromkeys(("1030", "1060", "3010", "3030", "3031", "3035", "3150"), _SHAPE),
    **dict.fromkeys(("3000", "3120", "3140"), _MISSING),
    "3020": _refusal(say("QuickBooks does not accept the date of %(subject)s."),
                    say("Choose another date and send again."),
                    field="date"),
    "3040": _refusal(say("QuickBooks does not accept an amount in %(subject)s."),
                    say("Correct the amount and send again."),
                    field="lines"),
    "3070": _refusal(say("Something in %(subject)s is too long for QuickBooks."),
                    say("Shorten what it names and send again.")),
    "3100": _refusal(say("QuickBooks has the name of %(subject)s already, for something else."),
                    say("Choose what is there, or use another name, and send again."),
                    why=say("Customers, vendors, employees and other names share one list of names there.")),
    "3160": _LINK,
    **dict.fromkeys(("3161", "3162"), _BUSY),
    "3170": _refusal(say("QuickBooks could not change %(subject)s."),
                    say("Check in QuickBooks what it names. Then click Retry.")),
    "3171": _refusal(say("The books are closed for the date of %(subject)s."),
                    say("Post it on a later day, or ask your accountant to open the period."), field="date",
                    why=say("A closing date is set in QuickBooks, and nothing can be added up to that day.")),
    "3180": _refusal(say("QuickBooks could not save %(subject)s."),
                    say("Check in QuickBooks what it names. Then click Retry.")),
    "3185": _refusal(say("QuickBooks could not void %(subject)s."),
                    say("Take payments and credits off it in QuickBooks first. Then click Retry.")),
    "3200": _refusal(say("Somebody changed %(subject)s in QuickBooks at the same moment."), say("Click Retry.")),
    "3210": _refusal(say("QuickBooks does not accept a value in %(subject)s."),
                    say("Correct what it names and send again."),
                    field="lines"),
    **dict.fromkeys(("3220", "3260", "3261", "3263", "3264"), _RIGHTS),
    "3240": _refusal(say("%(subject)s is another one in QuickBooks than when it was read."),
                    say("Refresh the lists on the integration's page. Then click Retry.")),
    "3250": _refusal(say("A feature that %(subject)s needs is switched off in QuickBooks."),
                    say("Switch it on in QuickBooks under Edit ▸ Preferences. Then click Retry.")),
    "3270": _refusal(say("QuickBooks has no account to post %(subject)s to."),
                    say("Choose the accounts on the Accounts tab, and send again."), field="accounts"),
}  # fmt: skip

PAID_ALREADY = _refusal(
    say("The invoice of %(subject)s is paid, voided or deleted in QuickBooks."),
    say("Check the invoice in QuickBooks. If it is paid there, cancel this payment; otherwise click Retry."),
)
"""3120 on a payment: Conductor's documentation says that a paid invoice “cannot be found”."""
TAX_CODE_MISSING = _refusal(
    say("QuickBooks has no sales tax code of the name that %(subject)s uses."),
    say("Correct “Tax code of taxable lines” and “Tax code of other lines” on the Details tab. Then click Retry."),
    field="taxable_code",
)
_TAX_CODE = re.compile(r"sales ?tax ?code", re.IGNORECASE)

_UNKNOWN = _refusal(
    say("QuickBooks did not accept %(subject)s."),
    say("Correct what it names and send again, or give the code to support."),
)


def read_failure(
    payload: Payload, subject: Sentence, *, request: str = "", names: Mapping[str, str] | None = None
) -> IntegrationError | None:
    """Return the failure of a response: None for success, `Unavailable` to retry later, `Rejected` if a person must
    act. `names` are those of the entries that QuickBooks may refer to by their ListID."""
    code, said = payload["status"], " ".join(payload["message"].split())
    for list_id, name in (names or {}).items():
        said = said.replace(list_id, name) if list_id and name else said
    if code in FINE or (payload["severity"] != "Error" and payload["rows"]):
        return None
    if code in _OURS_LATER:
        return Unavailable(say("QuickBooks had an error of its own: %(said)s It is tried again.", said=said))
    if code in LATER or (code in _MAYBE_LATER and _IN_USE.search(said)):
        return Unavailable(say("Somebody is working on it in QuickBooks: %(said)s", said=said))
    if code == "3120" and request.startswith("ReceivePayment"):
        return Rejected(PAID_ALREADY.problem(code, subject=subject, said=said))
    if code == "3140" and _TAX_CODE.search(said):
        return Rejected(TAX_CODE_MISSING.problem(code, subject=subject, said=said))
    return Rejected(build_problem(code, said, subject))


_WARNINGS = range(500, 1000)


def is_warning(payload: Payload) -> bool:
    """Return True for a status from 500 to 999: QuickBooks has processed the request, or may have."""
    return int(payload["status"]) in _WARNINGS


def build_problem(code: str, said: str, subject: Sentence) -> Problem:
    """Return the problem that a status code means, about `subject` ("invoice 1042 for Acme")."""
    return REFUSALS.get(code, _UNKNOWN).problem(code, subject=subject, said=said)


PARSE_ERROR = "0x80040400"

_HRESULTS: Mapping[str, str] = {
    "0x80040401": say(
        "QuickBooks could not be reached: the Web Connector may not use it. In QuickBooks, as Admin, allow "
        "it under Edit ▸ Preferences ▸ Integrated Applications."
    ),
    "0x80040402": say("QuickBooks had an error of its own. Restart QuickBooks and the Web Connector."),
    "0x80040408": say("QuickBooks could not be started on the Web Connector's computer. Open QuickBooks there."),
    "0x8004040a": say("Another company file is open in QuickBooks. Open the one that is connected here."),
    "0x8004040d": say("QuickBooks ended the session. It begins anew with the next call."),
    "0x80040410": say(
        "The company file is open in another mode. Open it in QuickBooks in the mode in which this "
        "connection was allowed."
    ),
    "0x80040414": say(
        "A window is open in QuickBooks that waits for an answer. Close it on the Web Connector's computer."
    ),
    "0x80040416": say("No company file is open in QuickBooks. Open the one that is connected here."),
    "0x8004041a": say(
        "QuickBooks does not allow this connection. In QuickBooks, as Admin, allow it under Edit ▸ "
        "Preferences ▸ Integrated Applications."
    ),
    "0x80040420": say(
        "Somebody refused the connection in QuickBooks. Open the Web Connector file again and choose Yes."
    ),
    "0x80040422": say("QuickBooks must be in single-user mode for this. Choose File ▸ Switch to Single-user Mode."),
}


def read_hresult(code: str, message: str) -> IntegrationError:
    """Return the failure for an HRESULT: the Web Connector could not get an answer from QuickBooks.

    A parse error means that nothing was carried out (`Rejected`). After any other code (`Unavailable`) the batch is
    sent again under the same key.
    """
    known = code.strip().lower()
    if known == PARSE_ERROR:
        return Rejected(
            Problem(
                what=say("QuickBooks could not read this."),
                why=say("It is written in a way that this version of QuickBooks does not understand."),
                cure=say("Look for unusual characters in names and descriptions; if there are none, tell support."),
                code=known,
            )
        )
    said = " ".join(message.split()) or say("no reason was given")
    unknown = say("QuickBooks could not be asked (%(code)s: %(said)s).", code=code or say("no code"), said=said)
    return Unavailable(_HRESULTS.get(known, unknown))
