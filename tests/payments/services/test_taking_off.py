"""A payment is taken off an invoice that it was not for: the books mirror it, and the transfer waits again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM, Actor
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, EntrySource, EntryState, PaymentMethod, Settlement
from app.payments.errors import AmountDiffers
from app.payments.errors_bank import SharesDiffer, TransferSettled
from app.payments.errors_off import BilledInPlace, DrawerCounted, NotTakenOff, PartWentBack, WhyTakenOff
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.queries_bank import EntryInfo, entry_by_id, matches_of, typed_transfers
from app.payments.queries_books import totals_of_day
from app.payments.queries_drawers import drawer_by_id
from app.payments.services.assigning import assign_entry, link_entry, match_new
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.days import close_day
from app.payments.services.documents import cancel_document, open_document
from app.payments.services.drawers import close_drawer, expected_in, open_drawer
from app.payments.services.entries import keep_entries, line_of
from app.payments.services.for_nothing import set_aside, take_up_again
from app.payments.services.issuing import Payer
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.taking_off import TAKEN_OFF, register_reopened, take_off
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import OVERDUE, Seller, make_document, make_entry
from tests.support.factories import make_person
from tests.support.race import losers, race, winners

pytestmark = pytest.mark.engines
FIFTY = Money(50_000, "VND")
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival whose seller keeps every promise."""
    return await make_edition()


async def off(document: DocumentInfo, number: int = 0, **values: Any) -> int | None:
    """Take a payment off a document: its first that is there, or another one."""
    there = [one for one in await payments_of(document.id) if one.amount.amount_minor > 0]
    named = {"document_id": document.id, "payment_id": there[number].id, "reason": "Nhầm", "actor": SYSTEM, "now": NOW}
    return await take_off(**named | values)


async def assign(edition: EditionInfo, entry: EntryInfo, *shares: tuple[DocumentInfo, int]) -> None:
    """Assign a transfer by hand."""
    amounts = {document.id: Money(amount, "VND") for document, amount in shares}
    await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts=amounts, actor=SYSTEM, now=NOW)


async def matched(edition: EditionInfo, amount: int = 50_000, **values: Any) -> tuple[DocumentInfo, EntryInfo]:
    """A document, and the transfer that the matcher found for it."""
    document = await make_document(edition, **values)
    entry = await make_entry(document.reference, amount=amount, edition=edition)
    assert await match_new(NOW) == {"matched": 1}
    return document, await entry_by_id(entry.id)


async def typed(document: DocumentInfo, method: PaymentMethod, amount: int = 50_000, **values: Any) -> Recorded:
    """A payment as a person writes it down."""
    named: dict[str, Any] = {"actor": SYSTEM, "now": NOW} | values
    return await record_payment(document_id=document.id, method=method, amount=Money(amount, "VND"), **named)


async def stands(document: DocumentInfo) -> tuple[DocumentState, int, int, int]:
    """Where a document stands: state, and what is due, paid and owed back of it."""
    found = await document_by_id(document.id)
    return found.state, found.due.amount_minor, found.paid.amount_minor, found.owed.amount_minor


async def test_a_transfer_is_taken_off_and_waits_again(edition: EditionInfo, seller: Seller) -> None:
    document, entry = await matched(edition)
    assert await off(document) == entry.id
    assert await stands(document) == (DocumentState.OPEN, 50_000, 0, 0)
    assert (await document_by_id(document.id)).settled_at is None
    assert seller.reopened == [document.id]
    waits = await entry_by_id(entry.id)
    assert (waits.state, waits.reason, waits.left) == (EntryState.LEFT, TAKEN_OFF, FIFTY)
    assert [await account(edition, one) for one in (Account.BANK, Account.UNASSIGNED)] == [50_000, -50_000]
    mirrored = await fetch("SELECT account, amount_minor FROM ledger_entry WHERE kind = 'take_off' ORDER BY account")
    assert [(row["account"], row["amount_minor"]) for row in mirrored] == [("bank", -50_000), ("receivable", 50_000)]
    came, gone = await payments_of(document.id)
    assert (gone.amount.amount_minor, gone.returns_id, gone.note) == (-50_000, came.id, "Nhầm")
    assert {came.outcome, gone.outcome} == {Settlement.MISTAKEN}
    assert came.due_back.amount_minor == 0
    await check_books(edition)


