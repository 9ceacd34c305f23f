"""Every shape and code of fault is understood, and a person reads a sentence that helps."""

from __future__ import annotations

from typing import Any

import pytest

from hub.plugin import AuthorizationExpired, IntegrationError, Rejected, Unavailable, say
from quickbooks_online import faults, refusals
from tests.support.online_conversations import fault
from tests.support.online_faults import GATEWAY, THROTTLE

SUBJECT = say("invoice 1042 for ABC Company")


def test_the_gateway_is_understood_in_lower_case() -> None:
    read = faults.in_json(GATEWAY)
    assert read is not None
    assert (read.code, read.kind, read.errors[0].detail) == ("3200", "AUTHENTICATION", "Token expired")


def test_the_gateway_is_understood_in_xml() -> None:
    read = faults.in_xml(THROTTLE)
    assert read is not None
    assert (read.code, read.kind) == ("3001", "SERVICE")
    assert read.errors[0].detail == "The request limit was reached & exceeded"


@pytest.mark.parametrize("code", ["3001", "003001", 3001])
def test_a_code_is_the_same_however_it_is_written(code: object) -> None:
    read = faults.in_json({"Fault": {"Error": [{"Message": "m", "code": code}], "type": "SERVICE"}})
    assert read is not None
    assert read.code == "3001"


def test_a_code_is_found_in_the_text_if_it_is_nowhere_else() -> None:
    read = faults.in_json({"fault": {"error": [{"message": "message=x; errorCode=003100; statusCode=403"}]}})
    assert read is not None
    assert isinstance(read.failure(SUBJECT), AuthorizationExpired)


@pytest.mark.parametrize("answer", [{}, {"Invoice": {"Id": "1"}}, {"QueryResponse": {}}, {"fault": None}])
def test_an_answer_without_a_fault_has_none(answer: dict[str, Any]) -> None:
    assert faults.in_json(answer) is None


@pytest.mark.parametrize("answer", [{"Fault": {"type": "ValidationFault"}}, {"Fault": {"Error": {"code": "610"}}}])
def test_a_fault_of_an_odd_shape_is_still_a_fault(answer: dict[str, Any]) -> None:
    read = faults.in_json(answer)
    assert read is not None
    assert isinstance(read.failure(SUBJECT), Rejected)


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        *((code, "SERVICE", AuthorizationExpired) for code in ("120", "3100", "3200")),
        *((code, "SystemFault", Unavailable) for code in ("130", "140", "150", "600", "3001", "10000", "500", "503")),
        ("10100", "SystemFault", Unavailable),
        ("", "AuthenticationFault", AuthorizationExpired),
        *((code, "ValidationFault", Rejected) for code in refusals.REFUSALS if code != "500"),
        ("999", "ValidationFault", Rejected),
    ],
)
def test_every_code_is_one_of_the_three_failures(code: str, kind: str, expected: type[IntegrationError]) -> None:
    read = faults.in_json(fault(code, kind=kind))
    assert read is not None
    assert isinstance(read.failure(SUBJECT), expected)


def test_a_throttle_asks_for_a_minute() -> None:
    read = faults.in_xml(THROTTLE)
    assert read is not None
    failure = read.failure(SUBJECT)
    assert isinstance(failure, Unavailable)
    assert failure.retry_after == 60
    longer = read.failure(SUBJECT, retry_after=90.0)
    assert isinstance(longer, Unavailable)
    assert longer.retry_after == 90


def test_bytes_that_the_books_cannot_store_are_a_persons_to_change_although_their_code_is_an_error_within() -> None:
    detail = "Unsupported Operation : MalformedByteSequenceException"
    read = faults.in_json(fault("500", detail=detail, kind="SystemFault"))
    assert read is not None
    assert not read.in_doubt
    assert isinstance(read.failure(SUBJECT), Rejected)


@pytest.mark.parametrize("code", sorted({*refusals.REFUSALS, "999"}))
def test_a_refusal_is_told_in_full_sentences(code: str) -> None:
    problem = refusals.build_problem(code, "Refused", "Refused : Because of the moon.", "", SUBJECT)
    for sentence in (problem.what, problem.why, problem.cure):
        assert sentence[0].isupper()
        assert "{" not in sentence
        assert "Fault" not in sentence
    assert problem.what.endswith(".")
    assert problem.code == code


