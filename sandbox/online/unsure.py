"""Switches for what is not certain about the real service, so that a client can be tried either way.

Each begins with what is harder for a client. `/_sandbox/unsure` sets them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.online.storage import Session

SWITCHES: dict[str, bool | int] = {
    "bill_before_order": False,
    "drops_links": True,
    "duplicate_on_change": True,
    "inactive_suffix": True,
    "page_margin": 0,
    "purchase_orders_by_vendor": False,
    "voids_paid": True,
}
"""The switches with their first values.

`bill_before_order`: a bill may be dated before the purchase order that it is linked to.
`drops_links`: a bill whose link to a purchase order is not possible is created without it (simstudioai/sim 6194); else
620.
`duplicate_on_change`: a number that is used twice is refused (6140) by a change that does not touch it, and by a void.
`inactive_suffix`: names of inactive entries end with " (deleted)".
`page_margin`: so many rows more (or less) than asked for are on a page (python-quickbooks' tests, of TaxCode).
`purchase_orders_by_vendor`: purchase orders can be queried by VendorRef, which Intuit does not document.
`voids_paid`: an invoice can be voided although payments are linked to it (breeze 5180).
"""

_FACT = "unsure"


def switch(session: Session, name: str) -> bool | int:
    """Return the value of a switch."""
    value: bool | int = session.fact(_FACT, {}).get(name, SWITCHES[name])
    return value


def set_switches(session: Session, values: dict[str, Any]) -> None:
    """Set switches by their names. Raises `ValueError` for a name that is none."""
    if unknown := values.keys() - SWITCHES.keys():
        raise ValueError(f"no such switch: {', '.join(sorted(unknown))}")
    session.set_fact(_FACT, {**session.fact(_FACT, {}), **values})