async def test_it_is_assigned_to_another_invoice_or_to_the_same_one_again(edition: EditionInfo, seller: Seller) -> None:
    wrong, entry = await matched(edition)
    right = await make_document(edition, subject_id=2)
    await off(wrong)
    await assign(edition, entry, (right, 50_000))
    assert (await stands(wrong))[0] == DocumentState.OPEN
    assert (await stands(right))[0] == DocumentState.PAID
    for time in range(2):  # it was right after all, and then it was not
        await off(right, time)
        await assign(edition, entry, (right, 50_000))
    assert await stands(right) == (DocumentState.PAID, 0, 50_000, 0)
    assert len(seller.settled) == 4
    assert len([one for one in await matches_of([entry.id]) if not one.taken_off]) == 1
    await check_books(edition)


async def test_twice_it_is_taken_off_once(edition: EditionInfo, seller: Seller) -> None:
    document, entry = await matched(edition)
    assert [await off(document), await off(document)] == [entry.id, entry.id]
    assert len(await payments_of(document.id)) == 2
    assert seller.reopened == [document.id]
    await check_books(edition)


async def test_a_part_leaves_what_else_came(edition: EditionInfo, seller: Seller) -> None:
    document, _entry = await matched(edition, 20_000)
    await make_entry(document.reference, amount=10_000, edition=edition)
    await match_new(NOW)
    await off(document)
    assert await stands(document) == (DocumentState.OPEN, 40_000, 10_000, 0)
    assert (seller.settled, seller.reopened) == ([], [])
    await check_books(edition)


async def test_of_a_transfer_for_several_one_share_is_taken_off(edition: EditionInfo) -> None:
    first, second = [await make_document(edition, subject_id=number) for number in (1, 2)]
    entry = await make_entry(amount=100_000, edition=edition)
    await match_new(NOW)
    await assign(edition, entry, (first, 50_000), (second, 50_000))
    await off(second)
    assert [(await stands(one))[0] for one in (first, second)] == [DocumentState.PAID, DocumentState.OPEN]
    waits = await entry_by_id(entry.id)
    assert (waits.state, waits.left, waits.amount.amount_minor) == (EntryState.LEFT, FIFTY, 100_000)
    assert await account(edition, Account.UNASSIGNED) == -50_000
    await check_books(edition)
    with pytest.raises(SharesDiffer):
        await assign(edition, entry, (second, 100_000))
    named: dict[str, Any] = {"edition_id": edition.id, "entry_id": entry.id, "actor": SYSTEM, "now": NOW}
    await set_aside(**named, reason="Lãi")
    await check_books(edition)
    await off(first)  # then both wait
    assert (await entry_by_id(entry.id)).left.amount_minor == 100_000
    assert (await entry_by_id(entry.id)).state == EntryState.LEFT
    await check_books(edition)
    await set_aside(**named, reason="Lãi")
    await take_up_again(**named)
    await assign(edition, entry, (first, 50_000), (second, 50_000))
    assert await account(edition, Account.UNASSIGNED) == 0
    await check_books(edition)


async def test_what_was_too_much_goes_with_it(edition: EditionInfo) -> None:
    document, entry = await matched(edition, 60_000)
    assert await stands(document) == (DocumentState.PAID, 0, 50_000, 10_000)
    with pytest.raises(NotTakenOff):
        await off(document, 1)  # the rest of it alone
    await off(document)
    assert await stands(document) == (DocumentState.OPEN, 50_000, 0, 0)
    assert (await entry_by_id(entry.id)).left.amount_minor == 60_000
    await check_books(edition)


