"""What a person chooses when an order is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hub.plugin import Invoice, Payment, Per, document_kinds, kinds_per

SALES = kinds_per(Per.ORDER)
"""The kinds of what an order sells: it is one of them, never both."""

PURCHASES = kinds_per(Per.VENDOR)
"""The kinds of what is bought for an order, of each vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the person chose in the dialog.

    `documents` are kinds, and of what is bought also "<kind>/<vendor>" for one vendor alone. `vendors` says by
    vendor who it is in the books: an id, or `NEW`. `accounts` overrides the installation's mapping for this order, by
    role, or by "<role>/<vendor>" for one vendor. `updates` is what is in the books already and is to be
    changed or voided there, by what of the order it is ("invoice", "bill/<vendor>", "customer").
    """

    documents: tuple[str, ...] = (Invoice.kind,)
    customer: str = ""
    vendors: Mapping[str, str] = field(default_factory=dict)
    tax: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    updates: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    """What the person answered to problems, see `hub.planning.answers`."""

    @property
    def sells(self) -> bool:
        """Whether what the order sells is to be sent: its invoice, or its credit memo if it has become one."""
        return bool(SALES & set(self.documents))

    @property
    def deposits(self) -> bool:
        """Whether payments are to be sent although the invoice is not."""
        return Payment.kind in self.documents and not self.sells

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of `documents`, by key."""
        return frozenset(one.partition("/")[0] for one in self.documents).intersection(document_kinds())

    def whole(self) -> Choices:
        """Return the choices, in which what is to be updated of purchases is among the documents."""
        updated = [about for about in self.updates if about.partition("/")[0] in PURCHASES]
        return replace(self, documents=tuple(dict.fromkeys([*self.documents, *updated])))

    def stored(self) -> dict[str, object]:
        return {
            "documents": list(self.documents), "customer": self.customer, "vendors": dict(self.vendors),
            "tax": self.tax,
            "accounts": dict(self.accounts), "answers": dict(self.answers),
        }  # fmt: skip
