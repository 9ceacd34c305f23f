"""Habits: a new order's send dialog begins with the user's last choices."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from hub.database import session
from hub.host import Order, User
from hub.models import Habit, Installation
from hub.planning.choices import Choices
from hub.planning.parts import vendors_of
from hub.plugin import Per, kinds_per
from hub.queue import commit, rollback


def remember_choices(installation: Installation, user: User, choices: Choices) -> None:
    """Store a user's choices for the next order, without those that concern this order only (customer, deposit,
    changes). Commits."""
    if not choices.sells:
        return
    bought = sorted(choices.kinds & kinds_per(Per.VENDOR))
    chosen = {"documents": bought, "tax": choices.tax, "default": installation.tax}
    try:
        session().merge(Habit(installation_id=installation.id, user_id=user.id, chosen=chosen))
        commit()
    except IntegrityError:  # The same person pressed twice at once, and the other press has kept it.
        rollback()


def recall_choices(installation: Installation, user: User, order: Order) -> Choices:
    """Return the choices for a new order, from the last one. The last tax is ignored if an admin has changed the
    default since."""
    row = session().get(Habit, (installation.id, user.id))
    chosen = row.chosen if row is not None else {}
    kept = chosen.get("default") == installation.tax
    bought = [
        kind
        for kind in chosen.get("documents", ())
        if kind in installation.documents and vendors_of(order)
    ]
    return Choices(
        documents=(*Choices().documents, *bought), tax=chosen.get("tax", "") if kept else installation.tax
    )  # fmt: skip
