"""Transfers that are paid together meet others at the same documents: nothing is paid twice, and nobody locks up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events import slots
from app.events.enums import EditionState
from app.events.queries import EditionInfo, edition_by_id, hold_edition
from app.events.services import cancelling
from app.events.services.cancelling import cancel_edition
from app.kernel import staging
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.errors import AlreadyPaid
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.queries_bank import EntryInfo, counts_of_entries, entry_by_id
from app.payments.services import assigning, documents, paying_together, recording, telling
from app.payments.services.assigning import match_new
from app.payments.services.closing import owe_all_back
from app.payments.services.recording import record_payment
from app.payments.tables import PaymentDocument
from app.payments.tables_bank import BankEntry
from booths.allocation.enums import FEE_PURPOSE
from booths.allocation.services.closing import close_applications
from booths.allocation.services.fee_messages import reach_exhibitor
from booths.allocation.services.settling import settle_fee
from booths.floorplan.closing import free_booths_of
from tests.booths.allocation.fair import Fair as BoothFair
from tests.booths.factories import make_row
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import Seller, check_paid_once, make_document, make_entry, make_paid_for, put_on_sale
from tests.payments.fairs import open_shops
from tests.support.engine import on_postgres
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.race import losers, overtaken, race, unguarded, winners
from ticketing.sales.services.closing import close_sales
from ticketing.sales.services.messages import reach_buyer
from ticketing.sales.services.orders import PURPOSE
from ticketing.sales.services.outcomes import settle_order, settle_orders

pytestmark = [pytest.mark.slow, pytest.mark.engines]
FIFTY = Money(50_000, "VND")


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of orders who keeps every promise."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """A festival."""
    return await make_edition()


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one run of the matcher have several pieces."""
    monkeypatch.setattr(staging.Pace, "LEAST", 6)
    monkeypatch.setattr(staging.Pace, "MOST", 12)


@pytest.mark.race
async def test_two_matchers_at_once_pay_nothing_twice(edition: EditionInfo, seller: Seller) -> None:
    made = await make_paid_for(edition, 30)
    results = await race(3, lambda _number: match_new(NOW))
    assert len(winners(results)) == 3
    await check_paid_once(made)
    assert len(await fetch("SELECT id FROM bank_match")) == 30
    assert len(seller.settled) == 30


async def pay_in_cash(document: DocumentInfo) -> None:
    """Pay a document at the counter."""
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=FIFTY, actor=SYSTEM, now=NOW)


@pytest.mark.race
async def test_a_cashier_and_the_matcher_pay_a_document_once(edition: EditionInfo, seller: Seller) -> None:
    made = await make_paid_for(edition, 12)

    async def run(number: int) -> None:
        if number == 0:
            await match_new(NOW)
        else:
            await pay_in_cash(made[-number])

    results = await race(7, run)
    losers(results, AlreadyPaid)
    assert not isinstance(results[0], BaseException)
    await check_paid_once(made)
    assert (await counts_of_entries(edition.id))["matched"] == 12
    by_hand = len(winners(results)) - 1
    owed = [one for document in made for one in await payments_of(document.id) if one.outcome == Settlement.REFUND]
    assert len(owed) == by_hand  # the transfer for what was paid in cash goes back


