"""What a refusal by QuickBooks Online means to a bookkeeper or a sales rep, and what puts it right.

One sentence each for what happened, why, and what to do. `{subject}` is what was to be posted ("invoice 1042 for ABC
Company"), `{detail}` what QuickBooks itself says, shown where its text knows more than its code.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from hub.plugin import Offer, Problem

SUPPORT = "Send it again; if that does not help, give the code to support."


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The sentences for one code. `field` is the field that cures it, where the code alone tells."""

    what: str
    why: str = "QuickBooks says: {detail}"
    cure: str
    field: str = ""


NOT_TAKEN = "QuickBooks did not take {subject}."

REFUSALS = {
    "610": Refusal(
        what="{Subject} refers to something that is no longer in use in QuickBooks.",
        why="A customer, product, account or transaction of it was deleted or made inactive. QuickBooks says: {detail}",
        cure="Make it active again in QuickBooks, or choose another one here, and send again.",
    ),
    "620": Refusal(
        what="QuickBooks could not link {subject} to its invoice.",
        why="The invoice may be paid already, or belong to another customer. QuickBooks says: {detail}",
        cure="Look at the invoice in QuickBooks and apply the payment there.",
    ),
    "2010": Refusal(what=NOT_TAKEN, cure=SUPPORT),
    "2020": Refusal(
        what="{Subject} lacks something that QuickBooks needs.",
        cure="Fill it in and send again.",
    ),
    "2030": Refusal(what=NOT_TAKEN, cure=SUPPORT),
    "2040": Refusal(
        what="{Subject} has characters that QuickBooks cannot store.",
        cure="Take unusual characters out, such as colons in names or symbols, and send again.",
    ),
    "2050": Refusal(
        what="A text in {subject} is longer or shorter than QuickBooks allows.",
        why="QuickBooks says: {detail}{element}",
        cure="Change the text and send again.",
    ),
    "2170": Refusal(what=NOT_TAKEN, cure=SUPPORT),
    "2290": Refusal(
        what="QuickBooks does not take a negative amount in {subject}.",
        cure="Change the line and send again.",
        field="lines",
    ),
    "2500": Refusal(
        what="{Subject} refers to something that QuickBooks does not find.",
        why="It was deleted or made inactive, or is from other books. QuickBooks says: {detail}",
        cure="Refresh the lists in the settings, choose another one, and send again.",
    ),
    "5010": Refusal(
        what="Somebody changed this in QuickBooks at the same moment.",
        cure="Send {subject} again.",
    ),
    "5020": Refusal(
        what="Your QuickBooks plan does not include what {subject} needs.",
        cure="Change the plan in QuickBooks, or send the order without it.",
        field="documents",
    ),
    "6000": Refusal(what=NOT_TAKEN, cure="Put right what QuickBooks names and send again."),
    "6070": Refusal(
        what="QuickBooks works out another amount for a line of {subject}.",
        why="An amount there must be the quantity times the price. QuickBooks says: {detail}",
        cure="Check quantities and prices and send again.",
        field="lines",
    ),
    "6100": Refusal(
        what="QuickBooks does not accept the sales tax on {subject}.",
        cure="Choose another tax in the dialog and send again.",
        field="tax",
    ),
    "6140": Refusal(
        what="The number of {subject} is used already in QuickBooks.",
        why="QuickBooks warns about duplicate numbers in your books. Somebody may have entered it by hand.",
        cure="Look in QuickBooks whether it is the same one. If not, give it another number and send again.",
        field="number",
    ),
    "6190": Refusal(
        what="QuickBooks does not take anything at present, because its subscription is not active.",
        why="QuickBooks says: {detail}",
        cure="Renew the subscription in QuickBooks; then press Resume here, and everything goes out.",
    ),
    "6210": Refusal(
        what="The books are closed for the date of {subject}.",
        why="A closing date is set in QuickBooks, and nothing dated before it can be added from outside.",
        cure="Post it on a later day, or have your accountant reopen the period in QuickBooks, and send again.",
        field="date",
    ),
    "6240": Refusal(
        what="The name of {subject} is taken in QuickBooks.",
        why="Customers, suppliers and employees share one list of names there, inactive ones included.",
        cure="Choose the existing entry here, or change the name, and send again.",
    ),
    "6250": Refusal(
        what="The customer of {subject} is inactive in QuickBooks.",
        cure="Make the customer active again in QuickBooks, or choose another one, and send again.",
        field="customer",
    ),
    "6430": Refusal(
        what="An account of {subject} is of a kind that QuickBooks does not take there.",
        cure="Choose another account in the settings under Accounts and send again.",
        field="income_account",
    ),
    "6440": Refusal(
        what="A line of {subject} has no product that QuickBooks knows.",
        cure="Choose a product for every line and send again.",
        field="lines",
    ),
    "6470": Refusal(
        what="Sales tax is not set up in QuickBooks as {subject} needs it.",
        cure="Set up sales tax in QuickBooks under Taxes, or choose another tax in the dialog, and send again.",
        field="tax",
    ),
    "6480": Refusal(
        what="QuickBooks has matched this to a bank transaction already and does not change it.",
        cure="Undo the match in QuickBooks first, or leave it as it is.",
    ),
    "6540": Refusal(
        what="The money of {subject} is part of a bank deposit already.",
        cure="Take it out of the deposit in QuickBooks first, or leave it as it is.",
    ),
}
REFUSALS["2130"] = REFUSALS["2030"]
REFUSALS["4000"] = REFUSALS["4001"] = REFUSALS["4002"] = Refusal(
    what="QuickBooks did not understand what it was asked about {subject}.",
    cure="Check the name for unusual characters; if it has none, give the code to support.",
)
REFUSALS["500"] = REFUSALS["2040"]
REFUSALS["6160"] = REFUSALS["6170"] = REFUSALS["6100"]
REFUSALS["6200"] = REFUSALS["6210"]

