"""What a company owes, as its books have it: a tab for the host's page of the company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint
from flask.typing import ResponseReturnValue

from hub.database import now
from hub.errors import NotFound
from hub.extension import current, host, settings_of
from hub.host import Company, Permission
from hub.models import Installation, Link, TransactionRow
from hub.plugin import DocumentKind, RecordKind, TransactionKind
from hub.queue import commit, wake
from hub.services import access, checking, fetching, history, linking, registry, scope
from hub.web.guard import is_fragment, organization, requires, user
from hub.web.pages import go, show
from hub.web.views import minutes

AGES = ("Not due yet", "1–30 days overdue", "31–60 days overdue", "61–90 days overdue", "Over 90 days overdue")
_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the invoices or payments."""

    row: TransactionRow
    state: str
    tone: str
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the aging bar: where it begins and how long it is, in percent."""

    label: str
    amount: Decimal
    start: Decimal
    length: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The company in one of the organization's books."""

    installation: Installation
    product: str
    link: Link
    account: history.Account
    aging: Sequence[Part]
    invoices: Sequence[Entry]
    payments: Sequence[Entry]
    more: int
    fresh: str
    loading: bool
    problem: str


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/companies/<company_id>", "company", company)
    blueprint.add_url_rule("/companies/<company_id>/refresh", "refresh_company", refresh, methods=["POST"])


@requires(Permission.VIEW)
def company(company_id: str) -> ResponseReturnValue:
    """The tab; it polls while something is being read."""
    return _tab(_company(company_id))


@requires(Permission.VIEW)
def refresh(company_id: str) -> ResponseReturnValue:
    """Have the history read again. A ledger that calls us is asked at its next call."""
    found = _company(company_id)
    for installation in _visible():
        if linking.linked(installation.id, RecordKind.CUSTOMER, company_id) is not None:
            fetching.refresh_history(installation.id)
            wake(installation.id)
    commit()
    return _tab(found) if is_fragment() else go("hub.company", company_id=company_id)


def _tab(found: Company) -> ResponseReturnValue:
    books = [
        _books(installation, link)
        for installation in _visible()
        if (link := linking.linked(installation.id, RecordKind.CUSTOMER, found.id)) is not None
    ]
    return show(
        "hub/company.html", title=f"{found.name} in the books", company=found, books=books,
        moving=any(one.loading for one in books),
    )  # fmt: skip


def _visible() -> list[Installation]:
    return list(filter(access.sight(user(), organization()), scope.installations(organization().id)))


def _company(company_id: str) -> Company:
    found = host().company(organization().id, company_id)
    if found is None:
        raise NotFound("There is no such company.")
    return found


def _books(installation: Installation, link: Link) -> Books:
    today = now().date()
    account = history.of_customer(installation.id, link.record_id, today)
    invoices, payments = account.of(TransactionKind.INVOICE), account.of(TransactionKind.PAYMENT)
    payments += account.of(TransactionKind.CREDIT_MEMO)
    listings = [one for one in fetching.listings(installation.id) if one.kind in set(TransactionKind)]
    seen = [one.refreshed_at for one in listings if one.refreshed_at is not None]
    return Books(
        installation=installation, product=registry.label(installation.integration), link=link, account=account,
        aging=_aging(account.aging), invoices=[_entry(installation, row, today) for row in invoices[:_SHOWN]],
        payments=[_entry(installation, row, today) for row in payments[:_SHOWN]],
        more=max(0, len(invoices) - _SHOWN), fresh=f"as of {minutes(now() - min(seen))} ago" if seen else "",
        loading=any(one.due_at is None for one in listings),
        problem=next((one.problem for one in listings if one.problem), ""),
    )  # fmt: skip


def _aging(amounts: Sequence[Decimal]) -> list[Part]:
    whole, start, parts = sum(amounts, Decimal(0)) or Decimal(1), Decimal(0), []
    for label, amount in zip(AGES, amounts, strict=True):
        length = round(100 * amount / whole, 2)
        parts.append(Part(label=label, amount=amount, start=start, length=length))
        start += length
    return parts


def _entry(installation: Installation, row: TransactionRow, today: dt.date) -> Entry:
    state, tone = _state(row, today)
    integration = current().integrations.get(installation.integration)
    address = None
    if integration is not None and str(row.kind) in set(DocumentKind):
        kind = DocumentKind(row.kind)
        address = integration.address(kind, row.transaction_id, checking.known(installation), settings_of(integration))
    return Entry(row=row, state=state, tone=tone, address=address)


def _state(row: TransactionRow, today: dt.date) -> tuple[str, str]:
    if row.voided:
        return "Voided", "wait"
    if row.kind is not TransactionKind.INVOICE:
        kind = "Payment" if row.kind is TransactionKind.PAYMENT else "Credit memo"
        return f"{kind}, {row.balance:,.2f} not applied" if row.balance else kind, "good"
    if row.is_overdue(today):
        days = (today - (row.due or row.date)).days
        return f"{days} {'day' if days == 1 else 'days'} overdue", "bad"
    return ("Open", "wait") if row.balance else ("Paid", "good")
