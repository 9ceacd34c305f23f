"""Customers of the books and their links."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import select

from hub.books import links
from hub.books.refresh import store_records
from hub.database import session
from hub.models import Installation, Link
from hub.plugin import Record, RecordKind, Ref


def enter(installation: Installation, *records: tuple[str, str, str, str]) -> None:
    """Customers of the books: id, name, e-mail, phone."""
    kind = RecordKind.CUSTOMER
    store_records(installation.id, kind, [
        Record(kind=kind, id=number, name=name, email=email, phone=phone) for number, name, email, phone in records
    ])  # fmt: skip
    session().commit()


def link(installation: Installation, company_id: str, record_id: str, name: str) -> None:
    links.link_company(installation.id, RecordKind.CUSTOMER, company_id, Ref(id=record_id, name=name), "Bo")
    session().commit()


def linked_records() -> dict[str, str]:
    session().expire_all()
    return {row.company_id: row.record_id for row in session().scalars(select(Link))}


def text_of(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))
