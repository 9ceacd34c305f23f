"""Order 1042 into a company file through the Web Connector, and everything that can happen to a session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from hub.books import mappings
from hub.database import session
from hub.dispatch import endpoints, polling_sessions, pump
from hub.dispatch.polling import StoredPollingSession
from hub.errors import NotFound
from hub.installations.install import remove_installation
from hub.integrations import registry
from hub.models import BatchRow, Delivery, Installation, Listing, RecordRow
from hub.orders.deliveries import deliveries_of_order
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.plugin import Books, LoginResult, NoBatch, RecordKind, Role, TransactionKind
from hub.serialization import problems_of
from hub.states import BatchState, DeliveryState, InstallationState
from hub.web import views
from quickbooks_desktop import paging
from sandbox.desktop import lists
from sandbox.desktop.connector import Failed
from tests.support.desktop import BOOKS, ORDER_1042, Office, by_hand, faults, forget_answers, states, whole_file
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.orders import ledger, send
from tests.support.pages import statements
from tests.support.serving import serving


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.open(url, tmp_path)


@pytest.fixture
def connected(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path)






def test_a_call_takes_a_few_statements_however_much_it_hands_over(connected: Office, app: Flask) -> None:
    app.config["HUB_POLLING_PATIENCE_SECONDS"] = 60
    send(connected, range(1000, 1060), customers=40)
    desk = StoredPollingSession(connected.installation.id)
    ticket = desk.log_in(desk.login, connected.password).ticket
    desk.identify_books(ticket, Books(id=connected.installation.books_id, name=BOOKS), "16.0")
    company, taken, sorted_with = connected.company.session(), list[tuple[bool, int, int]](), list[int]()
    while True:
        with statements(app) as collecting:
            body = desk.next_batch(ticket)
        if body is NoBatch.FINISHED:
            break
        if body is NoBatch.PREPARING:
            assert len(collecting) < 20
            with statements(app) as sorting_out:
                pump.deliver(connected.installation.id)  # A worker does so meanwhile.
            sorted_with.append(sum(one.startswith("SELECT") for one in sorting_out))
            continue
        assert isinstance(body, str)
        answer = company.process(body)
        with statements(app) as handing_in:
            desk.receive_answer(ticket, answer)
        taken.append((body.count("requestID") > polling_sessions.LITTLE, len(collecting), len(handing_in)))
    assert whole_file(connected.company) == ledger(range(1000, 1060), customers=40)
    assert {(collected, handed_in) for much, collected, handed_in in taken if much} == {(1, 1)}
    assert max(sorted_with) < 60, "A worker asks as often as there are requests in a batch."


@pytest.mark.parametrize("readable", [True, False])
def test_a_session_that_is_silent_after_its_answer_was_taken_in_makes_room_sooner_than_one_that_works(
    connected: Office, app: Flask, readable: bool
) -> None:
    app.config.update(HUB_POLLING_WORK_SECONDS=60, HUB_POLLING_PATIENCE_SECONDS=60)
    send(connected, range(1000, 1015))
    desk, ticket = StoredPollingSession(connected.installation.id), ""

    def begin(*, may_be_silent: float = 60) -> LoginResult:
        nonlocal ticket
        app.config["HUB_POLLING_SECONDS"] = may_be_silent
        admission = desk.log_in(desk.login, connected.password)
        app.config["HUB_POLLING_SECONDS"] = 60
        ticket = admission.ticket or ticket
        return admission.result

    def collect() -> str:
        while not isinstance(body := desk.next_batch(ticket), str):
            pump.deliver(connected.installation.id)
        return body

    assert begin() is LoginResult.OPEN
    desk.identify_books(ticket, Books(id=connected.installation.books_id, name=BOOKS), "16.0")
    company, is_much = connected.company.session(), False
    while not is_much:
        body = collect()
        is_much = body.count("requestID") > polling_sessions.LITTLE
        assert begin(may_be_silent=0) is LoginResult.BUSY, "QuickBooks works on it."
        answer = company.process(body)
        desk.receive_answer(ticket, answer if readable or not is_much else answer[: len(answer) // 2])
    pump.deliver(connected.installation.id)  # A worker reads it.
    assert begin() is LoginResult.BUSY
    silent = ticket
    assert begin(may_be_silent=0) is LoginResult.OPEN
    assert desk.next_batch(silent) is NoBatch.CLOSED
    desk.close(ticket)
    app.config["HUB_POLLING_PATIENCE_SECONDS"] = 0  # Nobody works beside it.
    assert connected.connector().update() == "OK"
    assert whole_file(connected.company) == ledger(range(1000, 1015))


def test_the_first_call_connects_and_reads_the_lists(office: Office) -> None:
    assert office.installation.state is InstallationState.PENDING
    assert office.connector().update() == "OK"
    session().expire_all()
    found = office.installation
    assert (found.state, found.books_name, found.books_country, found.books_currency) == (
        InstallationState.CONNECTED, BOOKS, "US", "USD",
    )  # fmt: skip
    listings = session().scalars(select(Listing)).all()
    unused = {RecordKind.CLASS, RecordKind.LOCATION}
    assert {one.kind for one in listings} == {*RecordKind, *TransactionKind} - unused
    assert all(not one.loading and not one.problem for one in listings)
    row = endpoints.endpoint_for(found)
    assert (row.client, row.dialect) == ("2.3.0.215", "16.0")
    assert office.connector().update() == "No data exchange required"


def test_accounts_are_suggested_by_kind_and_that_of_discounts_by_its_name(office: Office) -> None:
    assert office.connector().update() == "OK"
    session().expire_all()
    suggested = mappings.suggest_mappings(office.installation, registry.find_integration("quickbooks_desktop"))
    named = {row.record_id: row.name for row in session().scalars(select(RecordRow))}
    assert {role: named[chosen] for role, chosen in suggested.items()} == {
        Role.RECEIVABLE: "Accounts Receivable", Role.INCOME: "Sales", Role.COST: "Cost of Goods Sold",
        Role.PAYABLE: "Accounts Payable", Role.DISCOUNT: "Discounts Given",
    }  # fmt: skip


def test_no_account_of_discounts_is_suggested_for_income(office: Office) -> None:
    (discounts,) = (row for row in office.company.rows("Account") if row.name == "Discounts Given")
    discounts.fields["AccountNumber"] = "0100"  # It comes before all others.
    office.company.store.put(discounts)
    assert office.connector().update() == "OK"
    session().expire_all()
    suggested = mappings.suggest_mappings(office.installation, registry.find_integration("quickbooks_desktop"))
    assert suggested[Role.INCOME] != discounts.id
    assert suggested[Role.DISCOUNT] == discounts.id


def test_a_long_list_is_read_page_by_page_without_a_pause(
    office: Office, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["HUB_POLLING_PATIENCE_SECONDS"] = 60
    monkeypatch.setattr(paging, "PAGE_SIZE", 5)
    count = 5 * (polling_sessions.LITTLE + 5)
    with office.company.store.transaction():
        for number in range(count):
            lists.add(office.company.store, "Customer", {"Name": f"Customer {number}"})
    session().commit()
    connector = office.connector()
    connector.pause = 60  # Whoever were asked to wait would wait too long.
    assert connector.update() == "OK"
    known = select(func.count()).select_from(RecordRow).where(RecordRow.kind == RecordKind.CUSTOMER)
    assert session().scalar(known) == count
    assert connector.exchanges > polling_sessions.LITTLE


def test_order_1042_stands_in_the_company_file_with_exactly_its_figures(connected: Office) -> None:
    send_order(ADA_AT_ACME, connected.installation.id, order_1042(), Choices())
    connector = connected.connector()
    assert connector.update() == "OK", connected.log
    assert whole_file(connected.company) == ORDER_1042
    assert states() == {DeliveryState.POSTED}
    assert not [one.problems for one in session().scalars(select(Delivery)) if one.problems]
    assert len(connector.percentages) > 2
    assert connector.percentages[-1] == 100
    assert all(0 <= done < 100 for done in connector.percentages[:-1])


def test_nothing_is_left_behind_by_a_session(connected: Office) -> None:
    send_order(ADA_AT_ACME, connected.installation.id, order_1042(), Choices())
    connected.update()
    assert set(session().scalars(select(BatchRow.state))) == {BatchState.ANSWERED}
    assert not connected.installation.is_driven
    assert connected.installation.trouble == ""


@pytest.mark.parametrize("kind", ["die_at_call", "lose_at_call", "die_before", "die_after"])
def test_a_web_connector_that_vanishes_at_any_step_loses_nothing_and_doubles_nothing(
    connected: Office, kind: str
) -> None:
    send_order(ADA_AT_ACME, connected.installation.id, order_1042(), Choices())
    step = 1
    while connected.dies(faults(kind, step)):
        step += 1
    connected.update()
    assert step > 3, "The line was cut at several steps."
    assert whole_file(connected.company) == ORDER_1042
    assert states() == {DeliveryState.POSTED}


@pytest.mark.parametrize("kind", ["lose_at_call", "die_after"])
def test_a_session_of_twenty_deliveries_cut_at_every_exchange_posts_each_exactly_once(
    connected: Office, kind: str
) -> None:
    """Five orders for a new customer, a new vendor and a new item: invoice, payment, purchase order and bill each.

    Every time the session is cut one step later; the next batch then begins where the books are. To the hub, a call
    that never leaves is like the lost answer to the call before it, so that two of the four faults are enough.
    """
    step, first = 1, 5000
    while True:
        send(connected, range(first, first + 5))
        died = connected.dies(faults(kind, step))
        connected.update()
        assert whole_file(connected.company) == ledger(range(5000, first + 5))
        assert states() == {DeliveryState.POSTED}
        if not died:
            break
        step, first = step + 1, first + 5
    assert step > (7 if "call" in kind else 3), "The line was cut at several steps."


@pytest.mark.parametrize("loss", ["of its memory", "of its memory and of the invoices"])
def test_what_quickbooks_forgot_is_looked_for_before_it_is_asked_again(connected: Office, loss: str) -> None:
    """The answer of a set is lost, and so is QuickBooks' memory of it: its invoices are found by number and mark."""
    send(connected, range(6000, 6005))
    step = 1
    while not connected.company.rows("Invoice"):
        assert connected.dies(faults("die_after", step))
        step += 1
    forget_answers(connected)
    if "invoices" in loss:
        for row in connected.company.rows("Invoice"):
            by_hand(connected.company, f"<TxnDelRq><TxnDelType>Invoice</TxnDelType><TxnID>{row.id}</TxnID></TxnDelRq>")
    connected.connector().update()
    connected.update()
    assert whole_file(connected.company) == ledger(range(6000, 6005))
    assert states() == {DeliveryState.POSTED}
    doubted = [one for one in session().scalars(select(BatchRow)) if one.trouble]
    assert len(doubted) == 1


