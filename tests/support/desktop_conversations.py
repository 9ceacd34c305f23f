"""Carrying conversations to a company file, in lockstep and in message sets, as the hub does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hub.plugin import Conversation, Request, Response
from hub.testing import in_lockstep
from quickbooks_desktop import QuickBooksDesktop, qbxml
from sandbox.desktop.company import CompanyFile, Session

T = TypeVar("T")
QUICKBOOKS = QuickBooksDesktop()


@dataclass
class Transport:
    """Carries to one session of a company file. `sent` are the message sets, byte for byte."""

    company: CompanyFile
    sent: list[str] = field(default_factory=list)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.session = self.company.session()

    def carry(self, *conversations: Conversation[T]) -> list[T | Exception]:
        """Run conversations to their ends, and give what they returned or raised."""
        return in_lockstep(conversations, self.ask)

    def one(self, conversation: Conversation[T]) -> T:
        (end,) = self.carry(conversation)
        if isinstance(end, Exception):
            raise end
        return end

    def ask(self, requests: Sequence[Request]) -> list[Response]:
        key = f"{len(self.sent):020x}"
        body = QUICKBOOKS.encode(key, requests)
        self.sent.append(body)
        answer = qbxml.read(self.session.process(body), [request.payload for request in requests])
        return [Response(payload=payload) for payload in answer.payloads]