async def test_the_payers_own_money_that_waits_to_go_back_takes_its_place(edition: EditionInfo, seller: Seller) -> None:
    document, _entry = await matched(edition)
    await make_entry(document.reference, amount=60_000, edition=edition)
    await match_new(NOW)
    assert await stands(document) == (DocumentState.PAID, 0, 50_000, 60_000)
    await off(document)
    assert await stands(document) == (DocumentState.PAID, 0, 50_000, 10_000)
    assert seller.reopened == []
    await check_books(edition)


async def test_what_a_credit_note_lets_go_back_is_taken_off_too(edition: EditionInfo) -> None:
    document, _entry = await matched(edition)
    part = Money(20_000, "VND")
    await credit_document(document_id=document.id, amount=part, reason="Sai", actor=SYSTEM, now=NOW)
    assert await stands(document) == (DocumentState.PAID, 0, 30_000, 20_000)
    await off(document)
    assert await stands(document) == (DocumentState.OPEN, 30_000, 0, 0)
    await check_books(edition)


async def test_an_invoice_that_was_taken_back_stays_so(edition: EditionInfo, seller: Seller) -> None:
    document, entry = await matched(edition)
    await credit_document(document_id=document.id, amount=FIFTY, reason="Sai", actor=SYSTEM, now=NOW)
    assert (await stands(document))[0] == DocumentState.REFUND_DUE
    await off(document)
    assert ((await stands(document))[0], (await stands(document))[3]) == (DocumentState.REFUNDED, 0)
    assert (await entry_by_id(entry.id)).state == EntryState.LEFT
    assert seller.reopened == []
    await check_books(edition)


