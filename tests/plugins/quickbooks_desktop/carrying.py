"""Carrying conversations to a company file, in lockstep and in message sets, as the hub does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from hub.plugin import Conversation, Request, Response
from quickbooks_desktop import QuickBooksDesktop, qbxml
from sandbox.desktop.company import CompanyFile, Session

T = TypeVar("T")
QUICKBOOKS = QuickBooksDesktop()


@dataclass
class Carrier:
    """Carries to one session of a company file. `sent` are the message sets, byte for byte."""

    company: CompanyFile
    sent: list[str] = field(default_factory=list)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.session = self.company.session()

    def carry(self, *conversations: Conversation[T]) -> list[T | Exception]:
        """Run conversations to their ends, and give what they returned or raised."""
        ends: dict[int, T | Exception] = {}
        answers: dict[int, Response | None] = dict.fromkeys(range(len(conversations)))
        while answers:
            asking: dict[int, Request] = {}
            for place, answer in answers.items():
                talk = conversations[place]
                try:
                    asking[place] = next(talk) if answer is None else talk.send(answer)
                except StopIteration as end:
                    ends[place] = end.value
                except Exception as error:
                    ends[place] = error
            answers = dict(zip(asking, self.ask(list(asking.values())), strict=True)) if asking else {}
        return [ends[place] for place in range(len(conversations))]

    def one(self, conversation: Conversation[T]) -> T:
        (end,) = self.carry(conversation)
        if isinstance(end, Exception):
            raise end
        return end

    def ask(self, requests: list[Request]) -> list[Response]:
        key = f"{len(self.sent):024x}"
        body = QUICKBOOKS.seal(key, requests)
        self.sent.append(body)
        answer = qbxml.read(self.session.process(body), [request.payload for request in requests])
        return [Response(payload=payload) for payload in answer.payloads]
