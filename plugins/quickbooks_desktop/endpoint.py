"""The WSGI endpoint in front of the SOAP service: a page for people, the WSDL, and checks before a call is parsed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

from hub.plugin import PollingSession
from quickbooks_desktop import incoming, soap
from quickbooks_desktop.incoming import LONGEST, Refused

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_TYPE = "text/xml; charset=utf-8"
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
                return _respond(start, "200 OK", _TYPE, wsdl(_public_address(environ)))
            return _respond(start, "200 OK", "text/plain; charset=utf-8", _PAGE)
        return _answer_call(session, environ, start)

    return application


def _answer_call(session: PollingSession, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer a call: with SOAP in any case, because the Web Connector's user would see nothing else."""
    length = environ.get("CONTENT_LENGTH") or "0"
    chunked = environ.get("wsgi.input_terminated", False) and length == "0"  # The server itself ends the body.
    try:
        if not length.isdecimal() or int(length) > LONGEST:
            raise Refused("The call is too large.", "413 Content Too Large")
        content_type = environ.get("CONTENT_TYPE", "")
        most = LONGEST if chunked else int(length)
        body = incoming.read_call(environ["wsgi.input"], most, content_type, session.is_open)
    except Refused as refused:
        return _write_fault(start, refused.status, str(refused))
    called = {
        **environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": _TYPE,
        soap.SESSION: session,
    }  # fmt: skip
    try:
        return _service()(called, start)
    except Exception as error:  # Spyne's: our own code's are answered by the service.
        session.report_crash("", error)
        return _write_fault(start, "500 Internal Server Error", "Something went wrong on our side.")


def wsdl(address: str) -> str:
    """Return the WSDL of the service. It is Intuit's own, because spyne's would name other types and actions."""
    text = files("quickbooks_desktop").joinpath("webconnector.wsdl").read_text(encoding="utf-8")
    return text.replace("{address}", address.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;"))


def _public_address(environ: WSGIEnvironment) -> str:
    host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
    return f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"


def _write_fault(start: StartResponse, status: str, sentence: str) -> Iterable[bytes]:
    return _respond(start, status, _TYPE, _FAULT.format(sentence))


def _respond(start: StartResponse, status: str, media_type: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start(status, [("Content-Type", media_type), ("Content-Length", str(len(body)))])
    return [body]