async def test_late_money_is_taken_off_an_invoice_that_was_cancelled(edition: EditionInfo, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    document = await make_document(edition)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    await make_entry(document.reference, edition=edition)
    await match_new(NOW)
    assert (await stands(document))[0] == DocumentState.REFUND_DUE
    await off(document)
    assert (await stands(document))[0] == DocumentState.CANCELLED
    await check_books(edition)


async def test_an_invoice_that_was_written_off_is_open_again(edition: EditionInfo) -> None:
    document, _entry = await matched(edition, 20_000)
    await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
    await off(document)
    assert await stands(document) == (DocumentState.OPEN, 50_000, 0, 0)
    assert await account(edition, Account.LOSS) == 0
    await check_books(edition)


async def test_it_is_refused_where_another_invoice_is_open_in_its_place(edition: EditionInfo) -> None:
    document, _entry = await matched(edition, 20_000)
    await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
    anew = await make_document(edition)
    with pytest.raises(BilledInPlace, match=anew.number):
        await off(document)
    assert (await stands(document))[0] == DocumentState.WRITTEN_OFF
    await check_books(edition)


async def test_money_of_which_some_went_back_stays(edition: EditionInfo) -> None:
    document, _entry = await matched(edition, 60_000)
    rest = (await payments_of(document.id))[1]
    named: dict[str, Any] = {"payment_id": rest.id, "method": PaymentMethod.TRANSFER, "actor": SYSTEM, "now": NOW}
    await record_refund(**named, amount=Money(1_000, "VND"))
    with pytest.raises(PartWentBack):
        await off(document)
    assert await stands(document) == (DocumentState.PAID, 0, 50_000, 9_000)
    await check_books(edition)


async def test_what_a_card_paid_and_what_has_no_reason_is_refused(edition: EditionInfo) -> None:
    document = await make_document(edition)
    await typed(document, PaymentMethod.CARD, actor=None, provider_reference="stripe:pi_1")
    with pytest.raises(NotTakenOff):
        await off(document)
    with pytest.raises(WhyTakenOff):
        await off(document, reason="  ")


async def test_a_seller_who_cannot_undo_it_keeps_all_as_it_was(edition: EditionInfo, seller: Seller) -> None:
    document, entry = await matched(edition)
    seller.fails = True
    with pytest.raises(RuntimeError):
        await off(document)
    assert (await stands(document))[0] == DocumentState.PAID
    assert (await entry_by_id(entry.id)).state == EntryState.MATCHED
    await check_books(edition)


@pytest.mark.parametrize("method", [PaymentMethod.TRANSFER, PaymentMethod.TERMINAL, PaymentMethod.CASH])
async def test_what_was_written_down_by_hand_is_taken_off(edition: EditionInfo, method: PaymentMethod) -> None:
    document = await make_document(edition)
    await typed(document, method)
    assert await off(document) is None
    assert await stands(document) == (DocumentState.OPEN, 50_000, 0, 0)
    assert await typed_transfers([document.id]) == []
    await check_books(edition)
    await typed(document, method)  # the same once more is no second one
    await check_books(edition)


async def test_cash_is_taken_out_of_its_drawer_while_that_is_open(edition: EditionInfo) -> None:
    cashier = Actor(person_id=(await make_person()).id)
    named: dict[str, Any] = {"edition_id": edition.id, "actor": cashier, "now": NOW}
    drawer_id = await open_drawer(**named, float_=Money(10_000, "VND"))
    document = await make_document(edition)
    await typed(document, PaymentMethod.CASH, 20_000, actor=cashier)
    await off(document)
    assert (await expected_in(await drawer_by_id(drawer_id, edition.id))).amount_minor == 10_000
    await typed(document, PaymentMethod.CASH, 30_000, actor=cashier)
    await close_drawer(**named, drawer_id=drawer_id, counted=Money(40_000, "VND"))
    right = await make_document(edition, subject_id=2)
    for wrong in ({}, {"instead": right.number, "missing": True}):
        with pytest.raises(DrawerCounted):
            await off(document, 1, **wrong)
    assert await stands(document) == (DocumentState.OPEN, 20_000, 30_000, 0)
    await check_books(edition)


async def test_a_transfer_that_was_said_to_be_what_was_written_down_waits_again(edition: EditionInfo) -> None:
    document = await make_document(edition)
    recorded = await typed(document, PaymentMethod.TRANSFER)
    entry = await make_entry(edition=edition)
    await match_new(NOW)
    named: dict[str, Any] = {"edition_id": edition.id, "entry_id": entry.id, "actor": SYSTEM, "now": NOW}
    await link_entry(**named, payment_ids=[recorded.payment_id])
    assert await off(document) == entry.id
    assert (await entry_by_id(entry.id)).left == FIFTY
    assert await typed_transfers() == []
    await check_books(edition)


async def test_who_tells_of_it_again_assigns_nothing(edition: EditionInfo) -> None:
    document, entry = await matched(edition)
    await off(document)
    (row,) = await BankEntry.select()
    line = line_of(row)
    for source in (EntrySource.STATEMENT, EntrySource.WEBHOOK):
        await keep_entries([line], source=source, now=NOW, edition_id=edition.id)
        assert await match_new(NOW) == {}
    assert (await entry_by_id(entry.id)).state == EntryState.LEFT
    assert (await stands(document))[0] == DocumentState.OPEN


async def test_a_closed_day_stays_as_it_is(edition: EditionInfo) -> None:
    document, _entry = await matched(edition)
    today = edition.today(NOW)
    before = await totals_of_day(edition.id, today)
    await close_day(edition_id=edition.id, day=today, actor=SYSTEM, now=NOW)
    await off(document)
    assert await totals_of_day(edition.id, today) == before
    after = await totals_of_day(edition.id, edition.today(TOMORROW))
    assert [(one.came.amount_minor, one.went.amount_minor) for one in after.methods] == [(-50_000, 0)]
    await check_books(edition)


async def told_payer(edition: EditionInfo, amount: int, *, second: int = 0) -> list[str]:
    """What the payer of 50.000 is told when the payment of an amount is taken off."""
    person = await make_person(email="lan@example.vn")
    document = await open_document(
        edition_id=edition.id,
        purpose="order",
        subject_id=1,
        payer=Payer(name="Lê Thị Lan", person_id=person.id, language="en"),
        description="Stage",
        currency="VND",
        lines=[Line(description="Stage", unit_minor=50_000)],
        now=NOW,
    )
    for one in (amount, second):
        if one:
            await make_entry(document.reference, amount=one, edition=edition)
            await match_new(NOW)
    before = await fetch("SELECT id FROM outbox_message")
    await off(document)
    rows = await fetch("SELECT id, body_text FROM outbox_message ORDER BY id")
    return [row["body_text"] for row in rows if row["id"] not in {one["id"] for one in before}]


async def test_who_was_told_that_it_came_is_told_that_it_did_not(edition: EditionInfo) -> None:
    (said,) = await told_payer(edition, 50_000)
    assert "the payment of 50.000\xa0₫ that was recorded for Stage" in said
    assert "open again: 50.000\xa0₫ is to be paid" in said


async def test_who_was_told_of_a_part_is_told_what_is_to_be_paid_without_it(edition: EditionInfo) -> None:
    (said,) = await told_payer(edition, 20_000)
    assert "the payment of 20.000\xa0₫ that was recorded for Stage" in said
    assert "50.000\xa0₫ is to be paid" in said


@pytest.mark.parametrize(("second", "words"), [(50_000, "nothing goes back"), (60_000, "10.000\xa0₫ goes back to you")])
async def test_whose_own_money_takes_its_place_is_told_what_still_goes_back(
    edition: EditionInfo, second: int, words: str
) -> None:
    (said,) = await told_payer(edition, 50_000, second=second)
    assert words in said


async def test_a_purpose_has_one_who_learns_of_it(database: str, seller: Seller) -> None:
    register_reopened("order", seller.reopen)
    with pytest.raises(ValueError, match="another module"):
        register_reopened("order", Seller().reopen)


@pytest.mark.race
async def test_at_once_it_is_taken_off_once(edition: EditionInfo, seller: Seller) -> None:
    document, entry = await matched(edition)
    payment_id = (await payments_of(document.id))[0].id
    results = await race(6, lambda _number: off(document, payment_id=payment_id))
    assert results == [entry.id] * 6
    assert len(await payments_of(document.id)) == 2
    assert seller.reopened == [document.id]
    await check_books(edition)


@pytest.mark.race
@pytest.mark.parametrize("what", ["refund", "credit", "assign"])
async def test_it_meets_what_else_is_done_with_the_money(edition: EditionInfo, what: str) -> None:
    document, entry = await matched(edition, 60_000)
    other = await make_document(edition, subject_id=2)
    payment, rest = await payments_of(document.id)

    async def meet() -> None:
        if what == "refund":
            await record_refund(payment_id=rest.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW)
        elif what == "credit":
            part = Money(30_000, "VND")
            await credit_document(document_id=document.id, amount=part, reason="Sai", actor=SYSTEM, now=NOW)
        else:
            await assign(edition, entry, (other, 60_000))

    async def one(number: int) -> object:
        return await meet() if number % 2 else await off(document, payment_id=payment.id)

    results = await race(4, one)
    assert winners(results)
    losers(results, AppError)
    state, due, paid, owed = await stands(document)
    assert (state, paid, owed) in [(DocumentState.OPEN, 0, 0), (DocumentState.PAID, 50_000, 0)]
    if what == "refund":  # one of the two came first, and the other was refused
        went = [row for row in await payments_of(document.id) if row.outcome == Settlement.RETURNED]
        assert len(went) == (state == DocumentState.PAID)
    elif what == "credit":
        assert (state, due) in [(DocumentState.OPEN, 20_000), (DocumentState.OPEN, 50_000)] or due == 0
    else:
        assert len([one for one in await matches_of([entry.id]) if not one.taken_off]) <= 1
    await check_books(edition)


async def test_it_cannot_be_assigned_while_nothing_of_it_is_free(edition: EditionInfo) -> None:
    _document, entry = await matched(edition)
    other = await make_document(edition, subject_id=2)
    with pytest.raises(TransferSettled):
        await assign(edition, entry, (other, 50_000))
    with pytest.raises(AmountDiffers):
        await typed(other, PaymentMethod.CASH, 60_000)