@pytest.mark.parametrize(
    ("code", "element", "detail", "field"),
    [
        ("6140", "", "Duplicate", "number"),
        ("2050", "DocNumber", "Min:0 Max:21 supplied:25", "number"),
        ("2040", "DisplayName", "Element contains invalid characters", "customer"),
        ("2500", "", "Invalid Reference Id : Items element id 9999 not found", "item"),
        ("2500", "", "Invalid Reference Id : Customers element id 9999 not found", "customer"),
        ("6070", "", "Amount is not equal to UnitPrice * Qty. Supplied value:10", "lines"),
        ("6210", "", "The account period has closed", "date"),
        ("610", "", "Check the fields with accounts, customers, items, vendors or employees.", ""),
    ],
)
def test_a_refusal_names_the_field_that_cures_it(code: str, element: str, detail: str, field: str) -> None:
    assert refusals.build_problem(code, "Refused", detail, element, SUBJECT).field == field


def test_all_errors_of_a_fault_are_told() -> None:
    read = faults.in_json({"Fault": {"Error": [{"code": "6140"}, {"code": "2040"}], "type": "ValidationFault"}})
    assert read is not None
    failure = read.failure(SUBJECT)
    assert isinstance(failure, Rejected)
    assert [problem.code for problem in failure.problems] == ["6140", "2040"]


LATER, RECONNECT, PAUSE, PERSON = Unavailable, AuthorizationExpired, "pause", Rejected
TABLE: list[tuple[str, str, Any, str]] = [  # Code, family, reaction, and the field that cures it.
    ("3200", "AuthenticationFault", RECONNECT, ""),
    ("3100", "AuthorizationFault", RECONNECT, ""),
    ("120", "AuthorizationFault", RECONNECT, ""),
    *((code, "SystemFault", LATER, "") for code in ("130", "140", "150", "600", "10000", "10100", "500", "503")),
    ("3001", "SERVICE", LATER, ""),
    ("6190", "ValidationFault", PAUSE, ""),
    ("6140", "ValidationFault", PERSON, "number"),
    *((code, "ValidationFault", PERSON, "date") for code in ("6200", "6210")),
    *((code, "ValidationFault", PERSON, "tax") for code in ("6100", "6160", "6170", "6470")),
    *((code, "ValidationFault", PERSON, "lines") for code in ("2290", "6070", "6440")),
    ("6250", "ValidationFault", PERSON, "customer"),
    ("6430", "ValidationFault", PERSON, "income_account"),
    ("5020", "AuthorizationFault", PERSON, "documents"),
    *(
        (code, "ValidationFault", PERSON, "")
        for code in (
            "610", "620", "2010", "2020", "2030", "2040", "2050", "2130", "2170", "2500", "4000", "4001", "4002",
            "5010", "6000", "6240", "6480", "6540",
        )
    ),
]  # fmt: skip
SAID = "Refused : Because of the moon."


def upper(code: str, kind: str) -> faults.Fault | None:
    return faults.in_json({"Fault": {"Error": [{"Message": "Refused", "Detail": SAID, "code": code}], "type": kind}})


def lower(code: str, kind: str) -> faults.Fault | None:
    error = {"message": "Refused", "detail": SAID, "code": f"{code:0>6}", "element": None}
    return faults.in_json({"warnings": None, "fault": {"error": [error], "type": kind.upper()}, "intuitObject": None})


def xml(code: str, kind: str) -> faults.Fault | None:
    return faults.in_xml(
        f'<IntuitResponse><Fault type="{kind}"><Error code="{code}"><Message>Refused</Message>'
        f"<Detail>{SAID}</Detail></Error></Fault></IntuitResponse>"
    )


@pytest.mark.parametrize("shape", [upper, lower, xml])
@pytest.mark.parametrize(("code", "kind", "reaction", "field"), TABLE, ids=[row[0] for row in TABLE])
def test_each_code_leads_to_its_reaction_in_every_shape(
    shape: Any, code: str, kind: str, reaction: Any, field: str
) -> None:
    read = shape(code, kind)
    assert read is not None
    failure = read.failure(SUBJECT)
    assert isinstance(failure, Rejected if reaction is PAUSE else reaction)
    if isinstance(failure, Rejected):
        assert failure.pauses is (reaction is PAUSE)
        (problem,) = failure.problems
        assert (problem.code, problem.field) == (code, field)
        assert problem.what.endswith(".")
        assert problem.cure.endswith(".")
    else:
        assert str(failure).endswith(".")
        assert str(failure)[0].isupper()
