"""Add, change and refer to entries of lists: customers, vendors, employees, items, accounts, terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.desktop.reading import Fields, Refused
from sandbox.desktop.store import Row, Store

ITEMS = (
    "ItemService", "ItemNonInventory", "ItemOtherCharge", "ItemInventory", "ItemDiscount", "ItemPayment",
    "ItemSubtotal", "ItemSalesTax", "ItemSalesTaxGroup", "ItemGroup",
)  # fmt: skip
PARTIES = ("Customer", "Vendor", "Employee", "OtherName")
SHELVES: Mapping[str, str] = {
    **dict.fromkeys(PARTIES, "party"),
    **dict.fromkeys(ITEMS, "item"),
    "Account": "account",
    "StandardTerms": "terms",
    "Class": "class",
    "SalesTaxCode": "tax code",
}
REFERENCES: Mapping[str, Sequence[str]] = {
    "CustomerRef": ("Customer",),
    "VendorRef": ("Vendor",),
    "PrefVendorRef": ("Vendor",),
    "PayeeEntityRef": ("Vendor",),
    "ShipToEntityRef": PARTIES,
    "ItemRef": ITEMS,
    "ItemSalesTaxRef": ("ItemSalesTax", "ItemSalesTaxGroup"),
    "TermsRef": ("StandardTerms",),
    "ClassRef": ("Class",),
    "SalesTaxCodeRef": ("SalesTaxCode",),
    "CustomerSalesTaxCodeRef": ("SalesTaxCode",),
    "AccountRef": ("Account",),
    "ARAccountRef": ("Account",),
    "APAccountRef": ("Account",),
    "IncomeAccountRef": ("Account",),
    "ExpenseAccountRef": ("Account",),
    "OverrideItemAccountRef": ("Account",),
    "DepositToAccountRef": ("Account",),
    "BankAccountRef": ("Account",),
    "DiscountAccountRef": ("Account",),
}
_ACCOUNT_TYPES = {
    "ARAccountRef": {"AccountsReceivable"},
    "APAccountRef": {"AccountsPayable"},
    "DepositToAccountRef": {"Bank", "OtherCurrentAsset"},
    "BankAccountRef": {"Bank"},
    "IncomeAccountRef": {"Income", "OtherIncome"},
}


def moment() -> str:
    """Return the local time of the machine, with its offset."""
    return dt.datetime.now().astimezone().isoformat(timespec="seconds")


def list_id(store: Store) -> str:
    return f"{0x80000000 + store.following():X}-{int(dt.datetime.now().timestamp())}"  # noqa: DTZ005


def edit_sequence(store: Store) -> str:
    return str(1_700_000_000 + store.following())


def add(store: Store, kind: str, fields: Fields) -> Row:
    """Add an entry. Raises `Refused` if its name is taken or invalid, or if something that it refers to does not exist.
    """
    given = {name: value for name, value in fields.items() if name not in {"Name", "IsActive"}}
    name = fields.get("Name") or " ".join(filter(None, (fields.get("FirstName"), fields.get("LastName"))))
    if not name.strip():
        raise Refused(3150, 'There is a missing element: "Name".')
    if ":" in name:
        raise Refused(3210, f'The "Name" field has an invalid value "{name}". QuickBooks error message: A colon is not '
                      "allowed in a name.")  # fmt: skip
    shelf = SHELVES[kind]
    given = resolved(store, given, kind)
    full = f"{given['ParentRef']['FullName']}:{name}" if "ParentRef" in given else name
    if store.named(shelf, full) is not None:
        raise Refused(3100, f'The name "{name}" of the list element is already in use.')
    head = {
        "ListID": list_id(store), "TimeCreated": moment(), "TimeModified": moment(),
        "EditSequence": edit_sequence(store), "Name": name, "FullName": full,
        "IsActive": fields.get("IsActive", "true"),
    }  # fmt: skip
    row = Row(id=head["ListID"], kind=kind, shelf=shelf, name=full, fields=head | given,
              active=head["IsActive"] in {"true", "1"}, modified=head["TimeModified"])  # fmt: skip
    store.put(row)
    return row


def change(store: Store, kind: str, fields: Fields) -> Row:
    """Change an entry. Raises `Refused` if it does not exist, was changed meanwhile, or its new name is taken."""
    row = store.get(fields["ListID"], [kind])
    if row is None:
        raise Refused(3120, f'Object "{fields["ListID"]}" specified in the request cannot be found.')
    unchanged(row, fields)
    given = {name: value for name, value in fields.items() if name not in {"ListID", "EditSequence"}}
    name = given.get("Name", row.fields["Name"])
    taken = store.named(row.shelf, name)
    if taken is not None and taken.id != row.id:  # CoreBridge, WDCi: not 3100, as when one is added.
        raise Refused(3170, f'There was an error when modifying a {kind} list, element "{row.id}".  QuickBooks error '
                      "message: Cannot merge list elements.")  # fmt: skip
    row.fields |= resolved(store, given, kind) | {"FullName": name}
    row.name, row.active = name, row.fields["IsActive"] in {"true", "1"}
    touch(store, row)
    return row


def unchanged(row: Row, fields: Fields) -> None:
    """Raise `Refused` if the row was changed meanwhile, so that its EditSequence is another one (3200)."""
    if fields["EditSequence"] != row.fields["EditSequence"]:
        raise Refused(3200, f'The provided edit sequence "{fields["EditSequence"]}" is out-of-date.')


def touch(store: Store, row: Row) -> None:
    """Store a changed row, with a new EditSequence and TimeModified."""
    row.fields["EditSequence"], row.fields["TimeModified"] = edit_sequence(store), moment()
    row.modified = row.fields["TimeModified"]
    store.put(row)


def resolved(store: Store, fields: Fields, within: str) -> Fields:
    """Return the fields with ListID and FullName in every reference. Raises `Refused` for an invalid reference."""
    return {name: _resolved(store, name, value, within) for name, value in fields.items()}


def _resolved(store: Store, name: str, value: Any, within: str) -> Any:
    if isinstance(value, list):
        return [_resolved(store, name, one, within) for one in value]
    if isinstance(value, dict):
        if name in REFERENCES:
            row = referred(store, name, value, within)
            return {"ListID": row.id, "FullName": row.fields["FullName"]}
        return resolved(store, value, within)
    return value


def referred(store: Store, name: str, ref: Fields, within: str) -> Row:
    """Return the entry of a reference, by its ListID or else by its full name. Raises `Refused` (3140)."""
    kinds = REFERENCES.get(name, tuple(SHELVES))
    wanted = ref.get("ListID") or ref.get("FullName", "")
    if "ListID" in ref:
        row = store.get(ref["ListID"], kinds)
    else:
        row = store.named(SHELVES[kinds[0]], ref.get("FullName", ""))
    if row is None or row.kind not in kinds or not row.active:
        what = name.removesuffix("Ref")
        raise Refused(3140, f'There is an invalid reference to QuickBooks {what} "{wanted}" in the {within}.  '
                      "QuickBooks error message: Invalid argument.  The specified record does not exist in the "
                      "list.")  # fmt: skip
    if row.kind == "Account" and row.fields["AccountType"] not in _ACCOUNT_TYPES.get(name, {row.fields["AccountType"]}):
        raise Refused(3140, f'There is an invalid reference to QuickBooks Account "{wanted}" in the {within}.  '
                      "QuickBooks error message: The account has the wrong type.")  # fmt: skip
    return row
