"""New records that a document needs: a customer, a vendor, an item."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, TypeAlias

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents.parts import Address, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A customer to be entered in the books, under `name`; or, with `revises`, to be changed there.

    What is empty is left as the books have it.
    """

    kind: ClassVar[RecordKind] = RecordKind.CUSTOMER

    name: str
    email: str = ""
    phone: str = ""
    billing: Address | None = None
    shipping: Address | None = None
    currency: str = ""
    revises: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVendor:
    """A vendor to be entered in the books, under `name`."""

    kind: ClassVar[RecordKind] = RecordKind.VENDOR

    name: str
    email: str = ""
    phone: str = ""
    address: Address | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A product or service to be entered in the books, sold into `income` and, where it is bought too, from `cost`."""

    kind: ClassVar[RecordKind] = RecordKind.ITEM

    name: str
    description: str = ""
    price: Decimal | None = None
    taxable: bool = True
    income: Ref
    cost: Ref | None = None


NewRecord: TypeAlias = NewCustomer | NewVendor | NewItem
