"""The interface that an integration implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from wsgiref.types import WSGIApplication

from hub.plugin.authorization import Ask, Attempt, Authorized, Connection, Download, EndpointDetails, Redirect
from hub.plugin.batches import Batch, Conversation, Request, RequestCost, Response
from hub.plugin.books import Books, Ref
from hub.plugin.capabilities import Capabilities, Field, MappingField, Setting
from hub.plugin.documents import Document, NewRecord, Posting
from hub.plugin.handlers import Handler
from hub.plugin.polling import PollingSession
from hub.plugin.problems import Problem, Rejected
from hub.plugin.sentences import say
from hub.plugin.transactions import Change, Listed, Page

API_VERSION = 1
"""Counts the breaks of this interface. An integration names the one it was written for; another is not loaded."""


class Integration(ABC):
    """An accounting product, as the hub knows it. Derive from `PushIntegration` or `PullIntegration`.

    The class is registered under the entry-point group `hub.integrations` with its `key` as the name, and is created
    once, without arguments. It keeps no state.
    """

    api_version: ClassVar[int] = API_VERSION
    key: ClassVar[str]
    label: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[Sequence[Setting]] = ()
    options: ClassVar[Sequence[Field]] = ()
    mappings: ClassVar[Sequence[MappingField]] = ()
    handlers: ClassVar[Sequence[Handler[Any]]] = ()
    """A handler for each kind of document that the ledger supports. `capabilities` follows from them."""

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if isinstance(getattr(cls, "capabilities", None), Capabilities):
            cls.capabilities = cls.capabilities.with_handlers(cls.handlers)

    def handler(self, kind: str) -> Handler[Any]:
        """Return the handler of a kind. Raises `LookupError` if there is none."""
        found = next((one for one in self.handlers if one.kind == kind), None)
        if found is None:
            raise LookupError(f"{type(self).__name__} has no handler for “{kind}”.")
        return found

    @abstractmethod
    def describe_books(self) -> Conversation[Books]:
        """Ask who is at the other end and how these books work: after connecting, once a day, after a refusal that may
        come of it, and when an admin presses "Test connection"."""

    @abstractmethod
    def fetch(self, kind: Listed, since: str) -> Conversation[Page]:
        """Fetch a page of a list, or of the history of a kind of transaction, as `Capabilities.lists` and `.history`
        name them. `since` is empty at first and then the `cursor` of the page before.

        After the last page (`more` is false) the cursor is kept, and the next refresh asks for what changed since.
        """

    @abstractmethod
    def create(self, record: NewRecord, options: Mapping[str, str], books: Books) -> Conversation[Ref]:
        """Enter a new customer, vendor or item, whichever `Capabilities.creates` names. Raises `Rejected`.

        `options` and `books` are as they were when the conversation began, also on every replay.
        """

    def post(self, document: Document, options: Mapping[str, str], books: Books) -> Conversation[Posting]:
        """Post, change or void a document, as the handler of its kind does. For `options` and `books` see `create`."""
        return self.handler(document.kind).conversation_for(document)(document, options, books)

    @abstractmethod
    def encode(self, key: str, requests: Sequence[Request], *, dialect: str = "", answered: str = "") -> str:
        """Write the requests of a batch as the bytes that will leave, before they leave. Pure, and never repeated:
        what it returns is stored and sent, also on every later try.

        `dialect` is what the ledger last said that these books understand. `answered` is the key of a batch with
        writes whose answer we have, so that the ledger need not remember it any longer.
        """

    def destination(self, request: Request) -> str:
        """Return where a request goes, for a ledger that takes each kind at a door of its own. Pure.

        The requests of a batch all have the same, so that it is one trip that arrives or does not, as a whole. By
        default there is one destination for all.
        """
        return ""

    def cost(self, requests: Sequence[Request]) -> RequestCost:
        """Return what a trip with these requests costs against `Capabilities.limits`, in calls, reads and writes. Pure.

        By default it is one call, in which every request that does not write is a read.
        """
        writes = sum(request.writes for request in requests)
        return RequestCost(reads=len(requests) - writes, writes=writes)

    def recover(self, batch: Batch) -> Conversation[Sequence[Response | Rejected | None]]:
        """Find out what became of the writes of a batch, after `OutcomeUnknown` was raised, or when the batch has been
        open for longer than the ledger remembers its key (`Capabilities.idempotency_window`).

        Return for each request its response if it was carried out, None if it was not and may be sent again, and a
        `Rejected` if it cannot be found out, so that a person decides about this one. Only read. Raise `Rejected` if
        that is so for all of them; the default does.
        """
        raise Rejected(Problem(
            code="in-doubt", what=say("Nobody can tell whether this has arrived."),
            why=say("The line broke, and the ledger does not remember what it was asked."),
            cure=say("Look in the books that it is not there, and then send it again."),
        ))  # fmt: skip
        yield  # It is a conversation that asks nothing.

    def validate(
        self, subject: Document | NewRecord, options: Mapping[str, str], books: Books
    ) -> Sequence[Problem]:
        """Return problems that these books would find, before anything is sent: a number that is too long, a colon in a
        name, a date in a closed period. `books` is the last result of `describe_books`. Pure. By default the handler of
        a document validates it, and new records are not validated."""
        handler = next((one for one in self.handlers if one.kind == subject.kind), None)
        return () if handler is None else tuple(handler.validate(subject, options, books))

    def document_url(
        self, kind: str, posting_id: str, books: Books, settings: Mapping[str, str]
    ) -> str | None:
        """Return the page of the accounting product that shows this posting to a person, if it has one. Pure."""
        return None


class PushIntegration(Integration):
    """A ledger that we call."""

    @abstractmethod
    def authorize(self, attempt: Attempt) -> Redirect | Ask | Authorized:
        """Take the next step of connecting. Called in a web request; may use the network, with a short timeout.

        Raises `Rejected` if the admin declined or the ledger refused, `Unavailable` if it could not be asked.
        """

    @abstractmethod
    def send(self, batch: Batch, connection: Connection) -> Sequence[Response]:
        """Take a batch to the ledger and bring back one response for each of its requests, in their order.

        May be called again with the same batch, by another process, after any interruption and even while an
        earlier call still runs; it must send `body` under `key` so that the ledger carries it out only once.
        Must return or raise within a minute; a little later it is interrupted, as after a lost answer. Raises
        `Unavailable`, `AuthorizationExpired`, or `Rejected` (see there).
        """

    @abstractmethod
    def refresh(self, connection: Connection) -> Authorized:
        """Exchange the credentials for fresh ones. The hub calls it once at a time for an installation.

        Raises `AuthorizationExpired` if they cannot be renewed any more, `Unavailable` if it could not be asked.
        """

    def parse_webhook(self, body: bytes, headers: Mapping[str, str], settings: Mapping[str, str]) -> Sequence[Change]:
        """Read what the ledger tells by itself, posted to the hub's `/webhooks/<key>`. Pure, and quick.

        `body` is what came, byte for byte, for its signature is over that; the names of `headers` are in small letters.
        What is told twice, late or out of order does no harm. Raises `Rejected` if it was not the ledger that told it.
        """
        raise Rejected(Problem(
            code="webhooks-not-supported", what=say("%(product)s tells nothing by itself.", product=self.label)
        ))  # fmt: skip

    @abstractmethod
    def revoke(self, connection: Connection) -> None:
        """Give the authorization back, when an admin uninstalls. Raises `Unavailable`; the hub wipes either way."""


class PullIntegration(Integration):
    """A ledger that calls us, every few minutes, and asks what there is to do."""

    @abstractmethod
    def connection_file(self, details: EndpointDetails) -> Download:
        """Return the file with which an admin tells the ledger where to call. Pure."""

    @abstractmethod
    def endpoint(self, session: PollingSession) -> WSGIApplication:
        """Return what answers the calls of one installation (PEP 3333). The hub mounts it at `EndpointDetails.url`.

        It speaks the ledger's protocol and nothing else: what there is to do, and what follows from an answer, is the
        polling session's to know. It holds no state between two calls.
        """

    @abstractmethod
    def decode(self, batch: Batch, answer: str) -> Sequence[Response]:
        """Return what an answer that was handed in says: one response for each request, in their order. Pure.

        It is read apart from the call that brought it, by a worker if there is much to do, so that the ledger is not
        kept waiting. Raises what `PushIntegration.send` raises: `Unavailable` for an answer to something else, after
        which the batch goes again under its key, `OutcomeUnknown`, or `Rejected` if it was refused as a whole.
        """
