"""The choices of a person who sends an order to one installation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from hub.plugin import Invoice, RecordKind, document_kinds, kind_of

NEW = "new"
"""The choice "Create New Customer", or "Create New Vendor"."""


def choice_of_new(instead_of: str = "") -> str:
    """Return the choice to create a customer or vendor, instead of the one with this id if there is one.

    It names the record that the form showed, so that a form that is posted twice creates only one.
    """
    return f"{NEW}:{instead_of}" if instead_of else NEW


def creates_new(chosen: str) -> bool:
    """Return True if a choice says to create a customer or vendor."""
    return chosen == NEW or chosen.startswith(f"{NEW}:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices in the send dialog.

    `documents` are kinds, and for purchase documents also "<kind>/<vendor>" for one vendor alone. `customer` and, by
    vendor, `vendors` are record ids, or the choice to create one (`choice_of_new`). `accounts` overrides the
    installation's mapping for this order, by role, or by "<role>/<vendor>" for one vendor. `updates` are the documents
    and records in the books to change, void or create again, by what of the order they are ("invoice", "bill/<vendor>",
    "payment/<id>", "customer"). `answers` are the chosen fixes, see `hub.planning.fixes`.
    """

    documents: tuple[str, ...] = (Invoice.kind,)
    customer: str = ""
    vendors: Mapping[str, str] = field(default_factory=dict)
    tax: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    updates: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sells(self) -> bool:
        """True if the invoice is to be sent, or the credit memo if the order has become one."""
        return self.asks_for(Invoice.kind)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of `documents`, by key."""
        return frozenset(one.partition("/")[0] for one in self.documents).intersection(document_kinds())

    def asks_for(self, kind: str, part: str = "") -> bool:
        """Return True if a document of a kind is to be sent; for a vendor, `part` is the vendor's id.

        An order that became the other of two kinds that exclude each other is sent as what it is now.
        """
        same = {kind, *kind_of(kind).excludes}
        return bool(same & set(self.documents)) or f"{kind}/{part}" in self.documents

    def with_party(self, kind: RecordKind, company_id: str, record_id: str) -> Choices:
        """Return the choices in which a company is a customer or vendor of the books."""
        if kind is RecordKind.CUSTOMER:
            return replace(self, customer=record_id)
        return replace(self, vendors={**self.vendors, company_id: record_id})

    def with_accounts(self, accounts: Iterable[tuple[str, str]]) -> Choices:
        """Return the choices with entries for roles for which nothing was chosen."""
        return replace(self, accounts={**dict(accounts), **self.accounts})
