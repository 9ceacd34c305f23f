"""The `.qwc` file, which gives the Web Connector our address (Web Connector programmer's guide, "QWC file")."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from lxml import etree

from hub.plugin import Download, EndpointDetails, Problem, Rejected, say
from quickbooks_desktop.company import OWNER_ID, file_id

NAME = "Bookpost"
LOCAL = "localhost"
DESCRIPTION_LENGTH = 80


def file(details: EndpointDetails) -> Download:
    """Return the `.qwc` file of an installation. It has no password: the admin types that into the Web Connector.

    Raises `Rejected` for an address that the Web Connector would refuse (its codes 1001 and 1010). The address of this
    computer itself is written as `localhost`.
    """
    details = replace(details, url=_name_host(details.url), support_url=_name_host(details.support_url))
    if urlsplit(details.url).scheme != "https" and urlsplit(details.url).hostname != LOCAL:
        raise Rejected(
            Problem(
                what=say("The Web Connector calls only addresses that begin with https."),
                why=say("Ours is %(url)s.", url=details.url),
                cure=say("Ask whoever runs this application to serve it by https."),
                code="https-required",
            )
        )
    root = etree.Element("QBWCXML")
    for name, value in _elements(details):
        etree.SubElement(root, name).text = value
    scheduler = etree.SubElement(root, "Scheduler")
    etree.SubElement(scheduler, "RunEveryNMinutes").text = str(details.minutes)
    body = b'<?xml version="1.0"?>' + etree.tostring(root, encoding="ascii", xml_declaration=False)
    return Download(name=f"{NAME.lower()}.qwc", media_type="application/xml", body=body)


def _name_host(url: str) -> str:
    """Return an address whose host is a name. Raises `Rejected` for an IP address of another computer."""
    parts = urlsplit(url)
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return url
    if address.is_loopback:
        return parts._replace(netloc=f"{LOCAL}:{parts.port}" if parts.port else LOCAL).geturl()
    raise Rejected(
        Problem(
            what=say("The Web Connector calls no IP addresses."),
            why=say("Ours is %(url)s.", url=url),
            cure=say("Ask whoever runs this application to give it a name, and to serve it by https."),
            code="ip-address",
        )
    )


def _elements(details: EndpointDetails) -> tuple[tuple[str, str], ...]:
    about = f"Brings orders from {urlsplit(details.url).hostname} into QuickBooks"
    return (
        ("AppName", f"{NAME} ({details.login})"),
        ("AppID", ""),
        ("AppURL", details.url),
        ("AppDescription", about[:DESCRIPTION_LENGTH]),
        ("AppSupport", details.support_url),
        ("UserName", details.login),
        ("OwnerID", OWNER_ID),
        ("FileID", file_id(details.login)),
        ("QBType", "QBFS"),
        ("IsReadOnly", "false"),
        ("AppUniqueName", f"{NAME} ({details.login})"),
    )
