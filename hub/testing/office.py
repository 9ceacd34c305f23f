"""A business that uses the hub, for a test: its host, one installation, and the pretend ledger at the other end.

All of it is real but the host, which holds its orders in a dict, and time, which need not be waited for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import delete, func, or_, select, update

from hub.books import mappings
from hub.books.refresh import refresh_lists
from hub.database import Base, now, session
from hub.dispatch import credentials, endpoints, pump
from hub.host import Order
from hub.installations.accounts import save_accounts
from hub.installations.install import (
    Question,
    claim_attempt,
    finish_authorization,
    install_integration,
    start_authorization,
)
from hub.installations.passwords import change_password
from hub.models import BatchRow, Delivery, Endpoint, Installation, Lease, Listing, RecordRow
from hub.orders.deliveries import deliveries_of_order
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Connection, Download, Integration, PullIntegration, PushIntegration, document_kinds
from hub.plugin import RecordKind as Kind
from hub.queue import commit
from hub.serialization import problems_of
from hub.states import BatchState, DeliveryState, InstallationState
from hub.testing.host import ACTOR, BUSINESS, OrderDesk, mounted, restore_database, save_database
from hub.testing.ledger import ChoosingLedger, Decision, Entered, Ledger, PullLedger, PushLedger, Restorable
from hub.testing.orders import OrderBook, Sent
from hub.testing.wire import Wire

RETURN_URL = "http://localhost/hub/authorized"
_ROUNDS = 40
_UNFINISHED = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
_GOING = (BatchState.OPEN, BatchState.RECEIVED, BatchState.DOUBTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedOffice:
    """The state of an office at rest: the hub's database, the state of the ledger, the password that it calls with."""

    database: bytes
    ledger: object
    password: str


