"""Two plugins that hang, beside one that works: with a single worker, the latter never waits for long."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.people import ADMIN, REP, Person, expectations, new
from tests.support.processes import Stack, wait_until
from tests.support.stacks import SharedStack

HERE = Path(__file__).parent / "bog"
ENTRIES = "[hub.integrations]\nbog = bog:Bog\nquicksand = quicksand:Quicksand\n"
TIMES = {"LOAD": "4", "ANSWER": "2", "STEP": "2", "SIGN_IN": "2", "TRIP": "2", "LEASE": "20"}
"""Seconds: long enough for a plugin that works, on a busy machine."""


class Bog:
    """The plugins that hang, installed where only this stack finds them. Their ledger is a folder of files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.books = folder, folder / "books"
        shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.books.mkdir()
        known = folder / "bog-1.dist-info"
        known.mkdir()
        (known / "METADATA").write_text("Metadata-Version: 2.1\nName: bog\nVersion: 1\n")
        (known / "entry_points.txt").write_text(ENTRIES)

    def hang(self, where: str, way: str) -> None:
        (self.books / f"hangs at {where}").unlink(missing_ok=True)
        (self.books / "hangs").write_text(f"{where} {way}")

    def hung(self, where: str) -> bool:
        return (self.books / f"hangs at {where}").exists()

    def recover(self) -> None:
        (self.books / "hangs").unlink()

    def entered(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.books.glob("*.json"))]


@pytest.fixture(scope="module")
def bog(tmp_path_factory: pytest.TempPathFactory) -> Bog:
    return Bog(tmp_path_factory.mktemp("plugins") / "bog")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, connected_stack: SharedStack, bog: Bog) -> Iterator[Stack]:
    """Run a hub with these plugins and short times, connected with QuickBooks Online as the shared one is."""
    running = Stack(tmp_path_factory.mktemp("hanging"), {f"HUB_{name}_SECONDS": value for name, value in TIMES.items()})
    running.environment["PYTHONPATH"] += f":{bog.folder}"
    connected_stack.settle()
    running.copy(connected_stack)
    connected_stack.suspend()
    try:
        running.start_all(workers=1)
        yield running
    finally:
        running.stop_all()


@pytest.fixture(scope="module")
def number(stack: Stack, bog: Bog) -> str:
    """Install and connect the bog. Its sign-in leads straight back; the first time it hangs there."""
    admin = Person(stack, ADMIN)
    arrived = admin.post("/hub/integrations", {"integration": "bog"})
    number = str(re.search(r"/installations/(\d+)/", arrived.url).group(1))  # type: ignore[union-attr]  # It must.
    bog.hang("authorize", "listening")
    refused = admin.post(f"/hub/installations/{number}/authorize", {})
    assert refused.status_code == 409
    assert "Bog Books" in refused.text
    bog.recover()
    leaving = admin.post(f"/hub/installations/{number}/authorize", {})
    back = unescape(re.search(r'href="(http[^"]+/authorized/bog[^"]*)"', leaving.text).group(1))  # type: ignore[union-attr]  # It must.
    assert admin.session.get(back, timeout=30).ok
    admin.wait_for_lists(int(number))
    assert admin.post(f"/hub/installations/{number}/accounts", {"income_account": "4000"}).ok
    return number


def test_an_app_starts_beside_a_plugin_that_hangs_when_it_is_imported_and_reports_it(stack: Stack) -> None:
    page = Person(stack, ADMIN)
    assert TIMES["LOAD"] in page.element("/hub/integrations", "//article[@data-broken='quicksand']").text_content()


@pytest.mark.parametrize(
    ("where", "way", "theirs", "ours"),
    [("asking", "listening", "1001", "1002"), ("answered", "looping", "1003", "1004"),
     ("post", "sleeping", "1005", "1006")],
)  # fmt: skip
def test_what_is_sent_elsewhere_arrives_while_one_hangs_and_so_does_its_own_once_when_it_has_recovered(
    stack: Stack, bog: Bog, *, number: str, where: str, way: str, theirs: str, ours: str
) -> None:
    rep = Person(stack, REP)
    before = stack.books()
    bog.hang(where, way)
    assert rep.send(theirs, number).ok
    wait_until(lambda: bog.hung(where), 40, f"it hangs at {where}")
    assert rep.send(ours).ok
    wait_until(lambda: rep.is_posted(ours), 60, f"{ours} is in the books")
    assert not rep.is_posted(theirs)
    bog.recover()

    def recovered() -> bool:
        status = rep.get(f"/hub/orders/{theirs}/status", **{"HX-Request": "true"}).text
        for again in re.findall(r'action="(/hub/deliveries/\d+/retry)"', status):
            rep.post(again, {"order_id": theirs}, page=f"/hub/orders/{theirs}/send?installation={number}")
        return rep.is_posted(theirs)

    wait_until(recovered, 90, f"{theirs} is in its books")
    after, expected = stack.books(), expectations(stack, [ours])
    invoices = [(one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in new(before, after, "Invoice")]
    assert invoices == expected["invoices"]
    written = [next(iter(one.items())) for one in bog.entered()]
    assert written.count(("invoice", theirs)) == 1
    assert len(set(written)) == len(written), "Something was entered twice."


def test_a_page_answers_while_a_plugin_hangs_in_it_and_other_pages_do_not_wait(
    stack: Stack, bog: Bog, number: str
) -> None:
    rep = Person(stack, REP)
    bog.hang("validate", "looping")
    found: list[requests.Response] = []
    asking = threading.Thread(target=lambda: found.append(rep.get(f"/hub/orders/1007/send?installation={number}")))
    asking.start()
    wait_until(lambda: bog.hung("validate"), 20, "the page asks")
    others = [Person(stack, ADMIN).get("/hub/integrations").status_code for _ in range(3)]
    asking.join()
    bog.recover()
    assert others == [200, 200, 200]
    assert [one.status_code for one in found] == [200]
    assert "1007" in found[0].text


def test_the_doctor_reports_what_has_hung(stack: Stack) -> None:
    output = stack.run("flask", "--app", "wsgi", "hub", "doctor", fails=True)
    found = dict(re.findall(r"^([\w-]+): (.*)", output, re.MULTILINE))
    assert {"quicksand", "bog"} <= set(found)
    assert [what for what in ("authorize", "send", "post", "validate") if what not in found["bog"]] == []
    assert {"redis", "workers", "scheduler"} & set(found) == set()
