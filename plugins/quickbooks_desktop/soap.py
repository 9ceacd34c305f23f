"""The SOAP service that the Web Connector calls: a spyne method for each call, and one error handler for all.

Whatever happens, the Web Connector gets an answer of the type that it expects: a SOAP fault would show its user an
HTTP 500 and no way out. `getLastError` returns what went wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hub.plugin import PollingSession
from quickbooks_desktop import calls
from quickbooks_desktop.calls import GIVE_UP, NOTHING, STOP
from quickbooks_desktop.spyned import (
    Application,
    Array,
    Integer,
    MethodContext,
    ServiceBase,
    Soap11,
    Unicode,
    WsgiApplication,
    rpc,
)

NAMESPACE = "http://developer.intuit.com/"
VERSION = "Bookpost 1"
SESSION = "quickbooks_desktop.session"
"""The key of a call's polling session in its WSGI environment."""

R = TypeVar("R")


class WebConnector(ServiceBase):  # type: ignore[misc]  # Spyne has no types.
    """One method for each call, under its SOAP name. The work is done in `calls`."""

    @rpc(_returns=Unicode)
    def serverVersion(ctx: MethodContext) -> str:
        return VERSION

    @rpc(Unicode, _in_arg_names={"version": "strVersion"}, _returns=Unicode)
    def clientVersion(ctx: MethodContext, version: str | None) -> str:
        return _answered(ctx, "", NOTHING, lambda session: calls.greet(session, version or ""))

    @rpc(Unicode, Unicode, _in_arg_names={"login": "strUserName", "password": "strPassword"}, _returns=Array(Unicode))
    def authenticate(ctx: MethodContext, login: str | None, password: str | None) -> list[str]:
        return _answered(ctx, "", ["", "nvu"], lambda session: calls.authenticate(session, login or "", password or ""))

    @rpc(
        Unicode, Unicode, Unicode, Unicode, Integer, Integer,
        _in_arg_names={
            "introduction": "strHCPResponse", "file": "strCompanyFileName", "country": "qbXMLCountry",
            "major": "qbXMLMajorVers", "minor": "qbXMLMinorVers",
        },
        _returns=Unicode,
    )  # fmt: skip
    def sendRequestXML(
        ctx: MethodContext,
        ticket: str | None,
        introduction: str | None,
        file: str | None,
        country: str | None,
        major: int | None,
        minor: int | None,
    ) -> str:
        return _answered(ctx, ticket, NOTHING, lambda session: calls.send(
            session, ticket or "", introduction or "", file or ""
        ))

    @rpc(Unicode, Unicode, Unicode, Unicode, _returns=Integer)
    def receiveResponseXML(
        ctx: MethodContext,
        ticket: str | None,
        response: str | None,
        hresult: str | None,
        message: str | None,
    ) -> int:
        code = (hresult or "").strip()
        return _answered(
            ctx, ticket, STOP,
            lambda session: calls.receive(session, ticket or "", response or "", code, message or ""),
        )  # fmt: skip

    @rpc(Unicode, Unicode, Unicode, _returns=Unicode)
    def connectionError(
        ctx: MethodContext,
        ticket: str | None,
        hresult: str | None,
        message: str | None,
    ) -> str:
        return _answered(
            ctx, ticket, GIVE_UP,
            lambda session: calls.connection_error(session, ticket or "", hresult or "", message or ""),
        )  # fmt: skip

    @rpc(Unicode, _returns=Unicode)
    def getLastError(ctx: MethodContext, ticket: str | None) -> str:
        return _answered(ctx, ticket, NOTHING, lambda session: calls.last_error(session, ticket or ""))

    @rpc(Unicode, _returns=Unicode)
    def closeConnection(ctx: MethodContext, ticket: str | None) -> str:
        return _answered(ctx, ticket, "OK", lambda session: calls.close(session, ticket or ""))

    @rpc(Unicode, Unicode, _in_arg_names={"ticket": "wcTicket", "session": "sessionID"}, _returns=Unicode)
    def getInteractiveURL(ctx: MethodContext, ticket: str | None, session: str | None) -> str:
        return NOTHING

    @rpc(Unicode, Unicode, _in_arg_names={"ticket": "wcTicket"}, _returns=Unicode)
    def interactiveRejected(ctx: MethodContext, ticket: str | None, reason: str | None) -> str:
        return NOTHING

    @rpc(Unicode, _in_arg_names={"ticket": "wcTicket"}, _returns=Unicode)
    def interactiveDone(ctx: MethodContext, ticket: str | None) -> str:
        return GIVE_UP


def application(longest: int) -> WsgiApplication:
    """Return the service as a WSGI application; `longest` is the size limit of a call in bytes."""
    protocols = {"in_protocol": Soap11(huge_tree=True), "out_protocol": Soap11()}
    service = Application([WebConnector], tns=NAMESPACE, name="WebConnector", **protocols)
    return WsgiApplication(service, max_content_length=longest)


def _answered(ctx: MethodContext, ticket: str | None, otherwise: R, answer: Callable[[PollingSession], R]) -> R:
    """Answer a call. If our code fails, log it and return `otherwise`, the answer that ends the session in order."""
    session: PollingSession = ctx.transport.req_env[SESSION]
    try:
        return answer(session)
    except Exception as error:  # See the module's docstring.
        session.report_crash(ticket or "", error)
        return otherwise
