"""Whatever is sent is qbXML that QuickBooks can read: checked against Intuit's own schema where that is at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.plugin import (
    Batch,
    Bill,
    Conversation,
    IntegrationError,
    Invoice,
    Listed,
    NewCustomer,
    NewItem,
    NewVendor,
    Payload,
    PurchaseOrder,
    Request,
    Response,
    UnexpectedAnswer,
)
from quickbooks_desktop import QuickBooksDesktop
from quickbooks_desktop.qbxml import Unwritable, write
from tests.support.desktop_documents import BOOKS, subjects
from tests.support.hypothesis_profile import examples
from tests.support.qbxml import find_schema

QUICKBOOKS = QuickBooksDesktop()
KEY = "0123456789abcdef0123"
OPTIONS = st.fixed_dictionaries({
    "item_kind": st.sampled_from(["ItemService", "ItemNonInventory"]),
    "books_tax": st.sampled_from(["", "yes"]),
})  # fmt: skip


SCHEMA = find_schema(Path(__file__).parents[3])
with_schema = pytest.mark.skipif(SCHEMA is None, reason="Intuit's schema is not at hand (QBXML_SCHEMAS)")


def test_a_schema_beside_the_project_is_found(pytestconfig: pytest.Config) -> None:
    """The checks against the schema must run, and not be skipped, wherever a reference folder has it."""
    beside = pytestconfig.rootpath.parent
    folders = [found for folder in beside.iterdir() if (found := folder / "reference").is_dir()]
    there = {path for folder in folders for path in folder.rglob("qbxmlops130.xsd")}
    if there and "QBXML_SCHEMAS" not in os.environ:
        assert SCHEMA in there


def test_the_schema_is_looked_for_one_folder_above_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QBXML_SCHEMAS", raising=False)
    project, folder = tmp_path / "project", tmp_path / "shared" / "reference" / "quickbooks_desktop"
    project.mkdir()
    folder.mkdir(parents=True)
    assert find_schema(project) is None
    (folder / "qbxmlops130.xsd").touch()
    assert find_schema(project) == folder / "qbxmlops130.xsd"
    own = tmp_path / "own"
    own.mkdir()
    (own / "qbxmlops130.xsd").touch()
    monkeypatch.setenv("QBXML_SCHEMAS", str(own))
    assert find_schema(project) == own / "qbxmlops130.xsd"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    assert SCHEMA is not None
    return etree.XMLSchema(etree.parse(SCHEMA))


def conversation(subject: Any, options: dict[str, str]) -> Conversation[Any]:
    if isinstance(subject, NewCustomer | NewVendor | NewItem):
        return QUICKBOOKS.create(subject, options, BOOKS)
    return QUICKBOOKS.post(subject, options, BOOKS)


def answers(request: Request, subject: Any) -> Iterator[Payload]:
    """Each way in which an answer can lead a conversation on to further requests."""
    name = request.payload["request"]
    kind = name.removesuffix("Query").removesuffix("Add").removesuffix("Mod")
    items = [*(line.item.id for line in getattr(subject, "lines", ())[:1]), "80000001-1"]
    lines = [{"TxnLineID": f"{place}-1", "ItemRef": {"ListID": item}} for place, item in enumerate(items)]
    row = {
        "ListID": "80000001-1", "TxnID": "1-1", "EditSequence": "17", "Name": "x", "IsActive": "false",
        "TotalAmount": "17.00", "AmountDue": "17.00", "Subtotal": "17.00", "PurchaseOrderLineRet": lines,
        "ItemLineRet": lines, "ExpenseLineRet": lines,
    }  # fmt: skip
    yield {"status": "0", "severity": "Info", "message": "", "rows": [{"kind": f"{kind}Ret", "fields": row}]}
    yield {"status": "1", "severity": "Info", "message": "", "rows": []}
    for code in ("3100", "3200"):
        yield {"status": code, "severity": "Error", "message": "no", "rows": []}


def requests(subject: Any, options: dict[str, str], said: tuple[Payload, ...] = ()) -> Iterator[Request]:
    """Every request that a conversation may ask, whatever it is answered, four answers deep."""
    replay = conversation(subject, options)
    try:
        request = next(replay)
        for answer in said:
            request = replay.send(Response(payload=answer))
    except (StopIteration, IntegrationError, UnexpectedAnswer, KeyError):
        return
    finally:
        replay.close()
    yield request
    if len(said) < 4:
        for answer in answers(request, subject):
            yield from requests(subject, options, (*said, answer))


def validated(schema: etree.XMLSchema, body: str) -> etree._Element:
    root = etree.fromstring(body.encode("ascii"))
    schema.assertValid(root)
    return root


@with_schema
@settings(max_examples=examples(150))
@given(subject=subjects, options=OPTIONS)
def test_every_request_that_passes_review_is_valid(
    schema: etree.XMLSchema, subject: Any, options: dict[str, str]
) -> None:
    assume(not QUICKBOOKS.validate(subject, options, BOOKS))  # Hypothesis fails where nothing passes.
    asked = list(requests(subject, options))
    assert asked
    if isinstance(subject, Invoice) and not (subject.revises or subject.discount):
        assert "InvoiceAdd" in str(asked)
    if isinstance(subject, PurchaseOrder | Bill) and subject.revises:
        changes = f"'request': '{type(subject).__name__}Mod'" in str(asked)
        assert changes == (subject.revises.totals != (Decimal("18.00"),)), "Somebody has changed it: it is at 17.00."
    root = validated(schema, QUICKBOOKS.encode(KEY, asked, answered="0" * 20))
    assert [node.get("requestID") for node in root[0]] == [str(slot) for slot in range(len(asked))]


@with_schema
@pytest.mark.parametrize("kind", [*QUICKBOOKS.capabilities.lists, *QUICKBOOKS.capabilities.history])
@pytest.mark.parametrize("since", ["", "2026-11-01T10:00:00||", "2026-11-01T10:00:00|{ab}|2026-11-02T10:00:00"])
def test_every_list_is_asked_for_validly(schema: etree.XMLSchema, kind: Listed, since: str) -> None:
    fetching = QUICKBOOKS.fetch(kind, since)
    asked = [next(fetching)]
    nothing = Response(payload={"status": "1", "severity": "Info", "message": "", "rows": []})
    with suppress(StopIteration):  # After the last page, what was deleted.
        asked.append(fetching.send(nothing))
    root = validated(schema, QUICKBOOKS.encode(KEY, asked))
    assert root[0].get("newMessageSetID") is None, "A set that only reads is not to be remembered."


@with_schema
def test_what_recovery_and_the_check_ask_is_valid(schema: etree.XMLSchema) -> None:
    written = [
        Request(name="x", payload={"request": name, "fields": {name: {
            "RefNumber": number, "TxnDate": "2026-11-23", "CustomerRef": {"ListID": "1-1"}}}}, writes=True)
        for name in ("InvoiceAdd", "CreditMemoAdd", "ReceivePaymentAdd", "PurchaseOrderAdd", "BillAdd")
        for number in ("1042", "")
    ]  # fmt: skip
    void = {"request": "TxnVoid", "fields": {"TxnVoidType": "Invoice", "TxnID": "1-1"}}
    written.append(Request(name="x", payload=void, writes=True))
    recovering = QUICKBOOKS.recover(Batch(idempotency_key=KEY, requests=tuple(written), body=""))
    asked = [next(recovering)]
    nothing = Response(payload={"status": "1", "severity": "Info", "message": "", "rows": []})
    while len(asked) < 11:
        asked.append(recovering.send(nothing))
    with pytest.raises(StopIteration) as end:
        recovering.send(nothing)
    assert end.value.value == [None] * 11, "Nothing was found, so all of it may be asked again."
    checking = QUICKBOOKS.describe_books()
    asked += [next(checking), checking.send(nothing)]
    root = validated(schema, QUICKBOOKS.encode(KEY, asked))
    assert len(root[0]) == len(asked) == 13


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"Name": "x" * 42}, "Name.* 41"),
        ({"Name": "x", "ShoeSize": "12"}, "ShoeSize"),
        ({"Name": "x", "BillAddress": {"Addr1": "x" * 42}}, "Addr1.* 41"),
    ],
)
def test_what_does_not_fit_is_not_encoded(fields: Payload, named: str) -> None:
    with pytest.raises(Unwritable, match=named):
        write(
            KEY, [{"request": "CustomerAdd", "fields": {"CustomerAdd": fields}}], writes=True, version="", answered=""
        )


@pytest.mark.parametrize("amount", [Decimal("1.005"), Decimal("NaN"), Decimal("1e13")])
def test_an_amount_that_qbxml_cannot_express_is_not_encoded(amount: Decimal) -> None:
    fields = {"ReceivePaymentAdd": {"TotalAmount": amount}}
    with pytest.raises(Unwritable, match="TotalAmount"):
        write(KEY, [{"request": "ReceivePaymentAdd", "fields": fields}], writes=True, version="", answered="")


def test_everything_is_ascii_and_in_the_version_that_was_agreed() -> None:
    asked = next(QUICKBOOKS.create(NewCustomer(name="Müller & Söhne “Ö” 🎈"), {}, BOOKS))
    body = QUICKBOOKS.encode(KEY, [asked], dialect="16.0", answered="f" * 20)
    assert body.isascii()
    assert "M&#252;ller &amp; S&#246;hne" in body
    assert body.startswith('<?xml version="1.0" encoding="utf-8"?><?qbxml version="16.0"?>')
    assert f'oldMessageSetID="{"f" * 20}" newMessageSetID="{KEY}" onError="continueOnError"' in body


def test_an_older_quickbooks_is_not_asked_for_what_it_does_not_know() -> None:
    asked = next(QUICKBOOKS.create(NewCustomer(name="Acme"), {}, BOOKS))
    assert "ExternalGUID" in QUICKBOOKS.encode(KEY, [asked], dialect="9.0")
    assert "ExternalGUID" not in QUICKBOOKS.encode(KEY, [asked], dialect="8.0")
