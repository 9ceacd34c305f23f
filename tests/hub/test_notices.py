"""What admins are told: when, once, in which words, by a real mail server, and what they find behind the button."""

from __future__ import annotations

import datetime as dt
import re
import threading
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.database import now, session
from hub.dispatch import pump
from hub.extension import current
from hub.host import Organization, Permission, User
from hub.installations import notice_texts, notices
from hub.installations.notice_texts import NoticeText
from hub.models import Credential, Endpoint, Installation, Notice
from hub.orders.deliveries import count_stopped
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.queue import commit
from hub.states import InstallationState
from tests.support.app import connect
from tests.support.host import ADA, ADA_AT_ACME, Desk, order_1042
from tests.support.mail import Post, body, sweep
from tests.support.pages import Browser
from tests.support.pretend import Ledger

BOOKS = "Pretend Books (Test Books)"


def ends(installation: Installation, days: float) -> None:
    """Let the authorization end in so many days."""
    session().execute(update(Credential).values(expires_at=now() + dt.timedelta(days=days)))
    commit()
    session().expire_all()


def lose(installation: Installation) -> None:
    installation.move(InstallationState.EXPIRED)
    commit()


def told(installation: Installation) -> NoticeText:
    """Return the text of the one thing that an admin should know."""
    (finding,) = notices.find_findings(installation.organization_id)
    return notice_texts.describe_finding(finding)


def given() -> list[str]:
    return [str(one) for one in session().scalars(select(Notice.kind).order_by(Notice.id))]


def test_an_end_is_told_thirty_seven_and_one_days_before_and_each_once(installation: Installation, post: Post) -> None:
    for days in (31, 30, 29.99, 12, 7, 6.9, 2, 1, 0.9, 0.1):
        ends(installation, days)
        sweep()
        sweep()
        session().execute(update(Notice).values(about_at=now() + dt.timedelta(days=days)))  # As if time had passed.
        commit()
    assert given() == ["expires_in_30", "expires_in_7", "expires_in_1"]
    assert [re.findall(r"\d+", mail["Subject"]) for mail in post.mails] == [["30"], ["7"], []]
    assert all(BOOKS in mail["Subject"] for mail in post.mails)


def test_what_is_found_late_is_told_once_and_not_three_times(installation: Installation, post: Post) -> None:
    ends(installation, 0.5)
    sweep()
    assert given() == ["expires_in_1"]


def test_the_whole_mail_of_a_lost_authorization(installation: Installation, post: Post, desk: Desk) -> None:
    lose(installation)
    assert sweep() == 1
    (mail,) = post.mails
    notice = session().scalars(select(Notice)).one()
    day = f"{notice.noticed_at:%Y-%m-%d}"
    headers = {name: mail[name] for name in mail.keys() if name not in {"Date", "Content-Type", "MIME-Version"}}  # noqa: SIM118 – Iterating over a message is deprecated.
    words = told(installation)
    assert BOOKS in words.what
    assert headers == {
        "Subject": words.what, "From": "The Desk <desk@host.test>", "To": "Ada Admin <ada@acme.test>",
        "Message-ID": f"<notice-{notice.id}.{installation.id}-lost-{day}@host.test>",
        "Auto-Submitted": "auto-generated",
    }  # fmt: skip
    address = f"https://desk.test/hub/installations/{installation.id}/authorize"
    text, html = body(mail, "plain"), body(mail, "html")
    assert text.startswith(f"{words.what}\n\n{words.why}\n\n{words.button}: {address}\n\n")
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.partition("<body")[2].partition(">")[2]))
    assert shown.strip().startswith(f"{words.what} {words.why} {words.button} ")
    assert re.findall(r'href="([^"]+)"', html) == [address]
    assert post.readers == [["ada@acme.test"]]
    assert (notice.due_at, notice.mailed_at is not None) == (None, True)


def test_only_who_may_manage_gets_mail(installation: Installation, post: Post, desk: Desk) -> None:
    bea = User(id="bea", name="Bea", email="bea@acme.test")
    cy = User(id="cy", name='"Cy" <x>\r\nBcc: all', email="c@a.test")
    desk.users = lambda organization_id: [ADA, bea, cy, User(id="dee", name="Dee")]  # type: ignore[method-assign]
    desk.allows = lambda user, permission, organization: user.id != "bea"  # type: ignore[method-assign]
    lose(installation)
    sweep()
    assert post.readers == [["ada@acme.test", "c@a.test"]]
    assert post.mails[0]["Bcc"] is None


