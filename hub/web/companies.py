"""A company's account in the books, and the part of it that belongs to one order, for the host's pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from hub import access, scope
from hub.books import description, history, links
from hub.books.refresh import find_listings
from hub.database import now
from hub.errors import NotFound
from hub.extension import current, host
from hub.host import Company, Order, Permission
from hub.installations.install import reload_history
from hub.integrations import optional_calls, registry
from hub.models import Delivery, Installation, Link, TransactionRow
from hub.orders.deliveries import deliveries_of_order
from hub.plugin import RecordKind, TransactionKind, document_kinds, kind_of, say
from hub.translating import _, ngettext
from hub.web.guard import actor, is_fragment, organization, requires
from hub.web.linking import company_of
from hub.web.pages import redirect_to, render_fragment
from hub.web.views import format_span

AGES = (say("Not due"), "1–30", "31–60", "61–90", say("Over 90"))
"""The parts of the aging bar, in days overdue."""
_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the invoices or payments."""

    row: TransactionRow
    state: str
    tone: str
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgingPart:
    """A part of the aging bar: its start and length in percent."""

    label: str
    amount: Decimal
    start: Decimal
    length: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyBooks:
    """A company, or one of its orders, in one of the organization's books."""

    installation: Installation
    product: str
    link: Link | None
    account: history.Account
    aging: Sequence[AgingPart]
    invoices: Sequence[Entry]
    payments: Sequence[Entry]
    more: int
    fresh: str
    loading: bool
    problem: str


def register(blueprint: Blueprint) -> None:
    for path, name, shown, refreshed in (
        ("/companies/<company_id>", "company", company, refresh_company),
        ("/orders/<order_id>/history", "order_history", order_history, refresh_order),
    ):
        blueprint.add_url_rule(path, name, shown)
        blueprint.add_url_rule(f"{path}/refresh", refreshed.__name__, refreshed, methods=["POST"])


@requires(Permission.VIEW)
def company(company_id: str) -> ResponseReturnValue:
    """Return a company's account; the page polls it while the history is being fetched."""
    return _show_company(company_of(company_id))


@requires(Permission.VIEW)
def refresh_company(company_id: str) -> ResponseReturnValue:
    """Refresh the history. A ledger that polls us is asked at its next call."""
    found = company_of(company_id)
    _refresh_histories(installation for installation, _ in _find_links(found))
    return _show_company(found) if is_fragment() else redirect_to("hub.company", company_id=company_id)


@requires(Permission.VIEW)
def order_history(order_id: str) -> ResponseReturnValue:
    """Return an order's account: its invoice and what was paid on it. The page polls it while the history is being
    fetched."""
    return _show_order(_find_order(order_id))


@requires(Permission.VIEW)
def refresh_order(order_id: str) -> ResponseReturnValue:
    """Refresh the history, from the page of an order."""
    found = _find_order(order_id)
    sent_with = {one.installation_id for one in _find_sent(found)}
    _refresh_histories(one for one in _find_visible() if one.id in sent_with)
    return _show_order(found) if is_fragment() else redirect_to("hub.order_history", order_id=order_id)


def _show_company(found: Company) -> ResponseReturnValue:
    today = now().date()
    books = [
        _build_books(installation, history.load_customer_account(installation.id, link.record_id, today), link)
        for installation, link in _find_links(found)
    ]
    linked = {one.installation.id for one in books}
    free = [
        (one, registry.label_of(one.integration)) for one in _find_visible()
        if one.id not in linked and one.state in access.SENDABLE and access.may_choose(actor(), one)
    ]  # fmt: skip
    return render_fragment(
        "hub/company.html", title=_("%(name)s: balance and payments", name=found.name), company=found, books=books,
        free=free, moving=any(one.loading for one in books),
        refresh=url_for("hub.refresh_company", company_id=found.id),
        may_link=lambda installation: access.may_choose(actor(), installation),
    )  # fmt: skip


