"""The documentation: it builds, it is whole, it loads nothing from elsewhere, and it names every setting there is."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support import refusal_tables

TOP = Path(__file__).parent.parent
DOCS = TOP / "docs"
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "video": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, check=False, cwd=TOP, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


class Loaded(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag in LOADS and found.get("rel") != "canonical":
            self.addresses.append(found.get(LOADS[tag]) or "")


def test_every_page_is_built(site: Path) -> None:
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")}
    assert pages <= {page.relative_to(site) for page in site.rglob("*.html")}


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert not [one for one in loaded.addresses if urlsplit(one).netloc], page
    for sheet in site.rglob("*.css"):
        found = re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*|@import[^;]*//[^;]*", sheet.read_text(encoding="utf-8"))
        assert not found, sheet


def test_every_setting_of_the_hub_is_on_the_operators_page() -> None:
    source = "".join(page.read_text(encoding="utf-8") for page in (TOP / "hub").rglob("*.py"))
    settings = set(re.findall(r'"(HUB_[A-Z][A-Z_]+[A-Z])"', source))
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    assert settings
    assert sorted(name for name in settings if f"`{name}`" not in page) == []


def test_the_tables_of_refusals_are_those_of_the_plugins() -> None:
    for name, refusals in refusal_tables.TABLES.items():
        guide = (DOCS / name).read_text(encoding="utf-8")
        assert refusal_tables.BEGIN in guide
        assert refusal_tables.write_table(guide, refusals) == guide, "python -m tests.support.refusal_tables"


def test_every_option_and_account_of_quickbooks_desktop_is_in_its_guide() -> None:
    from quickbooks_desktop.options import MAPPINGS, OPTIONS

    guide = (DOCS / "quickbooks_desktop.md").read_text(encoding="utf-8")
    labels = [one.label for one in (*OPTIONS, *MAPPINGS) if one.label != "Tax code of other lines"]
    assert [label for label in labels if label not in guide] == []
