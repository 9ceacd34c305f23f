"""Who may do what, as a table over every address that the hub has; a new one fails here until it is in the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import select

from hub import may_link, may_send
from hub.database import session
from hub.dispatch import pump
from hub.host import Permission, User
from hub.installations.install import remove_installation
from hub.models import Bundle, Delivery, Installation
from hub.orders import bundles
from hub.orders.send import send_order
from hub.planning.choices import Choices
from tests.support.host import ADA, ADA_AT_ACME, Desk
from tests.support.pages import empty_text, state_of
from tests.support.pretend import Ledger

MANAGE, SEND, VIEW = Permission.MANAGE, Permission.SEND, Permission.VIEW
EVE = User(id="eve", name="Eve", teams=frozenset({"office"}))

NEEDS: dict[str, Permission | None] = {
    "activity": MANAGE, "activity_moved": MANAGE, "activity_csv": MANAGE, "retry_all": MANAGE, "delivery": MANAGE,
    "attention": MANAGE, "fix_many": MANAGE, "act_on_delivery": MANAGE, "authorize": MANAGE,
    "begin_authorizing": MANAGE, "authorized": MANAGE,
    "endpoint_panel": MANAGE, "endpoint_steps": MANAGE, "endpoint_file": MANAGE, "endpoint_password": MANAGE,
    "endpoint_moved": MANAGE, "endpoint_renewed": MANAGE,
    "integrations": MANAGE, "install": MANAGE, "card": MANAGE, "act_on_installation": MANAGE, "uninstall": MANAGE,
    "details": MANAGE, "accounts": MANAGE, "lists": MANAGE,
    "reconnect": MANAGE, "customers": MANAGE, "accept": MANAGE, "accept_all": MANAGE,
    "send": SEND, "press_send": SEND, "retry": SEND, "cancel": SEND, "mark_deleted": SEND, "send_many": SEND,
    "press_send_many": SEND, "sent_together": SEND, "preview": SEND,
    "entries": VIEW, "link": VIEW, "change_link": VIEW,
    "order_status": VIEW, "orders_status": VIEW, "orders_bar": VIEW, "sent_lately": VIEW,
    "company": VIEW, "refresh_company": VIEW, "order_history": VIEW, "refresh_order": VIEW,
    "static": None, "htmx": None, "support": None, "disconnected": None, "polling": None, "webhook": None,
    "notices": None, "nothing": None, "health_live": None, "health_ready": None, "metrics": None,
}  # fmt: skip
"""What each address asks of who comes; None for what machines and visitors are given."""


@pytest.fixture
def client(app: Flask, installation: Installation, ledger: Ledger, desk: Desk) -> Iterator[FlaskClient]:
    """A visitor without a token, to look at permissions alone: order 1042 is in the books, and its company linked."""
    app.config["WTF_CSRF_METHODS"] = set()
    send_order(ADA_AT_ACME, installation.id, desk.orders["1042"], Choices())
    bundles.create_bundle(ADA_AT_ACME, installation.id, ["1042"], ["invoice"], "once")
    pump.deliver(installation.id)
    session().commit()
    yield app.test_client()
    session().expire_all()


def addresses(app: Flask, endpoint: str) -> Iterator[tuple[str, str]]:
    """Each address and method of an endpoint, filled with what exists."""
    values: dict[str, Any] = {
        "installation_id": 1, "order_id": "1042", "key": "pretend", "address": "none", "company_id": "12",
        "delivery_id": session().scalars(select(Delivery.id).where(Delivery.kind == "invoice")).one(),
        "bundle_id": session().scalars(select(Bundle.id)).one(),
        "action": "pause", "step": "retry", "filename": "hub.css", "kind": "customer", "place": "x", "role": "x",
    }  # fmt: skip
    for rule in app.url_map.iter_rules(f"hub.{endpoint}"):
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield method, path


def test_every_address_is_in_the_table(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {name.removeprefix("hub.") for name in endpoints if name.startswith("hub.")} == set(NEEDS)


def test_each_address_admits_who_may_and_nobody_else(app: Flask, client: FlaskClient, desk: Desk) -> None:
    for endpoint, needed in NEEDS.items():
        for method, path in addresses(app, endpoint) if needed else ():
            desk.signed_in = None
            assert client.open(path, method=method).status_code == 302, (method, path)
            desk.signed_in, desk.permissions = EVE, set(Permission) - {needed}
            assert client.open(path, method=method).status_code == 403, (method, path)
            fragment = client.open(path, method=method, headers={"HX-Request": "true"})
            assert (fragment.status_code, 'id="hub-problem"' in fragment.text) == (422, True), (method, path)
    session().expire_all()
    assert session().get_one(Installation, 1).state == "connected"


@pytest.mark.parametrize("admitted", [{"who": "users", "ids": ["ada"]}, {"who": "teams", "ids": ["sales"]}])
def test_whom_visible_to_leaves_out_sends_nothing_and_sees_nothing(
    app: Flask, client: FlaskClient, desk: Desk, admitted: dict[str, object]
) -> None:
    session().get_one(Installation, 1).visible_to = admitted
    session().commit()
    before = [(one.id, one.state) for one in session().scalars(select(Delivery))]
    desk.signed_in, desk.permissions = EVE, {SEND, VIEW}
    order = {"id": "1042", "documents": "invoice"}
    for endpoint, needed in NEEDS.items():
        for method, path in addresses(app, endpoint) if needed in {SEND, VIEW} else ():
            answer = client.get(path, query_string=order) if method == "GET" else client.post(path, data=order)
            closed = needed is SEND or endpoint in {"entries", "link", "change_link"}
            assert answer.status_code in ({403} if closed else {200, 303}), (method, path)
            for secret in ("Pretend", "hub-good", "218.50"):
                assert secret not in answer.text, (method, path)
    paths = ("/hub/orders/1042/status", "/hub/orders/1042/history", "/hub/companies/12")
    (left_out,) = {empty_text(client.get(path).text) for path in paths}
    desk.copy_order("1043")
    desk.signed_in = ADA
    absent = {empty_text(client.get(path).text) for path in ("/hub/orders/1043/status", "/hub/orders/1043/history")}
    assert left_out not in absent, "It is in the books, so nobody is told that it is not."
    session().expire_all()
    assert [(one.id, one.state) for one in session().scalars(select(Delivery))] == before


def test_who_manages_sees_what_is_for_others_only(app: Flask, client: FlaskClient, desk: Desk) -> None:
    session().get_one(Installation, 1).visible_to = {"who": "users", "ids": ["ada"]}
    session().commit()
    desk.signed_in = EVE
    assert state_of(client.get("/hub/orders/1042/status").text, "hub-order-status") == "good"
    assert client.get("/hub/orders/1042/send").status_code == 403


@pytest.mark.parametrize(("admitted", "may"), [
    ({"who": "everyone", "ids": []}, True), ({"who": "teams", "ids": ["office", "x"]}, True),
    ({"who": "teams", "ids": ["sales"]}, False), ({"who": "users", "ids": ["eve"]}, True),
    ({"who": "users", "ids": ["office"]}, False), ({}, False),
])  # fmt: skip
def test_everyone_teams_and_individuals(
    client: FlaskClient, desk: Desk, admitted: dict[str, object], may: bool
) -> None:
    session().get_one(Installation, 1).visible_to = admitted
    session().commit()
    desk.signed_in, desk.permissions = EVE, {SEND, VIEW}
    assert client.get("/hub/orders/1042/send?again=1").status_code == (200 if may else 403)


def test_a_kind_of_document_that_the_settings_leave_out_is_neither_sent_nor_tried_again(
    client: FlaskClient, desk: Desk, ledger: Ledger
) -> None:
    order = desk.copy_order("1043")
    ledger.refuses = lambda payload: "No." if "invoices" in payload else ""
    send_order(ADA_AT_ACME, 1, order, Choices())
    pump.deliver(1)
    stopped = session().scalars(select(Delivery).where(Delivery.state == "stopped")).one()
    session().get_one(Installation, 1).documents = ["bill"]
    session().commit()
    desk.permissions = {SEND, VIEW}
    for path, form in (
        ("/hub/orders/1043/send", {"documents": "invoice"}),
        (f"/hub/deliveries/{stopped.id}/retry", {"order_id": "1043"}),
        ("/hub/orders/sent", {"id": "1043", "documents": "invoice", "within": "1"}),
    ):
        assert client.post(path, data=form).status_code == 403, path
    session().expire_all()
    assert stopped.state == "stopped"


@pytest.mark.parametrize("admitted", ["ada", "eve"])
def test_only_who_may_send_is_offered_to_retry_and_to_cancel(
    client: FlaskClient, desk: Desk, ledger: Ledger, admitted: str
) -> None:
    ledger.refuses = lambda payload: "No." if "invoices" in payload else ""
    send_order(ADA_AT_ACME, 1, desk.copy_order("1043"), Choices())
    pump.deliver(1)
    session().get_one(Installation, 1).visible_to = {"who": "users", "ids": [admitted]}
    session().commit()
    for path in ("/hub/orders/1043/status", "/hub/installations/1/activity"):
        page = client.get(path).text
        assert "No." in page
        assert [word in page for word in ("/retry", "/cancel")] == [admitted == "ada"] * 2, path


def test_a_page_of_the_host_offers_the_buttons_to_whom_the_hub_lets_in(
    app: Flask, installation: Installation, desk: Desk
) -> None:
    def offered() -> list[bool]:
        with app.test_request_context("/"):
            page = render_template_string("{{ hub_may_send() }} {{ hub_may_link() }}")
            assert page == f"{may_send()} {may_link()}"
            return [one == "True" for one in page.split()]

    def admit(*ids: str) -> None:
        session().get_one(Installation, 1).visible_to = {"who": "users", "ids": list(ids)}
        session().commit()

    assert offered() == [True, True]
    desk.signed_in, desk.permissions = EVE, {SEND, VIEW}
    assert offered() == [True, True]
    admit("ada")
    assert offered() == [False, False]
    desk.permissions = set(Permission)
    assert offered() == [False, True], "Who manages links companies with the books, whoever sends."
    desk.permissions = {VIEW}
    admit("eve")
    assert offered() == [False, False]
    desk.signed_in = None
    assert offered() == [False, False]
    desk.permissions = set(Permission)
    remove_installation(ADA_AT_ACME, 1)
    desk.signed_in, desk.permissions = EVE, {SEND, VIEW}
    assert offered() == [True, True], "The dialog says that nothing is connected."
