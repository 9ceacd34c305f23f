"""The problems that most ledgers share, each with its sentences, its code and its fixes."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import Any

from hub.plugin.books import RecordKind, Ref
from hub.plugin.documents import Line, NewCustomer, NewVendor, Payment, Revision, Sale, describe, in_cents
from hub.plugin.documents.purchase import VendorDocument
from hub.plugin.nouns import noun
from hub.plugin.problems import Fix, FixKind, Problem, Rejected
from hub.plugin.sentences import Sentence, say
from hub.plugin.texts import OPTIONAL, addresses_of, fixes_without, texts_of

_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocument:
    """A document in the books as a person recognizes it. `id` is the ledger's, `party` its customer or vendor."""

    id: str
    number: str
    party: Ref
    total: Decimal
    date: dt.date

    @property
    def description(self) -> Sentence:
        """Words for it within a sentence: "1042 (ABC Company, 395.00, 3 Mar 2027)"."""
        return say(
            "%(number)s (%(party)s, %(total)s, %(day)s)", number=self.number, party=self.party.name or say("no name"),
            total=in_cents(self.total), day=self.date,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardProblems:
    """The problems that most ledgers share. `product` is the ledger's name within a sentence: "QuickBooks".

    Methods called `find_…` are for `validate`: they yield a problem for what the ledger would refuse, else nothing.
    Lengths are in characters. The other methods return a problem for a conversation to raise.
    """

    product: str

    def find_long_text(
        self, text: str, most: int, what: str, field: str, *, optional: str = ""
    ) -> Iterator[Problem]:
        """Yield a problem if a text is longer than `most`. `what` begins the sentence: "The description “Mug…”". If
        its subject can be sent without the `optional` field, by default `field`, that is offered."""
        if len(text) > most:
            yield Problem(
                what=say("%(what)s is too long for %(product)s.", what=what, product=self.product),
                why=self._length(text, most), cure=say("Shorten it."), field=field, code="too-long",
                fixes=fixes_without(optional or field),
            )  # fmt: skip

    def find_wrong_email(
        self, email: str, what: str, field: str = "email", *, ascii_only: bool = False
    ) -> Iterator[Problem]:
        """Yield a problem for a text that is not one email address by RFC 822: "n/a", or two addresses; or, with
        `ascii_only`, that has other letters. `what` begins the sentence."""
        if email and not (_EMAIL.fullmatch(email) and (email.isascii() or not ascii_only)):
            yield Problem(
                what=say("%(what)s is not one email address: “%(email)s”.", what=what, email=email),
                why=say("%(product)s accepts exactly one, such as orders@example.com.", product=self.product),
                cure=say("Correct it where the order has it from, or leave it out."), field=field,
                code="email-invalid", fixes=fixes_without("email"),
            )  # fmt: skip

    def find_long_addresses(
        self, subject: Any, *, most: int, lines: int, together: int | None = None
    ) -> Iterator[Problem]:
        """Yield a problem for each address of a document or record with a line that is longer than `most`, or whose
        lines are longer than `together`. An address has as many `lines` as the ledger's (`Address.fit_lines`)."""
        field = str(subject.kind) if subject.kind in set(RecordKind) else ""
        for name, place in addresses_of(subject):
            fitted = place.fit_lines(lines)
            longest = max(fitted, key=len, default="")
            for text, limit in ((longest, most), ("".join(fitted), together or sys.maxsize)):
                if len(text) > limit:
                    yield Problem(
                        what=say("An address is too long for %(product)s: “%(text)s…”.", product=self.product,
                                 text=text[:40]),
                        why=self._length(text, limit), cure=say("Shorten it."), field=field or name, code="too-long",
                        fixes=fixes_without(name),
                    )  # fmt: skip
                    break

    def find_wrong_characters(self, subject: Any, encoding: str) -> Iterator[Problem]:
        """Yield a problem if texts of a document or record have characters that the ledger's `encoding` (a name of
        Python's, such as "cp1252") does not have. One problem names all of them."""
        found = [(text, signs) for text in texts_of(subject) if (signs := _beyond(text.value, encoding))]
        if found:
            beyond = " ".join(dict.fromkeys(sign for _, signs in found for sign in signs))
            first, names = found[0][0], [text.field for text, _ in found]
            can_leave_out = set(names) <= OPTIONAL.keys()
            yield Problem(
                what=say("%(what)s has characters that %(product)s cannot store: %(signs)s.", what=first.called,
                         product=self.product, signs=beyond),
                why=say("It knows the letters of Western languages, and no pictures."),
                cure=say("Take them out, and send again."), code="characters",
                field=str(subject.kind) if subject.kind in set(RecordKind) else first.field,
                fixes=fixes_without(*names) if can_leave_out else (),
            )  # fmt: skip

    def find_long_contact(
        self, party: NewCustomer | NewVendor, *, email: int, phone: int | None = None
    ) -> Iterator[Problem]:
        """Yield a problem for an email address and for a telephone number that are longer than these lengths."""
        what, field = say("The email address of %(name)s", name=party.name), str(party.kind)
        yield from self.find_long_text(party.email, email, what, field, optional="email")
        if phone is not None:
            what = say("The phone number of %(name)s", name=party.name)
            yield from self.find_long_text(party.phone, phone, what, field, optional="phone")

    def find_long_descriptions(self, lines: Sequence[Line], most: int) -> Iterator[Problem]:
        """Yield a problem for each line of a document whose description is longer than `most`."""
        for line in lines:
            what = say("The description “%(text)s…”", text=line.description[:40])
            yield from self.find_long_text(line.description, most, what, "lines")

    def find_long_number(self, document: Any, most: int) -> Iterator[Problem]:
        """Yield a problem if the number of a document is longer than `most`. All but payments can have another one."""
        number: str = document.number
        if len(number) > most:
            yield Problem(
                what=say("The number %(number)s is too long for %(product)s.", number=number, product=self.product),
                why=self._length(number, most), cure=say("Shorten the number."), field="number",
                fixes=() if isinstance(document, Payment) else (Fix.other_number(number[:most]),),
                code="number-too-long",
            )  # fmt: skip

    def find_wrong_name(
        self, name: str, kind: str, *, most: int | None = None, unusable: Mapping[str, Sentence] | None = None
    ) -> Iterator[Problem]:
        """Yield a problem for each fault of the name of a new record of a kind (`RecordKind`): empty, longer than
        `most`, or with a character that is `unusable`, which says what each is called ("a colon")."""
        name, kind = name.strip(), str(kind)
        if not name:
            what = say("A new %(kind)s has no name.", kind=noun(kind))
            yield Problem(what=what, cure=say("Enter a name."), field=kind, code="name-missing")
        if most is not None:
            yield from self.find_long_text(name, most, say("The name “%(name)s…”", name=name[:40]), kind)
        for sign in dict.fromkeys(sign for character, sign in (unusable or {}).items() if character in name):
            yield Problem(
                what=say("The name “%(name)s” has %(sign)s in it.", name=" ".join(name.split()), sign=sign),
                why=say("%(product)s doesn't allow %(sign)s in names.", product=self.product, sign=sign),
                cure=say(
                    "Change the name, or choose a %(kind)s that %(product)s already has.", kind=noun(kind),
                    product=self.product,
                ),
                field=kind, code="name-characters",
            )  # fmt: skip

    def find_closed_period(
        self, document: Any, closed_until: dt.date | None, *, code: str, cure: Sentence
    ) -> Iterator[Problem]:
        """Yield a problem if the books are closed for the date of a document, with the first open day as a fix; a
        change has none, because a posting stays in its own period. `code` is the ledger's own for this refusal."""
        if closed_until and document.date <= closed_until:
            yield Problem(
                what=say(
                    "The books are closed through %(closed)s, and %(subject)s is dated %(day)s.",
                    closed=closed_until, subject=describe(document), day=document.date,
                ),
                why=say("%(product)s accepts nothing with a date in a closed period.", product=self.product),
                cure=cure, field="date", code=code,
                fixes=() if document.revises else (Fix.day(closed_until + dt.timedelta(days=1)),),
            )  # fmt: skip

    def find_negative_purchase(self, document: VendorDocument, cure: Sentence) -> Iterator[Problem]:
        """Yield a problem if the total of a bill or a purchase order is below zero."""
        if document.total < 0:
            yield Problem(
                what=say(
                    "The total for %(vendor)s is negative: %(total)s %(currency)s.",
                    vendor=document.vendor.name, total=document.total, currency=document.currency,
                ),
                why=say("%(product)s doesn't allow negative bills or purchase orders.", product=self.product),
                cure=cure, field="lines", code="below-zero",
            )  # fmt: skip

    def find_missing_tax_code(self, sale: Sale, why: Sentence) -> Iterator[Problem]:
        """Yield a problem if a sale has tax and no tax code, for books that need one. `why` says how they tax."""
        if sale.tax.amount and sale.tax.code is None:
            yield Problem(
                what=say(
                    "%(title)s has %(tax)s of sales tax and no tax code.", title=sale.title, tax=sale.tax.amount
                ),
                why=why, cure=say("Choose a tax code, or send the tax as an item."), field="tax",
                code="tax-code-missing",
            )  # fmt: skip

    def name_inactive(self, name: str, kind: str) -> Problem:
        """Return the problem of a new record whose name an inactive record of its own kind (`RecordKind`) has."""
        return Problem(
            what=say(
                "The %(kind)s “%(name)s” is inactive in %(product)s.", kind=noun(kind), name=name, product=self.product
            ),
            why=say("An inactive %(kind)s cannot be used, and its name cannot be used again.", kind=noun(kind)),
            cure=say(
                "Make the %(kind)s active again in %(product)s, choose another one, or use another name.",
                kind=noun(kind), product=self.product,
            ),
            field=kind, code="name-inactive", fixes=(Fix.other_name(name, kind),),
        )  # fmt: skip

    def name_of_another_kind(self, name: str, kind: str, holder: Sentence) -> Problem:
        """Return the problem of a new customer or vendor whose name `holder` has: "an inactive employee"."""
        return Problem(
            what=say(
                "%(product)s already has %(holder)s named “%(name)s”.", product=self.product, holder=holder, name=name
            ),
            why=say("Customers, vendors and employees share one list of names in %(product)s.", product=self.product),
            cure=say("Choose another %(kind)s, or use another name.", kind=noun(kind)),
            field=kind, code="name-of-another-kind", fixes=(Fix.other_name(name, kind),),
        )  # fmt: skip

    def item_not_sellable(self, name: str, holder: Sentence) -> Problem:
        """Return the problem of a new item whose name `holder` has, which no line can have: "a category"."""
        return Problem(
            what=say(
                "%(product)s already has %(holder)s named “%(name)s”.", product=self.product, holder=holder, name=name
            ),
            why=say("It cannot be sold, and no other item can have its name."),
            cure=say("Choose another item, or use another name."),
            field="item", code="item-not-sellable", fixes=(Fix.other_name(name, "item"),),
        )  # fmt: skip

    def link_missing(self, subject: Sentence) -> Problem:
        """Return the problem of a document whose `same_as` is not in the books, or belongs to another party."""
        return Problem(
            what=say(
                "%(product)s no longer has the document to link %(subject)s to, or it belongs to someone else.",
                product=self.product, subject=subject,
            ),
            cure=say("Uncheck the link in the dialog and send it again."), field="number", code="link-missing",
        )  # fmt: skip

    def deleted_there(self, subject: Sentence, posting_id: str = "") -> Problem:
        """Return the problem of a change to something that was deleted in the books. `posting_id` is the id of a
        document that can be entered once more."""
        anew = Fix(label=say("Create it again"), kind=FixKind.ANEW, value=posting_id)
        return Problem(
            what=say("%(product)s no longer has %(subject)s.", product=self.product, subject=subject),
            why=say("It was deleted there after it was sent, so there is nothing to change."),
            cure=say("Create it again if you still need it; otherwise skip this update."),
            code="deleted-there", fixes=(anew,) if posting_id else (),
        )  # fmt: skip

    def check_unchanged(self, total: Decimal, revises: Revision, subject: Sentence) -> None:
        """Raise `Rejected` if the total that a document has in the books is none of `revises.totals`, so that a person
        decides before an update replaces what was changed there."""
        total = in_cents(total)
        if not revises.totals or total in revises.totals:
            return
        offer = Fix(label=say("Overwrite it with the order"), kind=FixKind.OVERWRITES, value=str(total))
        raise Rejected(Problem(
            what=say(
                "Someone changed %(subject)s in %(product)s: its total is %(total)s there.",
                subject=subject, product=self.product, total=total,
            ),
            why=say(
                "We know it with a total of %(total)s, and this would overwrite the change.", total=revises.totals[-1]
            ),
            cure=say("Check it in %(product)s. Then overwrite it, or skip this update.", product=self.product),
            code="changed-there", fixes=(offer,),
        ))  # fmt: skip

    def _length(self, text: str, most: int) -> Sentence:
        return say(
            "%(product)s allows %(most)s characters; this has %(count)s.", product=self.product, most=f"{most:,}",
            count=f"{len(text):,}",
        )  # fmt: skip


def _beyond(text: str, encoding: str) -> list[str]:
    """Return the characters of a text that an encoding does not have, each once."""
    return [sign for sign in dict.fromkeys(text) if not sign.encode(encoding, "ignore")]


def explain_taken_number(refused: Problem, found: Sequence[FoundDocument], party_id: str, other_number: str) -> Problem:
    """Return the refusal of a number that is used already, with the documents that have the number.

    Its fixes are to link to one of them, if it is of the same customer or vendor (what follows would not fit another
    party's), and to send the document as `other_number`.
    """
    links = [
        Fix(
            label=say("Link to %(document)s", document=one.description), kind=FixKind.SAME_AS, value=one.id
        )
        for one in found
        if one.party.id == party_id
    ]  # fmt: skip
    there = [one.description for one in found[:3]]
    return replace(
        refused, field="number", fixes=(*links[:3], Fix.other_number(other_number)),
        why=say("It belongs to %(found)s.", found=reduce(_list_both, there)) if there else refused.why,
    )  # fmt: skip


def _list_both(first: Sentence, other: Sentence) -> Sentence:
    return say("%(first)s; %(other)s", first=first, other=other)
