"""What Intuit, or somebody in the books, does to a connection that did nothing wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from hub.database import now, session
from hub.dispatch import pump
from hub.installations import notices, renewal
from hub.models import Credential, Delivery, Installation, Notice, NoticeKind, Usage
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.queue import commit
from hub.states import DeliveryState, InstallationState
from sandbox.online import REALM, Running
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import EXPECTED, UPDATE, by_hand, consent, posted, whole_ledger


def given(installation: Installation) -> list[NoticeKind]:
    """What the admins have been told of the installation, oldest first."""
    notices.give_notices()
    mine = select(Notice.kind).where(Notice.installation_id == installation.id).order_by(Notice.id)
    return list(session().scalars(mine))


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_hour_of_nothing_but_error_pages_is_waited_out(online: Installation, books: Running, status: int) -> None:
    books.fault("status", "/v3/", status=status, lasts=3600)
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    for _ in range(6):
        pump.deliver(online.id)
        session().expire_all()
        assert str(status) in online.trouble
        assert online.state is InstallationState.CONNECTED
        assert DeliveryState.STOPPED not in set(session().scalars(select(Delivery.state)))
        books.control("clock", {"advance_seconds": 600})
        pass_time(online)
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    assert online.trouble == ""


def test_who_disconnects_in_quickbooks_is_told_what_that_means_and_may_come_back(
    app: Flask, online: Installation, books: Running
) -> None:
    app.config["HUB_CONFIRM_SECONDS"] = 0  # A loss is believed at the second refusal, after this.
    books.control(f"disconnect/{REALM}", {})
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    session().expire_all()
    assert (online.state, given(online)) == (InstallationState.CONNECTED, [])
    pass_time(online)
    pump.deliver(online.id)
    session().expire_all()
    assert (online.state, given(online)) == (InstallationState.EXPIRED, [NoticeKind.LOST])
    consent(online, books)
    pass_time(online)
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()


@pytest.mark.parametrize("why", ["user", "environment"])
def test_books_that_are_closed_to_good_tokens_wait_for_an_admin(
    app: Flask, online: Installation, books: Running, why: str
) -> None:
    app.config["HUB_CONFIRM_SECONDS"] = 0
    books.control(f"access/{REALM}", {"refuses": why})
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    for _ in range(2):
        pass_time(online)
        pump.deliver(online.id)
    session().expire_all()
    assert (online.state, given(online)) == (InstallationState.EXPIRED, [NoticeKind.LOST])
    assert online.trouble
    books.control(f"access/{REALM}", {"refuses": None})
    consent(online, books)
    pass_time(online)
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()


def test_the_end_after_five_years_is_told_before_and_then_an_admin_signs_in_again(
    app: Flask, online: Installation, books: Running
) -> None:
    app.config["HUB_CONFIRM_SECONDS"] = 0
    for _ in range(18):  # A keep-alive every hundred days, for all of the time but 25 days.
        books.control("clock", {"advance_days": 100})
        renew(online)
    assert given(online) == [NoticeKind.EXPIRES_IN_30]
    assert not renewals_refused(online)
    books.control("clock", {"advance_days": 26})
    renew(online)
    renew(online)
    session().expire_all()
    assert online.state is InstallationState.EXPIRED
    assert NoticeKind.LOST in given(online)
    consent(online, books)
    ends_at = session().get_one(Credential, online.id).ends_at
    assert ends_at is not None
    assert ends_at - now() > dt.timedelta(days=1800)
    pass_time(online)
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()


def renew(installation: Installation) -> None:
    """The keep-alive, when it is due."""
    session().expire_all()
    session().get_one(Credential, installation.id).keep_at = now()
    commit()
    renewal.renew_credentials(installation.id)


def renewals_refused(installation: Installation) -> bool:
    session().expire_all()
    return session().get_one(Credential, installation.id).renewal_refused_at is not None


def test_an_update_is_made_although_queries_give_what_was(online: Installation, books: Running) -> None:
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    (invoice,) = books.books()["Invoice"]
    by_hand(books, "Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"], "sparse": True,
                               "PrivateNote": "Call them"}, operation="update")  # fmt: skip
    books.control("lag", {"queries": True})
    send_order(ADA_AT_ACME, online.id, replace(order_1042(), memo="Many thanks."), UPDATE)
    pump.deliver(online.id)
    (invoice,) = books.books()["Invoice"]
    assert invoice["CustomerMemo"]["value"] == "Many thanks."
    assert posted()
    ours, theirs = session().scalar(select(Usage.reads)), books.control(f"meter/{REALM}")["reads"]
    assert ours == theirs - 1, "Whose books the consent is for was read before there were any batches."
