"""Answers of QuickBooks Desktop that are lost, come without a row, or cannot be taken: nothing is lost or doubled.

Sources: Intuit's qbxmlops130.xsd (`ErrorRecovery`), Intuit's status codes (500 to 999 are warnings).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import session
from hub.installations.notices import find_findings
from hub.integrations import registry
from hub.models import BatchRow, Delivery, NoticeKind
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.serialization import problems_of
from hub.states import DeliveryState
from quickbooks_desktop import matches
from sandbox.desktop.connector import Failed, Faults
from tests.support.desktop import ORDER_1042, Office, faults, let_sessions_time_out, states, whole_file
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.orders import ledger, send
from tests.support.serving import serving


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, broken = registry.load_integrations()
    assert broken == ()
    with serving(app) as url:
        yield Office.connected(app, url, tmp_path)


@pytest.mark.parametrize("shape", ["beside", "alone"])
def test_an_answer_that_is_given_once_more_may_hold_an_error_recovery(office: Office, shape: str) -> None:
    office.company.store.remember("error recovery", shape)
    send(office, range(1000, 1003))
    step = 1
    while office.dies(faults("die_after", step)):
        step += 1
        session().expire_all()
    office.update()
    assert step > 3
    assert whole_file(office.company) == ledger(range(1000, 1003))
    assert states() == {DeliveryState.POSTED}


@pytest.mark.parametrize(("request_name", "code"), [
    ("InvoiceAdd", "550"), ("BillAdd", "570"), ("PurchaseOrderAdd", "510"), ("ReceivePaymentAdd", "510"),
    ("CustomerAdd", "510"), ("ItemNonInventoryAdd", "510"),
])  # fmt: skip
def test_what_a_warning_does_not_return_is_looked_for(office: Office, request_name: str, code: str) -> None:
    office.company.store.remember("warns", f"{request_name} {code} 1")
    send(office, range(1000, 1001))
    office.update()
    assert office.company.store.fact("warns").endswith(" 0")
    assert whole_file(office.company) == ledger(range(1000, 1001))
    assert states() == {DeliveryState.POSTED}


@pytest.mark.parametrize("raw", [
    b"&#x19;", b"\x19", b"&#25;", b"&#xD83D;&#xDE00;", b"&#xD83D;", b"&#146;", b"\x92", b"&amp;#x19;",
    b"&amp;#xD83D;&amp;#xDE00;", b"&#xFFFE;",
])  # fmt: skip
def test_characters_that_xml_forbids_do_no_harm(office: Office, raw: bytes) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.connector(Faults(raw=raw)).update()
    session().expire_all()
    assert states() == {DeliveryState.POSTED}
    assert whole_file(office.company) == ORDER_1042


def _notices(office: Office) -> list[NoticeKind]:
    session().expire_all()
    return [one.kind for one in find_findings(office.installation.organization_id)]


@pytest.mark.parametrize("status", [413, 502])
def test_answers_that_a_proxy_refuses_are_asked_in_smaller_sets_and_admins_are_told(
    office: Office, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that takes 8 KB: the answers to a set of several documents are larger, those to one are not."""
    monkeypatch.setattr(matches, "AT_ONCE", 1)
    send(office, range(1000, 1004))
    failed = 0
    for _ in range(40):
        let_sessions_time_out()
        try:
            office.connector(Faults(refuses=(status, 8_000))).update()
        except Failed:
            failed += 1
        session().expire_all()
        if states() == {DeliveryState.POSTED}:
            break
    assert failed >= 3
    assert states() == {DeliveryState.POSTED}
    assert whole_file(office.company) == ledger(range(1000, 1004))
    assert _notices(office) == [NoticeKind.UNREAD]


def test_answers_that_cannot_be_read_stop_in_the_end_with_a_sentence(office: Office) -> None:
    """Each answer holds what is not qbXML: in the end a person decides."""
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    for _ in range(60):
        let_sessions_time_out()
        office.connector(Faults(raw=b"&lt;!ENTITY")).update()
        session().expire_all()
        if DeliveryState.STOPPED in states():
            break
    assert DeliveryState.STOPPED in states()
    assert NoticeKind.UNREAD in _notices(office)
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert "answer-unreadable" in {problems_of(one.problems)[0].code for one in stopped}


def test_each_message_set_has_an_id_of_20_characters(office: Office) -> None:
    """is2qb's attribute table says 23, Intuit's sample 24; Intuit's own ids have 8 to 16."""
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    office.update()
    assert whole_file(office.company) == ORDER_1042
    assert {len(key) for key in session().scalars(select(BatchRow.idempotency_key))} == {20}
