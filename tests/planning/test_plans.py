"""What always holds of plans, whatever the order and the choices."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hub.host import Order
from hub.planning.choices import Choices
from hub.planning.context import Existing, InBooks, Key, KnownRecord, PlanningContext, Progress
from hub.planning.parts import accounts_of, refs_of
from hub.planning.plan import after, plan, plan_many
from hub.planning.plans import Action
from hub.plugin import RecordKind, Ref, Role
from tests.support.host import order_1042
from tests.support.hypothesis_profile import examples
from tests.support.plans import EVERYTHING, VENDORS, choices, delivered, empty_books, orders_with_vendors


@settings(max_examples=examples(60))
@given(order=orders_with_vendors(), chosen=choices)
def test_planning_is_deterministic(order: Order, chosen: Choices) -> None:
    context = empty_books()
    assert plan(order, chosen, context) == plan(order, chosen, context)


@settings(max_examples=examples(150))
@given(order=orders_with_vendors(), chosen=choices)
def test_what_was_delivered_is_not_planned_again(order: Order, chosen: Choices) -> None:
    context = empty_books()
    made = plan(order, chosen, context)
    assume(not made.blockers)
    again = plan(order, made.choices, delivered(context, made))
    assert [(step.key, step.action) for step in again.steps if step.will_write] == []
    assert again.differences == ()
    assert {step.key for step in again.documents} == {step.key for step in made.documents}


@settings(max_examples=examples(60))
@given(order=orders_with_vendors(), chosen=choices, more=st.integers(1, 50))
def test_a_changed_order_is_offered_as_updates_and_settles_once_they_are_delivered(
    order: Order, chosen: Choices, more: int
) -> None:
    context = empty_books()
    made = plan(order, chosen, context)
    assume(not made.blockers and made.documents)
    books, line = delivered(context, made), order.lines[0]
    changed = replace(order, lines=(replace(line, description=f"{more} more"), *order.lines[1:]))
    offered = plan(changed, made.choices, books)
    assert not any(step.will_write for step in offered.steps)
    updates = tuple(step.about for step in offered.differences)
    updated = plan(changed, replace(made.choices, updates=updates), books)
    assert {step.about for step in updated.steps if step.will_write} == set(updates)
    assert plan(changed, made.choices, delivered(books, updated)).differences == ()


@settings(max_examples=examples(60))
@given(first=orders_with_vendors(), second=orders_with_vendors(), chosen=choices)
def test_records_that_two_orders_need_are_created_once(first: Order, second: Order, chosen: Choices) -> None:
    both = [(first, chosen), (replace(second, id="1043", number="1043"), chosen)]
    plans = plan_many(both, empty_books())
    created = [step.key for made in plans for step in made.steps if step.will_write and not step.is_document]
    if not plans[0].blockers:
        assert len(created) == len(set(created))


def test_a_plan_that_was_applied_leaves_its_new_records_on_their_way() -> None:
    made = plan(order_1042(), Choices(), empty_books())
    keys = {step.key for step in made.steps if not step.is_document}
    context = after(empty_books(), made)
    assert keys == {("company/12", "customer"), ("item/a7102", "item")}
    again = plan(replace(order_1042(), id="1043", number="1043"), Choices(), context)
    assert {step.key for step in again.steps if step.action is Action.NOTHING} == keys
    assert keys <= set(next(step for step in again.steps if step.kind == "invoice").needs)


def test_a_plan_offers_what_is_not_wanted_and_blocks_only_what_is() -> None:
    unpriced = replace(order_1042(), tax=Decimal("1.00"))  # It does not add up any more.
    made = plan(unpriced, Choices(documents=()), empty_books())
    assert (made.blockers, [step.wanted for step in made.steps if step.kind == "invoice"]) == ((), [False])
    assert [one.code for one in plan(unpriced, Choices(), empty_books()).blockers] == ["does-not-add-up"]


def test_a_payment_of_nothing_is_left_out_and_a_refund_is_called_one() -> None:
    (paid,) = order_1042().payments
    nothing, refund = replace(paid, id="8", amount=Decimal("0.00")), replace(paid, id="9", amount=Decimal("-20.00"))
    made = plan(replace(order_1042(), payments=(paid, nothing)), Choices(), empty_books())
    assert made.blockers == ()
    assert [step.about for step in made.steps if step.kind == "payment"] == ["payment/7"]
    refunded = plan(replace(order_1042(), payments=(paid, refund)), Choices(), empty_books())
    assert [one.code for one in refunded.blockers] == ["refund"]


def test_what_fills_a_role_comes_from_the_first_that_says_it() -> None:
    """The choice for the vendor, the choice for the order, the order itself, what is saved, what is suggested."""
    role, term = str(Role.COST), str(Role.TERMS)
    entries = {
        (kind, one): KnownRecord(kind=kind, ref=Ref(id=one, name=one), active=True)
        for kind in (RecordKind.ACCOUNT, RecordKind.TERM)
        for one in ("vendor's", "order's", "named", "saved", "suggested")
    }
    books = replace(
        empty_books(), records=entries, active={(RecordKind.TERM, "named"): entries[RecordKind.TERM, "named"]},
        mapped={role: Ref(id="saved"), term: Ref(id="saved")},
        suggested={role: Ref(id="suggested"), term: Ref(id="suggested")},
    )  # fmt: skip
    order = replace(order_1042(), terms="named")
    chosen = Choices(accounts={f"{role}/s1": "vendor's", role: "order's", term: "order's"})

    def filled(order: Order, choices: Choices, context: PlanningContext) -> list[str]:
        refs = refs_of(order, choices, context)
        return [accounts_of(vendor, refs)[role].id for vendor in ("s1", "s2")] + [refs[term].id]

    assert filled(order, chosen, books) == ["vendor's", "order's", "order's"]
    assert filled(order, Choices(), books) == ["saved", "saved", "named"]
    assert filled(order_1042(), Choices(), books) == ["saved", "saved", "saved"]
    assert filled(order_1042(), Choices(), replace(books, mapped={})) == ["suggested"] * 3


def test_what_waits_for_a_document_that_is_voided_is_given_up() -> None:
    made = plan(order_1042(), Choices(), empty_books())
    books = delivered(empty_books(), made)
    payment = books.existing["order/1042/payment/7", "payment"]
    late = replace(
        payment, id=99, key=("order/1042/payment/8", "payment"), posting=None, progress=Progress.FREE, can_cancel=True,
        needs=(("order/1042", "invoice"),),
    )  # fmt: skip
    books = replace(books, existing={**books.existing, late.key: late})
    cancelled = replace(order_1042(), cancelled=True)
    steps = plan(cancelled, Choices(updates=("invoice",)), books).steps
    assert [(step.key, step.action) for step in steps if step.wanted] == [
        (("order/1042", "invoice"), Action.VOID), (late.key, Action.CANCEL)
    ]  # fmt: skip
    assert [step.wanted for step in plan(cancelled, Choices(), books).steps] == [False]


def test_a_void_that_was_pressed_twice_is_planned_once() -> None:
    books = delivered(empty_books(), plan(order_1042(), Choices(), empty_books()))
    cancelled, void = replace(order_1042(), cancelled=True), Choices(updates=("invoice",))
    voided = delivered(books, plan(cancelled, void, books))
    again = plan(cancelled, void, voided)
    assert ([step for step in again.steps if step.will_write], again.blockers) == ([], ())


def test_a_bill_does_not_answer_a_purchase_order_that_is_gone() -> None:
    books = delivered(empty_books(), plan(bought(), Choices(documents=("purchase_order",)), empty_books()))
    ordered = books.existing["order/1042/vendor/s1", "purchase_order"]
    assert ordered.posting is not None
    gone = replace(ordered, fixes={"purchase_order/s1:anew": ordered.posting.id})
    bill = Choices(documents=("bill",))

    def needs(one: Existing, choices: Choices) -> tuple[Key, ...]:
        context = replace(books, existing={**books.existing, one.key: one})
        step = plan(bought(), choices, context).step(("order/1042/vendor/s1", "bill"))
        assert step is not None
        return step.needs

    assert ordered.key in needs(ordered, bill)
    assert ordered.key not in needs(gone, bill)
    assert ordered.key in needs(gone, replace(bill, updates=("purchase_order/s1",)))


def test_what_is_being_voided_is_not_changed_unasked_when_the_order_has_it_again() -> None:
    books = delivered(empty_books(), plan(order_1042(), Choices(), empty_books()))
    invoice = books.existing["order/1042", "invoice"]
    step = plan(replace(order_1042(), cancelled=True), Choices(updates=("invoice",)), books).step(invoice.key)
    assert step is not None
    assert step.subject is not None
    stopped = replace(
        invoice, progress=Progress.FREE, is_stopped=True, can_cancel=True, voids=True, current=step.subject
    )  # fmt: skip
    books = replace(books, existing={**books.existing, invoice.key: stopped})
    assert [one.key for one in plan(order_1042(), Choices(), books).steps if one.will_write] == []


def test_what_is_gone_can_be_entered_again_in_books_that_change_nothing() -> None:
    narrow = replace(empty_books(), capabilities=replace(EVERYTHING, revises=frozenset()))
    books = delivered(narrow, plan(bought(), Choices(documents=("bill",)), narrow))
    bill = books.existing["order/1042/vendor/s1", "bill"]
    assert bill.posting is not None
    gone = replace(bill, fixes={"bill/s1:anew": bill.posting.id})
    made = plan(bought(), Choices(documents=(), updates=("bill/s1",)), replace(books, existing={bill.key: gone}))
    assert [(one.key, one.action) for one in made.steps if one.will_write and one.is_document] == [
        (bill.key, Action.RECREATE)
    ]  # fmt: skip


def test_a_new_vendor_does_not_get_the_name_of_a_new_customer_where_they_share_names() -> None:
    company = replace(order_1042().company, id="s1")
    order = replace(bought(), lines=(replace(bought().lines[0], vendor=company),))
    (problem,) = plan(order, Choices(documents=("invoice", "bill")), empty_books()).blockers
    assert (problem.code, problem.about) == ("name-of-another-kind", "vendor/s1")


def bought() -> Order:
    """Order 1042, for which its line is bought."""
    line = replace(order_1042().lines[0], vendor=VENDORS[0], cost=Decimal("1.00"))
    return replace(order_1042(), lines=(line,), payments=())


def test_what_of_an_order_a_document_is_does_not_depend_on_the_ids_that_a_host_uses() -> None:
    order = replace(bought(), id="2026/1042", payments=order_1042().payments)
    made = plan(order, Choices(documents=("invoice", "bill")), empty_books())
    assert {step.about for step in made.steps if step.is_document} == {
        "invoice", "payment/7", "purchase_order/s1", "bill/s1"
    }  # fmt: skip
    again = plan(order, made.choices, delivered(empty_books(), made))
    assert [step.about for step in again.steps if step.will_write] == []


def test_a_retried_payment_does_not_become_a_deposit_because_its_invoice_is_gone() -> None:
    books = delivered(empty_books(), plan(order_1042(), Choices(), empty_books()))
    invoice, payment = books.existing["order/1042", "invoice"], books.existing["order/1042/payment/7", "payment"]
    stopped = replace(payment, progress=Progress.FREE, is_stopped=True, can_cancel=True, posting=None)
    assert invoice.posting is not None
    gone = replace(invoice, in_books=InBooks(
        total=invoice.posting.total, date=order_1042().date, is_gone=True, is_unapplied=True
    ))  # fmt: skip
    books = replace(books, existing={**books.existing, gone.key: gone, stopped.key: stopped})
    retried = plan(order_1042(), Choices(documents=("payment/7",)), books)
    assert [one.code for one in retried.blockers] == ["invoice-gone"]
    asked = plan(order_1042(), Choices(documents=("payment",)), books)
    assert (asked.blockers, [one.about for one in asked.steps if one.will_write]) == ((), ["payment/7"])