@dataclass
class Office:
    """See `opened`. `wire` sees every trip to the ledger and can break one."""

    integration: Integration
    ledger: Ledger
    url: str
    wire: Wire
    host: OrderDesk
    password: str = ""
    found: set[str] = field(default_factory=set)
    """The ids of the documents that were in the books before the last new order was sent."""

    @property
    def installation(self) -> Installation:
        session().expire_all()
        row = session().scalar(select(Installation).order_by(Installation.id.desc()))
        assert row is not None, "The integration is not installed."
        return row

    # ── Connecting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def install(self) -> Installation:
        """Press Install."""
        return install_integration(ACTOR, self.integration.key)

    def connect(self) -> None:
        """Install, connect, and go on until the lists are read; then choose what the mappings ask for."""
        self.install()
        if isinstance(self.integration, PullIntegration):
            self.invite()
        else:
            self.authorize(Decision.CONSENT)
        self.run()
        self._choose()

    def save(self) -> SavedOffice:
        """Save the hub and the ledger, which must be `Restorable`, while nothing is on its way between them."""
        assert isinstance(self.ledger, Restorable)
        return SavedOffice(database=save_database(), ledger=self.ledger.save(), password=self.password)

    def restore(self, saved: SavedOffice) -> None:
        """Return to a saved state, of this office or of another one of the same integration in this process."""
        assert isinstance(self.ledger, Restorable)
        restore_database(saved.database)
        self.ledger.restore(saved.ledger)
        self.password, self.found = saved.password, set()
        self.host.orders.clear()
        self.host.told.clear()
        self.wire.restart()

    def invite(self) -> None:
        """Make a password, and open the file at the other end."""
        assert isinstance(self.ledger, PullLedger), "A `PullIntegration` is tried on a `PullLedger`."
        row = endpoints.endpoint_for(self.installation)
        self.password = change_password(ACTOR, row.installation_id, instead_of=endpoints.password_edition(row))
        self.ledger.invite(self.file(), self.password)

    def file(self) -> Download:
        """Return the file that tells the ledger where to call."""
        row = endpoints.endpoint_for(self.installation)
        url, support = f"{self.url}/hub/polling/{row.address}", f"{self.url}/hub/support"
        return endpoints.connection_file(self.installation, url, support)

    def authorize(self, decision: Decision) -> None:
        """Go to the sign-in and come back, as an admin does. Raises `Rejected`."""
        answer = self.sign_in(decision)
        question = self.come_back(answer)
        while question is not None:
            assert isinstance(self.ledger, ChoosingLedger), f"Nobody chooses an answer to “{question.field.label}”."
            chosen = self.ledger.choose(question.field, decision)
            question = self.come_back({question.field.key: chosen, "state": question.state})

    def sign_in(self, decision: Decision) -> dict[str, str]:
        """Go to the sign-in. Gives the parameters with which the browser is sent back."""
        assert isinstance(self.ledger, PushLedger), "A `PushIntegration` is tried on a `PushLedger`."
        address = start_authorization(ACTOR, self.installation.id, RETURN_URL)
        back = self.ledger.sign_in(address, decision)
        assert back.startswith(RETURN_URL), f"The browser is sent to {back}, and not back to {RETURN_URL}."
        return dict(parse_qsl(urlsplit(back).query, keep_blank_values=True))

    def come_back(self, answer: Mapping[str, str]) -> Question | None:
        """Come back from the sign-in with these parameters, as the browser would. Raises `Rejected`."""
        claimed = claim_attempt(ACTOR, self.integration.key, answer.get("state", ""))
        return finish_authorization(ACTOR, claimed, RETURN_URL, answer)

    def connection(self) -> Connection:
        """Return what a transport is given."""
        assert isinstance(self.integration, PushIntegration)
        return credentials.connection_of(self.installation, self.integration)

    def secrets(self) -> list[str]:
        """Return all that must not be seen anywhere but at the ledger."""
        if isinstance(self.integration, PullIntegration):
            return [self.password]
        handed = self.connection()
        words = ("SECRET", "PASSWORD", "TOKEN", "KEY")
        settings = [
            value for name, value in handed.settings.items()
            if any(name.endswith(word) for word in words)
        ]  # fmt: skip
        return [value for value in (*handed.credentials.values(), *settings) if len(value) >= 8]  # noqa: PLR2004 – A shorter one is found by chance.

    def _choose(self) -> None:
        found = mappings.list_choices(self.installation, self.integration)
        chosen = {one.field.key: one.chosen or (one.candidates[0].ref if one.candidates else None) for one in found}
        lacking = [one.field.label for one in found if one.field.needed_for and chosen[one.field.key] is None]
        assert not lacking, f"The pretend ledger has nothing to choose for {', '.join(lacking)}. {self.story()}"
        save_accounts(ACTOR, self.installation.id, {key: ref.id for key, ref in chosen.items() if ref})

    # ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def book(self) -> OrderBook:
        """Return where orders are written."""
        creates = self.integration.capabilities.creates
        def there(kind: Kind) -> list[str]:
            return [] if kind in creates else [row.name for row in self.records(kind) if row.active]

        return OrderBook(
            currency=self.installation.books_currency or "USD", customers=there(Kind.CUSTOMER),
            vendors=there(Kind.VENDOR), items=there(Kind.ITEM),
        )  # fmt: skip

    def send(self, *sent: Sent | Order, customer: str = "") -> list[Delivery]:
        """Press Send for some orders, with all documents that the ledger takes. Raises `Incomplete`."""
        whole = [one if isinstance(one, Sent) else Sent(order=one) for one in sent]
        if any(one.order.id not in self.host.orders for one in whole):
            self.found = {one.id for one in self.ledger.documents()}
        for one in whole:
            order, tax = one.order, one.tax
            self.host.orders[order.id] = order
            choices = Choices(documents=self.kinds(), tax=self._tax(tax), customer=customer)
            send_order(ACTOR, self.installation.id, order, choices)
        return self.deliveries(*(one.order for one in whole))

    def kinds(self) -> tuple[str, ...]:
        """Return the documents that can be sent; payments go with their invoice."""
        return tuple(kind for kind in document_kinds() if kind in self.integration.capabilities.documents)

    def _tax(self, mode: str) -> str:
        if mode != "code":
            return mode
        codes = [row.record_id for row in self.records(Kind.TAX_CODE) if row.active]
        return f"code:{codes[0]}" if codes else ""

    def records(self, kind: Kind) -> list[RecordRow]:
        """Return what the hub knows of a list."""
        query = select(RecordRow).where(RecordRow.installation_id == self.installation.id, RecordRow.kind == kind)
        return list(session().scalars(query.order_by(RecordRow.id)))

    def deliveries(self, *orders: Order) -> list[Delivery]:
        """Return the deliveries of orders, and of the new records that they need."""
        session().expire_all()
        found: dict[int, Delivery] = {}
        for order in orders:
            for one in deliveries_of_order(BUSINESS.id, order.id):
                found |= {needed.id: needed for needed in one.needs} | {one.id: one}
        return [found[key] for key in sorted(found)]

    # ── Going on ────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, rounds: int = _ROUNDS) -> None:
        """Let workers, or the ledger's calls, go on until nothing is left to do, without waiting for any time."""
        for _ in range(rounds):
            self.make_due()
            self.go()
            if not self.is_busy():
                return

    def go(self) -> None:
        """Run one job of a worker, or one call of the ledger."""
        if isinstance(self.ledger, PullLedger):
            self.ledger.call()
        else:
            pump.deliver(self.installation.id)
        session().expire_all()

    def make_due(self) -> None:
        """Make everything due that waits for a moment."""
        past = now() - dt.timedelta(seconds=1)
        session().execute(update(Installation).values(resume_at=None))
        session().execute(delete(Lease))
        session().execute(update(BatchRow).where(BatchRow.state == BatchState.OPEN).values(due_at=past))
        session().execute(update(Delivery).where(Delivery.state == DeliveryState.QUEUED).values(due_at=past))
        session().execute(update(Endpoint).where(Endpoint.ticket.is_not(None)).values(ticket_until=past))
        commit()

    def make_old(self) -> None:
        """Make every open batch older than the ledger remembers its key."""
        remembers = self.integration.capabilities.idempotency_window or dt.timedelta(days=1)
        session().execute(update(BatchRow).values(fresh_since=now() - remembers - dt.timedelta(seconds=1)))
        commit()

    def is_busy(self) -> bool:
        """Return True if something is left to do."""
        queries = (
            select(func.count(Delivery.id)).where(Delivery.state.in_(_UNFINISHED)),
            select(func.count(BatchRow.id)).where(BatchRow.state.in_(_GOING)),
            select(func.count()).select_from(Listing).where(Listing.loading, Listing.problem == ""),
        )
        left = sum(session().scalar(query) or 0 for query in queries)
        return bool(left) or self.installation.state is InstallationState.PENDING

    def read_again(self) -> None:
        """Read all lists and the history once more, as far as they have changed."""
        refresh_lists(self.installation, self.integration)
        commit()
        self.run()

    # ── Looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def new_documents(self) -> dict[str, Entered]:
        """Return what the ledger holds beyond what it held before the last order was sent, by id."""
        return {one.id: one for one in self.ledger.documents() if one.id not in self.found}

    def story(self) -> str:
        """Return where everything stands, for a test that fails."""
        installation = self.installation
        lines = [f"The installation is {installation.state}. {installation.trouble}".strip()]
        for listing in session().scalars(select(Listing).where(or_(Listing.problem != "", Listing.loading))):
            lines += [f"The list of {listing.kind}: {listing.problem or 'being read'}"]
        for delivery in session().scalars(select(Delivery).where(Delivery.state != DeliveryState.POSTED)):
            said = "; ".join(
                " ".join(filter(None, (one.what, one.why))) for one in problems_of(delivery.problems)
            )  # fmt: skip
            lines += [f"{delivery.title} is {delivery.state} {delivery.reason or ''} {said} {delivery.reference}"]
        for batch in session().scalars(select(BatchRow).where(BatchRow.trouble != "")):
            lines += [f"A batch is {batch.state}: {batch.trouble}"]
        return "\n  ".join(lines)

    def all_rows(self) -> str:
        """Return all rows of the hub, except what it encrypts."""
        parts = []
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name != "secret"]
            parts += [repr(tuple(row)) for row in session().execute(select(*columns))]
        return "\n".join(parts)


@contextmanager
def opened(integration: Integration, ledger: Ledger) -> Iterator[Office]:
    """Yield an office with a new hub, in which the integration is not installed yet."""
    host, wire = OrderDesk(), Wire(ledger)
    settings = ledger.settings if isinstance(ledger, PushLedger) else {}
    with wire.watching(integration), mounted(host, integration, settings) as url:
        yield Office(integration=integration, ledger=ledger, url=url, wire=wire, host=host)
