"""Sentences for a bookkeeper or a sales rep about each error code of QuickBooks Online, and the cure.

One sentence each for what happened, why, and what to do. `subject` is what was to be posted ("invoice 1042 for ABC
Company"); `detail` is QuickBooks' own text, shown where it says more than the code.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from hub.plugin import Document, Problem, Refusal, Sentence, StandardProblems, say

PROBLEMS = StandardProblems(product="QuickBooks")

SUPPORT = say("Send it again; if that does not help, give the code to support.")
SAYS = say("QuickBooks says: %(detail)s")


_refusal = partial(Refusal, why=SAYS)
"""The sentences for one code. They refer to `subject`, `detail` (QuickBooks' own text) and `element` (its field)."""


NOT_TAKEN = say("QuickBooks did not take %(subject)s.")

REFUSALS = {
    "610": _refusal(
        what=say("Something that %(subject)s refers to is no longer in use in QuickBooks."),
        why=say(
            "A customer, product, account or transaction of it was deleted or made inactive. "
            "QuickBooks says: %(detail)s"
        ),
        cure=say("Make it active again in QuickBooks, or choose another one here, and send again."),
    ),
    "620": _refusal(
        what=say("QuickBooks could not link %(subject)s to its invoice."),
        why=say("The invoice may be paid already, or belong to another customer. QuickBooks says: %(detail)s"),
        cure=say("Look at the invoice in QuickBooks and apply the payment there."),
    ),
    "2010": _refusal(what=NOT_TAKEN, cure=SUPPORT),
    "2020": _refusal(
        what=say("QuickBooks needs something that %(subject)s lacks."),
        cure=say("Fill it in and send again."),
    ),
    "2030": _refusal(what=NOT_TAKEN, cure=SUPPORT),
    "2040": _refusal(
        what=say("QuickBooks cannot store some characters of %(subject)s."),
        cure=say("Take unusual characters out, such as colons in names or symbols, and send again."),
    ),
    "2050": _refusal(
        what=say("A text in %(subject)s is longer or shorter than QuickBooks allows."),
        why=say("QuickBooks says: %(detail)s%(element)s"),
        cure=say("Change the text and send again."),
    ),
    "2170": _refusal(what=NOT_TAKEN, cure=SUPPORT),
    "2210": _refusal(
        what=say("QuickBooks does not accept an email address of %(subject)s."),
        cure=say("Enter exactly one address, such as orders@example.com, or leave it out, and send again."),
        field="email",
    ),
    "2290": _refusal(
        what=say("QuickBooks does not take a negative amount in %(subject)s."),
        cure=say("Change the line and send again."),
        field="lines",
    ),
    "2500": _refusal(
        what=say("QuickBooks does not find something that %(subject)s refers to."),
        why=say("It was deleted or made inactive, or is from other books. QuickBooks says: %(detail)s"),
        cure=say("Refresh the lists in the settings, choose another one, and send again."),
    ),
    "5010": _refusal(
        what=say("Somebody changed this in QuickBooks at the same moment."),
        cure=say("Send %(subject)s again."),
    ),
    "5020": _refusal(
        what=say("Your QuickBooks plan does not include what %(subject)s needs."),
        cure=say("Change the plan in QuickBooks, or send the order without it."),
        field="documents",
    ),
    "6000": _refusal(what=NOT_TAKEN, cure=say("Put right what QuickBooks names and send again.")),
    "6070": _refusal(
        what=say("QuickBooks works out another amount for a line of %(subject)s."),
        why=say("An amount there must be the quantity times the price. QuickBooks says: %(detail)s"),
        cure=say("Check quantities and prices and send again."),
        field="lines",
    ),
    "6100": _refusal(
        what=say("QuickBooks does not accept the sales tax on %(subject)s."),
        cure=say("Choose another tax in the dialog and send again."),
        field="tax",
    ),
    "6140": _refusal(
        what=say("The number of %(subject)s is used already in QuickBooks."),
        why=say("QuickBooks warns about duplicate numbers in your books. Somebody may have entered it by hand."),
        cure=say("Look in QuickBooks whether it is the same one. If not, give it another number and send again."),
        field="number",
    ),
    "6190": _refusal(
        what=say("QuickBooks does not take anything at present, because its subscription is not active."),
        cure=say("Renew the subscription in QuickBooks; then press Resume here, and everything goes out."),
    ),
    "6210": _refusal(
        what=say("The books are closed for the date of %(subject)s."),
        why=say("A closing date is set in QuickBooks, and nothing dated before it can be added from outside."),
        cure=say("Post it on a later day, or have your accountant reopen the period in QuickBooks, and send again."),
        field="date",
    ),
    "6240": _refusal(
        what=say("The name of %(subject)s is taken in QuickBooks."),
        why=say("Customers, vendors and employees share one list of names there, inactive ones included."),
        cure=say("Choose the existing entry here, or change the name, and send again."),
    ),
    "6250": _refusal(
        what=say("The customer of %(subject)s is inactive in QuickBooks."),
        cure=say("Make the customer active again in QuickBooks, or choose another one, and send again."),
        field="customer",
    ),
    "6430": _refusal(
        what=say("An account of %(subject)s is of a kind that QuickBooks does not take there."),
        cure=say("Choose another account in the settings under Accounts and send again."),
        field="income_account",
    ),
    "6440": _refusal(
        what=say("A line of %(subject)s has no product that QuickBooks knows."),
        cure=say("Choose a product for every line and send again."),
        field="lines",
    ),
    "6470": _refusal(
        what=say("Sales tax is not set up in QuickBooks as %(subject)s needs it."),
        cure=say("Set up sales tax in QuickBooks under Taxes, or choose another tax in the dialog, and send again."),
        field="tax",
    ),
    "6480": _refusal(
        what=say("QuickBooks has matched this to a bank transaction already and does not change it."),
        cure=say("Undo the match in QuickBooks first, or leave it as it is."),
    ),
    "6540": _refusal(
        what=say("The money of %(subject)s is part of a bank deposit already."),
        cure=say("Take it out of the deposit in QuickBooks first, or leave it as it is."),
    ),
}
REFUSALS["2130"] = REFUSALS["2030"]
REFUSALS["4000"] = REFUSALS["4001"] = REFUSALS["4002"] = _refusal(
    what=say("QuickBooks did not understand what it was asked about %(subject)s."),
    cure=say("Check the name for unusual characters; if it has none, give the code to support."),
)
REFUSALS["500"] = REFUSALS["2040"]
REFUSALS["6160"] = REFUSALS["6170"] = REFUSALS["6100"]
REFUSALS["6200"] = REFUSALS["6210"]

_UNKNOWN = _refusal(
    what=NOT_TAKEN, cure=say("Put right what QuickBooks names and send again, or give the code to support.")
)

# Patterns in QuickBooks' name of a field (`element`) or in its text, and our field in which a person corrects it.
_FIELDS = (
    (r"DocNumber|PaymentRefNum", "number"),
    (r"Customer|DisplayName|PrimaryEmailAddr|PrimaryPhone|CompanyName", "customer"),
    (r"Item|^Name\b", "item"),
    (r"Line|UnitPrice|Qty|Description", "lines"),
    (r"Vendor", "vendor"),
    (r"APAccountRef", "accounts_payable"),
    (r"ARAccountRef", "accounts_receivable"),
    (r"DepositToAccountRef", "deposit_account"),
    (r"DiscountAccountRef", "discount_account"),
    (r"Tax", "tax"),
    (r"TxnDate", "date"),
)


EXPIRED = {
    "120": say("Whoever connected QuickBooks may not do this there any more. An administrator must connect it again."),
    "3100": say("QuickBooks does not let this application into the company any more. An admin must connect it again."),
    "3200": say("QuickBooks Online does not accept the authorization any more. An admin must connect it again."),
}
"""Messages for an admin when QuickBooks does not accept our authorization, by code."""

LATER = {
    "130": say("Intuit is moving the company to another place"),
    "140": say("the company is locked for a moment"),
    "150": say("Intuit is at work on the company"),
    "600": say("it is still busy with what it was asked before"),
    "3001": say("it has been asked too much within a minute"),
}
"""The reason why QuickBooks asks us to retry later, as a half sentence, by code."""


def has_sentences(code: str) -> bool:
    """Return True if there are sentences for this code."""
    return code in REFUSALS


def build_problem(code: str, message: str, detail: str, element: str, subject: Sentence) -> Problem:
    """Return the problem that an error of QuickBooks means, about `subject`."""
    refusal = REFUSALS.get(code, _UNKNOWN)
    said = _read_own_words(message, detail)
    if not said and refusal.why is not None and "%(detail)s" in refusal.why.message:
        refusal = replace(refusal, why=None)
    field = _find_account_field(element) or refusal.field or _find_field(code, element, said)
    where = f" ({element})" if element else ""
    return refusal.problem(code, field=field, subject=subject, detail=said, element=where)


def find_closed_period(document: Document, closed_until: dt.date | None) -> Iterator[Problem]:
    """Yield the problem of code 6210 for a document that is dated in a closed period, known before sending."""
    return PROBLEMS.find_closed_period(document, closed_until, code="6210", cure=REFUSALS["6210"].cure)


def _find_account_field(element: str) -> str:
    """Return our field for QuickBooks' account field (`element`), or an empty string."""
    return next((field for pattern, field in _FIELDS if "Account" in pattern and re.search(pattern, element)), "")


def _find_field(code: str, element: str, said: str) -> str:
    if code == "610" and not element:
        return ""  # Its text lists every kind of record, not only the one that it is about.
    for pattern, field in _FIELDS:
        if re.search(pattern, f"{element} {said}"):
            return field
    return ""


def _read_own_words(message: str, detail: str) -> str:
    """Return QuickBooks' own text without repetition: a detail mostly begins with the message and " : "."""
    text = " ".join((detail or message).replace("\\n", " ").split())
    if message and text.startswith(message):
        text = text.removeprefix(message).lstrip(" :") or message
    return text
