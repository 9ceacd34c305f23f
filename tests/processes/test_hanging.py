"""Two plugins that hang, beside one that does not: with a single worker, nothing of the other waits for long."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.processes import TOP, Person, Stack, expectations, moving, new, wait_until

HERE = Path(__file__).parent / "bog"
ENTRIES = "[hub.integrations]\nbog = bog:Bog\nquicksand = quicksand:Quicksand\n"
TIMES = {"LOAD": "5", "ANSWER": "4", "STEP": "4", "SIGN_IN": "4", "TRIP": "4", "LEASE": "20"}
"""Long enough for what does not hang, on a machine that is busy."""


class Bog:
    """The plugins that hang, installed where only this stack finds them."""

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
def stack(tmp_path_factory: pytest.TempPathFactory, bog: Bog) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("hanging"), {f"HUB_{name}_SECONDS": value for name, value in TIMES.items()})
    running.environment["PYTHONPATH"] += f":{bog.folder}"
    try:
        running.start_all(workers=1)
        Person(running, "admin@demo.test").install()
        yield running
    finally:
        running.stop_all()


@pytest.fixture(scope="module")
def number(stack: Stack, bog: Bog) -> str:
    """The installation of the bog. What it signs in with leads straight back; the first time it hangs there."""
    admin = Person(stack, "admin@demo.test")
    arrived = admin.post("/hub/integrations", {"integration": "bog"})
    number = str(re.search(r"/installations/(\d+)/", arrived.url).group(1))  # type: ignore[union-attr]  # It must.
    bog.hang("authorize", "listening")
    refused = admin.post(f"/hub/installations/{number}/authorize", {})
    assert refused.status_code == 409
    assert "Bog Books did not answer in time" in refused.text
    bog.recover()
    leaving = admin.post(f"/hub/installations/{number}/authorize", {})
    back = unescape(re.search(r'href="(http[^"]+/authorized/bog[^"]*)"', leaving.text).group(1))  # type: ignore[union-attr]  # It must.
    assert admin.session.get(back, timeout=30).ok
    loaded = "The lists of Bog are loaded"
    wait_until(lambda: loaded in admin.get(f"/hub/installations/{number}/lists").text, 40, loaded)
    assert admin.post(f"/hub/installations/{number}/accounts", {"income_account": "4000"}).ok
    return number


def send(person: Person, order: str, installation: str) -> requests.Response:
    form = {"documents": "invoice", "tax": "", "customer": "", "installation": installation}
    return person.post(f"/hub/orders/{order}/send", form, page=f"/hub/orders/{order}/send?installation={installation}")


def arrives(person: Person, order: str) -> bool:
    status = person.status(order)
    return f"as {order} " in status and not moving(status)


def test_an_app_starts_beside_a_plugin_that_hangs_when_it_is_imported_and_says_so(stack: Stack) -> None:
    page = Person(stack, "admin@demo.test").get("/hub/integrations").text
    assert "quicksand did not come to an end within 5 seconds when it was asked for import" in page


@pytest.mark.parametrize(
    ("where", "way", "theirs", "ours"),
    [("asking", "listening", "1001", "1002"), ("answered", "looping", "1003", "1004"),
     ("post", "sleeping", "1005", "1006")],
)  # fmt: skip
def test_what_is_sent_elsewhere_arrives_while_one_hangs_and_so_does_its_own_once_when_it_has_recovered(
    stack: Stack, bog: Bog, *, number: str, where: str, way: str, theirs: str, ours: str
) -> None:
    rep = Person(stack, "rep@demo.test")
    before = stack.books()
    bog.hang(where, way)
    assert send(rep, theirs, number).ok
    wait_until(lambda: bog.hung(where), 40, f"it hangs at {where}")
    assert rep.send(ours).ok
    wait_until(lambda: arrives(rep, ours), 60, f"{ours} is in the books: {rep.status(ours)}")
    assert f"as {theirs} " not in rep.status(theirs)
    bog.recover()

    def recovered() -> bool:
        status = rep.get(f"/hub/orders/{theirs}/status", **{"HX-Request": "true"}).text
        for again in re.findall(r'action="(/hub/deliveries/\d+/retry)"', status):
            rep.post(again, {"order_id": theirs}, page=f"/hub/orders/{theirs}/send?installation={number}")
        return arrives(rep, theirs)

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
    rep = Person(stack, "rep@demo.test")
    bog.hang("review", "looping")
    found: list[requests.Response] = []
    asking = threading.Thread(target=lambda: found.append(rep.get(f"/hub/orders/1007/send?installation={number}")))
    asking.start()
    wait_until(lambda: bog.hung("review"), 20, "the page asks")
    others = [Person(stack, "admin@demo.test").get("/hub/integrations").status_code for _ in range(3)]
    asking.join()
    bog.recover()
    assert others == [200, 200, 200]
    assert [one.status_code for one in found] == [200]
    assert "1007" in found[0].text


def test_the_doctor_says_what_has_hung(stack: Stack) -> None:
    command = ["flask", "--app", "wsgi", "hub", "doctor"]
    doctor = subprocess.run(command, cwd=TOP, env=stack.environment, capture_output=True, text=True, check=False)
    assert doctor.returncode == 1
    assert "quicksand: The plugin cannot be loaded" in doctor.stdout
    told = next(line for line in doctor.stdout.splitlines() if line.startswith("bog: The plugin has hung"))
    assert [what for what in ("authorize", "perform", "post", "review") if what not in told] == []
    assert "Nobody has looked" not in doctor.stdout
