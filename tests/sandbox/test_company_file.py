"""The sandbox's company file: as strict, and as forgetful, as a real one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from sandbox.desktop.company import CompanyFile
from sandbox.desktop.reading import RequestError
from tests.support.qbxml import codes, message_set


@pytest.fixture
def company(tmp_path: Path) -> Iterator[CompanyFile]:
    found = CompanyFile(tmp_path)
    yield found
    found.close()




def customer(name: str, more: str = "", request_id: str = "1") -> str:
    return (
        f'<CustomerAddRq requestID="{request_id}"><CustomerAdd><Name>{name}</Name>{more}</CustomerAdd></CustomerAddRq>'
    )




@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        customer("A"),
        message_set(customer("A")).replace('<?qbxml version="13.0"?>', ""),
        message_set(customer("A")).replace('<?xml version="1.0"?>', ""),
        message_set(customer("A"), version="17.0"),
        message_set(customer("A"), version="2.0"),
        message_set(customer("A"), on_error="rollbackOnError"),
        message_set(customer("Müller")),
        message_set(customer("A", "<Phone>1</Phone><CompanyName>A</CompanyName>")),
        message_set(customer("A", "<ShoeSize>1</ShoeSize>")),
        message_set(customer("A", "<Phone>1</Phone><Phone>2</Phone>")),
        message_set("<CustomerAddRq><CustomerAdd><Phone>1</Phone></CustomerAdd></CustomerAddRq>"),
        message_set("<MakeCoffeeRq/>"),
        message_set(customer("A")).replace("</QBXML>", ""),
    ],
)
def test_what_cannot_be_parsed_costs_the_whole_set(company: CompanyFile, text: str) -> None:
    with pytest.raises(RequestError) as refused:
        company.session().process(text)
    assert refused.value.hresult == "0x80040400"
    assert company.rows("Customer") == []


@pytest.mark.parametrize(
    ("add", "code"),
    [
        (customer("x" * 42), "3070"),
        (customer("a:b"), "3210"),
        (customer("   "), "3150"),
        (customer("hit promotional PRODUCTS"), "3100"),
        (customer("Dana Whitfield"), "3100"),
        (customer("A", "<IsActive>True</IsActive>"), "3010"),
        (customer("A", "<TermsRef><FullName>Net 99</FullName></TermsRef>"), "3140"),
        (customer("A", request_id="x" * 51), "1060"),
    ],
)
def test_what_is_wrong_with_one_request_costs_that_one_alone(company: CompanyFile, add: str, code: str) -> None:
    answer = company.session().process(message_set(customer("Before") + add + customer("After")))
    assert codes(answer) == ["0", code, "0"]
    assert [row.name for row in company.rows("Customer")] == ["Before", "After"]


def test_after_an_error_the_rest_is_left_alone_if_the_set_says_so(company: CompanyFile) -> None:
    answer = company.session().process(message_set(customer("a:b") + customer("After"), on_error="stopOnError"))
    assert codes(answer) == ["3210", "3231"]
    assert company.rows("Customer") == []


def test_a_message_set_is_carried_out_once_also_after_the_file_was_closed(tmp_path: Path) -> None:
    text = message_set(customer("Acme"), attributes='newMessageSetID="abc"')
    first = CompanyFile(tmp_path)
    answer = first.session().process(text)
    first.close()
    again = CompanyFile(tmp_path)
    assert again.session().process(text) == answer
    assert len(again.rows("Customer")) == 1
    other = message_set(customer("Other"), attributes='newMessageSetID="abc"')
    assert 'messageSetStatusCode="9001"' in again.session().process(other)
    probe = message_set("", attributes='oldMessageSetID="abc" newMessageSetID="abc"')
    assert again.session().process(probe) == answer
    assert 'messageSetStatusCode="9002"' in again.session().process(probe.replace("abc", "xyz"))
    again.session().process(message_set("", attributes='oldMessageSetID="abc"'))
    assert codes(again.session().process(text)) == ["3100"], "What is cleared is not remembered."
    long = message_set(customer("Long"), attributes=f'newMessageSetID="{"x" * 25}"')
    assert 'messageSetStatusCode="9004"' in again.session().process(long)
    assert 'messageSetStatusCode="600"' in again.session().process(
        message_set("", attributes='oldMessageSetID="never"')
    )
    again.close()


def query(more: str) -> str:
    return message_set(f'<CustomerQueryRq requestID="0" {more}><MaxReturned>2</MaxReturned></CustomerQueryRq>')


def test_an_iterator_lives_in_its_session_only(company: CompanyFile) -> None:
    session = company.session()
    session.process(message_set("".join(customer(f"C{number}") for number in range(5))))
    answer = session.process(query('iterator="Start"'))
    (name,) = re.findall(r'iteratorID="(.*?)"', answer)
    assert re.findall(r'iteratorRemainingCount="(\d+)"', answer) == ["3"]
    following = query(f'iterator="Continue" iteratorID="{name}"')
    assert re.findall(r"<Name>(C\d)</Name>", session.process(following)) == ["C2", "C3"]
    assert codes(company.session().process(following)) == ["3391"]
    assert re.findall(r"<Name>(C\d)</Name>", session.process(following)) == ["C4"]
    assert codes(session.process(following)) == ["3391"]


def test_nobody_asks_whether_an_invoice_number_is_there_already(company: CompanyFile) -> None:
    session = company.session()
    session.process(message_set(customer("Acme")))
    invoice = (
        '<InvoiceAddRq requestID="1"><InvoiceAdd><CustomerRef><FullName>acme</FullName></CustomerRef>'
        "<RefNumber>1042</RefNumber><InvoiceLineAdd><ItemRef><FullName>Sales Tax (as charged)</FullName></ItemRef>"
        "<Amount>1.00</Amount></InvoiceLineAdd></InvoiceAdd></InvoiceAddRq>"
    )
    assert codes(session.process(message_set(invoice + invoice))) == ["0", "0"]
    assert [row.fields["RefNumber"] for row in company.rows("Invoice")] == ["1042", "1042"]


def test_a_change_to_what_somebody_changed_is_refused(company: CompanyFile) -> None:
    session = company.session()
    answer = session.process(message_set(customer("Acme")))
    (list_id,), (version,) = re.findall("<ListID>(.*?)<", answer), re.findall("<EditSequence>(.*?)<", answer)

    def change(name: str, quoted: str) -> str:
        return session.process(message_set(
            f"<CustomerModRq><CustomerMod><ListID>{list_id}</ListID><EditSequence>{quoted}</EditSequence>"
            f"<Name>{name}</Name></CustomerMod></CustomerModRq>"
        ))  # fmt: skip

    changed = change("Acme Inc", version)
    assert codes(changed) == ["0"]
    assert codes(change("Acme Ltd", version)) == ["3200"]
    assert codes(change("Acme Ltd", re.findall("<EditSequence>(.*?)<", changed)[0])) == ["0"]
    assert [row.name for row in company.rows("Customer")] == ["Acme Ltd"]


def test_its_answers_are_ascii_and_well_formed(company: CompanyFile) -> None:
    answer = company.session().process(message_set(customer("M&#252;ller &amp; S&#246;hne")))
    assert answer.isascii()
    root = etree.fromstring(answer.partition("?>")[2].encode())
    assert root.findtext(".//Name") == "Müller & Söhne"
