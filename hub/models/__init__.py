"""The tables. Each row belongs to one organization, directly or through its installation."""

from hub.models.books import Link, LinkChange, Listing, Mapping, RecordRow, Word
from hub.models.bundle import Bundle
from hub.models.conversation import BatchRow, ConversationRow, Exchange, Purpose
from hub.models.delivery import Delivery, needs
from hub.models.endpoint import Endpoint
from hub.models.habit import Habit
from hub.models.installation import Authorization, Credential, Installation
from hub.models.lease import Lease, LeaseKind
from hub.models.notice import Notice, NoticeKind
from hub.models.row_events import note_change, note_state
from hub.models.transaction import TransactionRow
from hub.models.usage import Usage

__all__ = [
    "Authorization",
    "BatchRow",
    "Bundle",
    "ConversationRow",
    "Credential",
    "Delivery",
    "Endpoint",
    "Exchange",
    "Habit",
    "Installation",
    "Lease",
    "LeaseKind",
    "Link",
    "LinkChange",
    "Listing",
    "Mapping",
    "Notice",
    "NoticeKind",
    "Purpose",
    "RecordRow",
    "TransactionRow",
    "Usage",
    "Word",
    "needs",
    "note_change",
    "note_state",
]  # fmt: skip
