"""The SOAP service on the wire: a strict third-party client, the bytes of a .NET client, and everything hostile."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from flask import Flask
from lxml import etree
from sqlalchemy import select

from hub.database import session
from hub.dispatch import endpoints, polling
from hub.installations.install import reload_lists
from hub.installations.passwords import change_password
from hub.integrations import registry
from hub.models import BatchRow, Delivery
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.serialization import problems_of
from hub.states import DeliveryState
from quickbooks_desktop import statuses
from sandbox.desktop.connector import Faults, envelope
from tests.support.desktop import ORDER_1042, Office, whole_file
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.serving import serving

OPERATIONS = {
    "serverVersion", "clientVersion", "authenticate", "sendRequestXML", "receiveResponseXML", "connectionError",
    "getLastError", "closeConnection", "getInteractiveURL", "interactiveRejected", "interactiveDone",
}  # fmt: skip
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://developer.intuit.com/x"'}


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Iterator[Office]:
    app.extensions["hub"].integrations, _ = registry.load_integrations()
    with serving(app) as url:
        found = Office.connected(app, url, tmp_path)
        yield found


def call(office: Office, operation: str, **given: str) -> etree._Element:
    """A call with the bytes of a .NET client; its result element."""
    answer = requests.post(office.application.url, data=envelope(operation, given), headers=HEADERS, timeout=20)
    assert answer.status_code == 200, answer.text
    assert b"\n" not in answer.content.partition(b"?>")[2].strip(), "A real Web Connector refuses indented answers."
    (result,) = etree.fromstring(answer.content).iter(f"{{http://developer.intuit.com/}}{operation}Result")
    return result


def text(office: Office, operation: str, **given: str) -> str:
    return call(office, operation, **given).text or ""


def signed_in(office: Office) -> str:
    strings = [node.text or "" for node in call(
        office, "authenticate", strUserName=office.application.user, strPassword=office.password
    )]  # fmt: skip
    assert strings[1] == ""
    return strings[0]


def introduction(office: Office) -> str:
    return office.company.session().introduction(office.application.owner_id)


def test_a_strict_client_finds_every_operation_and_reads_every_answer(office: Office) -> None:
    client: Any = zeep.Client(f"{office.application.url}?wsdl")  # type: ignore[no-untyped-call]
    service = client.service
    assert set(client.wsdl.services["WebConnector"].ports["WebConnectorSoap"].binding.all()) == OPERATIONS
    assert service.serverVersion()
    assert service.clientVersion(strVersion="2.3.0.215") in {"", None}
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    ticket, welcome = service.authenticate(strUserName=office.application.user, strPassword=office.password)[:2]
    assert (len(ticket), welcome in {"", None}) == (32, True)
    books = office.company.session()
    first = introduction(office)
    done = 0
    while done < 100:
        request = service.sendRequestXML(
            ticket=ticket, strHCPResponse=first, strCompanyFileName=office.company.path, qbXMLCountry="US",
            qbXMLMajorVers=16, qbXMLMinorVers=0,
        )  # fmt: skip
        done = service.receiveResponseXML(ticket=ticket, response=books.process(request), hresult="", message="")
        first = ""
        assert 0 <= done <= 100
    assert service.getLastError(ticket=ticket) in {"", None}
    assert service.connectionError(ticket=ticket, hresult="0x80040408", message="no") == "done"
    assert service.getLastError(ticket=ticket) == str(statuses.read_hresult("0x80040408", "no"))
    assert service.closeConnection(ticket=ticket)
    assert service.interactiveDone(wcTicket=ticket) == "done"
    assert service.getInteractiveURL(wcTicket=ticket, sessionID="1") in {"", None}
    assert service.interactiveRejected(wcTicket=ticket, reason="no") in {"", None}
    assert whole_file(office.company) == ORDER_1042


def test_people_who_look_at_the_address_get_a_page(office: Office) -> None:
    for address in (office.application.url, f"{office.url}/hub/support"):
        assert requests.get(address, timeout=5).status_code == 200
        assert requests.head(address, timeout=5).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"hello",
        b"<a><b></a>",
        b"<soap:Envelope/>",
        envelope("authenticate", {"strUserName": "x"}).replace(b"</soap:Envelope>", b""),
        envelope("dropTables", {"ticket": "x"}),
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        + envelope("getLastError", {"ticket": "&a;"}),
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16"),
        b"\xff\xfe\x00\x01" * 50,
        envelope("getLastError", {"ticket": "x"}).replace(b"utf-8", b"utf-7"),
        envelope("getLastError", {"ticket": "x"}).replace(b"utf-8", b"cp037"),
        envelope("getLastError", {"ticket": "x"}).replace(b"<soap:Body>", b'<soap:Body id="a"><a href="#a"/>'),
        envelope("getLastError", {"ticket": "x"}).replace(b"<ticket>", b'<ticket href="#a" id="b">'),
        re.sub(rb"<soap:Body>.*</soap:Body>", b"<soap:Body></soap:Body>", envelope("getLastError", {"ticket": "x"})),
        envelope("getLastError", {}).replace(b"<soap:Body>", b"<soap:Body>" + b"<a>" * 300_000),
        envelope("receiveResponseXML", {"ticket": "0" * 32, "response": "x" * 100_000}),
    ],
)
def test_what_is_no_call_is_refused_and_nothing_breaks(office: Office, body: bytes) -> None:
    answer = requests.post(office.application.url, data=body, headers=HEADERS, timeout=20)
    assert answer.status_code in {400, 413, 415, 500}, "A SOAP fault is the answer to what is no call."
    assert b"faultstring" in answer.content
    assert b"Traceback" not in answer.content
    assert b"root:" not in answer.content
    assert text(office, "serverVersion")


@pytest.mark.parametrize("content_type", [
    "text/xml; charset=utf-7", "text/xml; charset=cp037", "text/xml; charset=unicode_escape",
    "text/xml; charset=nonsense",
    "multipart/related; boundary=x", "text/xml; charset=utf-16",
])  # fmt: skip
def test_a_call_in_another_encoding_is_refused_with_soap(office: Office, content_type: str) -> None:
    body = envelope("getLastError", {"ticket": "x"})
    answer = requests.post(office.application.url, data=body, headers={"Content-Type": content_type}, timeout=20)
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "text/xml; charset=utf-8")
    assert b"faultstring" in answer.content


def test_a_call_in_utf_16_is_answered(office: Office) -> None:
    body = envelope("serverVersion", {}).decode().replace("utf-8", "utf-16").encode("utf-16")
    headers = {"Content-Type": "text/xml; charset=utf-16"}
    assert requests.post(office.application.url, data=body, headers=headers, timeout=20).status_code == 200


def test_no_password_of_a_broken_call_is_in_any_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """OWASP ASVS 5, 16.2.5: credentials are not logged, whatever library reads the call."""
    caplog.set_level(logging.DEBUG)
    canary = "CanaryPassw0rd"
    good = envelope("authenticate", {"strUserName": office.application.user, "strPassword": canary})
    broken = [good[:-n] for n in (1, 7, 20, 40)] + [
        good.replace(b"</strPassword>", b"</strPasswort>"), good.replace(b"strUserName", b"str UserName"),
        good.replace(b"utf-8", b"utf-7"), good.replace(b"Canary", b"\xffCanary"),
        good.replace(b"soap:Body", b"soap:Bod"),
        good.replace(b"authenticate", b"authentic8"), good.replace(b"<strPassword", b"<x><strPassword"),
    ]  # fmt: skip
    for body in [good, *broken]:
        requests.post(office.application.url, data=body, headers=HEADERS, timeout=20)
    logged = "\n".join(f"{one.getMessage()} {one.args} {one.exc_text}" for one in caplog.records)
    assert logged
    assert canary not in logged


def test_an_unknown_ticket_gets_harmless_answers(office: Office) -> None:
    for ticket in ("", "x", "0" * 32, "'; drop table hub_endpoint; --", "é" * 10):
        assert text(office, "sendRequestXML", ticket=ticket, strHCPResponse="", strCompanyFileName="",
                    qbXMLCountry="US", qbXMLMajorVers="16", qbXMLMinorVers="0") == ""  # fmt: skip
        assert text(office, "receiveResponseXML", ticket=ticket, response="<x/>", hresult="", message="") == "-1"
        assert text(office, "getLastError", ticket=ticket) == polling.ENDED
        assert text(office, "closeConnection", ticket=ticket)


def test_wrong_passwords_are_refused_and_keep_nobody_out(app: Flask, office: Office) -> None:
    app.config["HUB_WRONG_PASSWORD_SECONDS"] = 0.01

    def welcome(login: str, password: str) -> str:
        answer = call(office, "authenticate", strUserName=login, strPassword=password)
        assert len(answer) >= 2, "The real Web Connector wants two strings at least."
        return answer[1].text or ""

    login = office.application.user
    assert [welcome(login, "Wr0ngOne"), welcome("somebody", office.password), welcome("", "")] == ["nvu"] * 3
    assert welcome(login, office.password) == "none", "A right one is let in, and the count begins anew."
    with ThreadPoolExecutor(24) as pool:
        guesses = list(pool.map(lambda _: welcome(login, "Wr0ngOne"), range(24)))
    assert guesses == ["nvu"] * 24
    session().expire_all()
    assert endpoints.endpoint_for(office.installation).refused == 24, "Guesses at the same time count, too."
    assert welcome(login, office.password) == "none", "Nobody keeps the right one out (OWASP ASVS 5, 6.3.1)."
    assert len(office.password) * math.log2(len(set(endpoints.LETTERS))) >= 64
    present = endpoints.password_edition(endpoints.endpoint_for(office.installation))
    fresh = change_password(ADA_AT_ACME, office.installation.id, instead_of=present)
    assert welcome(login, fresh) == "none"
    assert welcome(login, office.password) == "nvu"


def test_the_password_stands_nowhere_in_the_database(office: Office, tmp_path: Path) -> None:
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("hub.db*"))
    assert office.application.user.encode() in stored
    assert office.password.encode() not in stored


def test_a_second_web_connector_is_told_to_wait(office: Office, app: Flask) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    ticket = signed_in(office)
    assert office.connector().update() == "The server is busy"
    call(office, "closeConnection", ticket=ticket)
    assert office.connector().update() == "OK"


RESPONSES = [
    ("", "", ""),
    ("", "0x80040414", "There is a modal dialog box showing."),
    ("", "0x80040408", "Could not start QuickBooks."),
    ("not xml at all", "", ""),
    ("<QBXML/>", "", ""),
    ('<?xml version="1.0" ?><QBXML><QBXMLMsgsRs></QBXMLMsgsRs></QBXML>', "", ""),
    ('<!DOCTYPE x [<!ENTITY a "b">]><QBXML><QBXMLMsgsRs>&a;</QBXMLMsgsRs></QBXML>', "", ""),
    ('<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><HostQueryRs requestID="0" statusCode="0"/></QBXMLMsgsRs></QBXML>',
     "", ""),
    ("another set's", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("response", "hresult", "message"), RESPONSES)
def test_an_answer_that_is_none_stops_the_session_with_a_sentence_and_loses_nothing(
    office: Office, response: str, hresult: str, message: str
) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    ticket = signed_in(office)
    request = text(office, "sendRequestXML", ticket=ticket, strHCPResponse=introduction(office),
                   strCompanyFileName="", qbXMLCountry="US", qbXMLMajorVers="16", qbXMLMinorVers="0")  # fmt: skip
    assert "CustomerAddRq" in request
    if response == "another set's":
        answer = office.company.session().process(request)
        response = re.sub(r'newMessageSetID="\w+"', f'newMessageSetID="{"f" * 24}"', answer)
    done = text(office, "receiveResponseXML", ticket=ticket, response=response, hresult=hresult, message=message)
    assert done == "-1"
    sentence = text(office, "getLastError", ticket=ticket)
    assert "1042" in sentence
    call(office, "closeConnection", ticket=ticket)
    office.update()
    assert whole_file(office.company) == ORDER_1042


def test_calls_that_come_twice_or_out_of_order_change_nothing(office: Office) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    ticket = signed_in(office)
    books = office.company.session()
    assert text(office, "receiveResponseXML", ticket=ticket, response="<x/>", hresult="", message="") != "-1"
    given = {"ticket": ticket, "strHCPResponse": introduction(office), "strCompanyFileName": "", "qbXMLCountry": "US",
             "qbXMLMajorVers": "16", "qbXMLMinorVers": "0"}  # fmt: skip
    first = text(office, "sendRequestXML", **given)
    assert text(office, "sendRequestXML", **given) == first, "The same bytes until they are answered."
    answer = books.process(first)
    done = text(office, "receiveResponseXML", ticket=ticket, response=answer, hresult="", message="")
    assert text(office, "receiveResponseXML", ticket=ticket, response=answer, hresult="", message="") == done
    call(office, "closeConnection", ticket=ticket)
    call(office, "closeConnection", ticket=ticket)
    office.update()
    assert whole_file(office.company) == ORDER_1042
    assert set(session().scalars(select(Delivery.state))) == {DeliveryState.POSTED}


def test_an_answer_of_30_mb_with_control_characters_is_taken(office: Office) -> None:
    for fields in ({"Name": "Bell"}, {"Name": "Other"}):
        with office.company.store.transaction():
            from sandbox.desktop import lists

            lists.add(office.company.store, "Customer", fields)

    reload_lists(ADA_AT_ACME, office.installation.id)
    connector = office.connector(Faults(padding=30_000_000))
    real = connector.company.session

    assert connector.update() == "OK"
    assert real is not None
    session().expire_all()
    from hub.models import RecordRow

    assert {"Bell", "Other"} <= set(session().scalars(select(RecordRow.name)))


def test_control_characters_in_an_answer_are_passed_over() -> None:
    from quickbooks_desktop import qbxml

    answer = (
        '<?xml version="1.0" ?>\n<QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="0" statusCode="0" '
        'statusSeverity="Info" statusMessage="ok"><CustomerRet><ListID>1</ListID><Name>A&#x19;B\x01C</Name>'
        "</CustomerRet></CustomerQueryRs></QBXMLMsgsRs></QBXML>"
    )
    (payload,) = qbxml.read(answer, [{"request": "CustomerQuery", "fields": {}}]).payloads
    assert payload["rows"][0]["fields"]["ListID"] == "1"
    assert payload["rows"][0]["fields"]["Name"].startswith("A")


def test_what_a_parser_refuses_is_opened_until_the_guilty_one_stands_alone(office: Office) -> None:
    """An older QuickBooks may refuse a whole set for one of its requests; the others are posted all the same."""
    from dataclasses import replace

    orders = [replace(order_1042(), id=str(n), number=str(n), memo="§poison" if n == 2003 else "", payments=())
              for n in range(2000, 2008)]  # fmt: skip
    for order in orders:
        send_order(ADA_AT_ACME, office.installation.id, order, Choices())
    office.connector(Faults(unreadable="&#167;poison")).update()
    session().expire_all()
    stopped = session().scalars(select(Delivery).where(Delivery.state == DeliveryState.STOPPED)).all()
    assert [(one.kind, one.order_id) for one in stopped] == [("invoice", "2003")]
    assert problems_of(stopped[0].problems)[0].code == statuses.PARSE_ERROR
    numbers = [row.fields["RefNumber"] for row in office.company.rows("Invoice")]
    assert sorted(numbers) == ["2000", "2001", "2002", "2004", "2005", "2006", "2007"]
    assert session().scalars(select(BatchRow).where(BatchRow.state == "refused")).all()


def first_request(office: Office, ticket: str, said: str) -> str:
    return text(office, "sendRequestXML", ticket=ticket, strHCPResponse=said, strCompanyFileName="", qbXMLCountry="US",
                qbXMLMajorVers="16", qbXMLMinorVers="0")  # fmt: skip


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda said: re.sub(r"(?<=<DataExtValue>).*?(?=<)", "{0}", said), ""),
        (lambda said: re.sub(r"<DataExtRet>.*?</DataExtRet>", "", said, flags=re.DOTALL).replace("Northwind", "South"),
         "Northwind Promotions"),
        (lambda said: re.sub(r">(\d+)\.\d</Supported", ">6.0</Supported", said), ""),
        (lambda said: "", ""),
    ],
    ids=["another mark", "another name", "an old QuickBooks", "nothing"],
)  # fmt: skip
def test_nothing_is_handed_out_to_another_company_file(
    office: Office, change: Callable[[str], str], named: str
) -> None:
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    ticket = signed_in(office)
    for _ in range(2):
        assert first_request(office, ticket, change(introduction(office))) == ""
        complaint = text(office, "getLastError", ticket=ticket)
        assert complaint
        assert named in complaint
    call(office, "closeConnection", ticket=ticket)
    assert whole_file(office.company)["invoices"] == []
    office.update()
    assert whole_file(office.company) == ORDER_1042


def test_a_company_that_was_renamed_is_known_by_its_mark(office: Office) -> None:
    office.company.store.remember("name", "Northwind Brands")
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    assert office.update() == ["OK"]
    assert office.installation.books_name == "Northwind Brands"


def test_a_session_waits_for_a_person_who_is_about_to_send(office: Office, app: Flask) -> None:
    app.config["HUB_ATTENDED_SECONDS"] = 60
    polling.note_attendance(office.installation.id)
    ticket = signed_in(office)
    assert first_request(office, ticket, introduction(office)) == "NoOp"
    assert text(office, "getLastError", ticket=ticket) == "NoOp"
    send_order(ADA_AT_ACME, office.installation.id, order_1042(), Choices())
    polling.end_attendance(office.installation.id)
    request = first_request(office, ticket, "")
    assert "CustomerAddRq" in request
    call(office, "closeConnection", ticket=ticket)
    assert office.update() == ["OK"]
    assert whole_file(office.company) == ORDER_1042
