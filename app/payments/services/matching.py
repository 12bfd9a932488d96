"""Which documents a transfer pays: pure, over lists, so that it can be measured and shown before anything is done.

A transfer is assigned by itself only where its purpose names what it is for: a whole reference (whatever the amount: a
part, the whole, or more, which goes back unless the purpose may name another one that is spoilt), several whole
references whose open amounts are together the transfer's, or what is left of a cut one if a single open document begins
with it and its open amount is the transfer's. Everything else is left to a person, with what speaks for one document:
its reference or number in the purpose, amount and payer's name, or the amount alone. Two cousins pay for two booths of
one size: amount and name assign nothing. Nor does anything that came to an account which is not ours.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.kernel.i18n import N_
from app.kernel.money import Money
from app.kernel.names import search_text
from app.payments.references import LEAST_CUT, LENGTH, Reading, find_references

LEAST_WORDS, MOST_WORDS = 2, 6
"""How many words of a purpose may be a payer's name."""
CODE_LIKE = re.compile(r"\b[0-9A-Z]{7,13}\b")
NUMBER = re.compile(r"[0-9A-Z]+(?:[-/.][0-9A-Z]+)+")


class Reason(StrEnum):
    """Why a transfer was left to a person. ``damaged``: the one reference in its purpose is not whole.

    ``part``: so it is, and the amount is the part of its document that is to be paid next.
    """

    NOTHING = "nothing"
    AMOUNT = "amount"
    DAMAGED = "damaged"
    PART = "part"
    CURRENCY = "currency"
    SEVERAL = "several"
    ELSEWHERE = "elsewhere"


class Sign(StrEnum):
    """What speaks for a document."""

    REFERENCE = "reference"
    NUMBER = "number"
    NAME = "name"
    AMOUNT = "amount"


