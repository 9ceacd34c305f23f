"""A batch gets every answer to its own request, and a failure of the whole says what the hub is to do."""

from __future__ import annotations

import logging
import traceback
from decimal import Decimal

import pytest
import simplejson

from hub.plugin import AuthorizationExpired, Batch, IntegrationError, Rejected, Request, Unavailable, UnexpectedAnswer
from quickbooks_online import QuickBooksOnline
from tests.support.online_calls import Ledger
from tests.support.online_faults import GATEWAY, THROTTLE

QUICKBOOKS = QuickBooksOnline()
KEY = "0123456789abcdef01234567"
REFUSED = '{"Fault":{"Error":[{"Message":"Refused","Detail":"","code":"%s"}],"type":"%s"},"time":"2026-11-23"}'


def batch(*statements: str) -> Batch:
    requests = tuple(Request(name="look", payload={"Query": statement}, writes=False) for statement in statements)
    return Batch(idempotency_key=KEY, requests=requests, body=QUICKBOOKS.encode(KEY, requests))


def batch_answer(*items: dict[str, object]) -> str:
    return simplejson.dumps({"BatchItemResponse": items, "time": "2026-11-23T09:17:31-08:00"}, use_decimal=True)


def test_a_batch_is_asked_once_under_its_key_byte_for_byte(ledger: Ledger) -> None:
    ledger.says(200, batch_answer({"bId": "1", "QueryResponse": {}}))
    carried = batch("select * from Item where Name = 'Café 🎉'")
    QUICKBOOKS.send(carried, ledger.connection)
    ((path, headers, body),) = ledger.asked
    assert path == f"/v3/company/4620816365000000001/batch?minorversion=75&requestid={KEY}"
    assert body == carried.body.encode()
    assert headers["Accept"] == headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer CANARY-ACCESS"


def test_answers_are_given_to_their_requests_however_they_come(ledger: Ledger) -> None:
    ledger.says(
        200,
        batch_answer(
            {"bId": "3", "Invoice": {"Id": "145", "TotalAmt": Decimal("218.50")}},
            {"bId": "1", "Fault": {"Error": [{"code": "6140"}], "type": "ValidationFault"}},
            {"bId": "2", "QueryResponse": {}},
        ),
        intuit_tid="1-abc",
    )
    first, second, third = QUICKBOOKS.send(batch("a", "b", "c"), ledger.connection)
    common = {"intuit_tid": "1-abc", "realm": "4620816365000000001", "time": "2026-11-23T09:17:31-08:00"}
    assert first.payload == {"bId": "1", "Fault": {"Error": [{"code": "6140"}], "type": "ValidationFault"}, **common}
    assert second.payload == {"bId": "2", "QueryResponse": {}, **common}
    assert third.payload == {"bId": "3", "Invoice": {"Id": "145", "TotalAmt": Decimal("218.50")}, **common}
    assert isinstance(third.payload["Invoice"]["TotalAmt"], Decimal)
    assert "CANARY" not in repr((first, second, third))