def _show_order(found: Order) -> ResponseReturnValue:
    today, sent = now().date(), _find_sent(found)
    accounts = [(one, history.load_order_account(one.id, sent, today)) for one in _find_visible()]
    books = [_build_books(one, account) for one, account in accounts if account.transactions]
    return render_fragment(
        "hub/order_history.html", title=_("Order %(number)s: balance and payments", number=found.number), order=found,
        books=books, moving=any(one.loading for one in books), refresh=url_for("hub.refresh_order", order_id=found.id),
    )  # fmt: skip


def _find_links(found: Company) -> list[tuple[Installation, Link]]:
    """Return the books in which a company is linked to a customer, as far as the user may see them."""
    found_links = ((one, links.find_link(one.id, RecordKind.CUSTOMER, found.id)) for one in _find_visible())
    return [(installation, link) for installation, link in found_links if link is not None]


def _refresh_histories(installations: Iterable[Installation]) -> None:
    for installation in installations:
        reload_history(actor(), installation.id)


def _find_sent(found: Order) -> list[Delivery]:
    return deliveries_of_order(organization().id, found.id)


def _find_order(order_id: str) -> Order:
    found = host().order(organization().id, order_id)
    if found is None:
        raise NotFound(say("There is no such order."))
    return found


def _find_visible() -> list[Installation]:
    return list(filter(access.visibility_check(actor()), scope.find_installations(organization().id)))


def _build_books(installation: Installation, account: history.Account, link: Link | None = None) -> CompanyBooks:
    invoices = account.of(TransactionKind.INVOICE)
    payments = [row for kind in TransactionKind if kind is not TransactionKind.INVOICE for row in account.of(kind)]
    listings = [one for one in find_listings(installation.id) if one.kind in set(TransactionKind)]
    seen = [one.refreshed_at for one in listings if one.refreshed_at is not None]
    return CompanyBooks(
        installation=installation, product=registry.label_of(installation.integration), link=link, account=account,
        aging=_build_aging(account.aging),
        invoices=[_build_entry(installation, row, account.today) for row in invoices[:_SHOWN]],
        payments=[_build_entry(installation, row, account.today) for row in payments[:_SHOWN]],
        more=max(0, len(invoices) - _SHOWN),
        fresh=_("as of %(span)s ago", span=format_span(now() - min(seen))) if seen else "",
        loading=any(one.due_at is None for one in listings),
        problem=next((one.problem for one in listings if one.problem), ""),
    )  # fmt: skip


def _build_aging(amounts: Sequence[Decimal]) -> list[AgingPart]:
    whole, start, parts = sum(amounts, Decimal(0)) or Decimal(1), Decimal(0), []
    for label, amount in zip(map(_, AGES), amounts, strict=True):
        length = round(100 * amount / whole, 2)
        parts.append(AgingPart(label=label, amount=amount, start=start, length=length))
        start += length
    return parts


def _build_entry(installation: Installation, row: TransactionRow, today: dt.date) -> Entry:
    state, tone = _describe_state(row, today)
    integration = current().integrations.get(installation.integration)
    address = None
    if integration is not None and str(row.kind) in document_kinds():
        kind = row.kind
        books = description.known_books(installation)
        address = optional_calls.document_url(integration, kind, row.transaction_id, books)
    return Entry(row=row, state=state, tone=tone, address=address)


def _describe_state(row: TransactionRow, today: dt.date) -> tuple[str, str]:
    if row.voided:
        return _("Voided"), "wait"
    if row.kind is not TransactionKind.INVOICE:
        kind = _(kind_of(row.kind).title)
        if row.balance:
            kind = _("%(kind)s, %(amount)s not applied", kind=kind, amount=f"{row.balance:,.2f}")
        return kind, "good"
    if row.is_overdue(today):
        days = (today - (row.due or row.date)).days
        return ngettext("%(num)s day overdue", "%(num)s days overdue", days), "bad"
    return (_("Open"), "wait") if row.balance else (_("Paid"), "good")