_UNKNOWN = Refusal(what=NOT_TAKEN, cure="Put right what QuickBooks names and send again, or give the code to support.")

# What QuickBooks calls a field (`element`), or says in its text, and the field of ours that cures it.
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
    "120": "Whoever connected QuickBooks may not do this there any more. An administrator must connect it again.",
    "3100": "QuickBooks does not let this application into the company any more. An admin must connect it again.",
    "3200": "QuickBooks Online does not accept the authorization any more. An admin must connect it again.",
}
"""What it means to an admin that we are not let in."""

LATER = {
    "130": "Intuit is moving the company to another place",
    "140": "the company is locked for a moment",
    "150": "Intuit is at work on the company",
    "600": "it is still busy with what it was asked before",
    "3001": "it has been asked too much within a minute",
}
"""Why QuickBooks asks to come later, as a half sentence."""


def knows(code: str) -> bool:
    """Whether there are sentences for this code."""
    return code in REFUSALS


def problem(code: str, message: str, detail: str, element: str, subject: str) -> Problem:
    """What an error of QuickBooks means to a person, about `subject`."""
    refusal = REFUSALS.get(code, _UNKNOWN)
    said = _said(message, detail)
    words = {
        "subject": subject,
        "Subject": subject[:1].upper() + subject[1:],
        "detail": said,
        "element": f" ({element})" if element else "",
    }
    why = refusal.why.format(**words) if said or "{detail}" not in refusal.why else ""
    return Problem(
        what=_ended(refusal.what.format(**words)),
        why=why,
        cure=refusal.cure.format(**words),
        field=_account(element) or refusal.field or _field(code, element, said),
        code=code,
    )


def closed(subject: str, until: dt.date, *, may_move: bool = True) -> Problem:
    """What 6210 says, known beforehand."""
    day = f"{until.day} {until:%b %Y}"
    return Problem(
        what=_ended(f"The books are closed until {day}, which is not before the date of {subject}."),
        why="Nothing dated up to that day can be added from outside.",
        cure=REFUSALS["6210"].cure,
        field="date",
        code="6210",
        offers=(Offer.day(until + dt.timedelta(days=1)),) if may_move else (),
    )


def _account(element: str) -> str:
    """The role of ours that an account of theirs stands for."""
    return next((field for pattern, field in _FIELDS if "Account" in pattern and re.search(pattern, element)), "")


def _field(code: str, element: str, said: str) -> str:
    if code == "610" and not element:
        return ""  # Its text lists every kind of record there is, whichever of them it means.
    for pattern, field in _FIELDS:
        if re.search(pattern, f"{element} {said}"):
            return field
    return ""


def _ended(sentence: str) -> str:
    """A sentence that ends with a name which ends with a point ("Redwood Brewing Co.") ends with one point."""
    return sentence.removesuffix(".") if sentence.endswith("..") else sentence


def _said(message: str, detail: str) -> str:
    """QuickBooks' own words, once: a detail mostly begins with its message and " : "."""
    text = " ".join((detail or message).replace("\\n", " ").split())
    if message and text.startswith(message):
        text = text.removeprefix(message).lstrip(" :") or message
    return text
