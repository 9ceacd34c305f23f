"""A pretend Acme that calls: its books, and the program beside them that collects what there is to do.

`python tests/pretend.py bookpost.acme PASSWORD` calls every few seconds, with the file that an admin has downloaded.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests
from books import Books

from hub.plugin import Download
from hub.testing import Entered, Lost


class Gone(Exception):
    """The line is cut, or Acme's computer is switched off."""


class PretendAcme:
    """It is a `hub.testing.PullLedger` and a `hub.testing.Restorable`."""

    def __init__(self) -> None:
        self.books = Books("1", "Company 1")
        self.lost: Lost | None = None
        self.busy = False

    def invite(self, file: Download, password: str) -> None:
        told = json.loads(file.body)
        self.url, self.login, self.password = told["url"], told["login"], password

    def call(self) -> None:
        """One session, from hello to bye."""
        try:
            self._session()
        except (Gone, requests.RequestException):
            return

    def documents(self) -> Iterable[Entered]:
        return self.books.documents()

    def cut(self, lost: Lost) -> None:
        self.lost = lost

    def turn_away(self) -> None:
        self.busy = True

    def forget(self) -> None:
        self.books.answered.clear()

    def save(self) -> Any:
        return self.books.save(), self.url, self.login, self.password

    def restore(self, saved: Any) -> None:
        books, self.url, self.login, self.password = saved
        self.books.restore(books)
        self.lost, self.busy = None, False

    def _session(self) -> None:
        books = {"id": self.books.key, "name": self.books.name, "currency": "USD"}
        hello = self._say("hello", login=self.login, password=self.password, version="Acme 7.1", books=books)
        if hello["welcome"] != "open":
            return
        ticket, done = hello["ticket"], 0
        while 0 <= done < 100:
            found = self._say("collect", ticket=ticket)
            if "body" not in found:
                break
            done = self._say("answer", ticket=ticket, **self._carry_out(found["body"]))["done"]
        self._say("bye", ticket=ticket)

    def _carry_out(self, body: str) -> dict[str, str]:
        lost, busy, self.lost, self.busy = self.lost, self.busy, None, False
        if lost is Lost.QUESTION:
            raise Gone
        if busy:
            return {"error": "A window is open in Acme. Close it."}
        asked = json.loads(body)
        answers = self.books.ask(asked["key"], asked["questions"])
        if lost is Lost.ANSWER:
            raise Gone
        return {"answer": json.dumps({"key": asked["key"], "answers": answers})}

    def _say(self, call: str, **given: Any) -> dict[str, Any]:
        answer = requests.post(self.url, json={"call": call, **given}, timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


if __name__ == "__main__":
    acme = PretendAcme()
    acme.connection_file(Download(name="", media_type="", body=Path(sys.argv[1]).read_bytes()), sys.argv[2])
    while True:
        acme.call()
        time.sleep(5)
