"""Invoices with lines and parts: paid bit by bit, too much, too late; corrected by other documents, never changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import DocumentKind, DocumentState, PaymentMethod, Settlement, TaxMode
from app.payments.errors import AmountDiffers, DocumentNotOpen, MoreThanBilled, MoreThanOwed, NotOverdue, PartsDiffer
from app.payments.lines import Line, Terms
from app.payments.papers import paper_of
from app.payments.queries import credit_notes_of, document_by_id, lines_of, next_due, parts_of, payments_of
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.issuing import Part
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import OVERDUE, Seller, make_document, put_on_sale
from tests.support.race import race, winners

pytestmark = pytest.mark.engines


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of booths who keeps every promise."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made


async def pay(document_id: int, amount: int, reference: str | None = None) -> Recorded:
    """Money: by hand in cash, or with a ``reference`` as the bank tells it."""
    return await record_payment(
        document_id=document_id,
        method=PaymentMethod.CASH if reference is None else PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=SYSTEM if reference is None else None,
        provider_reference=reference,
        now=NOW,
    )


async def credit(document_id: int, amount: int) -> int:
    """Issue a credit note."""
    part = Money(amount, "VND")
    return await credit_document(document_id=document_id, amount=part, reason="x", actor=SYSTEM, now=NOW)


async def test_a_fee_in_two_parts_is_settled_by_the_second(database: str, seller: Seller) -> None:
    parts = [Part(due_on=date(2026, 10, 20), amount_minor=2_000), Part(due_on=date(2026, 11, 20), amount_minor=3_000)]
    document = await make_document(await make_edition(), amount=5_000, parts=parts)
    assert document.due_on == date(2026, 10, 20)
    first = await pay(document.id, 2_500)
    assert (first.state, first.outcome, seller.settled) == (DocumentState.OPEN, Settlement.KEPT, [])
    document = await document_by_id(document.id)
    assert (document.paid, document.due) == (Money(2_500, "VND"), Money(2_500, "VND"))
    assert [part.paid.amount_minor for part in await parts_of(document)] == [2_000, 500]
    with pytest.raises(AmountDiffers):
        await pay(document.id, 2_501)
    second = await pay(document.id, 2_500, "bank:1")
    assert (second.state, len(seller.settled)) == (DocumentState.PAID, 1)


async def test_a_credit_note_makes_parts_smaller_and_is_no_money_that_came(database: str, seller: Seller) -> None:
    parts = [Part(due_on=date(2026, 10, 20), amount_minor=2_000), Part(due_on=date(2026, 11, 20), amount_minor=3_000)]
    document = await make_document(await make_edition(), amount=5_000, parts=parts)
    await credit(document.id, 500)
    for came, left, paid, due in (
        (0, [1_500, 3_000], [0, 0], 1_500),
        (1_500, [1_500, 3_000], [1_500, 0], 3_000),
        (3_000, [1_500, 3_000], [1_500, 3_000], 0),
    ):
        if came:
            await pay(document.id, came)
        document = await document_by_id(document.id)
        found = await parts_of(document)
        assert [part.amount.amount_minor for part in found] == [2_000, 3_000]
        assert [part.left.amount_minor for part in found] == left
        assert [part.paid.amount_minor for part in found] == paid
        assert (await next_due(document)).amount_minor == due
        assert [one.amount for one in (await paper_of(document)).instalments] == left
    assert document.state == DocumentState.PAID


async def test_parts_have_to_sum_to_the_whole_in_their_order(database: str, seller: Seller) -> None:
    edition = await make_edition()
    late, soon = date(2026, 11, 20), date(2026, 10, 20)
    for wrong in ([(soon, 4_999)], [(late, 2_000), (soon, 3_000)], [(soon, 5_000), (late, 0)]):
        with pytest.raises(PartsDiffer):
            await make_document(edition, amount=5_000, parts=[Part(due_on=d, amount_minor=a) for d, a in wrong])
    assert await fetch("SELECT * FROM payment_document") == []


async def test_a_transfer_of_too_much_keeps_the_rest_to_go_back(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    recorded = await pay(document.id, 60_000, "bank:1")
    assert (recorded.state, recorded.over_minor) == (DocumentState.PAID, 10_000)
    assert (await pay(document.id, 60_000, "bank:1")).payment_id == recorded.payment_id
    kept, over = await payments_of(document.id)
    assert (kept.amount.amount_minor, kept.due_back.amount_minor) == (50_000, 0)
    assert (over.amount.amount_minor, over.due_back.amount_minor) == (10_000, 10_000)
    for part in (4_000, 6_000):
        await record_refund(
            payment_id=over.id, method=PaymentMethod.TRANSFER, amount=Money(part, "VND"), actor=SYSTEM, now=NOW
        )
    with pytest.raises(DocumentNotOpen):
        await record_refund(payment_id=over.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW)
    document = await document_by_id(document.id)
    assert (document.state, document.owed.amount_minor) == (DocumentState.PAID, 0)


async def test_parts_of_a_refund_never_come_to_more_than_is_owed(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    recorded = await pay(document.id, 50_000)
    await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    with pytest.raises(MoreThanOwed):
        await record_refund(
            payment_id=recorded.payment_id,
            method=PaymentMethod.CASH,
            amount=Money(50_001, "VND"),
            actor=SYSTEM,
            now=NOW,
        )
    results = await race(
        5,
        lambda _number: record_refund(
            payment_id=recorded.payment_id,
            method=PaymentMethod.CASH,
            amount=Money(20_000, "VND"),
            actor=SYSTEM,
            now=NOW,
        ),
    )
    assert len(winners(results)) == 2
    (payment, *_back) = await payments_of(document.id)
    assert payment.due_back.amount_minor == 10_000
    assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE
    await record_refund(payment_id=payment.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED


@pytest.mark.parametrize("parts", [[50_000], [20_000, 30_000]], ids=["at once", "in parts"])
async def test_its_seller_is_told_once_when_finance_takes_all_of_it_back(
    database: str, seller: Seller, parts: list[int]
) -> None:
    document = await make_document(await make_edition())
    await pay(document.id, 50_000)
    for part in parts:
        assert seller.taken_back == []
        await credit(document.id, part)
    assert seller.taken_back == [document.id]
    assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE


async def test_a_seller_who_takes_it_back_herself_is_not_told(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    await pay(document.id, 50_000)
    assert await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    assert not await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    seller.answer = Settlement.REFUND
    late = await make_document(await make_edition("another"), subject_id=2)
    await pay(late.id, 50_000)
    assert (await document_by_id(late.id)).state == DocumentState.REFUND_DUE
    assert seller.taken_back == []


async def test_what_its_seller_cannot_take_back_stays_paid(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    await pay(document.id, 50_000)
    seller.fails = True
    with pytest.raises(RuntimeError, match="worn at the gate"):
        await credit(document.id, 50_000)
    found = await document_by_id(document.id)
    assert (found.state, found.owed.amount_minor, found.credited.amount_minor) == (DocumentState.PAID, 0, 0)
    assert await credit_notes_of(document.id) == []


async def test_a_paid_document_is_taken_back_by_another_document_and_keeps_its_words(
    database: str, seller: Seller
) -> None:
    edition = await make_edition()
    await set_terms(
        edition_id=edition.id,
        terms=Terms(seller_name="Hội LHPN", tax_mode=TaxMode.ADDED, tax_name="vn_standard"),
        actor=SYSTEM,
        now=NOW,
    )
    lines = [
        Line(description="Gian 3x3", unit_minor=1_000_000, quantity=2),
        Line(description="Hỗ trợ hộ nghèo", unit_minor=-500_000, funded_by="Quỹ vì phụ nữ"),
    ]
    document = await make_document(edition, lines=lines)
    assert (document.amount.amount_minor, document.tax.amount_minor) == (1_650_000, 150_000)
    await pay(document.id, 1_650_000)
    await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    (note,) = await credit_notes_of(document.id)
    assert (note.kind, note.state, note.amount, note.number) == (
        DocumentKind.CREDIT_NOTE,
        DocumentState.ISSUED,
        document.amount,
        f"GC{edition.id}-2026-00001",
    )
    assert await lines_of(note.id) == await lines_of(document.id)
    after = await document_by_id(document.id)
    assert (after.state, after.owed) == (DocumentState.REFUND_DUE, document.amount)
    said = ("number", "payer_name", "description", "amount", "tax", "created_at", "reference", "purpose", "subject_id")
    assert [getattr(after, name) for name in said] == [getattr(document, name) for name in said]
    with pytest.raises(DocumentNotOpen):
        await pay(note.id, 1)


async def test_a_part_is_taken_back_and_what_came_for_it_goes_back(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    await pay(document.id, 50_000)
    await credit_document(document_id=document.id, amount=Money(20_000, "VND"), reason="Bớt bàn", actor=SYSTEM, now=NOW)
    after = await document_by_id(document.id)
    assert (after.state, after.paid.amount_minor, after.owed.amount_minor) == (DocumentState.PAID, 30_000, 20_000)
    with pytest.raises(MoreThanBilled):
        await credit_document(document_id=document.id, amount=Money(30_001, "VND"), reason="Sai", actor=SYSTEM, now=NOW)
    await credit_document(document_id=document.id, amount=Money(30_000, "VND"), reason="Sai", actor=SYSTEM, now=NOW)
    after = await document_by_id(document.id)
    assert (after.state, after.owed.amount_minor) == (DocumentState.REFUND_DUE, 50_000)


async def test_taking_back_what_was_still_due_settles_it(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    await pay(document.id, 30_000)
    await credit_document(document_id=document.id, amount=Money(20_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    assert len(seller.settled) == 1


@pytest.mark.parametrize("parts", [(60_000,), (20_000, 10_000, 30_000)])
async def test_taking_back_more_than_was_still_due_settles_it_and_the_rest_goes_back(
    database: str, seller: Seller, parts: tuple[int, ...]
) -> None:
    edition = await make_edition()
    document = await make_document(edition, amount=100_000)
    seller.answer = Settlement.REPLACED
    came = [(await pay(document.id, part)).payment_id for part in parts]
    await credit_document(document_id=document.id, amount=Money(70_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    after = await document_by_id(document.id)
    assert (after.state, after.due.amount_minor) == (DocumentState.PAID, 0)
    assert (after.paid.amount_minor, after.owed.amount_minor) == (30_000, 30_000)
    ((asked, payment),) = seller.settled
    assert (asked.state, asked.paid.amount_minor) == (DocumentState.OPEN, 30_000)
    kept = came[:2][-1]  # the newest of which something stays
    assert (payment.id, (await payments_of(document.id))[came.index(kept)].outcome) == (kept, Settlement.REPLACED)
    await check_books(edition)


async def test_what_was_paid_in_part_goes_back_when_the_rest_is_cancelled(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    recorded = await pay(document.id, 20_000)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    after = await document_by_id(document.id)
    assert (after.state, after.paid.amount_minor, after.owed.amount_minor) == (DocumentState.CANCELLED, 0, 20_000)
    await record_refund(payment_id=recorded.payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).owed.amount_minor == 0


async def test_only_what_is_all_overdue_is_written_off(database: str, seller: Seller) -> None:
    edition = await make_edition()
    days = [(NOW + timedelta(days=days)).date() for days in (1, 30)]
    document = await make_document(edition, parts=[Part(due_on=day, amount_minor=25_000) for day in days])
    for now in (NOW, NOW + timedelta(days=30)):
        with pytest.raises(NotOverdue):
            await write_off(document_id=document.id, actor=SYSTEM, now=now)
    assert (await document_by_id(document.id)).state == DocumentState.OPEN
    await write_off(document_id=document.id, actor=SYSTEM, now=NOW + timedelta(days=31))
    assert (await document_by_id(document.id)).state == DocumentState.WRITTEN_OFF


async def test_money_for_what_was_written_off_is_taken_after_all(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
    await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
    assert (await document_by_id(document.id)).state == DocumentState.WRITTEN_OFF
    assert (await pay(document.id, 50_000, "bank:1")).state == DocumentState.PAID
    with pytest.raises(DocumentNotOpen):
        await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)


@pytest.mark.race
async def test_numbers_asked_for_by_fifty_at_once_have_no_gap(database: str, seller: Seller) -> None:
    edition = await make_edition()
    results = await race(50, lambda number: make_document(edition, subject_id=number + 1))
    numbers = sorted(document.number for document in winners(results))
    assert numbers == [f"HD{edition.id}-2026-{number:05d}" for number in range(1, 51)]


async def test_a_new_year_begins_at_one(database: str, seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    await make_document(edition)
    from tests.payments import factories

    monkeypatch.setattr(factories, "NOW", datetime(2026, 12, 31, 17, 30, tzinfo=NOW.tzinfo) + timedelta(0))
    document = await make_document(edition, subject_id=2)
    assert document.number == f"HD{edition.id}-2027-00001"  # half past midnight where the edition is
