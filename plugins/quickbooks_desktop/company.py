"""The company file that a session is connected to, read from the first call of every session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from hub.plugin import Books, ClassTracking, say
from quickbooks_desktop.currencies import CODES
from quickbooks_desktop.qbxml import TARGET, fields, parse

OWNER_ID = "{6f0a3b52-6c1d-4f0e-9d5b-52d1e8a4c7b3}"
"""Our OwnerID: QuickBooks stores our private data in a company file under it. It never changes."""

_FILES = UUID("0d7f4f0e-8a64-4b0b-8f6e-3a1f0e2b9c55")
_PREFERRED = ("16.0", TARGET)
_OLDEST = 7.0
_NO_PERMISSION = {"3260", "3261", "3263", "3264"}
_COUNTRY, _CURRENCY = "US", "USD"


class NotSupported(Exception):
    """A QuickBooks or a company file that we cannot speak with, and why, as a sentence."""


def file_id(login: str) -> str:
    """Return the FileID of an installation. The Web Connector writes it into the company file when an admin agrees."""
    return "{" + str(uuid5(_FILES, login)) + "}"


def introduction(document: str) -> tuple[Books, str]:
    """Return the company and the qbXML version to write, from the document that comes with a session's first call.

    The version is 16.0 if QuickBooks supports it, else 13.0, else the latest from 7.0 on. Raises `NotSupported` or
    `Unreadable`.
    """
    responses = list(parse(document).iterfind("QBXMLMsgsRs/*"))
    if any(response.get("statusCode") in _NO_PERMISSION for response in responses):
        raise NotSupported(
            say(
                "QuickBooks does not let us read the company. In QuickBooks, as Admin: Edit ▸ Preferences ▸ "
                "Integrated Applications ▸ Company Preferences; allow this application, and let it log in with a user "
                "who may read it. Nothing was sent."
            )
        )
    rows = [
        {"kind": node.tag, "fields": fields(node)}
        for response in responses
        for node in response
        if isinstance(node.tag, str)
    ]
    host = _find_row(rows, "HostRet")
    return books(rows), _choose_version(host.get("SupportedQBXMLVersion", ()))


def _choose_version(supported: Sequence[str]) -> str:
    known = {text for text in supported if text.replace(".", "", 1).isdigit()}
    for preferred in _PREFERRED:
        if preferred in known:
            return preferred
    usable = [text for text in known if _OLDEST <= float(text) < float(TARGET)]
    if not usable:
        raise NotSupported(
            say("This QuickBooks is too old: it understands no qbXML from 7.0 on. Use QuickBooks 2008 or later.")
        )
    return max(usable, key=float)


def books(rows: Sequence[dict[str, Any]]) -> Books:
    """Return the company from a `CompanyRet`, its country from a `HostRet`, and its currency, closing date and class
    tracking from a `PreferencesRet`. Its id is the FileID that we stored in the file.

    Raises `NotSupported` for an edition of another country, which speaks a qbXML of its own, and for a home currency
    that we do not know. (Intuit's schema of `CompanyRet` has no country; of `HostRet` it has.)
    """
    company, preferences = _find_row(rows, "CompanyRet"), _find_row(rows, "PreferencesRet")
    country = _find_row(rows, "HostRet").get("Country", "") or _COUNTRY
    if country != _COUNTRY:
        raise NotSupported(
            say(
                "This is the %(country)s edition of QuickBooks. Its sales tax works differently, and only the US "
                "edition is supported. Nothing was sent.", country=country,
            )
        )
    return Books(
        id=_read_file_id(company),
        name=company.get("CompanyName", ""),
        country=country,
        currency=_read_currency(preferences),
        closed_until=_parse_day(preferences.get("AccountingPreferences", {}).get("ClosingDate", "")),
        class_tracking=(
            ClassTracking.LINE
            if _is_on(preferences, "AccountingPreferences", "IsUsingClassTracking")
            else ClassTracking.NONE
        ),
        several_currencies=_is_on(preferences, "MultiCurrencyPreferences", "IsMultiCurrencyOn"),
    )


def _read_currency(preferences: dict[str, Any]) -> str:
    """Return the home currency. A company that does not use several currencies does not name it."""
    name = preferences.get("MultiCurrencyPreferences", {}).get("HomeCurrencyRef", {}).get("FullName", "")
    if name and name not in CODES:
        raise NotSupported(
            say(
                "QuickBooks keeps this company in “%(currency)s”, a currency that is not known here. Tell your support "
                "its name. Nothing was sent.", currency=name,
            )
        )
    return CODES[name] if name else _CURRENCY


def _is_on(preferences: dict[str, Any], group: str, name: str) -> bool:
    return bool(preferences.get(group, {}).get(name) == "true")


def _parse_day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _read_file_id(company: dict[str, Any]) -> str:
    for extra in company.get("DataExtRet", ()):
        if extra.get("OwnerID", "").lower() == OWNER_ID and extra.get("DataExtName") == "FileID":
            return str(extra.get("DataExtValue", "")).lower()
    return ""


def _find_row(rows: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next((row["fields"] for row in rows if row["kind"] == kind), {})
