"""What conversations ask and make of the answers: nothing is taken for granted and nothing written twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.plugin import (
    AuthorizationExpired,
    Invoice,
    NewCustomer,
    NewItem,
    Payload,
    Payment,
    Posting,
    Ref,
    Rejected,
    Request,
    Unavailable,
    UnexpectedAnswer,
)
from hub.testing import answered, questions
from quickbooks_online import QuickBooksOnline
from quickbooks_online.asking import ATTEMPTS
from tests.support.online_conversations import fault, found
from tests.support.online_documents import BOOKS, invoices, order_1042, payment_of_1042, payments

QUICKBOOKS = QuickBooksOnline()
CUSTOMER = NewCustomer(name="O'Hara & Söhne \\ 100% 🎉")
ITEM = NewItem(name="A7102", income=Ref(id="79"))
DONE = {"Id": "145", "SyncToken": "0", "DocNumber": "1042", "TotalAmt": Decimal("218.5"), "PrivateNote": "Order 1042",
        "TxnDate": "2026-11-14", "CustomerRef": {"value": "1"}}  # fmt: skip


def in_short(asked: list[Request]) -> list[str]:
    """Return what each request does to which kind: "create Invoice", "query Customer"."""
    return [_in_short(request.payload) for request in asked]


def _in_short(payload: Payload) -> str:
    if query := payload.get("Query") or payload.get("Page"):
        return f"query {query.partition(' from ')[2].split()[0]}"
    (kind,) = (name for name in payload if name[:1].isupper())
    return f"{payload['operation']} {kind}"


def test_a_posting_is_what_the_books_echo() -> None:
    posting, asked = answered(
        QUICKBOOKS.post(order_1042(), {}, BOOKS), {"Invoice": {**DONE, "DocNumber": "7", "TotalAmt": 99}}
    )
    assert posting == Posting(id="145", number="7", total=Decimal("99.00"), tax=Decimal("0.00"), version="0")
    assert in_short(asked) == ["create Invoice"]
    assert asked[0].writes


def test_books_that_keep_no_number_of_ours_echo_none() -> None:
    posting, _ = answered(QUICKBOOKS.post(order_1042(), {}, BOOKS), {"Invoice": {**DONE, "DocNumber": None}})
    assert posting.number == ""


def test_a_payment_is_known_by_the_payers_reference() -> None:
    row = {"Id": "151", "SyncToken": "0", "PaymentRefNum": "2217", "TotalAmt": 100}
    posting, _ = answered(QUICKBOOKS.post(payment_of_1042(Ref(id="145")), {}, BOOKS), {"Payment": row})
    assert posting == Posting(id="151", number="2217", total=Decimal("100.00"), version="0")


def test_a_refusal_names_the_document() -> None:
    with pytest.raises(Rejected) as refused:
        answered(QUICKBOOKS.post(order_1042(), {}, BOOKS), fault("6140"), found("Invoice"))
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("6140", "number")
    assert "1042" in problem.what
    assert "ABC Company" in problem.what


@pytest.mark.parametrize("looked", [
    [fault("3001", kind="SystemFault")], [fault("3200")], [fault("4000")], [found("Customer"), found("Item")],
])  # fmt: skip
def test_where_nobody_can_tell_what_is_inactive_the_refusal_stays_what_it_was(looked: list[Any]) -> None:
    with pytest.raises(Rejected) as refused:
        answered(QUICKBOOKS.post(order_1042(), {}, BOOKS), fault("610"), *looked)
    (problem,) = refused.value.problems
    assert problem.code == "610"
    assert "ABC Company" in problem.what


def test_several_products_that_are_inactive_are_named_together() -> None:
    gone = [{"Id": "1", "Name": "A7102", "Active": False}, {"Id": "2", "Name": "T2040", "Active": False}]
    with pytest.raises(Rejected) as refused:
        answered(
            QUICKBOOKS.post(order_1042(), {}, BOOKS), fault("610"), found("Customer", {"Id": "1", "Active": True}),
            found("Item", *gone),
        )  # fmt: skip
    (problem,) = refused.value.problems
    assert problem.code == "610"
    assert "A7102" in problem.what
    assert "T2040" in problem.what


@pytest.mark.parametrize("code", ["3001", "130", "140", "150"])
def test_a_write_that_was_not_carried_out_is_the_hubs_to_repeat(code: str) -> None:
    with pytest.raises(Unavailable):
        answered(QUICKBOOKS.post(order_1042(), {}, BOOKS), fault(code, kind="SystemFault"))


def test_a_lost_authorization_within_a_batch_is_told_as_one() -> None:
    with pytest.raises(AuthorizationExpired):
        answered(QUICKBOOKS.post(order_1042(), {}, BOOKS), fault("3200"))


def test_after_an_error_within_quickbooks_an_invoice_that_is_there_is_found() -> None:
    others = {**DONE, "Id": "144", "PrivateNote": "Order 1042\nRef. 000000000000"}
    ours = {**DONE, "PrivateNote": "Order 1042\nRef. 3f9a0c1b72de"}
    posting, asked = answered(
        QUICKBOOKS.post(order_1042(), {}, BOOKS),
        {**fault("10000", kind="SystemFault"), "mark": "3f9a0c1b72de"},
        found("Invoice", others, ours),
    )
    assert posting.id == "145"
    assert in_short(asked) == ["create Invoice", "query Invoice"]
    assert "TxnDate in ('2026-11-14') and CustomerRef in ('1')" in asked[1].payload["Page"]


def test_after_an_error_within_quickbooks_an_invoice_that_is_not_there_is_written_again() -> None:
    posting, asked = answered(
        QUICKBOOKS.post(order_1042(), {}, BOOKS),
        fault("10000", kind="SystemFault"),
        found("Invoice"),
        {"Invoice": DONE},
    )
    assert posting.id == "145"
    assert in_short(asked) == ["create Invoice", "query Invoice", "create Invoice"]
    assert asked[0] == asked[2]


def test_a_payment_after_an_error_is_only_the_same_one_if_it_pays_the_same_invoice() -> None:
    row: dict[str, Any] = {
        "Id": "151",
        "SyncToken": "0",
        "TotalAmt": 100,
        "TxnDate": "2026-11-14",
        "CustomerRef": {"value": "1"},
        "PrivateNote": "Order 1042\nCheck",
        "Line": [{"Amount": 100, "LinkedTxn": [{"TxnId": "999", "TxnType": "Invoice"}]}],
    }
    right = {**row, "Id": "152", "Line": [{"Amount": 100, "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]}]}
    posting, _ = answered(
        QUICKBOOKS.post(payment_of_1042(Ref(id="145")), {}, BOOKS),
        fault("10000", kind="SystemFault"),
        found("Payment", row, right),
    )
    assert posting.id == "152"


def test_errors_without_end_are_a_persons_to_look_at_and_the_last_thing_asked_is_whether_it_is_there() -> None:
    conversation = QUICKBOOKS.post(order_1042(), {}, BOOKS)
    answers = [fault("10000", kind="SystemFault"), found("Invoice")] * ATTEMPTS
    asked = questions(QUICKBOOKS.post(order_1042(), {}, BOOKS), answers[:-1])
    assert asked[-1].writes is False
    with pytest.raises(Rejected) as refused:
        answered(conversation, *answers)
    (problem,) = refused.value.problems
    assert problem.code == "in-doubt"
    assert "ABC Company" in problem.what


@pytest.mark.parametrize("code", ["3001", "10000", "3200"])
def test_a_write_in_doubt_is_never_begun_anew_because_nobody_could_look(code: str) -> None:
    with pytest.raises(Rejected) as refused:
        answered(
            QUICKBOOKS.post(order_1042(), {}, BOOKS),
            fault("10000", kind="SystemFault"),
            fault(code, kind="SystemFault"),
        )
    assert [problem.code for problem in refused.value.problems] == ["in-doubt"]


@pytest.mark.parametrize("answer", [{}, {"Invoice": {}}, {"Invoice": None}, {"Payment": {"Id": "1"}}])
def test_an_answer_that_names_no_invoice_is_never_taken_for_one(answer: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        answered(QUICKBOOKS.post(order_1042(), {}, BOOKS), answer)


def test_a_customer_who_is_not_there_is_entered_without_a_question() -> None:
    ref, asked = answered(
        QUICKBOOKS.create(CUSTOMER, {}, BOOKS), {"Customer": {"Id": "59", "DisplayName": CUSTOMER.name}}
    )
    assert ref == Ref(id="59", name=CUSTOMER.name)
    assert in_short(asked) == ["create Customer"]


def test_a_customer_who_is_there_is_used() -> None:
    ref, asked = answered(
        QUICKBOOKS.create(CUSTOMER, {}, BOOKS),
        fault("6240"),
        found("Customer", {"Id": "60", "DisplayName": CUSTOMER.name, "Active": True}),
    )
    assert ref == Ref(id="60", name=CUSTOMER.name)
    assert in_short(asked) == ["create Customer", "query Customer"]
    name = "O\\'Hara & Söhne \\\\ 100% 🎉"
    wanted = f"DisplayName in ('{name}', '{name} (deleted)') and Active in (true, false)"
    assert wanted in asked[1].payload["Query"]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([found("Customer", {"Id": "58", "DisplayName": "x", "Active": False})], "name-inactive"),
        ([found("Customer"), found("Vendor", {"Id": "3"})], "name-of-another-kind"),
        ([found("Customer"), found("Vendor"), found("Employee", {"Id": "3"})], "name-of-another-kind"),
        ([found("Customer"), found("Vendor"), found("Employee")], "6240"),
    ],
)
def test_a_name_that_is_taken_is_told_with_who_has_it(answers: list[dict[str, Any]], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        answered(QUICKBOOKS.create(CUSTOMER, {}, BOOKS), fault("6240"), *answers)
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == (code, "customer")
    assert CUSTOMER.name in problem.what
    assert problem.cure


def test_a_vendor_and_an_employee_who_have_the_name_are_told_in_different_sentences() -> None:
    told = set()
    for others in ([found("Vendor", {"Id": "3"})], [found("Vendor"), found("Employee", {"Id": "3"})]):
        with pytest.raises(Rejected) as refused:
            answered(QUICKBOOKS.create(CUSTOMER, {}, BOOKS), fault("6240"), found("Customer"), *others)
        told.add(refused.value.problems[0].what)
    assert len(told) == 2


def test_after_an_error_within_quickbooks_a_customer_is_looked_up_before_it_is_entered_again() -> None:
    ref, asked = answered(
        QUICKBOOKS.create(CUSTOMER, {}, BOOKS),
        fault("10000", kind="SystemFault"),
        found("Customer", {"Id": "61", "DisplayName": CUSTOMER.name, "Active": True}),
    )
    assert ref.id == "61"
    assert [request.writes for request in asked] == [True, False]


def test_an_item_is_created_and_used_if_it_is_there() -> None:
    row = {"Id": "11", "Name": "A7102", "Type": "Service", "Active": True}
    ref, asked = answered(QUICKBOOKS.create(ITEM, {}, BOOKS), {"Item": row})
    assert (ref, in_short(asked)) == (Ref(id="11", name="A7102"), ["create Item"])
    ref, asked = answered(QUICKBOOKS.create(ITEM, {}, BOOKS), fault("6240"), found("Item", row))
    assert (ref, in_short(asked)) == (Ref(id="11", name="A7102"), ["create Item", "query Item"])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"Type": "Service", "Active": False}, "name-inactive"),
        ({"Type": "Category", "Active": True}, "item-not-sellable"),
    ],
)
def test_an_item_that_cannot_stand_on_a_line_is_not_used(row: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        answered(QUICKBOOKS.create(ITEM, {}, BOOKS), fault("6240"), found("Item", {"Id": "11", "Name": "A7102", **row}))
    assert [problem.code for problem in refused.value.problems] == [code]


@given(
    document=invoices() | payments,
    stumbles=st.lists(st.sampled_from(["10000", "500", "503"]), max_size=ATTEMPTS - 1),
)
def test_a_conversation_that_is_replayed_asks_the_same(document: Invoice | Payment, stumbles: list[str]) -> None:
    kind = "Invoice" if isinstance(document, Invoice) else "Payment"
    answers = [answer for code in stumbles for answer in (fault(code, kind="SystemFault"), found(kind))]
    answers.append({kind: {"Id": "1", "TotalAmt": document.total, "SyncToken": "0"}})
    first = answered(QUICKBOOKS.post(document, {}, BOOKS), *answers)
    assert answered(QUICKBOOKS.post(document, {}, BOOKS), *answers) == first
    assert QUICKBOOKS.encode("0" * 24, first[1][-1:]) == QUICKBOOKS.encode("0" * 24, first[1][:1])
