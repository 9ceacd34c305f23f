"""View models for the templates: one data class per fragment, with all sentences made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hub.books import description, history, usage
from hub.books.refresh import find_listings
from hub.database import now
from hub.dispatch import endpoints
from hub.extension import current, stuck_time
from hub.installations import notice_texts, notices
from hub.installations.notice_texts import NoticeText
from hub.integrations import optional_calls, registry
from hub.models import Delivery, Endpoint, Installation, Listing, TransactionRow
from hub.orders.cancel import find_cancellable
from hub.orders.deliveries import count_stopped, is_said_gone
from hub.plugin import Listed, Problem, RecordKind, TransactionKind, document_kinds, kind_of, say
from hub.serialization import problems_of
from hub.states import ConversationState, DeliveryState, InstallationState
from hub.translating import _, ngettext

MOVING = frozenset({DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.IN_DOUBT})

LISTS: Mapping[Listed, str] = {
    RecordKind.ACCOUNT: say("Accounts"), RecordKind.CUSTOMER: say("Customers"), RecordKind.VENDOR: say("Vendors"),
    RecordKind.ITEM: say("Items"), RecordKind.TAX_CODE: say("Tax codes"), RecordKind.TERM: say("Terms"),
    RecordKind.CLASS: say("Classes"), RecordKind.LOCATION: say("Locations"),
    **{kind: kind_of(kind).plural for kind in TransactionKind},
}  # fmt: skip

_STATES = {
    InstallationState.PENDING: (say("Not connected yet"), "wait"),
    InstallationState.CONNECTED: (say("Connected"), "good"),
    InstallationState.EXPIRED: (say("Connection expired"), "bad"),
    InstallationState.PAUSED: (say("Paused"), "wait"),
    InstallationState.REMOVED: (say("Removed"), "wait"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An installation on the integrations page."""

    id: int
    label: str
    state: InstallationState
    state_text: str
    tone: str
    books: str
    installation: Installation
    trouble: str
    check: str
    answered: str
    lists: Sequence[Listing]
    stopped: int
    moving: bool
    missing: str = ""
    calls: str = ""
    called_at: dt.datetime | None = None
    next_call: str = ""
    silent: bool = False
    has_endpoint: bool = False
    usage: str = ""
    spent: str = ""
    renew_before: str = ""

    @property
    def loading(self) -> bool:
        return any(listing.loading for listing in self.lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """The status of a delivery. `tone` is good, bad or wait."""

    id: int
    title: str
    text: str
    tone: str
    address: str | None = None
    problems: Sequence[Problem] = ()
    reference: str = ""
    can_retry: bool = False
    can_cancel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    """The deliveries of an order; `moving` while they may change by themselves. `title` is that of the first document.
    """

    order_id: str
    title: str = ""
    statuses: Sequence[DeliveryStatus] = field(default_factory=tuple)
    moving: bool = False

    @property
    def summary(self) -> tuple[str, str]:
        """A few words and a tone, for the orders list and screen readers."""
        if not self.statuses:
            return "", "none"
        if any(one.tone == "bad" for one in self.statuses):
            return _("Needs attention"), "bad"
        first = self.statuses[0] if not self.moving else next(one for one in self.statuses if one.tone == "wait")
        return first.text, first.tone

    @property
    def rank(self) -> int:
        """The position in a list that shows first what needs attention."""
        return ("bad", "wait", "good", "none").index(self.summary[1])

    @property
    def address(self) -> str | None:
        """The web page of its first document in the books."""
        return next((one.address for one in self.statuses if one.address), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPanel:
    """The progress of a ledger that polls us, until its first successful call, and when its next call is expected."""

    id: int
    label: str
    connected: bool
    steps: Sequence[tuple[bool, str]]
    sentence: str
    trouble: str
    has_password: bool
    edition: str
    moved_to: str


def build_endpoint_panel(installation: Installation) -> EndpointPanel:
    row = endpoints.endpoint_for(installation)
    connected = installation.state is not InstallationState.PENDING
    called = _("The Web Connector has called")
    if row.client:
        called = _("The Web Connector has called (%(client)s)", client=row.client)
    return EndpointPanel(
        id=installation.id, label=registry.label_of(installation.integration), connected=connected,
        steps=(
            (row.called_at is not None, called),
            (connected, _("Password accepted, company file open")),
        ),
        sentence=_("Connected to %(books)s, %(call)s.", books=installation.books_name, call=_next_call_text(row))
        if connected else _("Waiting for the first call…"),
        trouble=_(installation.trouble), has_password=bool(row.password_hash), edition=endpoints.password_edition(row),
        moved_to=installation.books_moved_to,
    )  # fmt: skip


def _next_call_text(row: Endpoint) -> str:
    due = endpoints.next_call(row)
    if due is None:
        return _("not called yet")
    if endpoints.is_silent(row):
        return _("no call for %(span)s", span=format_span(now() - (row.called_at or now())))
    if due <= now():
        return _("next call at any moment")
    return _("next call in about %(span)s", span=format_span(due - now()))


def format_span(span: dt.timedelta) -> str:
    """Return a span of time in words: "12 min", "5 hours", "3 days"."""
    count = max(1, round(span.total_seconds() / 60))
    if count < 2 * 60:
        return _("%(count)s min", count=count)
    if count < 2 * 24 * 60:
        return _("%(count)s hours", count=count // 60)
    return _("%(count)s days", count=count // (24 * 60))


def build_card(installation: Installation) -> Card:
    text, tone = _STATES[installation.state]
    check = description.find_last_check(installation.id)
    asking = check is not None and check.state is ConversationState.OPEN
    endpoint = installation.endpoint
    return Card(
        id=installation.id, label=registry.label_of(installation.integration), state=installation.state,
        state_text=_(text), tone=tone, books=installation.books_name, installation=installation,
        trouble=_(installation.trouble),
        check=_("Testing the connection…") if asking else _(check.outcome) if check else "",
        answered=_("Last answer %(span)s ago", span=format_span(now() - installation.answered_at))
        if installation.answered_at else _("No answer yet"),
        lists=find_listings(installation.id), stopped=count_stopped(installation.id), moving=asking,
        missing="" if installation.integration in current().integrations else _("Its plugin is not installed here."),
        calls=_("%(client)s last called", client=endpoint.client) if endpoint and endpoint.called_at else "",
        called_at=endpoint.called_at if endpoint else None,
        next_call=_next_call_text(endpoint) if endpoint and endpoint.called_at else "",
        silent=endpoint is not None and endpoints.is_silent(endpoint), has_endpoint=endpoint is not None,
        usage=_usage_text(installation),
        spent=_(usage.describe_spent(installation.integration)) if usage.is_spent(installation.integration) else "",
        renew_before=_renew_before_text(installation),
    )  # fmt: skip


def build_banners(organization_id: str) -> list[NoticeText]:
    """Return the notices for the admins of an organization, the worst first."""
    found = [notice_texts.describe_finding(one) for one in notices.find_findings(organization_id)]
    return sorted(found, key=lambda told: told.tone != "bad")


def _renew_before_text(installation: Installation) -> str:
    """Return the day before which an admin must authorize again: "3 Mar 2027 (100 days)"."""
    ends = installation.credential.expires_at if installation.credential else None
    if ends is None or installation.state is InstallationState.EXPIRED:
        return ""
    return ngettext("%(day)s (%(num)s day)", "%(day)s (%(num)s days)", notice_texts.days_left(ends), day=ends.date())


def build_lists(installation: Installation) -> dict[str, Any]:
    """Return the progress of the lists, as every tab of an installation shows it."""
    listings = find_listings(installation.id)
    loading = description.is_first(installation) or any(one.loading for one in listings)
    return {
        "installation": installation, "listings": listings, "names": {kind: _(text) for kind, text in LISTS.items()},
        "product": registry.label_of(installation.integration).split()[0],
        "loading": loading and installation.state is InstallationState.CONNECTED,
    }  # fmt: skip


def _usage_text(installation: Installation) -> str:
    """Return this month's reads and writes, where reads are limited."""
    most = usage.monthly_reads(installation.integration)
    if not most:
        return ""
    row = usage.of_this_month(installation.id)
    return _(
        "%(reads)s of %(most)s reads this month, %(writes)s writes", reads=f"{row.reads:,}", most=f"{most:,}",
        writes=f"{row.writes:,}",
    )  # fmt: skip


def build_order_status(
    order_id: str,
    deliveries: Sequence[Delivery],
    standing: Mapping[int, TransactionRow] | None = None,
    cancellable: Collection[int] | None = None,
) -> OrderStatus:
    """Return the status of an order's documents, and of the records that they wait for.

    `standing` are their current transactions (`history.standing`), and `cancellable` the ids of those that can be
    cancelled, if these were loaded for many orders at once.
    """
    standing = history.find_transactions(deliveries) if standing is None else standing
    shown: dict[int, Delivery] = {}
    for delivery in deliveries:
        for needed in delivery.needs:
            if (needed.state is not DeliveryState.POSTED or needed.problems) and needed.kind in set(RecordKind):
                shown.setdefault(needed.id, needed)
    shown |= {delivery.id: delivery for delivery in deliveries}
    stopped = [delivery for delivery in shown.values() if delivery.state is DeliveryState.STOPPED]
    cancellable = find_cancellable(stopped) if cancellable is None else cancellable
    statuses = build_delivery_statuses(shown.values(), standing, cancellable)
    return OrderStatus(
        order_id=order_id,
        title=delivery_title(deliveries[0]) if deliveries else "",
        statuses=tuple(statuses),
        moving=any(is_moving(delivery) for delivery in shown.values()),
    )


def build_delivery_statuses(
    deliveries: Iterable[Delivery], standing: Mapping[int, TransactionRow], cancellable: Collection[int]
) -> list[DeliveryStatus]:
    """Return the status of each delivery. `standing` are their current transactions, `cancellable` the ids of those
    that can be cancelled."""
    return [_build_delivery_status(one, standing.get(one.id), can_cancel=one.id in cancellable) for one in deliveries]


def _build_delivery_status(delivery: Delivery, row: TransactionRow | None, *, can_cancel: bool) -> DeliveryStatus:
    stopped = delivery.state is DeliveryState.STOPPED
    tone = {DeliveryState.POSTED: "good", DeliveryState.STOPPED: "bad"}.get(delivery.state, "wait")
    text, became = _TEXTS[delivery.state](delivery), _change_in_books(delivery, row)
    return DeliveryStatus(
        id=delivery.id, title=delivery_title(delivery), text=became or text, tone="wait" if became else tone,
        address=_document_address(delivery), problems=problems_of(delivery.problems), reference=delivery.reference,
        can_retry=stopped, can_cancel=can_cancel,
    )  # fmt: skip


def document_amount(delivery: Delivery) -> Decimal | None:
    """Return the amount of a document as it was sent, in the order's currency; None for a new record."""
    if delivery.kind not in document_kinds():
        return None
    subject = delivery.subject or {}
    amount = subject.get("total", subject.get("amount"))
    return delivery.posting_total if amount is None else Decimal(str(amount))


def delivery_title(delivery: Delivery) -> str:
    """Return the title of a delivery: "Invoice 1042"; while it is being voided, "Void invoice 1042"."""
    void_title = kind_of(delivery.kind).void_title
    if void_title is not None and delivery.voids and delivery.state is not DeliveryState.POSTED:
        return _(void_title, number=delivery.subject.get("number", ""))
    return _(delivery.title)


def _change_in_books(delivery: Delivery, row: TransactionRow | None) -> str:
    """Return how a posted document was changed in the books; empty if it was not."""
    if delivery.state is not DeliveryState.POSTED:
        return ""
    product = registry.label_of(delivery.installation.integration).split()[0]
    if row is None:
        return _("Deleted in %(product)s", product=product) if is_said_gone(delivery) else ""
    if row.deleted or row.voided:
        words = _("Deleted in %(product)s", product=product)
        return words if row.deleted else _("Voided in %(product)s", product=product)
    if row.total == delivery.posting_total:
        return ""
    return _("Changed in %(product)s (now %(total)s)", product=product, total=f"{row.total:,.2f}")


def _posted_text(delivery: Delivery) -> str:
    product = registry.label_of(delivery.installation.integration).split()[0]
    if delivery.posting_number:
        return _("In %(product)s as %(number)s", product=product, number=delivery.posting_number)
    return _("In %(product)s", product=product)


def _waiting_text(delivery: Delivery) -> str:
    missing = [needed for needed in delivery.needs if needed.state is not DeliveryState.POSTED]
    if not missing:
        return _("Queued")
    if _is_blocked(delivery):
        return _("On hold: %(title)s needs attention", title=_(missing[0].title))
    return _("Waiting for %(title)s", title=_(missing[0].title))


def is_moving(delivery: Delivery) -> bool:
    """Return True if a delivery may change without a person, so that it is worth polling."""
    return delivery.state in MOVING and not _is_blocked(delivery)


def _is_blocked(delivery: Delivery) -> bool:
    """Return True if a delivery waits for one that only a person can move."""
    return delivery.state is DeliveryState.WAITING and any(
        needed.state in {DeliveryState.STOPPED, DeliveryState.CANCELLED} or _is_blocked(needed)
        for needed in delivery.needs
    )


def _queued_text(delivery: Delivery) -> str:  # noqa: PLR0911 – A sentence for each reason.
    installation = delivery.installation
    if installation.state is InstallationState.EXPIRED:
        return _("Queued until an admin reconnects")
    if installation.state is InstallationState.PAUSED:
        return _("Queued. An admin paused sending")
    if installation.trouble:
        return _("Queued. %(why)s We’ll try again automatically", why=_(installation.trouble))
    endpoint = installation.endpoint
    if endpoint is not None:
        if endpoint.called_at is None:
            return _("Waiting for the Web Connector (checks every %(minutes)s min)", minutes=endpoint.minutes)
        seen = format_span(now() - endpoint.called_at)
        return _(
            "Waiting for the Web Connector (checks every %(minutes)s min; last seen %(seen)s ago)", seen=seen,
            minutes=endpoint.minutes,
        )  # fmt: skip
    waits = now() - max(delivery.due_at, delivery.moved_at)
    if waits > stuck_time() and not installation.is_driven:
        return _(
            "Queued. Sending is delayed; it goes out automatically"
        )
    return _("Queued")


def _document_address(delivery: Delivery) -> str | None:
    integration = current().integrations.get(delivery.installation.integration)
    if integration is None or delivery.state is not DeliveryState.POSTED or delivery.kind not in document_kinds():
        return None
    books = description.known_books(delivery.installation)
    return optional_calls.document_url(integration, delivery.kind, delivery.posting_id, books)


_TEXTS: Mapping[DeliveryState, Callable[[Delivery], str]] = {
    DeliveryState.WAITING: _waiting_text,
    DeliveryState.QUEUED: _queued_text,
    DeliveryState.SENDING: lambda _delivery: _("Sending…"),
    DeliveryState.IN_DOUBT: lambda _delivery: _("Checking delivery…"),
    DeliveryState.POSTED: _posted_text,
    DeliveryState.STOPPED: lambda _delivery: _("Needs attention"),
    DeliveryState.CANCELLED: lambda _delivery: _("Cancelled"),
}
