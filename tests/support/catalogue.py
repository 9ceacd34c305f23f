"""A catalogue that translates every message into itself between marks, made by the command of docs/hosts.md."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from html import unescape
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel
from lxml import html

TOP = Path(__file__).parent.parent.parent
EXTRACT = ("extract", "-F", "babel.cfg", "-k", "say", "-k", "say_count:1,2", "-o")

TECHNICAL = ("pre", "code", "script", "style", "time")


def compiled(folder: Path, *own: str | tuple[str, str]) -> Path:
    """The catalogue in a folder, for the locale "de"; with messages of the test's `own`, as a plugin brings them."""
    pot = folder / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", *EXTRACT, str(pot), "."]
    subprocess.run(command, cwd=TOP, check=True, capture_output=True)
    with pot.open("rb") as file:
        messages = read_po(file, locale="de")
    for one in own:
        messages.add(one)
    for message in messages:
        if message.id:
            marked = [f"⟦{one}⟧" for one in (message.id if isinstance(message.id, tuple) else (message.id,))]
            message.string = tuple(marked) if isinstance(message.id, tuple) else marked[0]
    made = folder / "de" / "LC_MESSAGES" / "messages.mo"
    made.parent.mkdir(parents=True)
    with made.open("wb") as file:
        write_mo(file, messages)
    return folder


def speak(app: Flask, catalogue: Path, locale: str = "de") -> None:
    """Give an app the catalogue."""
    app.config.update(BABEL_DEFAULT_LOCALE=locale, BABEL_TRANSLATION_DIRECTORIES=str(catalogue))
    Babel(app)


def forgotten(page: str, known: Sequence[str] = ()) -> set[str]:
    """The words of a page that did not go through the catalogue, but for what is `known` to be somebody's own."""
    tree = html.fromstring(page)
    texts = [
        text
        for element in tree.iter()
        if isinstance(element.tag, str) and not any(up.tag in TECHNICAL for up in (element, *element.iterancestors()))
        for text in (element.text, element.get("aria-label"), element.get("placeholder"), element.get("title"))
        if text
    ] + [one.tail for one in tree.iter() if one.tail]
    return {left for text in texts if (left := unmarked(text, known))}


def unmarked(text: str, known: Sequence[str] = ()) -> str:
    """What of a text stands outside the marks, if it is words."""
    while text != (rest := re.sub(r"⟦[^⟦⟧]*⟧", "", text)):
        text = rest
    for one in known:
        text = text.replace(one, "")
    return " ".join(unescape(text).split()) if re.search(r"[A-Za-z]{2,}", text) else ""