def test_nobody_to_read_it_is_no_error(installation: Installation, post: Post, desk: Desk) -> None:
    desk.permissions.clear()
    lose(installation)
    assert (sweep(), sweep(), post.mails) == (1, 0, [])


def test_a_failing_mail_server_disturbs_nothing_and_is_asked_again(
    app: Flask, installation: Installation, post: Post
) -> None:
    lose(installation)
    post.refusals = ["451 Later", "554 Never"]
    for waits in (2, 4):
        assert sweep() == 1
        notice = session().scalars(select(Notice)).one()
        assert notice.due_at is not None
        assert abs(notice.due_at - now() - dt.timedelta(minutes=waits)) < dt.timedelta(seconds=30)
        assert sweep() == 0
        notice.due_at = now()
        commit()
    address, app.config["HUB_SMTP_URL"] = app.config["HUB_SMTP_URL"], "smtp://127.0.0.1:9"
    assert (sweep(), post.mails) == (1, [])
    app.config["HUB_SMTP_URL"] = address
    session().execute(update(Notice).values(due_at=now()))
    commit()
    sweep()
    assert (len(post.mails), given()) == (1, ["lost"])


def test_a_mail_that_comes_late_says_nothing_that_is_over(installation: Installation, post: Post) -> None:
    lose(installation)
    post.refusals = ["451 Later"]
    sweep()
    connect(installation)
    session().execute(update(Notice).values(due_at=now()))
    commit()
    assert (sweep(), sweep(), post.mails) == (1, 0, [])


def test_a_mail_is_sent_once_however_often_its_job_runs(installation: Installation, post: Post) -> None:
    lose(installation)
    notices.give_notices()
    (number,) = notices.find_due_notices()
    for _ in range(3):
        notices.mail_notice(number)
    assert len(post.mails) == 1


def test_two_schedulers_at_once_give_one_notice(app: Flask, installation: Installation, post: Post) -> None:
    lose(installation)
    start, failed = threading.Barrier(4), []

    def scheduler() -> None:
        with app.app_context():
            start.wait()
            try:
                notices.give_notices()
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=scheduler) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, given()) == ([], ["lost"])


def test_a_second_loss_is_told_again_but_not_on_the_same_day(installation: Installation, post: Post) -> None:
    lose(installation)
    sweep()
    connect(installation)
    session().expire_all()
    lose(installation)
    sweep()
    assert len(post.mails) == 1
    session().execute(update(Notice).values(mark="of yesterday"))
    commit()
    sweep()
    sweep()
    assert (len(post.mails), given()) == (2, ["lost", "lost"])


def test_what_stopped_is_told_once_a_day_from_its_hour_on(
    app: Flask, installation: Installation, post: Post, ledger: Ledger
) -> None:
    stop(installation, ledger)
    app.config["HUB_DIGEST_HOUR"] = 24
    assert sweep() == 0
    app.config["HUB_DIGEST_HOUR"] = 0
    assert (sweep(), sweep()) == (1, 0)
    (mail,) = post.mails
    words, text, html = told(installation), body(mail, "plain"), body(mail, "html")
    assert mail["Subject"] == words.what
    assert (words.what.startswith("1 "), BOOKS in words.what) == (True, True)
    address = "https://desk.test/hub/attention"
    assert text.startswith(f"""{words.what}

{words.why}

* New customer “ABC Company”: No <script>alert(1)</script>. Put it right.

{words.button}: {address}
""")
    assert "No &lt;script&gt;alert(1)&lt;/script&gt;." in html
    assert "<script" not in html


def test_a_connector_that_stopped_calling_is_noticed(installation: Installation, post: Post) -> None:
    desk = Endpoint(installation_id=installation.id, address="a", login="b", minutes=15)
    session().add(desk)
    for minutes, told in ((None, 0), (44, 0), (46, 1), (60, 1)):
        desk.called_at = None if minutes is None else now() - dt.timedelta(minutes=minutes)
        if told and given():  # It is the same silence, a little later.
            session().execute(update(Notice).values(about_at=desk.called_at))
        commit()
        sweep()
        assert len(post.mails) == told
    (mail,) = post.mails
    assert BOOKS in mail["Subject"]
    assert f"/hub/installations/{installation.id}/endpoint" in body(mail, "plain")


