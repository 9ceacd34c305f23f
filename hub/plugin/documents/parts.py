"""Parts of documents: addresses, lines, tax, and the revision of a posting."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hub.plugin.books import Ref
from hub.plugin.sentences import Sentence, say

CENT = Decimal("0.01")


class DoesNotAddUp(ValueError):
    """The figures of a document contradict each other; such a document cannot be constructed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address. `lines` stand above the city; `country` is a name or an ISO 3166 code, as the host has it."""

    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""

    def fit_lines(self, most: int) -> list[str]:
        """Return the lines above the city without empty ones; those beyond `most` are joined into the last."""
        lines = [line for line in self.lines if line]
        return lines if len(lines) <= most else [*lines[: most - 1], ", ".join(lines[most - 1 :])]


def in_cents(amount: Decimal | int | str) -> Decimal:
    """Round an amount, as a number or as a ledger writes it, to cents, half up, as the ledgers do with quantity times
    price."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def plain_decimal(amount: Decimal) -> Decimal:
    """Return the same amount without an exponent, which not every JSON parser accepts."""
    return Decimal(f"{amount:f}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a document. `amount` is quantity times price, rounded half up to cents.

    `account` is the income account of a sale or the cost account of a purchase, for a ledger that takes one a line.
    On a purchase, `customer` is for whom it is bought, and `billable` says that this customer is to be charged for it.
    Raises `DoesNotAddUp` if the amount is another one.
    """

    item: Ref
    description: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    taxable: bool = True
    account: Ref | None = None
    customer: Ref | None = None
    billable: bool = False

    def __post_init__(self) -> None:
        if in_cents(self.quantity * self.price) != self.amount:
            raise DoesNotAddUp(say(
                "%(quantity)s × %(price)s is %(amount)s, but the line “%(line)s” says %(said)s.",
                quantity=self.quantity, price=self.price, amount=in_cents(self.quantity * self.price),
                line=self.description or self.item.name, said=self.amount,
            ))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Sales tax on a document: `amount` as the host has it, and the tax code that the person chose.

    Without a code the books decide how to tax; the amount is then what we expect, and a difference is shown.
    (Tax that is to stand as a line of its own reaches the plugin as that line, with an amount of zero here.)
    """

    amount: Decimal = Decimal("0.00")
    code: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The posting that a document replaces: its `id`, the last known `version`, and the ids of its lines if the posting
    had them.

    `totals` are the totals that it may have in the books: with this change, which may have arrived already; as it was
    posted; as the history has it; as a person was told. If it has another one, a person has changed it, and a plugin
    that sees this raises a problem before it overwrites it (`FixKind.OVERWRITES`). For a record it is empty. `cleared`
    are the names of the fields that the document had when it was last posted and does not have any more. `posted` is
    the document or record as it was posted last, where that is known: an update changes what differs from it, and
    leaves alone what people changed in the books since. `overwrites` is what a person said may be overwritten
    (`FixKind.OVERWRITES`).

    With `voids` the document is to be voided: it then is the one that was posted, for its number and party. Only kinds
    in `Capabilities.voids` are voided.
    """

    id: str
    version: str = ""
    lines: tuple[str, ...] = ()
    totals: tuple[Decimal, ...] = ()
    cleared: tuple[str, ...] = ()
    posted: Any = None
    overwrites: str = ""
    voids: bool = False


def check_sum(title: Sentence, lines: tuple[Line, ...], total: Decimal) -> None:
    """Raise `DoesNotAddUp` if there are no lines, or if their amounts are not the total."""
    if not lines:
        raise DoesNotAddUp(say("%(document)s has no lines.", document=title))
    if (amount := sum((line.amount for line in lines), Decimal("0.00"))) != total:
        raise DoesNotAddUp(say(
            "%(document)s: the lines come to %(amount)s, but the total says %(total)s.",
            document=title, amount=amount, total=total,
        ))  # fmt: skip
