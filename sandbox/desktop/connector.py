"""A Web Connector: reads a `.qwc` file, calls the server in it, and exchanges messages between it and a company file.

It uses Intuit's protocol: the same envelope, headers and order of calls, including `NoOp` and its pause.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import requests
from lxml import etree

from sandbox.desktop.company import CompanyFile
from sandbox.desktop.reading import RequestError, unparsable

NAMESPACE = "http://developer.intuit.com/"
VERSION = "2.3.0.215"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_GUID = re.compile(r"\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}")
_LOCAL = {"localhost"}
_ADDRESS = re.compile(r"\d+(\.\d+){3}|.*:.*")


class Failed(Exception):
    """The Web Connector stops with one of its QBWC codes and a message for its user."""


class Died(Exception):
    """The Web Connector or the connection has died: a fault that was requested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A `.qwc` file."""

    name: str
    url: str
    user: str
    owner_id: str
    file_id: str

    @classmethod
    def read(cls, path: Path) -> Application:
        """Read a file. Raises `Failed` for one that the Web Connector would refuse."""
        root = etree.parse(path, etree.XMLParser(resolve_entities=False)).getroot()
        given = {str(node.tag): (node.text or "").strip() for node in root}
        for name in ("AppName", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType"):
            if not given.get(name):
                raise Failed(f"QBWC1039: {name} is missing")
        url, support = urlsplit(given["AppURL"]), urlsplit(given["AppSupport"])
        if _ADDRESS.fullmatch(url.hostname or ""):
            raise Failed("QBWC1001: AppURL is an IP address")
        if url.scheme != "https" and url.hostname not in _LOCAL:
            raise Failed("QBWC1010: https is required")
        if url.hostname != support.hostname:
            raise Failed("QBWC1000: AppURL and AppSupport are in different domains")
        if not _GUID.fullmatch(given["OwnerID"]) or not _GUID.fullmatch(given["FileID"]):
            raise Failed("QBWC1026: OwnerID and FileID are GUIDs in braces")
        if len(given["AppDescription"]) > 80 or given.get("Style", "Document") != "Document":
            raise Failed("QBWC1039: AppDescription or Style")
        if requests.get(given["AppSupport"], timeout=10).status_code not in {200, 202}:
            raise Failed("QBWC1003: AppSupport cannot be reached")
        return cls(name=given["AppName"], url=given["AppURL"], user=given["UserName"], owner_id=given["OwnerID"],
                   file_id=given["FileID"])  # fmt: skip


@dataclass(slots=True)
class Faults:
    """Faults to simulate. Exchanges and calls are counted from 1, over all sessions of a connector."""

    die_before: int = 0  # At this exchange: before QuickBooks gets the request.
    die_after: int = 0  # After QuickBooks has processed it; the server gets no answer.
    die_at_call: int = 0  # Before the call of this number is sent.
    lose_at_call: int = 0  # The server's answer to the call of this number is lost.
    hresult: str = ""  # QuickBooks fails once with this HRESULT.
    message: str = "QuickBooks found an error."
    slow: float = 0.0
    padding: int = 0  # Bytes that are added to each answer.
    raw: bytes = b""  # Written as it is into each answer, at the level of SOAP.
    refuses: tuple[int, int] = (0, 0)  # A proxy answers calls of more bytes than the second with the first: 413, 502.
    unreadable: str = ""  # QuickBooks cannot parse message sets that contain this text.


@dataclass
class WebConnector:
    """One application in one Web Connector. `log` is called for every call, with text as in QWCLog.txt."""

    application: Application
    password: str
    company: CompanyFile
    faults: Faults = field(default_factory=Faults)
    log: Callable[[str], None] = lambda _: None
    pause: float = 5.0
    calls: int = 0
    exchanges: int = 0
    said: list[str] = field(default_factory=list)
    """The messages that the user was shown."""
    percentages: list[int] = field(default_factory=list)
    http: requests.Session = field(default_factory=requests.Session)
    """The HTTP client. It may be replaced by one that measures."""

    def choose_url(self) -> str:
        """Return the URL of call number `calls`. A subclass may choose another server for each call."""
        return self.application.url

    @property
    def is_approved(self) -> bool:
        """Return True if the company file has the application's FileID already."""
        return self.company.stamp_of(self.application.owner_id) == self.application.file_id

    def approve(self) -> None:
        """Let an admin approve the application in QuickBooks: its FileID is stored in the company file."""
        try:
            self.company.stamp(self.application.owner_id, self.application.file_id)
        except ValueError as error:
            raise Failed(str(error)) from error

    def update(self) -> str:
        """Run one session, from `serverVersion` to `closeConnection`. Return the last message that its user was shown.

        Raises `Failed` for an answer that the real Web Connector would not accept, and `Died` for a requested fault.
        """
        self._call("serverVersion")
        version = self._text(self._call("clientVersion", strVersion=VERSION))
        if version.startswith("E:"):
            return self._show(version[2:])
        answer = self._call("authenticate", strUserName=self.application.user, strPassword=self.password)
        strings = [node.text or "" for node in answer if node.tag == f"{{{NAMESPACE}}}string"]
        if len(strings) < 2:
            raise Failed("QBWC1012: Index was outside the bounds of the array")
        ticket, welcome = strings[0], strings[1].lower()
        if welcome == "nvu":
            return self._show("QBWC1040: the user name or the password is wrong")
        if welcome in {"none", "busy"}:
            self._close(ticket)
            return self._show("No data exchange required" if welcome == "none" else "The server is busy")
        return self._exchange(ticket)

    def _exchange(self, ticket: str) -> str:
        session = self.company.session()
        introduction: str = session.introduction(self.application.owner_id)
        while True:
            request = self._text(self._call(
                "sendRequestXML", ticket=ticket, strHCPResponse=introduction, strCompanyFileName=self.company.path,
                qbXMLCountry=self.company.country, qbXMLMajorVers="16", qbXMLMinorVers="0",
            ))  # fmt: skip
            introduction = ""
            if request in {"", "NoOp"}:
                error = self._text(self._call("getLastError", ticket=ticket))
                if request == "NoOp" and error == "NoOp":
                    time.sleep(self.pause)
                    continue
                self._show(error)
                return self._close(ticket) if not error else (self._close(ticket), error)[1]
            response, hresult, message = self._process(session.process, request)
            done = int(self._text(self._call(
                "receiveResponseXML", ticket=ticket, response=response, hresult=hresult, message=message
            )))  # fmt: skip
            self.percentages.append(done)
            if done < 0:
                self._show(self._text(self._call("getLastError", ticket=ticket)))
            if done < 0 or done >= 100:
                last = self.said[-1] if done < 0 else ""
                closed = self._close(ticket)
                return last or closed

    def _process(self, process: Callable[[str], str], request: str) -> tuple[str, str, str]:
        """Let QuickBooks carry out a message set. Return its answer, or an HRESULT and its message."""
        self.exchanges += 1
        if self.exchanges == self.faults.die_before:
            raise Died(f"before exchange {self.exchanges}")
        if self.faults.hresult:
            hresult, self.faults.hresult = self.faults.hresult, ""
            return "", hresult, self.faults.message
        time.sleep(self.faults.slow)
        try:
            if self.faults.unreadable and self.faults.unreadable in request:
                raise unparsable("a fault that was asked for")
            response = process(request)
        except RequestError as error:
            self.log(f"QuickBooks refuses: {error.message}")
            return "", error.hresult, error.message
        if self.exchanges == self.faults.die_after:
            raise Died(f"after exchange {self.exchanges}")
        return response + " " * self.faults.padding, "", ""

    def _close(self, ticket: str) -> str:
        return self._show(self._text(self._call("closeConnection", ticket=ticket)))

    def _show(self, words: str) -> str:
        self.log(f"  shown: {words}")
        self.said.append(words)
        return words

    @staticmethod
    def _text(result: etree._Element) -> str:
        return result.text or ""

    def _call(self, operation: str, **given: str) -> etree._Element:
        """Call an operation with the bytes of a .NET client. Return its result element."""
        self.calls += 1
        if self.calls == self.faults.die_at_call:
            raise Died(f"before call {self.calls}, {operation}")
        body = envelope(operation, given)
        if operation == "receiveResponseXML" and self.faults.raw:
            body = body.replace(b"&lt;/QBXML", self.faults.raw + b"&lt;/QBXML")
        status, limit = self.faults.refuses
        if status and len(body) > limit:
            raise Failed(f"QBWC1042: {operation}: HTTP {status}")
        answer = self.http.post(
            self.choose_url(),
            data=body,
            headers={
                "Content-Type": "text/xml; charset=utf-8",
                "SOAPAction": f'"{NAMESPACE}{operation}"',
                "User-Agent": "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)",
            },
            timeout=120,
        )
        self.log(f"{operation}: HTTP {answer.status_code}, {len(answer.content)} bytes")
        if self.calls == self.faults.lose_at_call:
            raise Died(f"after call {self.calls}, {operation}")
        if answer.status_code != 200:
            raise Failed(f"QBWC104x: {operation}: HTTP {answer.status_code}: {answer.text[:300]}")
        root = etree.fromstring(answer.content, etree.XMLParser(resolve_entities=False, huge_tree=True))
        result = root.find(f"{{{_SOAP}}}Body/{{{NAMESPACE}}}{operation}Response/{{{NAMESPACE}}}{operation}Result")
        if result is None:
            raise Failed(f"QBWC1012: {operation}: no {operation}Result in {NAMESPACE}")
        return result


def envelope(operation: str, given: dict[str, str]) -> bytes:
    """Return a call as .NET's SoapHttpClientProtocol writes it."""
    inside = "".join(f"<{name}>{_escaped(value)}</{name}>" if value else f"<{name} />" for name, value in given.items())
    body = (
        f'<{operation} xmlns="{NAMESPACE}">{inside}</{operation}>' if inside else f'<{operation} xmlns="{NAMESPACE}" />'
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope '
        'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>{body}</soap:Body></soap:Envelope>'
    ).encode()


def _escaped(value: str) -> str:
    return escape(value)
