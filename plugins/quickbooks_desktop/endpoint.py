"""The WSGI endpoint in front of the SOAP service: a page for people, the WSDL, and checks before a call is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

from hub.plugin import PollingSession
from quickbooks_desktop import soap
from quickbooks_desktop.characters import clean_xml

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST = 64 * 1024 * 1024
"""The largest call, in bytes. The largest answer is a page of a list, and we do not control how long its memos are."""

_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_PAGE = "This is where the QuickBooks Web Connector calls. There is nothing to see for people."
_FAULT = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    "<soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>{}</faultstring></soap:Fault></soap:Body>"
    "</soap:Envelope>"
)


@cache
def _service() -> WSGIApplication:
    return soap.application(LONGEST)  # type: ignore[no-any-return]  # Spyne has no types.


def endpoint(session: PollingSession) -> WSGIApplication:
    """Return a WSGI application that serves the polling sessions of one installation."""

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            if environ.get("QUERY_STRING", "").lower() == "wsdl":
                return _respond(start, "200 OK", "text/xml; charset=utf-8", wsdl(_public_address(environ)))
            return _respond(start, "200 OK", "text/plain; charset=utf-8", _PAGE)
        return _answer_call(session, environ, start)

    return application


def _answer_call(session: PollingSession, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LONGEST:
        return _write_fault(start, "413 Content Too Large", "The call is too large.")
    chunked = environ.get("wsgi.input_terminated", False)  # The server itself ends the body.
    body = environ["wsgi.input"].read(LONGEST + 1 if chunked and length == "0" else int(length))
    if not body.strip() or len(body) > LONGEST:
        return _write_fault(start, "400 Bad Request", "The call is empty or too large.")
    if b"\0" in body[:64]:
        return _write_fault(start, "400 Bad Request", "The call is not UTF-8.")
    body = clean_xml(body)
    if _DECLARES.search(body):
        return _write_fault(start, "400 Bad Request", "A call defines no entities.")
    called = {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), soap.SESSION: session}
    return _service()(called, start)


def wsdl(address: str) -> str:
    """Return the WSDL of the service. It is Intuit's own, because spyne's would name other types and actions."""
    text = files("quickbooks_desktop").joinpath("webconnector.wsdl").read_text(encoding="utf-8")
    return text.replace("{address}", address.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;"))


def _public_address(environ: WSGIEnvironment) -> str:
    host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
    return f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"


def _write_fault(start: StartResponse, status: str, sentence: str) -> Iterable[bytes]:
    return _respond(start, status, "text/xml; charset=utf-8", _FAULT.format(sentence))


def _respond(start: StartResponse, status: str, media_type: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start(status, [("Content-Type", media_type), ("Content-Length", str(len(body)))])
    return [body]