def test_several_hundred_requests_travel_in_few_sets_and_the_first_is_small(connected: Office) -> None:
    send(connected, range(7000, 7060), customers=10)
    connector = connected.connector()
    assert connector.update() == "OK"
    assert whole_file(connected.company) == ledger(range(7000, 7060), customers=10)
    assert connector.exchanges <= 9
    assert connector.percentages == sorted(connector.percentages)
    assert 100 not in connector.percentages[:-1]


def test_a_customer_whose_name_is_too_long_is_entered_shortened_and_the_person_is_told(connected: Office) -> None:
    name = "Promotional Products of the Greater Northern Territories"
    order = replace(order_1042(), company=replace(order_1042().company, name=name))
    send_order(ADA_AT_ACME, connected.installation.id, order, Choices())
    connected.update()
    (customer,) = connected.company.rows("Customer")
    assert len(customer.name) <= 41
    (told,) = session().scalars(select(Delivery).where(Delivery.kind == "customer"))
    assert customer.name in problems_of(told.problems)[0].what
    assert name in views.build_order_status("1042", deliveries_of_order("acme", "1042")).statuses[0].title


def test_nothing_is_out_where_nothing_may_be_handed_out(connected: Office) -> None:
    """What is handed in by a session that was handed nothing, because other books are open, answers nothing."""
    send_order(ADA_AT_ACME, connected.installation.id, order_1042(), Choices())
    pump.deliver(connected.installation.id)
    desk = StoredPollingSession(connected.installation.id)
    ticket = desk.log_in(desk.login, connected.password).ticket
    desk.identify_books(ticket, Books(id=connected.installation.books_id, name=BOOKS), "16.0")
    pump.deliver(connected.installation.id)
    assert session().scalars(select(BatchRow).where(BatchRow.state == BatchState.OPEN)).all()
    session().commit()
    desk.report_error(ticket, "Another company file is open.")
    collected = polling_sessions.collect_batch(connected.installation.id, ticket, dt.timedelta(seconds=60))
    assert collected is not None
    assert collected.complaint == "Another company file is open."
    desk.receive_answer(ticket, "<QBXML/>")
    untouched = select(BatchRow.trouble, BatchRow.answered_at).where(BatchRow.state == BatchState.OPEN)
    assert [tuple(one) for one in session().execute(untouched)] == [("", None)]


def test_a_removed_installation_is_at_no_address(connected: Office) -> None:
    address = endpoints.endpoint_for(connected.installation).address
    session().commit()
    assert endpoints.find_installation(address) == (connected.installation.id, "quickbooks_desktop")
    remove_installation(ADA_AT_ACME, connected.installation.id)
    with pytest.raises(NotFound):
        endpoints.find_installation(address)
    with pytest.raises(Failed, match="404"):
        connected.connector().update()


def test_a_web_process_that_remembers_the_address_of_a_removed_installation_admits_nobody(
    connected: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert endpoints.find_installation(endpoints.endpoint_for(connected.installation).address)
    session().commit()

    def forgets(installation: Installation) -> None:
        installation.endpoint = None

    monkeypatch.setattr(endpoints, "close_endpoint", forgets)  # As another process would.
    remove_installation(ADA_AT_ACME, connected.installation.id)
    assert connected.connector().update().startswith("QBWC1040")
