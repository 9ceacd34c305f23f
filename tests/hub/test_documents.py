"""From orders to documents: the figures add up to the cent, or nothing is sent and the sentence says why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.database import session
from hub.host import Order
from hub.integrations import registry
from hub.models import Installation, Mapping, RecordRow
from hub.planning.choices import Choices
from hub.planning.context import item_key
from hub.planning.tax import AS_ITEM
from hub.plugin import (
    Address,
    Invoice,
    Line,
    NewItem,
    Prerequisite,
    Prerequisites,
    Problem,
    RecordKind,
    Ref,
    Subject,
    Tax,
    in_cents,
    kind_of,
)
from hub.serialization import problems_json, problems_of, subject_json, subject_of
from tests.support.generated_orders import cents, orders
from tests.support.host import order_1042
from tests.support.hypothesis_profile import examples
from tests.support.planned import Planned, planned_order


def planned(installation: Installation, order: Order, choices: Choices | None = None) -> Planned:
    return planned_order(installation, order, choices or Choices())


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders(), tax=st.sampled_from(["", AS_ITEM, "code:5"]))
def test_documents_come_to_the_orders_total_to_the_cent(installation: Installation, order: Order, tax: str) -> None:
    session().merge(Mapping(installation_id=installation.id, role="sales_tax_item", record_id="9", name="Sales Tax"))
    outline = planned(installation, order, Choices(tax=tax))
    assert outline.blockers == ()
    assert outline.sale is not None
    assert outline.sale.total == order.total
    assert outline.sale.subtotal - outline.sale.discount + outline.sale.tax.amount == order.total
    assert sum((one.amount for one in outline.payments), Decimal(0)) == sum(
        (one.amount for one in order.payments), Decimal(0)
    )
    if tax == AS_ITEM and order.tax:
        assert not any(line.taxable for line in outline.sale.lines), "the books would tax it once more"
    subjects: list[Subject] = [outline.sale, *outline.payments, *outline.new_items]
    for subject in subjects:
        assert subject_of(subject.kind, subject_json(subject)) == subject


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders(), off=cents.filter(lambda amount: amount > 0))
def test_an_order_that_does_not_add_up_is_a_problem_and_has_no_documents(
    installation: Installation, order: Order, off: Decimal
) -> None:
    outline = planned(installation, replace(order, total=order.total + off))
    assert outline.sale is None
    assert (outline.blockers[0].code, outline.blockers[0].field) == ("does-not-add-up", "lines")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": (), "discount": Decimal(0), "total": Decimal(0), "payments": ()}, "does-not-add-up"),
        ({"currency": "EUR"}, "currency-differs"),
        ({"payments": (replace(order_1042().payments[0], amount=Decimal("500.00")),)}, "overpaid"),
        ({"lines": (replace(order_1042().lines[0], fields={"number": ""}),)}, "item-unnamed"),
    ],
)
def test_what_can_be_known_before_sending_is_said_before_sending(
    installation: Installation, changes: dict[str, object], code: str
) -> None:
    outline = planned(installation, replace(order_1042(), **changes))  # type: ignore[arg-type]  # Fields of an order.
    assert code in [problem.code for problem in outline.blockers]


def test_an_unmapped_account_is_a_problem_at_its_field(installation: Installation) -> None:
    session().query(Mapping).delete()
    assert [problem.field for problem in planned(installation, order_1042()).blockers] == ["income_account"]


def test_items_are_found_whatever_their_case_and_made_once(installation: Installation) -> None:
    session().add(RecordRow(
        installation_id=installation.id, kind=RecordKind.ITEM, record_id="77", name="a7102", name_key="a7102"
    ))  # fmt: skip
    line = order_1042().lines[0]
    new = replace(line, fields={"number": "B 1", "name": "x"})
    again = replace(line, fields={"number": "b  1", "name": "x"})
    order = replace(order_1042(), lines=(line, new, again), total=Decimal("678.50"))
    outline = planned(installation, order)
    assert outline.sale is not None
    assert [one.item.id for one in outline.sale.lines] == ["77", "", ""]
    assert [one.name for one in outline.new_items] == ["B 1"]
    created = Prerequisites([
        Prerequisite(kind=RecordKind.CUSTOMER, ref=Ref(id="5")),
        Prerequisite(kind=RecordKind.ITEM, ref=Ref(id="88"), name=item_key("B 1")[0].partition("/")[2]),
    ])  # fmt: skip
    done = kind_of("invoice").bind(outline.sale, created)
    assert isinstance(done, Invoice)
    assert [one.item.id for one in done.lines] == ["77", "88", "88"]
    assert done.customer.id == "5"


def test_snapshots_keep_every_digit_and_letter() -> None:
    invoice = Invoice(
        number="1", date=dt.date(2026, 11, 12), currency="USD", customer=Ref(id="1", name="שלום 🎈"), lines=(
            replace_line("0.3350", "3"),
        ), total=Decimal("1.05"), tax=Tax(amount=Decimal("0.04"), code=Ref(id="3")),
        billing=Address(lines=("1 Way", "Floor 2"), city="Boise"), memo="a\nb\t“c”",
    )  # fmt: skip
    assert subject_of("invoice", subject_json(invoice)) == invoice
    item = NewItem(name="x", price=Decimal("0.3350"), income=Ref(id="4"))
    assert str(subject_of("item", subject_json(item)).price) == "0.3350"  # type: ignore[union-attr]  # It is an item.
    problem = Problem(what="a", why="b", cure="c", field="d", code="e")
    assert problems_of(problems_json([problem])) == [problem]


def replace_line(price: str, quantity: str) -> Line:
    return Line(
        item=Ref(id="2"), description="d", quantity=Decimal(quantity), price=Decimal(price),
        amount=in_cents(Decimal(price) * Decimal(quantity)),
    )  # fmt: skip


def test_books_that_take_no_new_product_from_here_are_not_sent_one(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = registry.find_integration("pretend")
    for without in ({"mappings": ()}, {"capabilities": replace(plugin.capabilities, creates=frozenset())}):
        with monkeypatch.context() as patch:
            for name, value in without.items():
                patch.setattr(type(plugin), name, value)
            outline = planned(installation, order_1042())
            (problem,) = outline.blockers
            assert (problem.code, problem.field) == ("item-missing", "lines")
            assert "A7102" in problem.what
            assert outline.new_items == []


def test_a_ledger_that_takes_no_payments_is_sent_none(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = registry.find_integration("pretend")
    invoices = replace(plugin.capabilities, documents=frozenset({Invoice.kind}))
    monkeypatch.setattr(type(plugin), "capabilities", invoices)
    outline = planned(installation, order_1042())
    assert (outline.payments, outline.blockers) == ([], ())