SIGN_NAMES = {
    Sign.REFERENCE: N_("Its reference stands in the text of the transfer."),
    Sign.NUMBER: N_("Its number stands in the text of the transfer, and the amount is the same."),
    Sign.NAME: N_("Amount and payer are the same."),
    Sign.AMOUNT: N_("No other open invoice has this amount."),
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A transfer that came: what the bank says it is for, from whom, and whether to an account of ours."""

    id: int
    amount: Money
    purpose: str
    payer: str = ""
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Payable:
    """A document, ``is_open`` or no longer, with what is still to be paid of it."""

    id: int
    reference: str
    number: str
    payer: str
    due: Money
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a transfer goes to a document."""

    document_id: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document that a transfer may be for, and what speaks for it."""

    document_id: int
    sign: Sign


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a transfer: ``shares`` that make up its amount, or none, with the reason and suggestions.

    ``fitting``: the shares are right only while the open amounts of their documents are what they were.
    """

    incoming: Incoming
    shares: tuple[Share, ...] = ()
    fitting: bool = False
    reason: Reason | None = None
    suggestions: tuple[Suggestion, ...] = ()


def match(incoming: Iterable[Incoming], payables: Iterable[Payable]) -> list[Verdict]:
    """A verdict for each transfer, in their order; what one pays is no longer open for the next.

    ``payables`` are all open documents, and those no longer open whose references may stand in the transfers.
    """
    books = _Books(payables)
    return [books.judge(one) for one in incoming]


class _Books:
    """The documents, found by everything that a transfer may say of them."""

    def __init__(self, payables: Iterable[Payable]) -> None:
        self._by_id: dict[int, Payable] = {}
        self._by_reference: dict[str, int] = {}
        self._by_start: dict[str, list[int]] = defaultdict(list)
        self._by_number: dict[str, int] = {}
        self._by_amount: dict[Money, set[int]] = defaultdict(set)
        self._by_name: dict[tuple[Money, str], set[int]] = defaultdict(set)
        for one in payables:
            self._by_id[one.id] = one
            self._by_reference[one.reference] = one.id
            if one.is_open:
                self._by_start[one.reference[:LEAST_CUT]].append(one.id)
                self._by_number[one.number.upper()] = one.id
                self._by_amount[one.due].add(one.id)
                self._by_name[one.due, search_text(one.payer)].add(one.id)

    def judge(self, incoming: Incoming) -> Verdict:
        """Decide, and take what is decided off what is open."""
        verdict = self._judged(incoming)
        if not incoming.ours:
            named = tuple(Suggestion(share.document_id, Sign.REFERENCE) for share in verdict.shares)
            return Verdict(incoming, reason=Reason.ELSEWHERE, suggestions=named or verdict.suggestions)
        for share in verdict.shares:
            self._pay(self._by_id[share.document_id], share.amount)
        return verdict

    def _judged(self, incoming: Incoming) -> Verdict:
        readings = find_references(incoming.purpose)
        whole = [one.code for one in readings if one.whole]
        named = [self._by_id[self._by_reference[code]] for code in whole if code in self._by_reference]
        cut = self._cut(readings, {one.id for one in named})
        known = tuple(one.reference for one in named)
        unknown = any(len(code) == LENGTH and not code.startswith(known) for code in whole)
        every = [*named, *cut]
        if not every:
            return self._left(incoming, Reason.NOTHING, self._unnamed(incoming))
        if any(one.due.currency != incoming.amount.currency for one in every):
            return self._left(incoming, Reason.CURRENCY, ())
        fits = sum(one.due.amount_minor for one in every) == incoming.amount.amount_minor
        if fits and all(one.is_open for one in every):
            shares = tuple(Share(one.id, one.due) for one in every)
            return Verdict(incoming, shares, fitting=len(every) > 1 or bool(cut))
        over = incoming.amount.amount_minor > every[0].due.amount_minor
        if len(named) == 1 and not cut and not unknown and not (over and _names_more(incoming.purpose, named[0])):
            return Verdict(incoming, (Share(named[0].id, incoming.amount),))
        of_one = Reason.AMOUNT if named else Reason.DAMAGED
        reason = of_one if len(every) == 1 else Reason.SEVERAL
        return self._left(incoming, reason, (Suggestion(one.id, Sign.REFERENCE) for one in every))

    def _cut(self, readings: Sequence[Reading], named: set[int]) -> list[Payable]:
        """The open documents of which the beginnings that were read are each the only one's."""
        found: dict[int, Payable] = {}
        for reading in readings:
            if reading.whole:
                continue
            begun = [
                self._by_id[one]
                for one in self._by_start.get(reading.code[:LEAST_CUT], ())
                if self._by_id[one].is_open and self._by_id[one].reference.startswith(reading.code)
            ]
            if len(begun) == 1 and begun[0].id not in named:
                found[begun[0].id] = begun[0]
        return list(found.values())

    def _unnamed(self, incoming: Incoming) -> Iterable[Suggestion]:
        """What speaks for a document that is not named: the surest sign that points at a single one."""
        numbers = {self._by_number.get(one) for one in NUMBER.findall(incoming.purpose.upper())} - {None}
        signs: Mapping[Sign, set[int]] = {
            Sign.NUMBER: {one for one in numbers if one is not None} & self._by_amount[incoming.amount],
            Sign.NAME: self._named_in(incoming),
            Sign.AMOUNT: self._by_amount[incoming.amount],
        }
        for sign, pointed in signs.items():
            if len(pointed) == 1:
                return (Suggestion(next(iter(pointed)), sign),)
        return ()

    def _named_in(self, incoming: Incoming) -> set[int]:
        """The open documents of this amount whose payer sent it, or is named in the purpose."""
        if not self._by_amount[incoming.amount]:
            return set()
        words = re.findall(r"\w+", search_text(incoming.purpose))
        names = {
            " ".join(words[start : start + count])
            for count in range(LEAST_WORDS, MOST_WORDS + 1)
            for start in range(len(words) - count + 1)
        }
        payer = search_text(incoming.payer)
        names |= {payer} if len(payer.split()) >= LEAST_WORDS else set()
        return {one for name in names for one in self._by_name.get((incoming.amount, name), ())}

    def _pay(self, payable: Payable, amount: Money) -> None:
        """Take an amount off what is open of a document; nothing less than nothing is open."""
        if not payable.is_open:
            return
        self._by_amount[payable.due].discard(payable.id)
        self._by_name[payable.due, search_text(payable.payer)].discard(payable.id)
        rest = Money(max(0, payable.due.amount_minor - amount.amount_minor), payable.due.currency)
        left = Payable(payable.id, payable.reference, payable.number, payable.payer, rest, rest.amount_minor > 0)
        self._by_id[payable.id] = left
        if left.is_open:
            self._by_amount[rest].add(left.id)
            self._by_name[rest, search_text(left.payer)].add(left.id)
        else:
            self._by_number.pop(left.number.upper(), None)

    @staticmethod
    def _left(incoming: Incoming, reason: Reason, suggestions: Iterable[Suggestion]) -> Verdict:
        return Verdict(incoming, reason=reason, suggestions=tuple(suggestions))


def _names_more(purpose: str, document: Payable) -> bool:
    """Whether there are words that could be a reference that nobody can read: then what is too much may be its."""
    words = [
        word for word in CODE_LIKE.findall(purpose.upper()) if re.search(r"\d", word) and re.search(r"[A-Z]", word)
    ]
    return any(document.reference not in {one.code for one in find_references(word)} for word in words)


def references_in(purposes: Iterable[str]) -> set[str]:
    """Every whole reference that stands in some purposes: what must be looked up although it is no longer open."""
    return {one.code for purpose in purposes for one in find_references(purpose) if one.whole}
