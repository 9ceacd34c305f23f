"""Answers that do not arrive, or cannot be read: three times in a row, and the batch is opened into smaller ones.

A proxy may refuse a large answer (413) or break down over it (502), the accounting program may crash over one request,
or an answer may hold what nobody can read. The same batch would go again in each session, for ever.
"""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from hub.database import now, session
from hub.dispatch import encoding, recovery
from hub.integrations import registry
from hub.integrations.crashes import log_crash
from hub.models import BatchRow, Installation
from hub.plugin import Integration, Rejected, Sentence, say


def count_lost_answer(batch: BatchRow, why: Sentence | str) -> bool:
    """Count an answer that did not arrive, or that could not be read. Return True at the third: it is time to open the
    batch."""
    batch.unread += 1
    if batch.unread < recovery.MOST_LOST:
        return False
    batch.trouble = why
    return True


def tell_admins(installation: Installation, batch: BatchRow) -> None:
    """Show admins that the answer to a batch was lost three times."""
    installation.answers_lost_at = now()
    installation.trouble = say(
        "%(product)s was asked the same %(count)s times, and its answer never arrived whole. It is asked in smaller "
        "pieces.", product=registry.label_of(installation.integration), count=batch.unread,
    )  # fmt: skip
    installation.trouble_since = installation.trouble_since or now()


def refusal_of(installation: Installation, batch: BatchRow) -> Rejected:
    """Return the failure of a single request whose answer is lost each time."""
    return Rejected(recovery.unreadable(registry.label_of(installation.integration), batch.trouble))


def split_batch(batch: BatchRow, integration: Integration) -> str:
    """Open a batch of which nothing was carried out. Return the reference of a crash if the plugin cannot encode it."""
    try:
        with session().begin_nested():
            encoding.split_batch(batch, integration)
    except SQLAlchemyError:
        raise
    except Exception as error:  # A plugin may do anything when it encodes.
        session().expire_all()
        return log_crash(error)
    return ""
