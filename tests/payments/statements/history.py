"""What happened on an account: lines of a statement, each with the invoices that it truly pays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random

from tests.payments.statements.banks import Bank, wrap
from tests.payments.statements.notes import (
    SPOILING,
    Kind,
    note_for_another,
    note_with,
    note_without,
    several_codes,
    spoilt,
    unsigned,
)
from tests.payments.statements.people import (
    FEES,
    LARGEST_INSTANT,
    OpenInvoice,
    Party,
    party_of,
    plain,
    random_reference,
    stranger,
)

#: How often what is not plain happens for what reason; a spoilt reference is the most frequent.
MANGLED = {
    "spoilt": 46,
    "several": 14,
    "third_party": 8,
    "no_reference": 12,
    "no_reference_third_party": 2,
    "under": 6,
    "over": 4,
    "double": 4,
    "in_parts": 4,
}
UNRELATED = {
    Kind.INTEREST: 8,
    Kind.DEBIT: 30,
    Kind.STRANGER: 34,
    Kind.OTHER_CODE: 16,
    Kind.DEPOSIT: 12,
}
NOBODY = Party("", "", "")
NO_NOTE = ("tiet kiem", "tra no", "hoan ung", "qua cuoi", "tien hang thang nay", "ung ho quy")


@dataclass(frozen=True)
class Share:
    """So many đồng of a line are for the invoice of that reference."""

    reference: str
    amount: int


@dataclass(frozen=True)
class Line:
    """One line: ``amount`` and ``balance`` in đồng, the amount negative when money went out.

    ``made`` is when the sender gave the order, ``booked`` the day in the books, in Vietnam's time. ``shares`` is the
    truth: what the money was for, nothing for a line that pays no invoice; they sum up to the amount.
    """

    made: datetime
    booked: date
    amount: int
    text: str
    sender: Party
    shares: tuple[Share, ...]
    kinds: tuple[Kind, ...]
    number: str = ""
    balance: int = 0


@dataclass(frozen=True)
class Statement:
    """A bank's statement in the order of time, from ``opening`` on."""

    bank: Bank
    opening: int
    lines: tuple[Line, ...]

    @property
    def closing(self) -> int:
        """The balance after the last line."""
        return self.lines[-1].balance if self.lines else self.opening

    def between(self, first: date, last: date) -> Statement:
        """The same bank's statement of these days alone: two of them may overlap."""
        before = [line for line in self.lines if line.booked < first]
        kept = tuple(line for line in self.lines if first <= line.booked <= last)
        return replace(self, opening=before[-1].balance if before else self.opening, lines=kept)


def make_statement(
    bank: Bank,
    invoices: Sequence[OpenInvoice],
    *,
    seed: int = 1,
    lines: int | None = None,
    mangled: float = 0.1,
    unrelated: float = 0.1,
    first_day: date = date(2026, 11, 2),
    days: int = 28,
) -> Statement:
    """A statement in which these invoices are paid.

    Of what is paid a share of ``mangled`` is not as it should be (reference, amount, payer); of all lines a share of
    ``unrelated`` pays nothing. With ``lines`` there are exactly so many, or fewer where invoices run out; invoices that
    are left over stay unpaid. The same seed makes the same statement.
    """
    book = _Book(Random(f"{bank.code}:{seed}"), bank, invoices, first_day, days)
    while (lines is None or len(book.lines) < lines) and book.has_unpaid():
        if book.rng.random() < unrelated:
            book.unrelated()
        elif book.rng.random() < mangled:
            book.mangled()
        else:
            book.plainly()
    ordered = sorted(book.lines if lines is None else book.lines[:lines], key=lambda line: line.made)
    return _numbered(bank, ordered, opening=250_000_000 + book.rng.randrange(10**8))


def _numbered(bank: Bank, lines: Sequence[Line], *, opening: int) -> Statement:
    done: list[Line] = []
    balance, serial, number = opening, 0, ""
    for line in lines:
        if Kind.FEE not in line.kinds or not number:  # a fee bears the number of the transfer that it is for
            serial += 1
            number = bank.number(line.made, serial)
        balance += line.amount
        done.append(replace(line, number=number, balance=balance))
    return Statement(bank, opening, tuple(done))