async def overtaken_by_a_cashier(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> tuple[DocumentInfo, list[int]]:
    """A document that a cashier sees paid between what the matcher reads and what it writes, without transactions."""
    (document,) = await make_paid_for(edition, 1)
    unguarded(monkeypatch, staging, assigning, recording)
    await overtaken(
        monkeypatch, paying_together, "hold_documents", lambda: match_new(NOW), lambda: pay_in_cash(document)
    )
    kept = [one for one in await payments_of(document.id) if one.outcome == Settlement.KEPT]
    return await document_by_id(document.id), [one.amount.amount_minor for one in kept]


@pytest.mark.race
async def test_the_condition_alone_keeps_a_document_from_being_paid_twice(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, kept = await overtaken_by_a_cashier(edition, monkeypatch)
    assert (document.paid, kept) == (FIFTY, [50_000])


@pytest.mark.race
async def test_without_condition_and_hold_it_is_paid_twice(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""

    async def careless(parts: Sequence[Any], now: Any) -> None:
        for part in parts:
            await PaymentDocument.update(
                {PaymentDocument.paid_minor: PaymentDocument.paid_minor + part.share.amount.amount_minor}
            ).where(PaymentDocument.id == part.document.id)

    monkeypatch.setattr(paying_together, "_claim_documents", careless)
    document, kept = await overtaken_by_a_cashier(edition, monkeypatch)
    assert (document.paid.amount_minor, kept) == (100_000, [50_000, 50_000])


async def by_hand(edition: EditionInfo, entry: EntryInfo, document: DocumentInfo) -> None:
    """Assign a transfer at the desk."""
    await assigning.assign_entry(
        edition_id=edition.id, entry_id=entry.id, amounts={document.id: FIFTY}, actor=SYSTEM, now=NOW
    )


async def overtaken_by_the_desk(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch, name: str
) -> tuple[DocumentInfo, DocumentInfo]:
    """Two documents, of which the desk assigns the transfer of the first to the second while the matcher is at it."""
    (first,) = await make_paid_for(edition, 1)
    second = await make_document(edition, subject_id=2)
    row = await BankEntry.select(BankEntry.id).first()
    assert row is not None
    entry = await entry_by_id(row["id"])
    unguarded(monkeypatch, staging, assigning, recording)
    await overtaken(
        monkeypatch,
        assigning if name == "verdicts_on" else paying_together,
        name,
        lambda: match_new(NOW),
        lambda: by_hand(edition, entry, second),
    )
    return await document_by_id(first.id), await document_by_id(second.id)


@pytest.mark.race
async def test_a_transfer_that_the_desk_assigns_meanwhile_pays_nothing_else(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await overtaken_by_the_desk(edition, monkeypatch, "verdicts_on")
    assert (first.state, second.state) == (DocumentState.OPEN, DocumentState.PAID)


@pytest.mark.race
async def test_without_its_hold_it_pays_for_both(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the transfer is free to be assigned after it was read as new."""
    first, second = await overtaken_by_the_desk(edition, monkeypatch, "_hold_new")
    assert (first.state, second.state) == (DocumentState.PAID, DocumentState.PAID)


async def cancel(edition: EditionInfo) -> None:
    """Cancel an edition with all that is billed for it."""
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão", actor=SYSTEM, now=NOW)


async def sold(edition: EditionInfo, monkeypatch: pytest.MonkeyPatch) -> list[DocumentInfo]:
    """Twelve orders of tickets and four booths, sold by the modules that sell them; a transfer came for each."""
    monkeypatch.setattr(slots, "_closers", [owe_all_back, free_booths_of, close_applications, close_sales])
    monkeypatch.setattr(documents, "_settlements", {FEE_PURPOSE: settle_fee, PURPOSE: settle_order})
    monkeypatch.setattr(documents, "_many_at_once", {settle_order: settle_orders})
    monkeypatch.setattr(telling, "_reach", {FEE_PURPOSE: reach_exhibitor, PURPOSE: reach_buyer})
    ticket = await make_ticket_type(edition.id, now=NOW, price_minor=FIFTY.amount_minor, quota=100)
    for _number in range(12):
        await make_order(edition.id, {ticket: 1}, now=NOW)
    fair = BoothFair(edition, await make_row(edition.id, 4, price_minor=FIFTY.amount_minor))
    for number in range(4):
        await fair.exhibitor(number)
    assert await fair.bill() == 4
    rows = await PaymentDocument.select(PaymentDocument.id).order_by(PaymentDocument.id)
    made = [await document_by_id(row["id"]) for row in rows]
    for document in made:
        await make_entry(document.reference)
    return made


async def cancelled_at_once(edition: EditionInfo, monkeypatch: pytest.MonkeyPatch, when: str) -> list[Any]:
    """Let transfers be matched and their edition be cancelled: at once, or where it is sure to come in between."""
    if when == "at once":
        return await race(2, lambda number: match_new(NOW) if number else cancel(edition))
    place = (assigning, "verdicts_on") if when == "before the first" else (staging.Pace, "rest")
    return await overtaken(monkeypatch, *place, lambda: match_new(NOW), lambda: cancel(edition))


@pytest.mark.race
@pytest.mark.parametrize("when", ["at once", "before the first", "between two pieces"])
async def test_an_edition_is_cancelled_before_or_after_its_transfers_and_all_of_them_go_back(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(staging.Pace, "LEAST", 2)
    made = await sold(edition, monkeypatch)
    results = await cancelled_at_once(edition, monkeypatch, when)
    assert len(winners(results)) == 2, results
    assert (await edition_by_id(edition.id)).state == EditionState.CANCELLED
    assert (await counts_of_entries(edition.id))["matched"] == len(made) == 16
    in_time = 0
    for document in made:
        found = await document_by_id(document.id)
        (payment,) = await payments_of(document.id)
        assert (found.state, found.owed, payment.due_back) == (DocumentState.REFUND_DUE, FIFTY, FIFTY)
        in_time += found.credited == FIFTY  # it was paid before the edition was cancelled, and taken back with it
    assert {"before the first": in_time == 0, "between two pieces": 0 < in_time < 16}.get(when, True), in_time
    assert await fetch("SELECT id FROM ticket_order WHERE state <> 'cancelled'") == []
    assert await fetch("SELECT id FROM application WHERE state <> 'cancelled'") == []
    assert await fetch("SELECT id FROM cell_hold WHERE live IS TRUE") == []
    assert await fetch("SELECT id FROM pass WHERE state = 'issued'") == []
    await check_books(edition)


async def cancelled_while_held(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch, *, document_first: bool
) -> list[Any]:
    """Let the matcher and whoever cancels an edition meet, each with the first of the two rows it takes."""
    (document,) = await make_paid_for(edition, 1)
    meet = asyncio.Barrier(2)

    async def met() -> None:
        with contextlib.suppress(TimeoutError, asyncio.BrokenBarrierError):
            async with asyncio.timeout(1):
                await meet.wait()

    async def editions(ids: Any) -> dict[int, EditionInfo]:
        if document_first:
            await fetch("SELECT id FROM payment_document WHERE id = {} FOR NO KEY UPDATE", document.id)
        await met()
        return {one: await hold_edition(one) for one in sorted(set(ids))}

    async def alone(*given: Any, **named: Any) -> EditionInfo:
        held = await hold_edition(*given, **named)
        await met()
        return held

    monkeypatch.setattr(documents, "hold_editions", editions)
    monkeypatch.setattr(cancelling, "hold_edition", alone)

    async def run(number: int) -> None:
        await (match_new(NOW) if number else cancel(edition))

    return await race(2, run)


@pytest.mark.race
@pytest.mark.skipif(not on_postgres(), reason="SQLite has one writer at a time")
@pytest.mark.parametrize("document_first", [False, True])
async def test_only_with_the_document_before_the_edition_two_wait_for_each_other(
    edition: EditionInfo,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    document_first: bool,
) -> None:
    """The negative control of the order in which rows are taken."""
    open_shops(monkeypatch)
    monkeypatch.setattr(documents, "_settlements", {"order": Seller().settle})
    caplog.set_level("INFO", logger="fairground.payments")
    results = await cancelled_while_held(edition, monkeypatch, document_first=document_first)
    refused = [one for one in results if isinstance(one, BaseException)]
    locked_up = bool(refused) or "deadlock detected" in caplog.text
    assert locked_up == document_first, (results, caplog.text)
