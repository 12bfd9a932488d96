"""Documents for tests, and a seller that keeps count."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.bank_lines import BankLine
from app.payments.enums import DocumentState, EntrySource, PaymentMethod, Settlement
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id, payments_of
from app.payments.queries_bank import EntryInfo, entry_by_id
from app.payments.services import documents, taking_off
from app.payments.services.documents import open_document
from app.payments.services.drawers import close_drawer, open_drawer
from app.payments.services.entries import keep_entries
from app.payments.services.issuing import Part, Payer
from app.payments.services.recording import record_payment
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.payments.books import check_books
from tests.support.factories import make_holder

#: When every part of what was billed at ``NOW`` is overdue, so that it can be written off.
OVERDUE = NOW + timedelta(days=90)


class Seller:
    """A seller that answers ``answer`` and remembers what it was asked to settle."""

    def __init__(self, answer: Settlement = Settlement.KEPT) -> None:
        self.answer = answer
        self.settled: list[tuple[DocumentInfo, PaymentInfo]] = []
        self.taken_back: list[int] = []
        self.reopened: list[int] = []
        self.fails = False

    async def take_back(self, document: DocumentInfo, owed: Money, actor: Actor | None, now: datetime) -> None:
        """Note which document it was, as its state says what happened to its money before."""
        assert document.state == (DocumentState.REFUND_DUE if owed.amount_minor else DocumentState.REFUNDED)
        if self.fails:
            raise RuntimeError("it was worn at the gate")
        self.taken_back.append(document.id)

    async def reopen(self, document: DocumentInfo, actor: Actor, now: datetime) -> bool:
        """Note which document is open again, as its state says before; leave it to payments to tell its payer."""
        assert document.state == DocumentState.OPEN
        if self.fails:
            raise RuntimeError("it was worn at the gate")
        self.reopened.append(document.id)
        return False

    async def settle(self, document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
        """Deliver."""
        if self.fails:
            raise RuntimeError("sold out")
        self.settled.append((document, payment))
        return self.answer


def put_on_sale(monkeypatch: Any, seller: Seller, purpose: str = "order") -> None:
    """Let a seller settle payments of a purpose, in this test only."""
    monkeypatch.setattr(documents, "_settlements", {purpose: seller.settle})
    monkeypatch.setattr(documents, "_taken_back", {purpose: seller.take_back})
    monkeypatch.setattr(taking_off, "_reopened", {purpose: seller.reopen})


async def make_document(
    edition: EditionInfo,
    *,
    subject_id: int = 1,
    amount: int = 50_000,
    payer: str = "Lê Thị Lan",
    lines: Sequence[Line] = (),
    parts: Sequence[Part] = (),
    may_be_borne: bool = False,
) -> DocumentInfo:
    """An open document over ``amount`` of the edition's currency, or over ``lines``, of which others may bear all."""
    return await open_document(
        edition_id=edition.id,
        purpose="order",
        subject_id=subject_id,
        payer=Payer(name=payer),
        description="2 vé người lớn",
        currency=edition.currency,
        lines=lines or [Line(description="Vé người lớn", unit_minor=amount)],
        parts=parts,
        may_be_borne=may_be_borne,
        now=NOW,
    )


async def make_entry(
    purpose: str = "chuyen tien",
    *,
    amount: int = 50_000,
    payer: str = "",
    number: str = "",
    edition: EditionInfo | None = None,
    source: EntrySource = EntrySource.STATEMENT,
) -> EntryInfo:
    """A transfer of ``amount`` VND that nobody has looked at; a bank's number is made up where none is given."""
    known = await BankEntry.count()
    line = BankLine(
        account="0011001932418",
        booked_at=NOW,
        day=NOW.date(),
        amount=Money(amount, "VND"),
        purpose=purpose,
        payer_name=payer,
        number=number or f"FT26331{known:09d}",
    )
    await keep_entries([line], source=source, now=NOW, edition_id=edition.id if edition else None)
    newest = await BankEntry.select(BankEntry.id).order_by(BankEntry.id, ascending=False).first()
    assert newest is not None
    return await entry_by_id(newest["id"])


async def put_into_safe(edition: EditionInfo, amount: int, *, subject_id: int = 900) -> None:
    """Take ``amount`` VND in cash at a drawer and count it, so that it lies in the safe."""
    cashier = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(0, "VND"), actor=cashier, now=NOW)
    document = await make_document(edition, subject_id=subject_id, amount=amount)
    cash: Any = {"method": PaymentMethod.CASH, "amount": document.amount}
    await record_payment(document_id=document.id, **cash, actor=cashier, now=NOW)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=document.amount, actor=cashier, now=NOW)


async def make_paid_for(edition: EditionInfo, count: int, *, first: int = 1) -> list[DocumentInfo]:
    """Documents, for each of which its whole amount came."""
    made = [await make_document(edition, subject_id=first + number) for number in range(count)]
    for document in made:
        await make_entry(document.reference)
    return made


async def check_paid_once(made: Sequence[DocumentInfo]) -> None:
    """Every document is paid by one payment, and the books say so."""
    for document in made:
        (payment,) = [one for one in await payments_of(document.id) if one.outcome == Settlement.KEPT]
        assert payment.amount == document.amount
        assert (await document_by_id(document.id)).paid == document.amount
    for edition_id in sorted({document.edition_id for document in made}):
        await check_books(await edition_by_id(edition_id))
    kept = await fetch(
        "SELECT document FROM ledger_entry WHERE account = 'receivable' AND kind = 'payment' "
        "GROUP BY document HAVING COUNT(*) > 1"
    )
    assert kept == []
