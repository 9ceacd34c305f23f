"""What spyne costs when it does nothing: a service that gives back what it was told to, for comparison."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from quickbooks_desktop.spyned import (
    Application,
    Array,
    Integer,
    ServiceBase,
    Soap11,
    Unicode,
    WsgiApplication,
    rpc,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class Bare(ServiceBase):  # type: ignore[misc]  # Spyne has no types.
    """The calls of a session that goes well."""

    answer = ""

    @rpc(Unicode, Unicode, _returns=Array(Unicode))
    def authenticate(ctx, strUserName, strPassword):  # type: ignore[no-untyped-def]  # noqa: N803, N805
        return ["0" * 32, ""]

    @rpc(Unicode, Unicode, Unicode, Unicode, Integer, Integer, _returns=Unicode)
    def sendRequestXML(ctx, ticket, strHCPResponse, strCompanyFileName, qbXMLCountry, qbXMLMajorVers, qbXMLMinorVers):  # type: ignore[no-untyped-def]  # noqa: N802, N803, N805
        return Bare.answer

    @rpc(Unicode, Unicode, Unicode, Unicode, _returns=Integer)
    def receiveResponseXML(ctx, ticket, response, hresult, message):  # type: ignore[no-untyped-def]  # noqa: N802, N805
        return 50


_service = WsgiApplication(
    Application([Bare], tns="http://developer.intuit.com/", in_protocol=Soap11(huge_tree=True), out_protocol=Soap11()),
    max_content_length=2**26,
)


def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer a call; `PUT` says what the next one is answered."""
    if environ["REQUEST_METHOD"] != "PUT":
        answer: Any = _service(environ, start)
        return answer  # type: ignore[no-any-return]
    Bare.answer = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
    start("204 No Content", [])
    return []