@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        batch_answer(),
        batch_answer({"bId": "1", "QueryResponse": {}}),
        batch_answer({"bId": "1"}, {"bId": "1"}),
        batch_answer({"bId": "1"}, {"bId": "2"}, {"bId": "3"}),
        batch_answer({"bId": "1"}, {"QueryResponse": {}}),
        '{"BatchItemResponse": null}',
        '{"BatchItemResponse": ["1", "2"]}',
    ],
)
def test_answers_that_cannot_be_told_apart_are_never_guessed_at(ledger: Ledger, answer: str) -> None:
    ledger.says(200, answer)
    with pytest.raises(UnexpectedAnswer, match=KEY):
        QUICKBOOKS.send(batch("a", "b"), ledger.connection)


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        pytest.param(401, simplejson.dumps(GATEWAY), {}, AuthorizationExpired, id="token ran out"),
        pytest.param(401, "", {}, AuthorizationExpired, id="401 without a word"),
        pytest.param(403, REFUSED % ("3100", "SERVICE"), {}, AuthorizationExpired, id="not authorized"),
        pytest.param(
            403,
            simplejson.dumps(GATEWAY).replace("3200", "3100"),
            {},
            AuthorizationExpired,
            id="gateway: not authorized",
        ),
        pytest.param(400, REFUSED % ("120", "ValidationFault"), {}, AuthorizationExpired, id="no administrator"),
        pytest.param(429, REFUSED % ("3001", "SERVICE"), {}, Unavailable, id="throttled"),
        pytest.param(429, THROTTLE, {"Retry_After": "7"}, Unavailable, id="throttled in XML"),
        pytest.param(429, "", {}, Unavailable, id="429 without a word"),
        pytest.param(200, REFUSED % ("003001", "SERVICE"), {}, Unavailable, id="throttled with 200"),
        pytest.param(500, REFUSED % ("10000", "SystemFault"), {}, Unavailable, id="system failure"),
        pytest.param(500, REFUSED % ("2040", "ValidationFault"), {}, Unavailable, id="a refusal with 500"),
        pytest.param(503, "<html>Down for maintenance</html>", {}, Unavailable, id="HTML"),
        pytest.param(502, "", {}, Unavailable, id="nothing"),
        pytest.param(503, "null", {}, Unavailable, id="null"),
        pytest.param(503, "5", {}, Unavailable, id="a number"),
        pytest.param(200, "<html>Sign in</html>", {}, Unavailable, id="HTML with 200"),
        pytest.param(302, "", {"Location": "/elsewhere"}, Unavailable, id="a redirect"),
        pytest.param(403, "<html>Forbidden</html>", {}, Unavailable, id="a wall in between"),
        pytest.param(404, "", {}, Unavailable, id="a wrong address"),
        pytest.param(400, REFUSED % ("600", "ValidationFault"), {}, Unavailable, id="still being carried out"),
        pytest.param(400, REFUSED % ("2010", "ValidationFault"), {}, Rejected, id="parse error"),
        pytest.param(400, "", {}, Rejected, id="400 without a word"),
        pytest.param(413, "<html>Too large</html>", {}, Rejected, id="too large"),
        pytest.param(400, REFUSED % ("6190", "ValidationFault"), {}, Rejected, id="subscription ended"),
    ],
)
def test_a_failure_of_the_whole(
    ledger: Ledger, status: int, body: str, headers: dict[str, str], expected: type[IntegrationError]
) -> None:
    ledger.says(status, body, **headers)
    with pytest.raises(expected) as failed:
        QUICKBOOKS.send(batch("a"), ledger.connection)
    assert len(ledger.asked) == 1
    if status == 429:
        assert isinstance(failed.value, Unavailable)
        assert failed.value.retry_after == (7 if headers else 60)


def test_a_line_that_is_cut_is_asked_again_later(ledger: Ledger) -> None:
    ledger.hangs_up()
    with pytest.raises(Unavailable):
        QUICKBOOKS.send(batch("a"), ledger.connection)


def test_an_answer_that_stops_halfway_is_no_answer(ledger: Ledger) -> None:
    ledger.says(200, batch_answer({"bId": "1", "QueryResponse": {}})[:-20], Content_Length="9999")
    with pytest.raises(Unavailable):
        QUICKBOOKS.send(batch("a"), ledger.connection)


def test_nobody_at_home(ledger: Ledger) -> None:
    connection = ledger.connection
    nobody = type(connection)(
        books_id="1",
        credentials=connection.credentials,
        settings={**connection.settings, "API_URL": "http://127.0.0.1:9"},
    )
    with pytest.raises(Unavailable):
        QUICKBOOKS.send(batch("a"), nobody)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 429, 500, None])
def test_no_failure_tells_a_token(ledger: Ledger, status: int | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    if status is None:
        ledger.hangs_up()
    else:
        ledger.says(status, "<html>CANARY</html>".replace("CANARY", ""))
    with pytest.raises(IntegrationError) as failed:
        QUICKBOOKS.send(batch("a"), ledger.connection)
    told = "".join(traceback.format_exception(failed.value)) + caplog.text + repr(vars(failed.value))
    assert "CANARY" not in told
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    assert "CANARY" not in repr(ledger.connection)