@dataclass
class _Book:
    """Invents what happens, one invoice after the other."""

    rng: Random
    bank: Bank
    invoices: Sequence[OpenInvoice]
    first_day: date
    days: int
    lines: list[Line] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.queue = list(self.invoices)
        self.rng.shuffle(self.queue)
        self.references = {invoice.reference for invoice in self.invoices}
        self.amounts = sorted({invoice.amount for invoice in self.invoices}) or list(FEES)
        self.of_payer: dict[str, list[OpenInvoice]] = defaultdict(list)
        for invoice in self.invoices:
            self.of_payer[invoice.payer].append(invoice)

    def has_unpaid(self) -> bool:
        """Whether an invoice is left that nobody has paid."""
        while self.queue and self.queue[-1].reference in self.used:
            self.queue.pop()
        return bool(self.queue)

    def plainly(self) -> None:
        """An invoice is paid as it should be."""
        invoice = self._next()
        note = note_with(self.rng, invoice.reference, invoice.payer)
        self._pays(invoice, note, (Kind.CLEAN,))

    def mangled(self) -> None:
        """An invoice, or several, are paid in one of the ways that make work."""
        story = self.rng.choices(list(MANGLED), list(MANGLED.values()))[0]
        getattr(self, f"_{story}")(self._next())

    def unrelated(self) -> None:
        """Something happens that pays no invoice."""
        kind = self.rng.choices(list(UNRELATED), list(UNRELATED.values()))[0]
        when, rng = self._moment(), self.rng
        if kind == Kind.INTEREST:
            self._add(when, rng.randrange(1_000, 90_000), "Tra lai tien gui TK", NOBODY, (), (kind,))
        elif kind == Kind.DEBIT:
            self._goes_out(when)
        elif kind == Kind.DEPOSIT:
            name = plain(stranger(rng)).upper()
            self._add(when, rng.choice(FEES), f"{name} NOP TIEN MAT VAO TK", NOBODY, (), (kind,))
        else:
            name = stranger(rng)
            sender = party_of(rng, name)
            said = f"{name} chuyển tiền" if rng.random() < 0.5 else rng.choice(NO_NOTE)
            if kind == Kind.OTHER_CODE:
                said = note_with(rng, self._code_of_nobody(), name)
            text = wrap(rng, self.bank, plain(said), sender, when)
            self._add(when, rng.choice(self.amounts), text, sender, (), (kind,))

    def _spoilt(self, invoice: OpenInvoice) -> None:
        rng = self.rng
        kind = rng.choices(list(SPOILING), list(SPOILING.values()))[0]
        code = spoilt(rng, invoice.reference, kind, self.references)
        kinds: tuple[Kind, ...] = (kind,)
        if kind in (Kind.SPACED, Kind.PUNCTUATED, Kind.HEADLESS, Kind.RUN_ON) and rng.random() < 0.25:
            code, kinds = code.lower(), (kind, Kind.LOWER)
        note = note_with(rng, code, invoice.payer)
        if kind == Kind.CUT:
            note = note[: note.index(code) + len(code)]
        self._pays(invoice, note, kinds)

    def _several(self, invoice: OpenInvoice) -> None:
        rng = self.rng
        own = [other for other in self.of_payer[invoice.payer] if other.reference not in self.used]
        own = own[:3]
        if not own:
            own = [self._next() for _ in range(rng.choice((1, 2, 3))) if self.has_unpaid()]
        if not own:
            self._spoilt(invoice)
            return
        self.used |= {other.reference for other in own}
        paid = [invoice, *own]
        rng.shuffle(paid)
        kinds: tuple[Kind, ...] = (Kind.SEVERAL,)
        abbreviated = rng.random() < 0.15
        codes = several_codes(rng, [one.reference for one in paid], abbreviated=abbreviated)
        if abbreviated:
            kinds += (Kind.ABBREVIATED,)
        if rng.random() < 0.2:
            codes, kinds = codes.lower(), (*kinds, Kind.LOWER)
        payer = rng.choice(paid).payer
        sender = party_of(rng, payer)
        if len({one.payer for one in paid}) > 1:
            kinds += (Kind.THIRD_PARTY,)
        when = self._moment()
        note = note_with(rng, codes, payer)
        text = wrap(rng, self.bank, unsigned(rng, note, kinds[0]), sender, when)
        shares = tuple(Share(one.reference, one.amount) for one in paid)
        self._add(when, sum(one.amount for one in paid), text, sender, shares, kinds)

    def _third_party(self, invoice: OpenInvoice) -> None:
        self._paid_by_another(invoice, invoice.reference, (Kind.THIRD_PARTY,))

    def _no_reference_third_party(self, invoice: OpenInvoice) -> None:
        self._paid_by_another(invoice, "", (Kind.THIRD_PARTY, Kind.NO_REFERENCE))

    def _paid_by_another(self, invoice: OpenInvoice, code: str, kinds: tuple[Kind, ...]) -> None:
        name = stranger(self.rng)
        note = note_for_another(self.rng, code, name, invoice.payer)
        self._pays(invoice, note, kinds, sender=party_of(self.rng, name))

    def _no_reference(self, invoice: OpenInvoice) -> None:
        self._pays(invoice, note_without(self.rng, invoice.payer), (Kind.NO_REFERENCE,))

    def _under(self, invoice: OpenInvoice) -> None:
        short = self.rng.choice((1_100, 3_300, 5_500, 11_000, invoice.amount // 2, invoice.amount * 9 // 10))
        self._differs(invoice, invoice.amount - min(short, invoice.amount - 1), Kind.UNDER)

    def _over(self, invoice: OpenInvoice) -> None:
        more = self.rng.choice((1_000, 10_000, 100_000, invoice.amount // 10 or 1, invoice.amount))
        self._differs(invoice, invoice.amount + more, Kind.OVER)

    def _differs(self, invoice: OpenInvoice, amount: int, kind: Kind) -> None:
        note = note_with(self.rng, invoice.reference, invoice.payer)
        self._pays(replace(invoice, amount=amount), note, (kind,))

    def _double(self, invoice: OpenInvoice) -> None:
        when = self._moment(last_hour=20)
        sender = party_of(self.rng, invoice.payer)
        note = note_with(self.rng, invoice.reference, invoice.payer)
        for moment in (when, when + timedelta(minutes=self.rng.randrange(1, 50))):
            self._pays(invoice, note, (Kind.DOUBLE,), sender=sender, when=moment)

    def _in_parts(self, invoice: OpenInvoice) -> None:
        part = invoice.amount * self.rng.choice((3, 5, 7)) // 10
        for amount in (part, invoice.amount - part):
            self._differs(invoice, amount, Kind.IN_PARTS)

    def _pays(
        self,
        invoice: OpenInvoice,
        note: str,
        kinds: tuple[Kind, ...],
        *,
        sender: Party | None = None,
        when: datetime | None = None,
    ) -> None:
        """Money for one invoice; more than goes at once comes in pieces."""
        rng = self.rng
        when = when or self._moment(last_hour=20)
        sender = sender or party_of(rng, invoice.payer)
        left = invoice.amount
        while left > 0:
            amount = min(left, LARGEST_INSTANT)
            pieces = (*kinds, Kind.IN_PARTS) if amount < invoice.amount and Kind.IN_PARTS not in kinds else kinds
            text = wrap(rng, self.bank, unsigned(rng, note, kinds[0]), sender, when)
            if Kind.CUT in kinds and rng.random() < 0.5:
                text = self._cut(text, invoice.reference)
            self._add(when, amount, text, sender, (Share(invoice.reference, amount),), pieces)
            left -= amount
            when += timedelta(minutes=3)

    def _cut(self, text: str, reference: str) -> str:
        """The text ends within the reference: the bank keeps no more letters."""
        start = end = text.rfind(reference[:6])
        while end < len(text) and text[end] == reference[end - start]:
            end += 1
        return text[:end]

    def _goes_out(self, when: datetime) -> None:
        rng = self.rng
        receiver = party_of(rng, stranger(rng))
        said = rng.choice(("Thanh toan tien thue rap", "Mua van phong pham", "Tra tien in an"))
        if rng.random() < 0.25:  # money that goes back names what it was for, and pays for nothing
            said = f"Hoan tien {rng.choice(self.invoices).reference}"
        self._add(when, -rng.choice(self.amounts), f"{said} - {receiver.name}", receiver, (), (Kind.DEBIT,))
        if rng.random() < 0.6:
            self._add(when, -5_500, "Phi chuyen tien + VAT", NOBODY, (), (Kind.FEE,))

    def _code_of_nobody(self) -> str:
        code = random_reference(self.rng)
        return code if code not in self.references else self._code_of_nobody()

    def _next(self) -> OpenInvoice:
        self.has_unpaid()
        invoice = self.queue.pop()
        self.used.add(invoice.reference)
        return invoice

    def _moment(self, *, last_hour: int = 22) -> datetime:
        day = self.first_day + timedelta(days=self.rng.randrange(self.days))
        clock = time(self.rng.randrange(6, last_hour + 1), self.rng.randrange(60), self.rng.randrange(60))
        return datetime.combine(day, clock)

    def _add(
        self,
        when: datetime,
        amount: int,
        text: str,
        sender: Party,
        shares: tuple[Share, ...],
        kinds: tuple[Kind, ...],
    ) -> None:
        booked = when.date() + timedelta(days=1 if when.weekday() == 6 else 0)
        self.lines.append(Line(when, booked, amount, text, sender, shares, kinds))