def test_a_password_is_used_and_the_hosts_own_way_is_preferred(
    app: Flask, installation: Installation, post: Post
) -> None:
    app.config["HUB_SMTP_URL"] = app.config["HUB_SMTP_URL"].replace("smtp://", "smtp://us%40er:p%2Fw@")
    lose(installation)
    sweep()
    assert (post.log_ins, len(post.mails)) == ([(b"us@er", b"p/w")], 1)
    hosts_own: list[EmailMessage] = []
    current().post = hosts_own.append
    session().execute(update(Notice).values(due_at=now(), mailed_at=None))
    commit()
    sweep()
    assert (len(hosts_own), len(post.mails)) == (1, 1)


@pytest.mark.parametrize("missing", ["HUB_SMTP_URL", "HUB_MAIL_FROM", "HUB_PUBLIC_URL"])
def test_without_a_mail_server_there_are_banners_only(
    app: Flask, installation: Installation, post: Post, missing: str
) -> None:
    app.config[missing] = ""
    lose(installation)
    assert (sweep(), given()) == (0, ["lost"])
    assert banners(Browser(app).get("/hub/notices").text) == 1


def banners(page: str) -> int:
    return page.count('class="hub-banner ')


def test_the_banner_is_for_admins_and_goes_with_its_cause(
    app: Flask, installation: Installation, desk: Desk
) -> None:
    browser = Browser(app)
    assert banners(browser.get("/hub/notices").text) == 0
    lose(installation)
    for path in ("/hub/notices", "/hub/integrations"):
        page = browser.get(path, htmx=True).text
        assert banners(page) == 1
        assert f'href="/hub/installations/{installation.id}/authorize">' in page
    for who, whose, may in (
        (None, None, set(Permission)), (ADA, Organization(id="other", name="Other"), set(Permission)),
        (ADA, desk.working_for, {Permission.SEND, Permission.VIEW}),
    ):  # fmt: skip
        desk.signed_in, desk.permissions = who, may
        kept, desk.working_for = desk.working_for, whose
        answer = browser.get("/hub/notices", htmx=True)
        desk.working_for = kept
        assert (answer.status_code, banners(answer.text)) == (200, 0)
    desk.signed_in, desk.permissions = ADA, set(Permission)
    connect(installation)
    assert banners(browser.get("/hub/notices").text) == 0


def test_the_card_and_the_details_say_until_when(app: Flask, installation: Installation) -> None:
    ends(installation, 99.5)
    day = now() + dt.timedelta(days=99.5)
    for path in ("/hub/integrations", f"/hub/installations/{installation.id}/details"):
        page = Browser(app).get(path).text
        assert re.search(rf"{day.day}\b[^<]*{day.year}[^<]*\b100\b", page), "The day, and in how many days that is."


def test_the_reconnect_address_leads_to_the_sign_in(app: Flask, installation: Installation, desk: Desk) -> None:
    browser = Browser(app)
    answer = browser.get("/hub/reconnect/pretend?realmId=books-1")
    assert answer.headers["Location"] == f"/hub/installations/{installation.id}/authorize"
    assert browser.get("/hub/reconnect/unknown").status_code == 404
    desk.signed_in = None
    assert browser.get("/hub/reconnect/pretend").headers["Location"].startswith("/login")


def test_the_page_after_disconnecting_changes_nothing_and_tells_strangers_nothing(
    app: Flask, installation: Installation, desk: Desk
) -> None:
    browser, desk.signed_in = Browser(app), None
    before = (installation.state, session().get_one(Credential, installation.id).secret)
    told = {browser.get(f"/hub/disconnected/pretend{query}").text for query in ("?realmId=books-1", "?realmId=9", "")}
    assert len(told) == 1
    assert 'id="hub-disconnected"' in told.pop()
    session().expire_all()
    assert (installation.state, session().get_one(Credential, installation.id).secret) == before


def stop(installation: Installation, ledger: Ledger) -> None:
    """Send order 1042, whose customer the books refuse."""
    ledger.refuses = lambda payload: "No <script>alert(1)</script>." if "customers" in payload else ""
    send_order(ADA_AT_ACME, installation.id, order_1042(), Choices())
    pump.deliver(installation.id)
    session().expire_all()
    assert count_stopped(installation.id) == 1
