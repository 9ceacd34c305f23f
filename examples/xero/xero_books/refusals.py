"""Sentences for a bookkeeper or a sales rep about each refusal by Xero, and the cure.

Xero has no error codes, only sentences, so refusals are recognized by parts of them; an unknown sentence is shown as it
is. Xero's sentences are from its API reference and its SDKs' tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.plugin import Problem, Refusal, Sentence, StandardProblems, say

PROBLEMS = StandardProblems(product="Xero")

NUMBER_TAKEN = "number taken"
NAME_TAKEN = "name taken"
NOTHING = "00000000-0000-0000-0000-000000000000"
"""The id of an element that was not saved."""


SAYS = say("Xero says: %(said)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidRefusal(Refusal):
    """Our sentences for one of Xero's. `says` is a pattern of Xero's, `code` ours."""

    says: str
    why: Sentence | None = SAYS
    code: str = ""


REFUSALS = (
    SaidRefusal(
        says=r"(Invoice|Credit Note) # must be unique|Order number must be unique",
        what=say("The number of %(subject)s is used already in Xero."),
        why=say("Xero takes a number once, and keeps those of voided documents."),
        cure=say("Link it if it is the same one. If not, give it another number."),
        field="number",
        code=NUMBER_TAKEN,
    ),
    SaidRefusal(
        says=r"is already assigned to another contact|Item with Code .* already exists",
        what=say("The name of %(subject)s is taken in Xero."),
        cure=say("Choose the entry that is there, or change the name."),
        code=NAME_TAKEN,
    ),
    SaidRefusal(
        says=r"lock date",
        what=say("The books are locked for the date of %(subject)s."),
        cure=say("Post it on a later day, or have your adviser move the lock date in Xero, and send again."),
        field="date",
        code="locked",
    ),
    SaidRefusal(
        says=r"TaxType code .* cannot be used|tax rate|TaxType",
        what=say("Xero does not take this tax on %(subject)s."),
        cure=say("Choose another tax in the dialog, or send the tax as an item, and send again."),
        field="tax",
        code="tax",
    ),
    SaidRefusal(
        says=r"Account code .*(not a valid code|archived|deleted)|Account (could not be found|is not valid|type)",
        what=say("Xero does not take an account of %(subject)s."),
        why=say("It was archived or deleted, or is of a kind that cannot stand there. Xero says: %(said)s"),
        cure=say("Choose another account in the settings under Accounts, and send again."),
        field="{account}",
        code="account",
    ),
    SaidRefusal(
        says=r"exceeds the amount outstanding",
        what=say("The invoice of %(subject)s has less open than that."),
        why=say("Somebody may have entered it in Xero already, or changed the invoice there."),
        cure=say("Look at the payments of the invoice in Xero, and enter there what is missing."),
        code="overpaid",
    ),
    SaidRefusal(
        says=r"only be made against Authorised|has payments or credit",
        what=say("Xero takes %(subject)s against an approved invoice only."),
        cure=say("Look at the invoice in Xero: approve it if it is a draft, or cancel this if it is paid or voided."),
        code="status",
    ),
    SaidRefusal(
        says=r"limit of invoices|limit of bills|plan",
        what=say("Your Xero plan takes no more of them this month."),
        cure=say("Change the plan in Xero, or wait for the next month, and send again."),
        field="documents",
        code="plan",
    ),
    SaidRefusal(
        says=r"archived",
        what=say("The contact of %(subject)s is archived in Xero."),
        cure=say("Restore the contact in Xero, or choose another one, and send again."),
        field="{party}",
        code="archived",
    ),
    SaidRefusal(
        says=r"Email",
        what=say("Xero does not take the e-mail address of %(subject)s."),
        cure=say("Correct the address and send again."),
        field="{party}",
    ),
    SaidRefusal(
        says=r"[Cc]ontact",
        what=say("Xero does not take the contact of %(subject)s."),
        cure=say("Refresh the lists in the settings, choose another one, and send again."),
        field="{party}",
    ),
    SaidRefusal(
        says=r"[Ii]tem|[Ll]ine|Quantity|Description|UnitAmount",
        what=say("Xero does not take a line of %(subject)s."),
        cure=say("Correct the line and send again."),
        field="lines",
    ),
)

_UNKNOWN = SaidRefusal(
    says="", what=say("Xero did not take %(subject)s."),
    cure=say("Put right what Xero names and send again, or ask support."),
)  # fmt: skip


def said_of(row: Mapping[str, Any]) -> list[str]:
    """Return all errors of an element, also those of its lines and addresses; none if it was saved."""
    found = list(dict.fromkeys(_find_messages(row)))
    ids = [value for name, value in row.items() if name.endswith("ID") and value == NOTHING]
    if row.get("StatusAttributeString") == "ERROR" or ids:
        return found or [say("It was not saved.")]
    return found


def _find_messages(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.get("ValidationErrors") or ():
            yield str(one.get("Message", ""))
        for name, part in value.items():
            if name != "ValidationErrors":
                yield from _find_messages(part)
    elif isinstance(value, list):
        for part in value:
            yield from _find_messages(part)


def build_problem(said: str, subject: Sentence, *, party: str = "customer", account: str = "income_account") -> Problem:
    """Return the problem that one of Xero's sentences means, about `subject`. `party` and `account` are our fields."""
    refusal = next((one for one in REFUSALS if re.search(one.says, said)), _UNKNOWN)
    field = refusal.field.format(party=party, account=account)
    return refusal.problem(refusal.code, field=field, subject=subject, said=said)
