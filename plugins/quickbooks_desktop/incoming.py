"""Read XML from outside: the one place that decodes it, refuses what is no SOAP call or qbXML, and limits its size.

Intuit's Web Connector is a .NET client: it sends one envelope with one operation and its arguments, as UTF-8. UTF-16
with a byte order mark is read, too. Every other encoding is refused, because it could hide a document type from our
checks (UTF-7, EBCDIC).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from email.message import Message
from typing import Any, BinaryIO

from lxml import etree

from quickbooks_desktop.characters import clean_xml

SMALL = 64 * 1024
"""The largest call, in bytes, of a caller that has not shown a valid ticket."""

LONGEST = 64 * 1024 * 1024
"""The largest call, in bytes. The largest answer is a page of a list, and we do not control how long its memos are."""

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_PATH = (f"{{{_SOAP}}}Envelope", f"{{{_SOAP}}}Body")
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_DECLARES = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([^"']*)["']""")
_CODECS = {
    "utf-8": frozenset({"", "utf-8", "utf8", "us-ascii"}),
    "utf-16": frozenset({"", "utf-16", "utf-16le", "utf-16be"}),
}
_MOST_ARGUMENTS, _LONGEST_TICKET, _CHUNK = 16, 100, 1024 * 1024


class Refused(ValueError):
    """What came in is not a call that we answer. Its text is for the caller, and holds nothing of the call."""

    def __init__(self, sentence: str, status: str = "400 Bad Request") -> None:
        super().__init__(sentence)
        self.status = status


def read_call(stream: BinaryIO, length: int, content_type: str, is_open: Callable[[str], bool]) -> bytes:
    """Return a SOAP call as UTF-8 without a declaration, once its envelope is checked. Raises `Refused`.

    `length` is at most how many bytes are read. More than `SMALL` are read only if the call begins with the ticket of
    an open session, so that nobody fills the memory without a password. The rest of such a call is left to spyne,
    because looking at each piece of it in Python takes ten seconds for 40 MB.
    """
    body = stream.read(min(length, SMALL))
    codec = _find_codec(body, content_type)
    is_large = len(body) == SMALL < length
    text, scanner = _decode(body, codec), _Scanner()
    try:
        scanner.feed(text)
        if not is_large:
            scanner.close()
    except etree.XMLSyntaxError:
        raise Refused("The call is not well-formed XML in UTF-8.") from None
    if is_large:
        if not is_open(scanner.ticket):
            raise Refused("The call is too large.", "413 Content Too Large")
        body += stream.read(length - SMALL + 1)
        if len(body) > length:
            raise Refused("The call is too large.", "413 Content Too Large")
        text = _decode(body, codec)
    if _DECLARES.search(text):
        raise Refused("A call defines no entities.")
    return text.encode()


def _decode(body: bytes, codec: str) -> str:
    """Return a call as text, without its declaration and without what a parser refuses."""
    decoded = body if codec == "utf-8" else body.decode(codec, "ignore").encode()
    return _strip_declaration(clean_xml(decoded).decode().removeprefix("\ufeff"), codec)


def parse_document(text: str) -> etree._Element | None:
    """Return the root of a document that a call carries as text; None if there is none. Raises `Refused` if it defines
    a document type or entities, or has a second declaration. Control characters are skipped."""
    body = _DECLARATION.sub("", clean_xml(text.encode(errors="replace")).decode(), count=1)
    if _DECLARES.search(body) or re.search(r"<\?xml\s", body, re.IGNORECASE):
        raise Refused("The document defines entities, or has two declarations.")
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True,
        encoding="utf-8",
    )  # fmt: skip
    return etree.fromstring(body.encode(), parser) if body.strip() else None


def _find_codec(head: bytes, content_type: str) -> str:
    """Return "utf-8" or "utf-16" by the byte order mark. Raises `Refused` if the Content-Type names something else."""
    codec = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    header = Message()
    header["Content-Type"] = content_type or "text/xml"
    charset = str(header.get_param("charset", "") or "").lower()
    if header.get_content_maintype() == "multipart" or charset not in _CODECS[codec]:
        raise Refused("A call is text/xml in UTF-8 or UTF-16.", "415 Unsupported Media Type")
    return codec


def _strip_declaration(text: str, codec: str) -> str:
    found = _DECLARATION.match(text)
    if found is None:
        return text
    declared = _ENCODING.search(found.group())
    if declared is not None and declared.group(1).lower() not in _CODECS[codec]:
        raise Refused("A call is text/xml in UTF-8 or UTF-16.", "415 Unsupported Media Type")
    return text[found.end():]


class _Scanner:
    """Checks the envelope while it is read, without keeping it: lxml calls `start`, `data` and `end`."""

    def __init__(self) -> None:
        self.ticket, self._open, self._arguments, self._operations, self._problem = "", list[str](), 0, 0, ""
        target: Any = self  # Its types want a method for everything that can be in a document.
        self._parser: Any = etree.XMLParser(
            target=target, encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
        )

    def feed(self, text: str) -> None:
        for start in range(0, len(text), _CHUNK):
            self._parser.feed(text[start : start + _CHUNK].encode())
            self._raise_problem()

    def close(self) -> None:
        """End. lxml calls this of its target as well, and returns what it returns."""
        if self._parser is not None:
            parser, self._parser = self._parser, None
            parser.close()
            self._raise_problem()
            if not self._operations:
                raise Refused("The call names no operation.")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        depth = len(self._open)
        self._open.append(tag)
        if depth < len(_PATH):
            is_known = tag == _PATH[depth] or (depth == 1 and tag == f"{{{_SOAP}}}Header")
            is_known = is_known and not {"id", "href"} & set(attributes)  # Spyne would follow them, also in circles.
        else:
            self._operations += depth == len(_PATH)
            self._arguments += depth > len(_PATH)
            is_known = depth <= len(_PATH) + 1 and self._open[1] == _PATH[1] and set(attributes) <= {_NIL}
        if not is_known or self._operations > 1 or self._arguments > _MOST_ARGUMENTS:
            self._problem = "This is not a call of the Web Connector."
            raise Refused(self._problem)

    def end(self, tag: str) -> None:  # noqa: ARG002 – The signature is lxml's.
        self._open.pop()

    def data(self, text: str) -> None:
        if len(self._open) == len(_PATH) + 2 and self._open[-1].endswith("}ticket"):
            self.ticket = (self.ticket + text)[:_LONGEST_TICKET]

    def _raise_problem(self) -> None:
        if self._problem:
            raise Refused(self._problem)
